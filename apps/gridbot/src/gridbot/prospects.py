"""Whether what is about to start can work: told at the start, and refused where it would begin.

The checks are `config.checks`; it asks nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from appkit.decimals import parse_decimal
from appkit.exits import UserError
from gridbot.config.checks import AccountCheck, check_account, check_strategy
from gridbot.config.strategy import StrategyConfig
from gridbot.terms import SymbolTerms
from gridcore.session.account import AccountSession
from gridcore.session.setup import StrategySetup

REMEDY = "`gridbot preview` shows the ladder that it would place, and what stands in its way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One strategy, and what is known when it starts. `tends`: it has a grid, orders or a position
    already, which it must be able to take up whatever has become of price and wallet."""

    strategy: StrategyConfig
    terms: SymbolTerms
    setup: StrategySetup
    price: Decimal
    tends: bool


def tends(session: AccountSession, terms: SymbolTerms, own_symbols: Iterable[str]) -> bool:
    """Whether there is anything of ours on a symbol; `own_symbols`: where orders of ours rest."""
    strategy = session.strategies[terms.symbol]
    sizes = (parse_decimal(str(row.get("size"))) for row in terms.mode.positions.rows)
    return bool(strategy.engine.levels) or terms.symbol in own_symbols or any(sizes)


def foretold(account: str, outlooks: Sequence[Outlook], wallet: Decimal) -> AccountCheck:
    """The ladders of all strategies of an account at today's prices, and all that is odd."""
    checks = [
        check_strategy(
            one.strategy,
            one.terms,
            leverage=one.setup.sizing.leverage,
            safety=one.setup.safety,
            price=one.price,
            wallet=wallet,
        )
        for one in outlooks
    ]
    return check_account(account, checks, wallet)


def warnings(outlooks: Sequence[Outlook], check: AccountCheck) -> list[str]:
    """What a person should know before it trades.

    UserError for a strategy that would begin and cannot work; one that tends something is told of
    the same, as its levels, orders and positions need it all the more.
    """
    found = []
    for outlook, one in zip(outlooks, check.strategies, strict=True):
        blocking = [finding.text for finding in one.findings if finding.blocking]
        if blocking and not outlook.tends:
            raise UserError(f"strategy {one.strat_id} cannot begin: {'; '.join(blocking)}", REMEDY)
        found += [f"{one.strat_id}: {finding.text}" for finding in one.findings]
    return found + [f"{check.account}: {finding.text}" for finding in check.findings]
