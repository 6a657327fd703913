"""Everything a recording tells of a run's window: market, orders, executions, holes.

It reads once and answers from memory; what an answer means for a fill it refuses to say.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property

import numpy as np
from sqlalchemy.orm import Session

from comparator.evidence.market import LevelTrades, level_trades, read_tickers, read_trades
from comparator.evidence.orders import OrderLife, lives_of
from comparator.loading.live import Claims, executions_of, kind_of
from comparator.loading.owners import Owners
from comparator.loading.runs import Hole, RecordedRun
from comparator.loading.spans import Span
from grid_db.bulk import TickerBlock, TradeBlock
from grid_db.records import FundingPayment, OrderState, PrivateExecution
from grid_db.repositories import Repositories
from grid_db.types import from_microseconds
from grid_db.words import Stream
from gridcore.clock import HOUR_US, Instant
from gridcore.events import ExecType
from gridcore.instrument import Instrument
from gridcore.sides import SideType

EARLIER_US = 24 * HOUR_US
"""Of orders that rest when the window begins, every state of so long before is looked at; of those
that rested even then, the last one before."""


class Evidence:
    """What was recorded of a run. The session has to stay open."""

    def __init__(self, session: Session, run: RecordedRun) -> None:
        self.session = session
        self.run = run
        self.rows: Repositories = run.rows(session)
        self._trades: dict[str, tuple[Span, TradeBlock]] = {}
        self._tickers: dict[str, TickerBlock] = {}
        self._earlier = run.window.start - EARLIER_US

    # -- market ----------------------------------------------------------------------------

    def trades(self, symbol: str) -> TradeBlock:
        """The trades of a symbol in the window."""
        start = self.run.window.start
        block = self._trades_since(symbol, start)
        first = int(np.searchsorted(block.at, start))
        return TradeBlock(
            at=block.at[first:],
            price=block.price[first:],
            size=block.size[first:],
            side=block.side[first:],
        )

    def _trades_since(self, symbol: str, since: int) -> TradeBlock:
        """The trades to the window's end, from `since` or earlier: orders of before the window
        come with many times, so that what is read of before is read at once."""
        window = self.run.window
        known = self._trades.get(symbol)
        if known is None or since < known[0].start:
            begin = window.start if since >= window.start else min(since, self._earlier)
            span = Span(start=Instant(begin), end=window.end)
            block = read_trades(self.session, self.run.environment, symbol, span)
            known = self._trades[symbol] = span, block
        return known[1]

    def tickers(self, symbol: str) -> TickerBlock:
        """The tickers of a symbol in the window, for checks and pictures."""
        if symbol not in self._tickers:
            self._tickers[symbol] = read_tickers(
                self.session, self.run.environment, symbol, self.run.window
            )
        return self._tickers[symbol]

    def level(
        self, symbol: str, side: SideType, price: Decimal, start: int, end: int
    ) -> LevelTrades:
        """What was traded at or beyond an order's price from `start` to `end`, both included."""
        return level_trades(self._trades_since(symbol, start), side, price, start, end)

    def instrument(self, symbol: str) -> Instrument | None:
        """The instrument as the bot was told it."""
        return self.run.instrument(symbol)

    # -- orders ----------------------------------------------------------------------------

    def order(self, order_id: str) -> OrderLife | None:
        """The life of the exchange's order of this id."""
        return self._orders.get(order_id)

    def orders_of(self, client_order_id: str) -> tuple[OrderLife, ...]:
        """All orders of one identity (a level, side and direction), as they were placed."""
        return self._orders_by_identity.get(client_order_id, ())

    @property
    def orders(self) -> Iterable[OrderLife]:
        """All orders of the run's symbols, as they were placed."""
        return self._orders.values()

    def foreign_orders(self) -> tuple[OrderLife, ...]:
        """Orders on the run's symbols that no strategy placed; none while set-ups are unknown."""
        if not self.run.setups:
            return ()
        return tuple(life for life in self._orders.values() if life.strat_id is None)

    @cached_property
    def _orders(self) -> Mapping[str, OrderLife]:
        run = self.run
        start = from_microseconds(self._earlier)
        end = from_microseconds(run.window.end)
        before = from_microseconds(self._earlier - 1)
        states: list[OrderState] = []
        for symbol in run.symbols:
            states += self.rows.orders.active_at(run.recorder_run, run.account_id, symbol, before)
        states += self.rows.orders.each(run.account_id, start, end, run.symbols)
        owners = Owners(run.setups) if run.setups else None
        return {life.order_id: life for life in lives_of(states, owners)}

    @cached_property
    def _orders_by_identity(self) -> Mapping[str, tuple[OrderLife, ...]]:
        found: dict[str, list[OrderLife]] = {}
        for life in self._orders.values():
            found.setdefault(life.client_order_id, []).append(life)
        return {identity: tuple(lives) for identity, lives in found.items()}

    # -- executions ------------------------------------------------------------------------

    @cached_property
    def executions(self) -> tuple[PrivateExecution, ...]:
        """Executions of every kind in the window, without raw messages."""
        return tuple(executions_of(self.rows, self.run, self.run.window))

    def executions_of_order(self, order_id: str) -> tuple[PrivateExecution, ...]:
        """The executions of one order in the window."""
        return self._executions_by_order.get(order_id, ())

    def kinds_of(self, order_id: str) -> frozenset[ExecType]:
        """Which kinds of executions an order had: ADL and liquidations have kinds of their own."""
        return frozenset(kind_of(row) for row in self.executions_of_order(order_id))

    def of_kind(self, kind: ExecType) -> tuple[PrivateExecution, ...]:
        """The executions of one kind."""
        return tuple(row for row in self.executions if kind_of(row) is kind)

    def foreign_executions(self) -> tuple[PrivateExecution, ...]:
        """Executions of orders that no strategy placed; none while set-ups are unknown."""
        if not self.run.setups:
            return ()
        claims = Claims(self.rows, self.run)
        return tuple(row for row in self.executions if claims.strategy_of(row) is None)

    @cached_property
    def funding(self) -> tuple[FundingPayment, ...]:
        """Funding that was settled on the run's symbols in the window."""
        start = from_microseconds(self.run.window.start)
        end = from_microseconds(self.run.window.end)
        return tuple(self.rows.funding.each(self.run.account_id, start, end, self.run.symbols))

    def maker_fees(self) -> Mapping[Decimal, int]:
        """The fee rates that makers' executions state, with how many do, the most usual first."""
        told = Counter(
            row.fee_rate for row in self.executions if row.is_maker and row.fee_rate is not None
        )
        return dict(sorted(told.items(), key=lambda item: (-item[1], item[0])))

    @cached_property
    def _executions_by_order(self) -> Mapping[str, tuple[PrivateExecution, ...]]:
        found: dict[str, list[PrivateExecution]] = {}
        for row in self.executions:
            found.setdefault(row.order_id, []).append(row)
        return {order_id: tuple(rows) for order_id, rows in found.items()}

    # -- holes -----------------------------------------------------------------------------

    def holes(
        self, stream: Stream, symbol: str | None = None, span: Span | None = None
    ) -> tuple[Hole, ...]:
        """Where a stream was not recorded and not filled later: gaps, and times without a recorder.

        `symbol`: those that concern it; `span`: those that share time with it.
        """
        looked_at = span or self.run.window
        return tuple(
            hole
            for hole in self.run.holes
            if hole.stream is stream
            and (symbol is None or hole.symbol in (None, symbol))
            and hole.span.cut(looked_at).length_us
        )
