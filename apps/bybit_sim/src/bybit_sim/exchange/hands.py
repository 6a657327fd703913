"""What happens to an account without its owner's requests: cash, deleveraging, liquidation.

It knows the venue's operations; it refuses to know who asks for them.
"""

from decimal import Decimal

from bybit_sim.exchange.books import Books
from gridcore.clock import Instant
from gridcore.instrument import InstrumentError
from gridcore.sides import LONG, SHORT
from simvenue import SimVenue
from simvenue.limits import QTY_INVALID, UNKNOWN_SYMBOL, Refusal
from simvenue.other_hands import OtherHands

NO_SUCH_LEG = Refusal(10001, "params error: positionIdx invalid, expected 1 (long) or 2 (short)")
NOTHING_HELD = Refusal(110017, "current position is zero")


class OwnHands:
    """Operations of the exchange on one account; everything that they cause is pushed."""

    __slots__ = ("_books", "_hands", "_markets", "_venue")

    def __init__(self, venue: SimVenue, books: Books) -> None:
        self._venue = venue
        self._hands = OtherHands(venue)
        self._markets = {market.symbol: market for market in venue.clearing.markets}
        self._books = books

    def move_cash(self, amount: Decimal, now: Instant) -> None:
        """Deposit or withdraw."""
        self._books.take(self._hands.move_cash(amount, now), now)

    def deleverage(
        self, symbol: str, position_idx: int, qty: Decimal, now: Instant
    ) -> Refusal | None:
        """Take up to `qty` off a leg at the mark."""
        market = self._markets.get(symbol)
        if market is None:
            return UNKNOWN_SYMBOL
        if position_idx not in (1, 2):
            return NO_SUCH_LEG
        try:
            steps = market.instrument.to_steps(qty)
        except InstrumentError:
            return QTY_INVALID
        if steps <= 0:
            return QTY_INVALID
        direction = LONG if position_idx == 1 else SHORT
        if not market.pair.leg(direction).size:
            return NOTHING_HELD
        self._books.take(self._venue.deleverage(symbol, direction, steps, now), now)
        return None

    def liquidate(self, now: Instant) -> None:
        """Liquidate; nothing happens to a flat account."""
        self._books.take(self._hands.liquidate(now), now)
