"""Replies, order updates, executions and listings: what they do to the orders of an account."""

from gridcore.clock import Instant
from gridcore.events import (
    CancelRejected,
    ExecType,
    Execution,
    OrdersSnapshot,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
)
from gridcore.instrument import Ticks
from gridcore.session.breakers import Breaker
from gridcore.session.effects import FillRecord, Severity
from gridcore.session.modes import ModeCause
from gridcore.session.orders import OrderEvent, TrackedOrder, advance
from gridcore.session.state import AccountState
from gridcore.session.strategy import Strategy

_NO_FILLS = (ExecType.FUNDING, ExecType.UNKNOWN)
"""Funding comes as FundingPaid; what is unknown is not booked."""
ORDER_GONE = 110001
"""The exchange's code for an order that does not exist any more (spec/bybit.md A.6)."""


class OrderDesk:
    """Acts on everything that concerns orders."""

    __slots__ = ("_executions", "_ledger", "_out", "_state", "_tracker")

    def __init__(self, state: AccountState) -> None:
        self._state = state
        self._executions = state.executions
        self._ledger = state.ledger
        self._out = state.out
        self._tracker = state.tracker

    def execution(self, event: Execution, now: Instant) -> None:
        """Each execution counts once, whatever else is wrong with it (LS-34)."""
        strategy = self._state.strategies.get(event.symbol)
        if not self._executions.add(event.exec_id) or strategy is None:
            return
        if event.kind in _NO_FILLS:
            self._quarantine(event, now)
            return
        realised, entries = self._ledger.execution(event, strategy.instrument)
        self._out.records.extend(entries)
        order = self._tracker.find(event.order_id, event.wire_id)
        if event.kind is not ExecType.TRADE or order is None:
            self._unusual_execution(event, order, now)
            return
        if not order.order_id:
            self._tracker.identify(order, event.order_id)
            strategy.order_known()
        self._out.records.append(
            FillRecord(
                at=event.at,
                symbol=event.symbol,
                strat_id=order.strat_id,
                direction=event.direction,
                side=event.side,
                price=event.price,
                qty=event.qty,
                fee=event.fee,
                realised=realised,
                client_order_id=order.client_order_id,
                wire_id=order.wire_id,
                order_id=order.order_id,
                exec_id=event.exec_id,
                level=order.level,
            )
        )
        self._left(strategy, order, event.leaves)
        strategy.filled_at(order.price, event.at, event.sequence, now)

    def _quarantine(self, event: Execution, now: Instant) -> None:
        """No fill, or nobody knows what: it moves neither books nor orders."""
        self._out.notice(
            now,
            "gridcore.session",
            "quarantined_execution",
            Severity.ALERT,
            kind=event.kind.value,
            symbol=event.symbol,
            exec_id=event.exec_id,
        )

    def _unusual_execution(
        self, event: Execution, order: TrackedOrder | None, now: Instant
    ) -> None:
        """An execution by the exchange, or of an order that is not ours."""
        self._out.notice(
            now,
            "gridcore.session",
            "unusual_execution" if order is not None else "foreign_execution",
            Severity.ALERT,
            kind=event.kind.value,
            symbol=event.symbol,
            exec_id=event.exec_id,
            order_id=event.order_id,
        )

    def _left(self, strategy: Strategy, order: TrackedOrder, leaves: int) -> None:
        """An order has at most `leaves` left; at 0 it is filled."""
        if order.terminal:
            return
        if leaves >= order.leaves:
            return
        order.filled = order.qty - leaves
        strategy.reserved.reduce(order, leaves)
        if leaves == 0:
            order.state = advance(order.state, OrderEvent.FILLED)
            strategy.order_gone(order)
        else:
            order.state = advance(order.state, OrderEvent.PARTLY_FILLED)

    def order_update(self, event: OrderUpdate, now: Instant) -> None:
        order = self._tracker.find(event.order_id, event.wire_id)
        strategy = self._state.strategies.get(event.symbol)
        if order is None or strategy is None:
            if strategy is not None and event.status is OrderStatus.NEW:
                self._out.notice(
                    now,
                    "gridcore.session",
                    "foreign_order",
                    Severity.ALERT,
                    symbol=event.symbol,
                    order_id=event.order_id,
                )
            return
        if not order.order_id:
            self._tracker.identify(order, event.order_id)
            strategy.order_known()
        status = event.status
        if order.terminal:
            if status is OrderStatus.FILLED:
                order.state = advance(order.state, OrderEvent.FILLED)
            return
        if status is OrderStatus.NEW:
            order.state = advance(order.state, OrderEvent.RESTING)
            return
        if status is OrderStatus.PARTIALLY_FILLED or status is OrderStatus.FILLED:
            self._left(strategy, order, event.leaves)
            return
        self._ended(strategy, order, event, now)

    def _ended(
        self, strategy: Strategy, order: TrackedOrder, event: OrderUpdate, now: Instant
    ) -> None:
        """Cancelled or rejected by the exchange, possibly after it was filled in part."""
        order.filled = max(order.filled, event.filled)
        order.state = advance(order.state, OrderEvent.CANCELLED)
        if not order.cancelling:
            self._count_refusal(strategy, order, event.reason or event.status.value, now)
        strategy.order_gone(order)

    def place_accepted(self, event: PlaceAccepted, now: Instant) -> None:
        del now
        order = self._tracker.find(event.order_id, event.wire_id)
        strategy = self._state.strategies.get(event.symbol)
        if order is None or strategy is None or order.terminal:
            return
        if not order.order_id:
            self._tracker.identify(order, event.order_id)
            strategy.order_known()
        order.state = advance(order.state, OrderEvent.ACCEPTED)

    def place_rejected(self, event: PlaceRejected, now: Instant) -> None:
        order = self._tracker.find("", event.wire_id)
        strategy = self._state.strategies.get(event.symbol)
        if order is None or strategy is None or order.terminal:
            return
        order.state = advance(order.state, OrderEvent.REFUSED)
        self._count_refusal(strategy, order, str(event.code), now)
        strategy.order_gone(order)

    def _count_refusal(
        self, strategy: Strategy, order: TrackedOrder, reason: str, now: Instant
    ) -> None:
        key = Breaker.key(order.direction, order.side, int(order.price))
        tripped = strategy.breaker.count(key, now)
        self._out.notice(
            now,
            "gridcore.session",
            "placement_stopped" if tripped else "placement_refused",
            Severity.ALERT if tripped else Severity.WARNING,
            strat_id=order.strat_id,
            reason=reason,
            price=strategy.instrument.price_text(Ticks(int(order.price))),
        )
        self._state.deadlines.set(f"breaker/{strategy.symbol}", strategy.breaker.next_deadline())

    def cancel_rejected(self, event: CancelRejected, now: Instant) -> None:
        """110001: gone already, its last message tells how; any other code: ask again."""
        order = self._tracker.find(event.order_id, "")
        strategy = self._state.strategies.get(event.symbol)
        if order is None or strategy is None or order.terminal or event.code == ORDER_GONE:
            return
        order.cancelling = False
        order.state = advance(order.state, OrderEvent.CANCEL_REFUSED)
        strategy.stirred = True
        self._out.notice(
            now,
            "gridcore.session",
            "cancel_refused",
            Severity.WARNING,
            order_id=event.order_id,
            code=str(event.code),
        )

    def orders_snapshot(self, event: OrdersSnapshot, now: Instant) -> None:
        """Compare a listing with belief; a difference stops opening until a listing agrees."""
        strategy = self._state.strategies.get(event.symbol)
        if strategy is None or not event.complete:
            return
        listed = {order.order_id for order in event.orders}
        known = {
            order.order_id
            for order in self._tracker.live()
            if order.symbol == event.symbol and order.order_id and order.sent_at < event.asked_at
        }
        missing = known - listed
        foreign = {
            order.order_id
            for order in event.orders
            if self._tracker.find(order.order_id, order.wire_id) is None
        }
        if not missing and not foreign:
            self._state.end_mode(event.symbol, ModeCause.RECONCILE)
            return
        if self._state.ask_mode(event.symbol, ModeCause.RECONCILE, "a listing that agrees", now):
            self._out.notice(
                now,
                "gridcore.session",
                "book_differs",
                Severity.ALERT,
                symbol=event.symbol,
                missing=",".join(sorted(missing)),
                foreign=",".join(sorted(foreign)),
            )
