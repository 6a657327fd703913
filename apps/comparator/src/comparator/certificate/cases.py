"""One divergence as the tests of the classes see it: its fills, its neighbours, the evidence.

It collects; it judges nothing.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from decimal import Decimal

from comparator.certificate.bounds import Allowances, Bounds
from comparator.certificate.evidence import Evidence, Interruption, Lost, OrderLife
from comparator.fills import Fill
from gridcore.clock import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """The fills of one id, symbol and side.

    `live_qty` and `backtest_qty` add those near the case in time, itself among them. `orders` are
    the order ids of all live fills of the id, near or not, `unpaired_orders` those of them whose
    fill found no partner.
    """

    live_qty: Decimal
    backtest_qty: Decimal
    orders: Set[str]
    unpaired_orders: Set[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A pair that differs, or a fill of one side alone; at least one of the two is there."""

    live: Fill | None
    backtest: Fill | None
    kin: Kin
    evidence: Evidence
    bounds: Bounds
    allowances: Allowances

    @property
    def fill(self) -> Fill:
        """The fill that names symbol, side and price: the live one where there is one."""
        found = self.live or self.backtest
        assert found is not None
        return found

    @property
    def both(self) -> tuple[Fill, Fill]:
        """The two fills of a pair."""
        assert self.live is not None
        assert self.backtest is not None
        return self.live, self.backtest

    @property
    def is_pair(self) -> bool:
        """Whether both sides have the fill."""
        return self.live is not None and self.backtest is not None

    @property
    def first_at(self) -> Instant:
        """When the earlier of the two filled."""
        return min(self._times())

    @property
    def last_at(self) -> Instant:
        """When the later of the two filled."""
        return max(self._times())

    @property
    def distance_us(self) -> int:
        """How far the two are apart in time."""
        return self.last_at - self.first_at

    @property
    def qty(self) -> Decimal:
        """The larger quantity of the two."""
        return max(fill.qty for fill in (self.live, self.backtest) if fill is not None)

    @property
    def life(self) -> OrderLife | None:
        """The recorded life of the live fill's order."""
        return None if self.live is None else self.evidence.order(self.live.order_id)

    @property
    def lives(self) -> Sequence[OrderLife]:
        """The lives of all live orders of this identity, on this symbol and side."""
        fill = self.fill
        return [
            life
            for life in self.evidence.orders_of(fill.client_order_id)
            if life.symbol == fill.symbol and life.side is fill.side
        ]

    @property
    def latency_us(self) -> int:
        """The latency that explains a divergence; 0 where none was measured."""
        return self.bounds.latency_us or 0

    @property
    def queue(self) -> Decimal:
        """The volume that may stand in front of an order of this symbol."""
        return self.bounds.queue.get(self.fill.symbol, Decimal(0))

    def lost(self, *kinds: Lost) -> list[Interruption]:
        """The interruptions of some kinds that reach over the whole case, ends included."""
        return [
            one
            for one in self.evidence.interruptions(self.fill.symbol)
            if one.lost in kinds
            and one.span.start <= self.first_at
            and self.last_at <= one.span.end
        ]

    def _times(self) -> list[Instant]:
        return [fill.at for fill in (self.live, self.backtest) if fill is not None]
