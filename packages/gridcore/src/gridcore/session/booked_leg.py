"""One leg of our own books: the executions known so far, applied in the exchange's order.

It knows size, entry and profit of a leg; it refuses to know cash and what the exchange reports.
"""

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

from gridcore.clock import Instant
from gridcore.pnl import LegFill, fill_leg
from gridcore.saved import Saved, decimal_to_text
from gridcore.sides import DirectionType, SideType, closes

ZERO = Decimal(0)
HISTORY = 256
"""How many executions a leg remembers: as far back may a late one arrive and be booked exactly."""
_FIELDS = (
    "at",
    "sequence",
    "exec_id",
    "number",
    "side",
    "price",
    "qty",
    "size",
    "entry",
    "realised",
)


class BookedFill:
    """One booked execution; `size` and `entry` are those of the leg before it.

    `number` is its order's, None when nobody knows that we sent it.
    """

    __slots__ = (
        "at",
        "entry",
        "exec_id",
        "number",
        "price",
        "qty",
        "realised",
        "sequence",
        "side",
        "size",
    )

    def __init__(
        self,
        at: Instant,
        sequence: int,
        exec_id: str,
        number: int | None,
        side: SideType,
        price: Decimal,
        qty: Decimal,
        size: Decimal,
        entry: Decimal | None,
        realised: Decimal,
    ) -> None:
        self.at = at
        self.sequence = sequence
        self.exec_id = exec_id
        self.number = number
        self.side = side
        self.price = price
        self.qty = qty
        self.size = size
        self.entry = entry
        self.realised = realised

    def snapshot(self) -> list[object]:
        """All memory as one row, serialisable."""
        return [
            self.at,
            self.sequence,
            self.exec_id,
            self.number,
            self.side.value,
            str(self.price),
            str(self.qty),
            str(self.size),
            decimal_to_text(self.entry),
            str(self.realised),
        ]


def sent_since(number: int | None, newest_sent: int) -> bool:
    """Whether an order was sent after a report was handled, by the newest number sent until then.

    No execution of it is in the report, whatever the times say: at one instant they tell nothing.
    """
    return number is not None and number > newest_sent


def _restored_fill(row: object) -> BookedFill:
    """The inverse of BookedFill.snapshot."""
    assert isinstance(row, list), "expected a row of a booked execution"
    saved = Saved(dict(zip(_FIELDS, row, strict=True)))
    return BookedFill(
        Instant(saved.whole("at")),
        saved.whole("sequence"),
        saved.text("exec_id"),
        saved.whole_or_none("number"),
        SideType(saved.text("side")),
        saved.decimal("price"),
        saved.decimal("qty"),
        saved.decimal("size"),
        saved.decimal_or_none("entry"),
        saved.decimal("realised"),
    )


class BookedLeg:
    """A leg as the fold of its executions over a base, in the order (at, sequence) (A16, L33).

    The base is flat, or what `seed` said. A close larger than the leg is cut to it: its open has
    not arrived yet, and when it does, the close is booked again after it. So the leg depends on
    the executions known and not on the order in which they came. Executions with equal keys are
    all opens or all closes (one taker order made them) and keep the order of their arrival.
    """

    __slots__ = ("direction", "entry", "history", "last_at", "newest_sent", "seeded_at", "size")

    def __init__(self, direction: DirectionType) -> None:
        self.direction = direction
        self.size = ZERO
        self.entry: Decimal | None = None
        self.seeded_at: Instant | None = None
        """Executions up to here are in the base already, but for those of orders sent since."""
        self.newest_sent = 0
        """The number of the newest order sent when the base was taken over."""
        self.last_at = Instant(-1)
        """An execution later than this is the newest."""
        self.history: deque[BookedFill] = deque(maxlen=HISTORY)

    def book(
        self,
        at: Instant,
        sequence: int,
        exec_id: str,
        number: int | None,
        side: SideType,
        price: Decimal,
        qty: Decimal,
    ) -> LegFill:
        """Apply one execution after all that are booked."""
        size, entry = self.size, self.entry
        booked = fill_leg(self.direction, size, entry, side, price, qty)
        self.size = booked.size
        self.entry = booked.entry
        if at > self.last_at:
            self.last_at = at
        self.history.append(
            BookedFill(
                at, sequence, exec_id, number, side, price, qty, size, entry, booked.realised
            )
        )
        return booked

    def rewind(self, at: Instant, sequence: int) -> list[BookedFill]:
        """Take back what is booked later than this key; the taken, in the exchange's order."""
        history = self.history
        taken: list[BookedFill] = []
        while history:
            newest = history[-1]
            if newest.at < at or (newest.at == at and newest.sequence <= sequence):
                break
            taken.append(history.pop())
        if taken:
            self.size = taken[-1].size
            self.entry = taken[-1].entry
            taken.reverse()
        return taken

    def rebook(self, fills: Iterable[BookedFill]) -> list[tuple[BookedFill, Decimal]]:
        """Apply rewound executions again: those whose profit changed, and by how much."""
        changed: list[tuple[BookedFill, Decimal]] = []
        for fill in fills:
            booked = self.book(
                fill.at,
                fill.sequence,
                fill.exec_id,
                fill.number,
                fill.side,
                fill.price,
                fill.qty,
            )
            if booked.realised != fill.realised:
                changed.append((fill, booked.realised - fill.realised))
        return changed

    def covered_by_seed(self, at: Instant, number: int | None) -> bool:
        """Whether an execution of this time, of the order with this number, is in the base."""
        seeded_at = self.seeded_at
        return (
            seeded_at is not None and at <= seeded_at and not sent_since(number, self.newest_sent)
        )

    def forgot_since(self, at: Instant) -> bool:
        """Whether executions later than `at` may have left the history."""
        return len(self.history) == HISTORY and self.history[0].at > at

    def seed(
        self, size: Decimal, entry: Decimal | None, at: Instant, newest_sent: int
    ) -> list[tuple[BookedFill, Decimal]]:
        """Replace the base by the leg as of `at` and book the later executions again on it."""
        later = [fill for fill in self.history if fill.at > at]
        self.history.clear()
        self.size = size
        self.entry = entry if size else None
        self.seeded_at = at
        self.newest_sent = newest_sent
        self.last_at = at
        return self.rebook(later)

    def doubtful_until(self, at: Instant) -> list[BookedFill]:
        """Booked closes up to `at` whose profit nobody knows: the leg was larger than we knew."""
        blind = self.seeded_at is None
        return [
            fill
            for fill in self.history
            if fill.at <= at
            and closes(self.direction, fill.side)
            and (blind or fill.qty > fill.size)
        ]

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "size": str(self.size),
            "entry": decimal_to_text(self.entry),
            "seeded_at": self.seeded_at,
            "newest_sent": self.newest_sent,
            "last_at": self.last_at,
            "history": [fill.snapshot() for fill in self.history],
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self.size = saved.decimal("size")
        self.entry = saved.decimal_or_none("entry")
        seeded_at = saved.whole_or_none("seeded_at")
        self.seeded_at = None if seeded_at is None else Instant(seeded_at)
        self.newest_sent = saved.whole("newest_sent")
        self.last_at = Instant(saved.whole("last_at"))
        self.history.clear()
        self.history.extend(_restored_fill(row) for row in saved.list_of("history"))
