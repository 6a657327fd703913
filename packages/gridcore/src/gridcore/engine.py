"""GridEngine: grid and market in, intents out. It never sizes, gates or sends an order."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from decimal import Decimal

from gridcore.clock import Instant
from gridcore.config import GridConfig, IdentitySalt, SafetyConfig, SidePolicy
from gridcore.events import Event, ExecType, Execution, Ticker
from gridcore.follow import FollowRules
from gridcore.grid import parse_rows, wait_center
from gridcore.instrument import Instrument, Price, Ticks
from gridcore.intents import CancelIntent, Intent, PlaceIntent, client_order_id
from gridcore.policy import (
    DIRECTIONS,
    NO_LIMITS,
    SIDES,
    Candidate,
    ChangeCause,
    LevelsChanged,
    Limits,
    PriceBand,
)
from gridcore.recorded import OnFillRules
from gridcore.sides import DirectionType, GridSideType, closes
from gridcore.working import OpenOrder, WorkingBook

_UNLIMITED = Decimal(10) ** 12


class EventError(ValueError):
    """An event that must not have come this far: a price of 0 or below (EC-01)."""


def engine_instrument(symbol: str, tick_size: Decimal) -> Instrument:
    """An instrument for users who drive the engine alone, where quantities play no part."""
    return Instrument(
        symbol=symbol,
        tick_size=tick_size,
        qty_step=Decimal(1),
        min_qty=Decimal(1),
        max_qty=_UNLIMITED,
        min_notional=Decimal(0),
    )


class GridEngine:
    """Decides which orders one strategy wants on one symbol."""

    __slots__ = ("_identities", "_salt", "config", "instrument", "rules", "strat_id", "symbol")

    def __init__(
        self,
        symbol: str,
        tick_size: Decimal | Instrument,
        config: GridConfig,
        strat_id: str,
        anchor_price: Decimal | None = None,
        restored_grid: object = None,
        *,
        safety: SafetyConfig | None = None,
        salt: IdentitySalt = IdentitySalt.STRAT_ID,
    ) -> None:
        """`anchor_price` is the origin of the first build; `restored_grid` rows [{side, price}].

        Raises GridError when restored_grid cannot be used: the caller decides to start fresh.
        """
        self.symbol = symbol
        self.instrument = (
            tick_size if isinstance(tick_size, Instrument) else engine_instrument(symbol, tick_size)
        )
        self.config = config
        self.strat_id = strat_id
        self._salt = strat_id if salt is IdentitySalt.STRAT_ID else None
        self._identities: dict[tuple[int, int, int], str] = {}
        anchor = None if anchor_price is None else self.instrument.to_price(anchor_price)
        if anchor is not None and anchor <= 0:
            raise EventError(f"anchor_price: expected a price above 0, found {anchor_price}")
        self.rules: FollowRules | OnFillRules = (
            FollowRules(config, self.instrument, anchor, safety or SafetyConfig())
            if config.side_policy is SidePolicy.FOLLOW
            else OnFillRules(config, self.instrument, anchor)
        )
        if restored_grid is not None:
            self.adopt(restored_grid, WorkingBook(()))

    def adopt(self, rows: object, book: WorkingBook) -> None:
        """Take a recorded grid, rows [{side, price}], into a book without orders, at the beginning.

        GridError when it cannot be used: nothing has changed.
        """
        levels, sides = parse_rows(rows, self.config, self.instrument)
        center = wait_center(levels, sides)
        if isinstance(self.rules, OnFillRules):
            self.rules.adopt(levels, sides, center, book)
        else:
            self.rules.adopt(levels, center, Instant(0), book)

    @property
    def levels(self) -> Sequence[int]:
        """The levels in force, ascending, in ticks."""
        return self.rules.grid.levels

    def get_anchor_price(self) -> Decimal | None:
        """The price the grid was last built around; fills and shifts do not move it (G-13)."""
        anchor = self.rules.grid.anchor
        return None if anchor is None else self.instrument.price(anchor)

    def side_tags(self) -> list[GridSideType]:
        """The tag of every level: kept (on_fill) or derived from last price and fill (follow)."""
        if isinstance(self.rules, OnFillRules):
            return list(self.rules.grid.sides)
        last = self.rules.last
        waits = set(self.rules.waits)
        tags = []
        for level in self.levels:
            if level in waits or last is None or level == last:
                tags.append(GridSideType.WAIT)
            else:
                tags.append(GridSideType.BUY if level < last else GridSideType.SELL)
        return tags

    def on_event(
        self,
        event: Event,
        open_orders: Mapping[DirectionType, Sequence[OpenOrder]] | None = None,
    ) -> list[Intent]:
        """Take one event and the orders that rest now; return cancels, then places (E-1, rule 12).

        Only tickers yield intents. Other symbols' events and executions that no order of ours
        caused (funding, liquidation) change nothing. The caller feeds each execution once.
        """
        if isinstance(event, Execution):
            if event.symbol == self.symbol and event.kind is ExecType.TRADE:
                self._check_price(event.price)
                self.rules.fill(event.price, event.at, event.sequence, WorkingBook(self.levels))
            return []
        if not isinstance(event, Ticker) or event.symbol != self.symbol:
            return []
        resting = open_orders or {}
        orders = {direction: list(resting.get(direction, ())) for direction in DIRECTIONS}
        book = WorkingBook.of(self.levels, orders[DIRECTIONS[0]] + orders[DIRECTIONS[1]])
        if isinstance(self.rules, OnFillRules):
            self.rules.listed_orders = orders
        self.observe(event, book)
        intents: list[Intent] = [
            CancelIntent(symbol=self.symbol, order_id=order.order_id, cause=cause)
            for order, cause in self.rules.cancels(book)
        ]
        intents += [self.intent(place) for place in self.rules.places(book, NO_LIMITS)]
        return intents

    def _check_price(self, price: Price) -> None:
        if price <= 0:
            raise EventError(f"{self.symbol}: expected a price above 0, found {price} ticks")

    def observe(self, ticker: Ticker, book: WorkingBook) -> list[LevelsChanged]:
        """Take a ticker for a book that is kept up to date from outside."""
        if ticker.last <= 0:
            self._check_price(ticker.last)
        changes = self.rules.observe(ticker, book)
        if changes and any(change.cause is not ChangeCause.SHIFTED for change in changes):
            self._identities.clear()
        return changes

    def quiet_band(self, book: WorkingBook, limits: Limits) -> PriceBand | None:
        """The open interval of last prices, on the tick, in which a ticker changes nothing."""
        return self.rules.quiet_band(book, limits)

    def identity(self, price: int, direction: int, side: int) -> str:
        """client_order_id of a level; indices as in `Candidate`."""
        key = (price, direction, side)
        known = self._identities.get(key)
        if known is None:
            known = self._identities[key] = client_order_id(
                self._salt,
                self.symbol,
                SIDES[side],
                self.instrument.price_text(Ticks(price)),
                DIRECTIONS[direction],
            )
        return known

    def level_index(self, price: int) -> int:
        """Position of a level in the grid, 0 the lowest."""
        return bisect_left(self.rules.grid.levels, price)

    def intent(self, place: Candidate) -> PlaceIntent:
        """A candidate as a typed intent."""
        direction, side = DIRECTIONS[place.direction], SIDES[place.side]
        return PlaceIntent(
            symbol=self.symbol,
            direction=direction,
            side=side,
            price=Ticks(place.price),
            level=self.level_index(place.price) if place.level is None else place.level,
            reduce_only=closes(direction, side),
            client_order_id=self.identity(place.price, place.direction, place.side),
        )
