"""The recorded side policy (on_fill) behind the engine's interface."""

from bisect import bisect_left

from gridcore.clock import Instant
from gridcore.config import GridConfig
from gridcore.events import Ticker
from gridcore.grid import GridError
from gridcore.instrument import Instrument, Price
from gridcore.intents import CancelCause
from gridcore.on_fill import OnFillGrid, WantedOrder, plan, side_of, too_many
from gridcore.policy import (
    BUY_INDEX,
    DIRECTIONS,
    SELL_INDEX,
    Candidate,
    ChangeCause,
    Hold,
    LevelsChanged,
    Limits,
    PriceBand,
)
from gridcore.saved import Saved, SavedStateError, price_to_text
from gridcore.sides import BUY, DirectionType, GridSideType, SideType
from gridcore.working import OpenOrder, WorkingBook


class OnFillRules:
    """The grid under on_fill: side tags, latest execution, pending first fill."""

    __slots__ = (
        "_anchor",
        "_cancels",
        "_crowded",
        "_fill_pending",
        "_instrument",
        "_places",
        "grid",
        "hold",
        "last",
        "last_fill",
        "listed_orders",
    )

    def __init__(self, config: GridConfig, instrument: Instrument, anchor: Price | None) -> None:
        self.grid: OnFillGrid = OnFillGrid(config)
        self.hold: Hold | None = None
        self.last: Price | None = None
        self.last_fill: Price | None = None
        self._instrument = instrument
        self._anchor = anchor
        self._fill_pending = False
        self._cancels: list[tuple[OpenOrder, CancelCause]] = []
        self._places: list[Candidate] = []
        self._crowded = False
        """Whether the last plan cancelled a whole direction, and so placed nothing in it (E-5)."""
        self.listed_orders: dict[DirectionType, list[OpenOrder]] | None = None
        """Orders as a caller without a book lists them; their order matters (E-6.1)."""

    def observe(self, ticker: Ticker, book: WorkingBook) -> list[LevelsChanged]:
        """Take a ticker: build or rebuild, apply a pending fill, plan long then short (E-2)."""
        before = self.last
        last = self.last = ticker.last
        levels = self.grid.levels
        changes: list[LevelsChanged] = []
        if not levels:
            center = last if self._anchor is None else self._anchor
            changes += self._build(center, ticker.at, ChangeCause.BUILT)
        elif not levels[0] <= last <= levels[-1]:
            changes += self._build(last, ticker.at, ChangeCause.REBUILT)
        elif before is not None and not levels[0] <= before <= levels[-1]:
            self.hold = None  # back in bounds: the refused rebuild is not needed any more
        if self._fill_pending and self.grid.levels:
            self._fill_pending = False
            changes += self._update(ticker.at)
        self._plan(ticker.at, book, changes)
        if changes:
            book.replace_levels(self.grid.levels)
        return changes

    def _build(self, center: Price, at: Instant, cause: ChangeCause) -> list[LevelsChanged]:
        before = self.grid.levels
        try:
            self.grid.build(center)
        except GridError:
            self.hold = Hold.SPACING
            return []
        self.hold = None
        if self.grid.levels == before:
            return []
        return [LevelsChanged(at=at, cause=cause, detail=f"center={price_to_text(center)}")]

    def _update(self, at: Instant) -> list[LevelsChanged]:
        before = list(self.grid.levels)
        try:
            rebuilt = self.grid.update(self.last_fill, self.last)
            self.hold = None
        except GridError:
            rebuilt = True  # only a rebuild can have changed levels before the refusal
            self.hold = Hold.SPACING
        if self.grid.levels == before:
            return []
        cause = ChangeCause.REBUILT if rebuilt else ChangeCause.SHIFTED
        return [LevelsChanged(at=at, cause=cause, detail="fill")]

    def _plan(self, at: Instant, book: WorkingBook, changes: list[LevelsChanged]) -> None:
        """Both directions in recorded order; a rebuild for one is seen by the other (EC-04)."""
        self._cancels = []
        self._places = []
        self._crowded = False
        by_direction = self.listed_orders
        if by_direction is None:
            by_direction = {name: [] for name in DIRECTIONS}
            for order in book.orders():
                by_direction[order.direction].append(order)
        for index, direction in enumerate(DIRECTIONS):
            orders = by_direction[direction]
            if too_many(orders, len(self.grid.levels)):
                self._crowded = True
                if self.last is not None:
                    changes += self._build(self.last, at, ChangeCause.REBUILT)
                self._cancels += [(order, CancelCause.REBUILD) for order in orders]
                continue
            cancels, places = plan(self.grid, self.last, orders, self._instrument.tick_size)
            self._cancels += cancels
            self._places += [_candidate(order, index) for order in places]

    def fill(
        self, price: Price, at: Instant, sequence: int, book: WorkingBook
    ) -> list[LevelsChanged]:
        """Take an execution at its price; before the first ticker it waits for one (E-3)."""
        del sequence
        self.last_fill = price
        if self.last is None:
            self._fill_pending = True
            return []
        changes = self._update(at)
        if changes:
            book.replace_levels(self.grid.levels)
        return changes

    def cancels(self, book: WorkingBook) -> list[tuple[OpenOrder, CancelCause]]:
        """What the last ticker's plan gives up."""
        del book
        return self._cancels

    def places(self, book: WorkingBook, limits: Limits) -> list[Candidate]:
        """What the last ticker's plan fills, long before short."""
        del book
        return [
            candidate
            for candidate in self._places
            if not limits.denies(candidate.direction, candidate.side, candidate.price)
        ]

    def quiet_band(self, book: WorkingBook, limits: Limits) -> PriceBand | None:
        """Bounds: the grid's ends, and where a missing order becomes eligible."""
        del limits
        last = self.last
        levels = self.grid.levels
        if last is None or not levels or self._fill_pending or self._crowded:
            return None
        if self.hold is not None or self._mismatched(book):
            return None
        low, high = levels[0] - 1, levels[-1] + 1
        numerator, denominator = self.grid.step
        unit = 200 * denominator
        for missing in book.missing:
            for level in missing:
                tag = self.grid.sides[bisect_left(levels, level)]
                if tag is GridSideType.SELL:
                    sell_upto = (level * unit - 1) // (unit + numerator)
                    if sell_upto < last:
                        low = max(low, sell_upto)
                elif tag is GridSideType.BUY:
                    buy_from = level * unit // (unit - numerator) + 1
                    if buy_from > last:
                        high = min(high, buy_from)
        return low, high

    def _mismatched(self, book: WorkingBook) -> bool:
        """Whether an order of the wrong side is being replaced: its level counts as not missing."""
        sides = map(side_of, self.grid.sides)
        tags: dict[Price, SideType | None] = dict(zip(self.grid.levels, sides, strict=True))
        return any(
            tags.get(order.price, order.side) not in (order.side, None) for order in book.orders()
        )

    def adopt(
        self, levels: list[int], sides: list[GridSideType], anchor: Price, book: WorkingBook
    ) -> None:
        """Take over saved levels and their side tags; GridError if unfit."""
        self.grid.restore(levels, anchor)
        self.grid.sides = list(sides)
        book.replace_levels(levels)

    def snapshot(self) -> dict[str, object]:
        """All memory of the policy, serialisable."""
        return {
            "levels": list(self.grid.levels),
            "sides": [side.value for side in self.grid.sides],
            "anchor": price_to_text(self.grid.anchor),
            "last": price_to_text(self.last),
            "last_fill": price_to_text(self.last_fill),
            "fill_pending": self._fill_pending,
            "crowded": self._crowded,
            "hold": self.hold.value if self.hold is not None else None,
        }

    def restore(self, saved: Saved, book: WorkingBook) -> None:
        """Take back what snapshot() gave."""
        levels = saved.wholes("levels")
        if levels:
            self.grid.restore(levels, saved.price_or_none("anchor"))
            sides = [GridSideType(str(side)) for side in saved.list_of("sides")]
            if len(sides) != len(levels):
                raise SavedStateError(f"sides: expected {len(levels)} tags, found {len(sides)}")
            self.grid.sides = sides
        self.last = saved.price_or_none("last")
        self.last_fill = saved.price_or_none("last_fill")
        self._fill_pending = saved.flag("fill_pending")
        self._crowded = saved.flag("crowded")
        self.hold = None if saved.raw("hold") is None else Hold(saved.text("hold"))
        book.replace_levels(self.grid.levels)


def _candidate(order: WantedOrder, direction: int) -> Candidate:
    side = BUY_INDEX if order.side is BUY else SELL_INDEX
    return Candidate(order.price, direction, side, order.index)
