"""How an account comes up; the stages against a whole exchange are in test_daemon.py."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import UserError
from appkit.journals.files import state_path
from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import RateLimiter
from gridbot.config.model import GridbotConfig
from gridbot.ownership.lock_file import key_hash
from gridbot.shell.exchange import Exchange
from gridbot.stages import Stages
from gridbot.startup import AccountStart, KeptState, closed
from gridbot.state.owner import MemoryOwner, keep_owner
from gridbot.state.saved_state import load
from gridbot.words import StopToken

Lived = Callable[..., Any]


def identified(folder: Path, url: str, key: str = "a-key-of-ours", **account: Any) -> str:
    """What an account's start learns of it."""
    keys = {"name": "main", "api_key": "env:K", "api_secret": "env:S", "environment": url}
    config = GridbotConfig.model_validate(
        {
            "accounts": [keys | account],
            "strategies": [{"strat_id": "grid", "account": "main", "symbol": "BTCUSDT"}],
            "data_folder": folder,
        }
    )

    async def inside() -> str:
        start = AccountStart(
            config,
            config.accounts[0],
            Credentials(key=key, secret="a-secret-of-ours"),
            Exchange(endpoint(url), RateLimiter(), timeout_s=1),
            Stages(StopToken(), lambda text: None),
            (),
        )
        return await start.identify()

    return asyncio.run(inside())


def test_two_keys_of_one_account_have_one_name(canned: Callable[..., str], tmp_path: Path) -> None:
    """Keys are changed every few months: neither memory nor locks depend on them."""
    url = canned()

    assert identified(tmp_path, url) == identified(tmp_path, url, "its-next-key") == "user 1"


def test_where_the_exchange_names_nobody_the_key_does(
    canned: Callable[..., str], tmp_path: Path
) -> None:
    url = canned({"/v5/user/query-api": lambda answer: answer.pop("userID")})

    assert identified(tmp_path, url) == "a-key-of-ours"


def test_memory_of_our_wallet_under_another_name_refuses_the_start(
    canned: Callable[..., str], tmp_path: Path
) -> None:
    url = canned()
    keep_owner(tmp_path, "old", MemoryOwner(endpoint=url, key=key_hash(url, "user 1")))

    with pytest.raises(UserError, match="under another name"):
        identified(tmp_path, url)
    assert identified(tmp_path, url, shadow=True) == "user 1", "a shadow has no memory"


def test_what_is_kept_stands_right_behind_what_the_journal_was_given_last(
    lived: Lived, make_account_setup: Callable[..., Any], tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, life = lived(tmp_path, setup, 12)
    said: list[str] = []
    keep = KeptState(tmp_path, "main", life.session, journal, setup, said.append)

    async def kept() -> None:
        await keep()

    asyncio.run(kept())
    journal.close()

    state = load(tmp_path, "main")
    assert state is not None
    assert state.seq == journal.next_seq
    assert said == []


def test_what_cannot_be_kept_is_told_and_is_in_the_journal(
    lived: Lived, make_account_setup: Callable[..., Any], tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, life = lived(tmp_path, setup, 3)
    state_path(tmp_path, "main").mkdir()
    said: list[str] = []
    keep = KeptState(tmp_path, "main", life.session, journal, setup, said.append)

    async def kept() -> None:
        await keep()

    asyncio.run(kept())
    journal.close()

    assert len(said) == 1
    assert said[0].startswith("main: the state was not saved")


def test_a_journal_is_closed_once_with_all_that_waits(
    lived: Lived, make_account_setup: Callable[..., Any], tmp_path: Path
) -> None:
    journal, life = lived(tmp_path, make_account_setup(), 3)
    before = journal.path.stat().st_size
    journal.append(*life.step())

    closed(journal, "main")
    closed(journal, "main")

    assert journal.path.stat().st_size > before
