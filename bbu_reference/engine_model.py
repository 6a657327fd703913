"""What the engine should want, without gridcore: E-2, E-3 and E-5 to E-8 in exact numbers.

Cancels and places are kept apart, each in recorded order, long before short (README 12).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

from bbu_reference.grid_model import RightGrid, RightRefusal
from bbu_reference.numbers import canonical_text, near_threshold, whole

SPARE_ORDERS = 10
OPENS = {("l", "B"): True, ("l", "S"): False, ("s", "B"): False, ("s", "S"): True}
WORDS = {"B": "Buy", "S": "Sell", "l": "long", "s": "short"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOrder:
    """One resting order as the recordings list it."""

    order_id: str
    direction: str
    side: str
    price: Fraction
    filled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Cancels as (order id, cause); places as (side, ticks, direction, reduce only, level, id)."""

    cancels: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, int, str, bool, int, str], ...]


NOTHING = Wanted(cancels=(), places=())


class RightEngine:
    """The engine under on_fill, as it should be."""

    def __init__(self, grid: RightGrid, symbol: str, strat_id: str, tick: Fraction) -> None:
        self.grid = grid
        self.symbol = symbol
        self.strat_id = strat_id
        self.tick = tick
        self.center: Fraction | None = None
        self.last: Fraction | None = None
        self.fill: Fraction | None = None
        self.pending = False
        self.near = False
        self.refusal: RightRefusal | None = None

    def executed(self, price: Fraction) -> None:
        """E-3: the latest execution counts, at its price."""
        self._begin()
        self.fill = price
        if self.last is None:
            self.pending = True
            return
        self._update()

    def _begin(self) -> None:
        self.near = False
        self.refusal = None

    def _update(self) -> None:
        self._change(lambda: self.grid.update(self.fill, self.last))

    def _build(self, center: Fraction) -> None:
        self._change(lambda: self.grid.build(center))

    def _change(self, change: Callable[[], None]) -> None:
        """Change the grid, or keep it as it was where the change is refused."""
        self.grid.near = False
        try:
            change()
        except RightRefusal as refusal:
            self.refusal = refusal
        self.near = self.near or self.grid.near

    def ticked(self, last: Fraction, orders: Sequence[BookOrder]) -> Wanted:
        """E-2: build or rebuild, a pending fill, then what both directions want."""
        self._begin()
        self.last = last
        levels = self.grid.levels
        if not levels:
            self._build(last if self.center is None else self.center)
        elif not levels[0] <= last <= levels[-1]:
            self._build(last)
        if self.pending and self.grid.levels:
            self.pending = False
            self._update()
        cancels: list[tuple[str, str]] = []
        places: list[tuple[str, int, str, bool, int, str]] = []
        for direction in ("l", "s"):
            resting = [order for order in orders if order.direction == direction]
            if len(resting) > len(self.grid.levels) + SPARE_ORDERS:
                self._build(last)
                cancels += [(order.order_id, "rebuild") for order in resting]
                continue
            more = self._plan(direction, resting)
            cancels += more.cancels
            places += more.places
        return Wanted(cancels=tuple(cancels), places=tuple(places))

    def _plan(self, direction: str, orders: Sequence[BookOrder]) -> Wanted:
        side_at = {
            level: side
            for level, side in zip(self.grid.levels, self.grid.sides, strict=True)
            if side != "W"
        }
        survivors, cancels = self._survivors(orders, side_at)
        waits = [index for index, side in enumerate(self.grid.sides) if side == "W"]
        middle = (waits[0] + waits[-1]) // 2 if waits else len(self.grid.sides) // 2
        places: list[tuple[str, int, str, bool, int, str]] = []
        active = [
            (index, level) for index, level in enumerate(self.grid.levels) if level in side_at
        ]
        for index, level in sorted(active, key=lambda pair: (abs(pair[0] - middle), pair[1])):
            side = side_at[level]
            survivor = survivors.get(Fraction(level))
            if survivor is not None and survivor.side == side:
                continue
            if survivor is not None:
                cancels.append((survivor.order_id, "side_mismatch"))
            if self._eligible(level, side):
                places.append(self._place(level, index, side, direction))
        cancels += [
            (survivors[price].order_id, "outside_grid")
            for price in sorted(survivors)
            if price not in self.grid.levels
        ]
        return Wanted(cancels=tuple(cancels), places=tuple(places))

    def _survivors(
        self, orders: Sequence[BookOrder], side_at: dict[int, str]
    ) -> tuple[dict[Fraction, BookOrder], list[tuple[str, str]]]:
        """One order per price of 8 decimals (E-6.1); the others are duplicates."""
        buckets: dict[Fraction, list[BookOrder]] = {}
        for order in sorted(orders, key=lambda resting: resting.price):
            bucket = Fraction(round(order.price * self.tick, 8)) / self.tick
            buckets.setdefault(bucket, []).append(order)
        survivors: dict[Fraction, BookOrder] = {}
        cancels: list[tuple[str, str]] = []
        for price, bucket_orders in buckets.items():
            wanted = side_at.get(int(price)) if price.denominator == 1 else None
            pool = [order for order in bucket_orders if order.side == wanted] or bucket_orders
            kept = next((order for order in pool if order.filled), pool[0])
            survivors[price] = kept
            cancels += [(o.order_id, "duplicate") for o in bucket_orders if o is not kept]
        return survivors, cancels

    def _eligible(self, level: int, side: str) -> bool:
        """On its own side of the market and more than half a step away (E-7)."""
        assert self.last is not None
        distance = (self.last - level) / self.last
        half_step = self.grid.step / 2
        self.near = self.near or near_threshold(abs(distance), half_step)
        return distance > half_step if side == "B" else -distance > half_step

    def _place(
        self, level: int, index: int, side: str, direction: str
    ) -> tuple[str, int, str, bool, int, str]:
        identity = identity_of(
            self.strat_id, self.symbol, WORDS[side], text_of(level, self.tick), WORDS[direction]
        )
        return (side, level, direction, not OPENS[direction, side], index, identity)


def text_of(level: int, tick: Fraction) -> str:
    """The canonical text of a level's price."""
    price = level * tick
    return canonical_text(Decimal(price.numerator) / Decimal(price.denominator))


def identity_of(strat_id: str | None, symbol: str, side: str, price: str, direction: str) -> str:
    """The first 16 hex digits of SHA-256 over the parts of an order's identity (I-1)."""
    parts = [symbol, side, price, direction]
    if strat_id is not None:
        parts.insert(0, strat_id)
    return sha256("_".join(parts).encode()).hexdigest()[:16]


def grid_hash(prices: Sequence[float], sides: Sequence[str]) -> str:
    """The hash under which the traces record a grid."""
    rows = ";".join(f"{side}@{price!r}" for side, price in zip(sides, prices, strict=True))
    return sha256(rows.encode()).hexdigest()[:16]


def book_order(row: Sequence[str], tick: str) -> BookOrder:
    """An order from an `a` row of a trace: direction, id, side, price, link id, filled."""
    filled = False
    if len(row) > 5:
        try:
            filled = Fraction(str(row[5])) > 0
        except ValueError:
            filled = False
    price = Fraction(whole(Fraction(row[3]) / Fraction(tick)))
    side = "B" if row[2] == "Buy" else "S"
    return BookOrder(order_id=row[1], direction=row[0], side=side, price=price, filled=filled)
