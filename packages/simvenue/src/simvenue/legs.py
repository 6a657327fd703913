"""The two legs of one symbol in hedge mode: size, average entry, realised profit.

It knows positions; it refuses to know orders, fees and margin.
"""

from decimal import Decimal

from gridcore.instrument import Steps
from gridcore.pnl import fill_leg, unrealised
from gridcore.sides import LONG, SHORT, DirectionType, SideType, closing_side

ZERO = Decimal(0)


class Leg:
    """One leg: `size` in steps, `qty` the same in base coin, `entry` None when flat (LS-33).

    `touched`: a fill changed it and no event has said so yet.
    """

    __slots__ = ("closing_side", "direction", "entry", "qty", "size", "touched")

    def __init__(self, direction: DirectionType) -> None:
        self.direction = direction
        self.size = Steps(0)
        self.qty = ZERO
        self.entry: Decimal | None = None
        self.closing_side = closing_side(direction)
        self.touched = False

    def fill(self, side: SideType, price: Decimal, qty: Decimal, steps: int) -> Decimal:
        """Apply one fill (T-2) and return the realised profit. A close never exceeds the leg."""
        result = fill_leg(self.direction, self.qty, self.entry, side, price, qty)
        self.qty = result.size
        self.entry = result.entry
        self.touched = True
        if result.closed:
            assert result.closed == qty, "a close larger than the leg was let through"
            self.size = Steps(self.size - steps)
        else:
            self.size = Steps(self.size + steps)
        return result.realised

    def unrealised(self, mark: Decimal) -> Decimal:
        """Profit at the mark (M-1)."""
        return (
            ZERO if self.entry is None else unrealised(self.direction, self.entry, mark, self.qty)
        )


class Pair:
    """Both legs of a symbol, with the sums of their sizes in base coin.

    Profit at a mark is `net` * mark + `offset`; the value of both legs is `gross` * mark.
    """

    __slots__ = ("gross", "legs", "long", "net", "offset", "short")

    def __init__(self) -> None:
        self.long = Leg(LONG)
        self.short = Leg(SHORT)
        self.legs = (self.long, self.short)
        self.net = ZERO
        self.gross = ZERO
        self.offset = ZERO

    def changed(self) -> None:
        """Recompute the sums after fills."""
        long, short = self.long, self.short
        self.net = long.qty - short.qty
        self.gross = long.qty + short.qty
        offset = ZERO
        if short.entry is not None:
            offset += short.qty * short.entry
        if long.entry is not None:
            offset -= long.qty * long.entry
        self.offset = offset

    def leg(self, direction: DirectionType) -> Leg:
        """The leg of a direction."""
        return self.long if direction is LONG else self.short

    @property
    def open(self) -> bool:
        """Whether any leg has a size."""
        return bool(self.long.size or self.short.size)
