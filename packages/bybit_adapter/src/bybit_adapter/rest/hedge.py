"""Whether an account trades a symbol as this bot assumes: hedge mode, and with which leverage.

Live trading starts only after this check (spec/live.md 1.5): a wrong mode shows as 10001 later.
"""

from decimal import Decimal

from bybit_adapter.errors import Failure
from bybit_adapter.normalizer.numbers import number
from bybit_adapter.normalizer.words import BadElement, Row
from bybit_adapter.rest import calls, reading
from bybit_adapter.rest.account import AccountCalls, AccountTerms
from bybit_adapter.rest.caller import malformed
from bybit_adapter.rest.instruments import InstrumentTerms
from bybit_adapter.rest.words import Listing
from gridcore.clock import Instant
from gridcore.events import SymbolReport
from gridcore.message import message

HEDGE_LEGS = frozenset({1, 2})
PORTFOLIO_MARGIN = "PORTFOLIO_MARGIN"


@message
class ModeReport:
    """What the exchange says of our account on one symbol. `positions` are the rows as received.

    Leverage None: the exchange does not state it (portfolio margin).
    """

    symbol: str
    hedge_mode: bool
    long_leverage: Decimal | None
    short_leverage: Decimal | None
    margin_mode: str
    positions: Listing

    def problems(self) -> tuple[str, ...]:
        """Why the symbol must not be traded, each with the way to mend it; empty: nothing."""
        found = []
        if not self.hedge_mode:
            found.append(
                f"{self.symbol} is in one-way mode; switch it to hedge mode while it has neither "
                "position nor orders"
            )
        if self.margin_mode == PORTFOLIO_MARGIN:
            found.append(
                "the account is in portfolio margin, which has no leverage and no liquidation "
                "price per position; choose cross or isolated margin"
            )
        return tuple(found)


def verify_mode(account: AccountCalls, symbol: str) -> ModeReport | Failure:
    """Read both legs and the margin mode; a listing that is not complete is a failure."""
    positions = account.positions(symbol)
    if positions.failure is not None:
        return positions.failure
    terms = account.terms()
    if not isinstance(terms, AccountTerms):
        return terms
    try:
        legs = {
            reading.required_whole(row, "positionIdx"): row
            for row in positions.rows
            if row.get("symbol") == symbol
        }
        if not positions.complete or not legs:
            return malformed(calls.POSITIONS, f"expected the legs of {symbol}, found {len(legs)}")
        hedge_mode = legs.keys() >= HEDGE_LEGS
        return ModeReport(
            symbol=symbol,
            hedge_mode=hedge_mode,
            long_leverage=_leverage(legs, 1 if hedge_mode else 0),
            short_leverage=_leverage(legs, 2 if hedge_mode else 0),
            margin_mode=terms.margin_mode,
            positions=positions,
        )
    except BadElement as error:
        return malformed(calls.POSITIONS, str(error))


def symbol_report(terms: InstrumentTerms, mode: ModeReport, at: Instant) -> SymbolReport:
    """What the session is told of a symbol; `at` by its clock.

    Of two leverages the lower one counts: by it the margin never comes out too small.
    """
    known = [one for one in (mode.long_leverage, mode.short_leverage) if one is not None]
    return SymbolReport(
        symbol=terms.symbol,
        at=at,
        instrument=terms.to_instrument(),
        leverage=min(known, default=None),
        hedge_mode=mode.hedge_mode,
        trading=terms.trading,
        margin_mode=mode.margin_mode,
    )


def _leverage(legs: dict[int, Row], index: int) -> Decimal | None:
    row = legs.get(index)
    return None if row is None else number(row, "leverage")
