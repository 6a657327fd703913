"""Leverage and position mode of an account, with the exchange's refusals (bybit.md A.5, A.6).

It changes settings; it refuses to touch orders and positions.
"""

from collections.abc import Mapping
from decimal import Decimal

from bybit_sim.exchange.books import Books
from bybit_sim.exchange.statements import BOTH, Statements
from bybit_sim.exchange.texts import number_of
from bybit_sim.market.symbols import SymbolMarket
from gridcore.clock import Instant
from gridcore.instrument import InstrumentError
from simvenue import SimVenue
from simvenue.limits import UNKNOWN_SYMBOL, Refusal
from simvenue.other_hands import OtherHands

ONE_WAY = 0
HEDGE = 3

LEVERAGE_INVALID = Refusal(10001, "params error: leverage invalid")
LEVERAGES_DIFFER = Refusal(
    10001,
    "params error: buy leverage must equal sell leverage, this simulator keeps one per symbol",
)
LEVERAGE_NOT_MODIFIED = Refusal(110043, "leverage not modified")
MARGIN_TOO_SMALL = Refusal(110044, "available margin is insufficient")
MODE_INVALID = Refusal(10001, "params error: mode invalid, expected 0 (one-way) or 3 (hedge)")
MODE_NOT_MODIFIED = Refusal(110025, "Position mode is not modified")
MODE_BLOCKED_BY_POSITION = Refusal(
    110024, "You have an existing position, so position mode cannot be switched"
)
MODE_BLOCKED_BY_ORDERS = Refusal(
    110028, "You have existing open orders, so position mode cannot be switched"
)


class Settings:
    """What the owner of an account may set."""

    __slots__ = ("_books", "_hands", "_listed", "_statements", "_venue")

    def __init__(
        self,
        listed: Mapping[str, SymbolMarket],
        venue: SimVenue,
        books: Books,
        statements: Statements,
    ) -> None:
        self._listed = listed
        self._venue = venue
        self._hands = OtherHands(venue)
        self._books = books
        self._statements = statements

    def set_leverage(self, symbol: str, buy: str, sell: str, now: Instant) -> Refusal | None:
        """Charge margin of a symbol at another leverage, and push both its positions."""
        listed = self._listed.get(symbol)
        if listed is None:
            return UNKNOWN_SYMBOL
        try:
            leverage, other = number_of(buy), number_of(sell)
        except InstrumentError:
            return LEVERAGE_INVALID
        if leverage != other:
            return LEVERAGES_DIFFER
        facts, before = listed.facts, self._statements.leverages[symbol]
        if leverage < facts.min_leverage:
            return LEVERAGE_INVALID
        if leverage == before:
            return LEVERAGE_NOT_MODIFIED
        highest = self._highest(symbol)
        if leverage > highest:
            return Refusal(
                110013, f"cannot set leverage [{leverage}] gt maxLeverage [{highest}] by risk limit"
            )
        if leverage % facts.leverage_step:
            return LEVERAGE_INVALID
        self._hands.change_leverage(symbol, leverage)
        totals = self._venue.clearing.totals()
        if leverage < before and totals.initial > totals.balance:
            self._hands.change_leverage(symbol, before)
            return MARGIN_TOO_SMALL
        self._statements.leverages[symbol] = leverage
        self._books.tell_legs(symbol, BOTH, now)
        return None

    def _highest(self, symbol: str) -> Decimal:
        """What the tiers of both legs allow: 1 / initial rate."""
        market = self._statements.market(symbol)
        highest = self._listed[symbol].facts.max_leverage
        mark = market.mark()
        if mark is None:
            return highest
        for leg in market.pair.legs:
            rate = market.tiers.tier_of(leg.qty * mark).initial_rate
            if rate:
                highest = min(highest, (1 / rate).quantize(Decimal("0.01")))
        return highest

    def switch_mode(self, symbol: str | None, mode: int) -> Refusal | None:
        """Switch the whole account to one-way or hedge mode; a symbol is only checked to exist."""
        if symbol is not None and symbol not in self._listed:
            return UNKNOWN_SYMBOL
        if mode not in (ONE_WAY, HEDGE):
            return MODE_INVALID
        hedge = mode == HEDGE
        if hedge is self._statements.hedge_mode:
            return MODE_NOT_MODIFIED
        if any(market.pair.open for market in self._venue.clearing.markets):
            return MODE_BLOCKED_BY_POSITION
        if self._books.orders.open(None) or self._books.orders.in_transit(None):
            return MODE_BLOCKED_BY_ORDERS
        self._statements.hedge_mode = hedge
        return None
