"""Ids that bot and recorder must derive alike, so that their rows join (live.md 2.3, L86).

The only place that derives them: a second one broke the join once.
"""

from uuid import UUID, uuid4, uuid5

_NAMESPACE = UUID("12345678-1234-5678-1234-567812345678")


def user_id_of(account_name: str) -> str:
    """Id of the tenant to whom an account of this name belongs."""
    return _derived("user", account_name)


def account_id_of(account_name: str) -> str:
    """Id of the exchange account of this name."""
    return _derived("account", account_name)


def strategy_id_of(strat_id: str) -> str:
    """Id of the strategy configured under this name."""
    return _derived("strategy", strat_id)


def new_id() -> str:
    """A fresh random id, for what has no name: runs, credentials, gaps, dead letters."""
    return str(uuid4())


def _derived(kind: str, name: str) -> str:
    if not name or name != name.strip():
        raise ValueError(
            f"{kind}: expected a name without surrounding blanks, found {name!r}; "
            "mend the name in the configuration"
        )
    return str(uuid5(_NAMESPACE, f"{kind}:{name}"))
