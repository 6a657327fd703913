"""What an account books per leg beyond size and entry: realised profit, open fees, times, seq.

It follows the venue's fills with the kernel's own arithmetic (gridcore.pnl.fill_leg); it refuses to
know orders and margin.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from gridcore.clock import Instant
from gridcore.pnl import fill_leg, to_money
from gridcore.sides import LONG, DirectionType, SideType, opening_side

ZERO = Decimal(0)
NEVER_TRADED = -1
NEVER = Instant(0)


class Closed(NamedTuple):
    """The closing part of a fill: quantity, entry price, profit before fees, its open fee."""

    qty: Decimal
    entry: Decimal
    realised: Decimal
    open_fee: Decimal


@dataclass(slots=True, kw_only=True)
class BookedLeg:
    """One leg. `realised_now`: fees, profit and funding since it was last flat; `realised`: ever.

    `open_fee`: fees paid for what is open now. Quantities in base coin, money in USDT.
    """

    symbol: str
    direction: DirectionType
    size: Decimal = ZERO
    entry: Decimal | None = None
    realised_now: Decimal = ZERO
    realised: Decimal = ZERO
    open_fee: Decimal = ZERO
    created_at: Instant = NEVER
    opened_at: Instant = NEVER
    updated_at: Instant = NEVER
    seq: int = NEVER_TRADED

    @property
    def position_idx(self) -> int:
        """positionIdx in hedge mode: 1 the long leg, 2 the short leg."""
        return 1 if self.direction is LONG else 2

    @property
    def side(self) -> SideType:
        """The side that the leg holds."""
        return opening_side(self.direction)

    def fill(
        self, side: SideType, price: Decimal, qty: Decimal, fee: Decimal, at: Instant, seq: int
    ) -> Closed | None:
        """Book one fill; what it closed, or None when it opened (T-2)."""
        before = self.size
        result = fill_leg(self.direction, before, self.entry, side, price, qty)
        closed: Closed | None = None
        if not before:
            self.realised_now = ZERO
            self.open_fee = ZERO
            self.opened_at = at
            self.created_at = self.created_at or at
        if result.closed:
            assert self.entry is not None, "a leg that can be closed has an entry"
            share = to_money(self.open_fee * result.closed / before)
            closed = Closed(result.closed, self.entry, result.realised, share)
            self.open_fee -= share
        else:
            self.open_fee += fee
        self.size, self.entry = result.size, result.entry
        self._move(result.realised - fee, at, seq)
        return closed

    def fund(self, amount: Decimal, at: Instant, seq: int) -> None:
        """Book funding: `amount` is the change of the wallet."""
        self._move(amount, at, seq)

    def _move(self, amount: Decimal, at: Instant, seq: int) -> None:
        self.realised_now += amount
        self.realised += amount
        self.updated_at = at
        self.seq = seq
