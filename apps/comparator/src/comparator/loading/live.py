"""Recorded executions of an account as fills, and whose they are.

It knows rows of executions; which run they are of, and whether they are sound, it is told.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from comparator.fills import FillTable, Source
from comparator.grouping import Trade, group_trades, without_link
from comparator.loading.owners import Owners
from comparator.loading.runs import RecordedRun
from comparator.loading.spans import Span
from grid_db.records import PrivateExecution
from grid_db.repositories import Repositories
from grid_db.types import from_microseconds, microseconds
from gridcore.clock import Instant
from gridcore.events import ExecType
from gridcore.intents import decode_wire_id
from gridcore.sides import LONG, SHORT, DirectionType

LEGS: Mapping[int | None, DirectionType] = {1: LONG, 2: SHORT}
"""Bybit's positionIdx in hedge mode."""
MOVES_POSITION = frozenset(
    {ExecType.TRADE, ExecType.ADL, ExecType.BUST, ExecType.SETTLE, ExecType.DELIVERY}
)
"""Kinds of executions that are fills: what changes a position needs an explanation."""


@dataclass(slots=True, kw_only=True)
class LiveFills:
    """What was filled live. `kinds` counts executions; `unlinked` fills have no link id.

    `unclaimed` executions are of no strategy of the account: their `strat_id` is None.
    """

    table: FillTable
    kinds: Mapping[str, int]
    unlinked: int
    unclaimed: int


@dataclass(slots=True)
class _Counts:
    kinds: Counter[str] = field(default_factory=Counter)
    unclaimed: int = 0


def load_live(rows: Repositories, run: RecordedRun, window: Span | None = None) -> LiveFills:
    """The fills of the run's symbols within a window, the run's own unless another is given.

    All of them, foreign ones and liquidations too: whatever moved a position has to be explained.
    ValueError for numbers that fit no column (FillTable.of).
    """
    counts = _Counts()
    table = group_trades(_trades(rows, run, window or run.window, counts), Source.LIVE)
    return LiveFills(
        table=table,
        kinds=dict(sorted(counts.kinds.items())),
        unlinked=without_link(table),
        unclaimed=counts.unclaimed,
    )


def executions_of(rows: Repositories, run: RecordedRun, window: Span) -> Iterator[PrivateExecution]:
    """Executions of the run's symbols in the order of their times, without raw messages."""
    first, end = from_microseconds(window.start), from_microseconds(window.end)
    return rows.executions.each(run.account_id, first, end, run.symbols)


def kind_of(execution: PrivateExecution) -> ExecType:
    """What kind an execution is; a word that nobody knows is UNKNOWN."""
    try:
        return ExecType(execution.exec_type)
    except ValueError:
        return ExecType.UNKNOWN


def direction_of_row(execution: PrivateExecution) -> DirectionType | None:
    """The direction as the recorder found it; None: it did not."""
    return LEGS.get(execution.position_idx)


class Claims:
    """Which strategy an execution is of: by its id.

    Where no set-up is known, as recorded, else the symbol's own when the id looks like ours.
    """

    def __init__(self, rows: Repositories, run: RecordedRun) -> None:
        self._rows = rows
        self._of_symbol = {one.symbol: one.strat_id for one in run.strategies}
        self._account_id = run.account_id
        self._owners = Owners(run.setups) if run.setups else None
        self._prices: dict[str, Decimal | None] = {}

    def strategy_of(self, row: PrivateExecution) -> str | None:
        """The strategy whose order was executed; None: another hand's, or nobody knows.

        A maker's price is that of the order; a taker's may be better, so that the order is asked.
        """
        if self._owners is None:
            looks_ours = decode_wire_id(row.order_link_id) is not None
            return row.strat_id or (self._of_symbol.get(row.symbol) if looks_ours else None)
        found = self._claim(row, row.exec_price)
        if found is None and not row.is_maker and decode_wire_id(row.order_link_id):
            price = self._order_price(row.order_id)
            found = None if price is None else self._claim(row, price)
        return found

    def _claim(self, row: PrivateExecution, price: Decimal) -> str | None:
        assert self._owners is not None
        return self._owners.strategy_of(
            row.order_link_id, row.symbol, row.side, price, direction_of_row(row)
        )

    def _order_price(self, order_id: str) -> Decimal | None:
        if order_id not in self._prices:
            states = self._rows.orders.of_order(self._account_id, order_id)
            self._prices[order_id] = states[0].price if states else None
        return self._prices[order_id]


def _trades(rows: Repositories, run: RecordedRun, window: Span, counts: _Counts) -> Iterator[Trade]:
    claims = Claims(rows, run)
    for row in executions_of(rows, run, window):
        counts.kinds[row.exec_type] += 1
        if kind_of(row) not in MOVES_POSITION:
            continue
        strat_id = claims.strategy_of(row)
        if strat_id is None:
            counts.unclaimed += 1
        yield Trade(
            at=Instant(microseconds(row.exchange_ts)),
            exec_id=row.exec_id,
            order_id=row.order_id,
            order_link_id=row.order_link_id or None,
            symbol=row.symbol,
            strat_id=strat_id,
            side=row.side,
            direction=direction_of_row(row),
            closed_size=row.closed_size,
            price=row.exec_price,
            qty=row.exec_qty,
            fee=row.exec_fee,
            realised=row.closed_pnl,
            is_maker=row.is_maker,
        )
