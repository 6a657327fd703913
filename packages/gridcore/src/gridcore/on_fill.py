"""side_policy on_fill: the recorded behaviour of the earlier bots (G-5 to G-7, E-5, E-6).

Sides change only on fills and rebuilds; one shift per fill; a book with too many orders rebuilds.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from gridcore.config import GridConfig
from gridcore.grid import Grid
from gridcore.instrument import Price
from gridcore.intents import CancelCause
from gridcore.sides import BUY, SELL, GridSideType, SideType
from gridcore.working import OpenOrder

TOO_MANY_ORDERS_MARGIN = 10
_RECORDED_DECIMALS = 8


class OnFillGrid(Grid):
    """A grid that keeps a side tag per level."""

    __slots__ = ("sides",)

    def __init__(self, config: GridConfig) -> None:
        super().__init__(config)
        self.sides: list[GridSideType] = []

    def build(self, center: Price) -> None:
        """Fresh levels: Buy below the middle, Wait in the middle, Sell above (G-2)."""
        super().build(center)
        half = self.config.grid_count // 2
        self.sides = [GridSideType.BUY] * half + [GridSideType.WAIT] + [GridSideType.SELL] * half

    def update(self, fill: Price | None, last: Price | None) -> bool:
        """What a fill does (G-5): rebuild when out of bounds, assign sides, shift once.

        Returns whether the grid was rebuilt. GridError: the build or the shift was refused, and
        left the levels as they were.
        """
        if fill is None or last is None:
            return False
        rebuilt = False
        if not self.levels or not self.levels[0] < last < self.levels[-1]:
            self.build(last)
            rebuilt = True
        self._assign_sides(fill, last)
        self._rebalance()
        return rebuilt

    def _assign_sides(self, fill: Price, last: Price) -> None:
        waits = self.near(fill)
        for index, level in enumerate(self.levels):
            if level in waits:
                self.sides[index] = GridSideType.WAIT
            elif last < level:
                self.sides[index] = GridSideType.SELL
            elif last > level:
                self.sides[index] = GridSideType.BUY

    def _rebalance(self) -> None:
        buys = self.sides.count(GridSideType.BUY)
        sells = self.sides.count(GridSideType.SELL)
        limit = self.config.rebalance_threshold * (buys + sells)
        if buys - sells > limit:
            self.shift_up()
            del self.sides[0]
            self.sides.append(GridSideType.SELL)
        elif sells - buys > limit:
            self.shift_down()
            self.sides.pop()
            self.sides.insert(0, GridSideType.BUY)


class WantedOrder:
    """A level that should have an order: its index, price and side."""

    __slots__ = ("index", "price", "side")

    def __init__(self, index: int, price: int, side: SideType) -> None:
        self.index = index
        self.price = price
        self.side = side


def eligible(level: int, side: SideType, last: Price, step: tuple[int, int]) -> bool:
    """Whether an order may be placed: on its side of the market, more than half a step away (E-7).

    |last - level| / last * 100 > step / 2, evaluated exactly.
    """
    numerator, denominator = step
    distance = last - level if side is BUY else level - last
    return 200 * denominator * distance > numerator * last


def bucket_of(price: Price, tick_size: Decimal) -> Price:
    """The price as the recordings bucket it: rounded to 8 decimals of quote currency (E-6.1)."""
    if isinstance(price, int):
        return price
    tick = Fraction(tick_size)
    bucket = round(price * tick, _RECORDED_DECIMALS) / tick
    return bucket.numerator if bucket.denominator == 1 else bucket


def plan(
    grid: OnFillGrid,
    last: Price | None,
    orders: Sequence[OpenOrder],
    tick_size: Decimal,
) -> tuple[list[tuple[OpenOrder, CancelCause]], list[WantedOrder]]:
    """One direction's cancels and places in recorded order (E-6)."""
    side_at = {
        level: SideType(side.value)
        for level, side in zip(grid.levels, grid.sides, strict=True)
        if side is not GridSideType.WAIT
    }
    survivors, cancels = _survivors(orders, side_at, tick_size)
    places: list[WantedOrder] = []
    center = _center_index(grid.sides)
    wanted = [
        WantedOrder(index, level, side_at[level])
        for index, level in enumerate(grid.levels)
        if level in side_at
    ]
    wanted.sort(key=lambda order: (abs(order.index - center), order.price))
    for order in wanted:
        survivor = survivors.get(order.price)
        if survivor is not None:
            if survivor.side is order.side:
                continue
            cancels.append((survivor, CancelCause.SIDE_MISMATCH))
        if last is not None and eligible(order.price, order.side, last, grid.step):
            places.append(order)
    on_grid = set(grid.levels)
    for price in sorted(survivors):
        if price not in on_grid:
            cancels.append((survivors[price], CancelCause.OUTSIDE_GRID))
    return cancels, places


def _survivors(
    orders: Sequence[OpenOrder], side_at: dict[int, SideType], tick_size: Decimal
) -> tuple[dict[Price, OpenOrder], list[tuple[OpenOrder, CancelCause]]]:
    """One order per price bucket, and the others to cancel as duplicates."""
    buckets: dict[Price, list[OpenOrder]] = {}
    for order in sorted(orders, key=lambda resting: resting.price):
        buckets.setdefault(bucket_of(order.price, tick_size), []).append(order)
    survivors: dict[Price, OpenOrder] = {}
    cancels: list[tuple[OpenOrder, CancelCause]] = []
    for price, bucket in buckets.items():
        side = side_at.get(price) if isinstance(price, int) else None
        pool = [order for order in bucket if order.side is side] or bucket
        survivor = next((order for order in pool if order.filled > 0), pool[0])
        survivors[price] = survivor
        cancels.extend((order, CancelCause.DUPLICATE) for order in bucket if order is not survivor)
    return survivors, cancels


def _center_index(sides: Sequence[GridSideType]) -> int:
    waits = [index for index, side in enumerate(sides) if side is GridSideType.WAIT]
    return (waits[0] + waits[-1]) // 2 if waits else len(sides) // 2


def side_of(tag: GridSideType) -> SideType | None:
    """The order side of a level's tag; None for Wait."""
    if tag is GridSideType.WAIT:
        return None
    return BUY if tag is GridSideType.BUY else SELL


def too_many(orders: Sequence[OpenOrder], levels: int) -> bool:
    """E-5: more resting orders in one direction than levels + 10.

    Orders on their way out do not count: else a rebuild's own cancels would call for the next one.
    """
    resting = sum(not order.cancelling for order in orders)
    return resting > levels + TOO_MANY_ORDERS_MARGIN
