"""What the exchange remembers: orders that ended, executions, funding, movements of cash.

It is fed from the venue's own events and answers for any instant; it refuses to know who asks.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from gridcore.clock import DAY_US, Instant
from gridcore.events import (
    CashMoved,
    Event,
    Execution,
    FundingPaid,
    OrderStatus,
    OrderUpdate,
)

HISTORY_US = DAY_US
"""How long an order that ended can be asked for (bybit.md: fully cancelled orders, 24 h)."""
ENDED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED})


class Records:
    """Everything that happened, per symbol in the exchange's order; nothing is ever taken out.

    `ended`: the last report of each order that ended. `executions` holds funding as well.
    `movements`: cash that no trade moved.
    """

    __slots__ = ("ended", "executions", "movements")

    def __init__(self, symbols: Iterable[str]) -> None:
        self.ended: dict[str, list[OrderUpdate]] = {}
        self.executions: dict[str, list[Execution | FundingPaid]] = {}
        self.movements: list[CashMoved] = []
        for symbol in symbols:
            self.ended[symbol] = []
            self.executions[symbol] = []

    def take(self, events: Sequence[Event]) -> None:
        """Remember what the venue did; events come in time order."""
        for event in events:
            if isinstance(event, OrderUpdate):
                if event.status in ENDED:
                    self.ended[event.symbol].append(event)
            elif isinstance(event, (Execution, FundingPaid)):
                self.executions[event.symbol].append(event)
            elif isinstance(event, CashMoved):
                self.movements.append(event)

    def history(
        self, symbol: str, now: Instant, known: int | None = None
    ) -> tuple[OrderUpdate, ...]:
        """Orders that ended in the 24 h before `now`; `known`: only the first so many ever."""
        rows = self.ended[symbol]
        first = bisect_left(rows, now - HISTORY_US, key=_at)
        return tuple(rows[first:known])

    def executed(
        self, symbol: str, since: Instant, known: int | None = None
    ) -> tuple[Execution | FundingPaid, ...]:
        """Executions and funding at or after `since`, in the exchange's order."""
        rows = self.executions[symbol]
        first = bisect_left(rows, since, key=_at)
        return tuple(rows[first:known])

    def moved(self, since: Instant, known: int | None = None) -> tuple[CashMoved, ...]:
        """Movements of cash at or after `since`."""
        rows = self.movements
        first = bisect_left(rows, since, key=_at)
        return tuple(rows[first:known])


def _at(row: OrderUpdate | Execution | FundingPaid | CashMoved) -> Instant:
    return row.at
