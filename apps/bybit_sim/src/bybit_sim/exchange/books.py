"""An account's books: the venue's events become orders, executions, rows of every log and pushes.

It remembers everything in order of happening; it refuses to decide what happens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from bybit_sim.exchange.closings import Closings
from bybit_sim.exchange.ids import Ids
from bybit_sim.exchange.legs import BookedLeg
from bybit_sim.exchange.orders import Orders
from bybit_sim.exchange.outbox import Outbox
from bybit_sim.exchange.rows import execution_push_row, fast_execution_row, order_push_row
from bybit_sim.exchange.statements import Statements
from bybit_sim.exchange.texts import scaled
from bybit_sim.exchange.transactions import Transactions
from bybit_sim.exchange.words import (
    ExecutionRecord,
    Lifetime,
    OrderRecord,
    OrderType,
    PrivateTopic,
    State,
)
from bybit_sim.market.symbols import SymbolMarket
from gridcore.clock import Instant
from gridcore.events import (
    CashMoved,
    Event,
    ExecType,
    Execution,
    FundingPaid,
    Liquidated,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.sides import LONG, SHORT, DirectionType
from simvenue.limits import (
    CANCELLED_BEFORE_LIQUIDATION,
    CANCELLED_BY_REDUCE_ONLY,
    CANCELLED_BY_USER,
)

ZERO = Decimal(0)
NO_ERROR = "EC_NoError"
OTHERS = "EC_Others"
IMMEDIATE = (Lifetime.IOC, Lifetime.FOK)
STATES = {
    OrderStatus.NEW: State.NEW,
    OrderStatus.PARTIALLY_FILLED: State.PARTIALLY_FILLED,
    OrderStatus.FILLED: State.FILLED,
    OrderStatus.CANCELLED: State.CANCELLED,
    OrderStatus.REJECTED: State.REJECTED,
}
CANCEL_TYPES = {
    CANCELLED_BY_USER: "CancelByUser",
    CANCELLED_BY_REDUCE_ONLY: "CancelByReduceOnly",
    CANCELLED_BEFORE_LIQUIDATION: "CancelAllBeforeLiq",
}
OWN_ORDERS = {ExecType.ADL: "CreateByAdl_PassThrough", ExecType.BUST: "CreateByLiq"}
"""createType of the orders by which the exchange itself closes a leg."""


class Books:
    """Everything that one account remembers, fed with its venue's events in order."""

    def __init__(
        self,
        listed: Mapping[str, SymbolMarket],
        statements: Statements,
        legs: Mapping[tuple[str, DirectionType], BookedLeg],
        ids: Ids,
        outbox: Outbox,
        transactions: Transactions,
    ) -> None:
        self._listed = listed
        self._statements = statements
        self._legs = legs
        self._ids = ids
        self._outbox = outbox
        self.transactions = transactions
        self.orders = Orders()
        self.closings = Closings()
        self.executions: list[ExecutionRecord] = []
        self.liquidations: list[Liquidated] = []
        self.venue_ids: dict[str, str] = {}

    def take(self, events: Sequence[Event], now: Instant) -> bool:
        """Book what the venue did; whether it told of a leg."""
        told_legs: list[tuple[str, DirectionType]] = []
        told_wallet = False
        for event in events:
            if isinstance(event, PlaceAccepted):
                self.venue_ids[event.wire_id] = event.order_id
            elif isinstance(event, PlaceRejected):
                self._reject(event)
            elif isinstance(event, OrderUpdate):
                self._order(event)
            elif isinstance(event, Execution):
                self._execution(event)
            elif isinstance(event, FundingPaid):
                self._funding(event)
            elif isinstance(event, CashMoved):
                self.transactions.cash(event)
            elif isinstance(event, Liquidated):
                self.liquidations.append(event)
            elif isinstance(event, PositionUpdate):
                told_legs.append((event.symbol, event.direction))
            elif isinstance(event, WalletUpdate):
                told_wallet = True
        for symbol in dict.fromkeys(symbol for symbol, _ in told_legs):
            self.tell_legs(symbol, [leg for name, leg in told_legs if name == symbol], now)
        if told_wallet:
            self._outbox.add(PrivateTopic.WALLET, [self._statements.wallet()], now)
        return bool(told_legs)

    def tell_legs(self, symbol: str, directions: Sequence[DirectionType], now: Instant) -> None:
        """Push the positions of a symbol as they are now."""
        rows = self._statements.position_push_rows(symbol, directions)
        self._outbox.add(PrivateTopic.POSITION, rows, now)

    def tell_order(self, order: OrderRecord, now: Instant) -> None:
        """Push an order as it is now."""
        self._outbox.add(PrivateTopic.ORDER, [order_push_row(order)], now)

    def finish(self, order: OrderRecord, reason: str, now: Instant) -> None:
        """End an order that never rests: what is left of it is cancelled for `reason`."""
        order.updated_at = now
        order.state = State.CANCELLED if order.leaves else State.FILLED
        if order.leaves:
            order.reject_reason = reason
        self.orders.end(order)
        self.tell_order(order, now)

    def tell_lost_cancel(self, order: OrderRecord, reason: str, now: Instant) -> None:
        """Push a filled order once more: a cancel came too late for it (bybit.md A.7)."""
        late = replace(order, cancel_type="CancelByUser", reject_reason=reason)
        self.tell_order(late, now)

    # What the venue tells

    def _reject(self, event: PlaceRejected) -> None:
        """An acknowledged order that the book did not take after all."""
        order = self.orders.known(event.wire_id, "")
        assert order is not None, "the venue knows acknowledged orders only"
        order.state = State.REJECTED
        order.reject_reason = OTHERS
        order.updated_at = event.at
        self.orders.end(order)
        self.tell_order(order, event.at)

    def _order(self, event: OrderUpdate) -> None:
        order = self.orders.known(event.wire_id, "")
        assert order is not None, "the venue knows acknowledged orders only"
        if order.lifetime in IMMEDIATE:
            # It is told once, when it is finished.
            return
        instrument = self._listed[event.symbol].instrument
        order.price = instrument.price(event.price)
        order.qty = instrument.qty(event.qty)
        order.leaves = instrument.qty(event.leaves)
        order.state = STATES[event.status]
        order.updated_at = event.at
        if order.state is State.CANCELLED:
            order.cancel_type = CANCEL_TYPES.get(event.reason, "UNKNOWN")
            by_exchange = event.reason in (CANCELLED_BY_REDUCE_ONLY, CANCELLED_BEFORE_LIQUIDATION)
            order.reject_reason = NO_ERROR if by_exchange else event.reason
        if order.state in (State.CANCELLED, State.FILLED):
            self.orders.end(order)
        self.tell_order(order, event.at)

    def _execution(self, event: Execution) -> None:
        listed = self._listed[event.symbol]
        instrument = listed.instrument
        price = scaled(instrument.price(event.price), instrument.tick_size)
        qty = instrument.qty(event.qty)
        leg = self._legs[event.symbol, event.direction]
        order = self.orders.known(event.wire_id, "") or self._own_order(event, price, qty)
        seq = self._ids.sequence()
        closed = leg.fill(event.side, price, qty, event.fee, event.at, seq)
        order.leaves -= qty
        order.cum_qty += qty
        order.cum_value += price * qty
        order.cum_fee += event.fee
        order.updated_at = event.at
        execution = ExecutionRecord(
            exec_id=self._ids.execution_id(),
            exec_type=event.kind.value,
            order=order,
            symbol=event.symbol,
            side=event.side,
            position_idx=leg.position_idx,
            price=price,
            qty=qty,
            leaves=order.leaves,
            closed_size=qty * 0 if closed is None else closed.qty,
            value=price * qty,
            fee=event.fee,
            fee_rate=self._statements.fee_rate(event.is_maker),
            pnl=ZERO if closed is None else closed.realised,
            is_maker=event.is_maker,
            mark=self._statements.mark(event.symbol),
            index=listed.index,
            at=event.at,
            seq=seq,
        )
        if closed is not None:
            leverage = self._statements.leverages[event.symbol]
            order.closed_pnl = self.closings.add(closed, execution, leverage)
        # A row of the past shows the order as it was then.
        execution = replace(execution, order=replace(order))
        self.executions.append(execution)
        self.transactions.trade(execution, leg.size if event.direction is LONG else -leg.size)
        self._outbox.add(PrivateTopic.EXECUTION, [execution_push_row(execution)], event.at)
        if event.kind is ExecType.TRADE:
            self._outbox.add(PrivateTopic.FAST_EXECUTION, [fast_execution_row(execution)], event.at)
        else:
            self.finish(order, NO_ERROR, event.at)

    def _own_order(self, event: Execution, price: Decimal, qty: Decimal) -> OrderRecord:
        """The order by which the exchange closes a leg itself."""
        order = OrderRecord(
            order_id=self._ids.order_id(),
            order_link_id="",
            symbol=event.symbol,
            side=event.side,
            position_idx=1 if event.direction is LONG else 2,
            order_type=OrderType.MARKET,
            lifetime=Lifetime.IOC,
            price=price,
            qty=qty,
            leaves=qty,
            cum_qty=qty * 0,
            state=State.NEW,
            reduce_only=True,
            close_on_trigger=False,
            created_at=event.at,
            updated_at=event.at,
            last_price_on_created=self._listed[event.symbol].last_price,
            create_type=OWN_ORDERS[event.kind],
        )
        self.orders.acknowledge(order)
        self.orders.arrive(order)
        return order

    def _funding(self, event: FundingPaid) -> None:
        listed = self._listed[event.symbol]
        instrument = listed.instrument
        leg = self._legs[event.symbol, event.direction]
        qty, seq = instrument.qty(event.qty), self._ids.sequence()
        leg.fund(event.amount, event.at, seq)
        execution = ExecutionRecord(
            exec_id=self._ids.execution_id(),
            exec_type=ExecType.FUNDING.value,
            order=None,
            symbol=event.symbol,
            side=leg.side,
            position_idx=leg.position_idx,
            price=scaled(event.price, instrument.tick_size),
            qty=qty,
            leaves=qty * 0,
            closed_size=qty * 0,
            value=event.price * qty,
            fee=-event.amount,
            fee_rate=event.rate,
            pnl=ZERO,
            is_maker=False,
            mark=self._statements.mark(event.symbol),
            index=listed.index,
            at=event.at,
            seq=seq,
        )
        self.executions.append(execution)
        self.transactions.funding(
            execution, leg.size if event.direction is not SHORT else -leg.size
        )
        self._outbox.add(PrivateTopic.EXECUTION, [execution_push_row(execution)], event.at)
