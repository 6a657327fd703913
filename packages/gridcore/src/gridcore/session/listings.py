"""Answers of the exchange about orders and executions, applied as ordinary events.

Absence counts only in complete answers that had to know (L30): two of them, and what history says.
"""

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    ExecutionsSnapshot,
    FundingPaid,
    HistorySnapshot,
    OrdersSnapshot,
    OrderStatus,
    OrderUpdate,
)
from gridcore.session.cash_desk import CashDesk
from gridcore.session.effects import Severity, SnapshotKind
from gridcore.session.modes import ModeCause
from gridcore.session.order_desk import OrderDesk
from gridcore.session.orders import OrderEvent, OrderState, TrackedOrder
from gridcore.session.reconcile import Reconciler
from gridcore.session.refusals import key_of
from gridcore.session.state import LAG_US, MARGIN_US, AccountState
from gridcore.session.strangers import StrangerDesk
from gridcore.session.strategy import Strategy

SETTLE_US = 7 * SECOND_US
"""recv_window and the lag: a create that no answer knows by then did not arrive."""
UNANSWERED_US = 30 * SECOND_US
"""A request without any reply for so long has no known outcome, whatever the shell says."""
_OF_ORDERS = (SnapshotKind.ORDERS, SnapshotKind.HISTORY, SnapshotKind.EXECUTIONS)


class ListingDesk:
    """Acts on listings, histories and executions, and asks again about what stays in doubt."""

    __slots__ = ("_cash", "_orders", "_reconciler", "_state", "_strangers", "_tracker")

    def __init__(
        self,
        state: AccountState,
        orders: OrderDesk,
        cash: CashDesk,
        strangers: StrangerDesk,
        reconciler: Reconciler,
    ) -> None:
        self._state = state
        self._orders = orders
        self._cash = cash
        self._strangers = strangers
        self._reconciler = reconciler
        self._tracker = state.tracker

    def orders_snapshot(self, event: OrdersSnapshot, now: Instant) -> None:
        """The open orders: correct what we know, and note what should be there and is not."""
        symbol = event.symbol
        strategy = self._state.strategies.get(symbol)
        if strategy is None:
            return
        newest = strategy.listed_asked_at
        if newest is not None and event.asked_at < newest:
            return  # an answer that was overtaken: a newer one was applied (L46)
        listed: set[str] = set()
        for row in event.orders:
            listed.add(row.order_id)
            order = self._tracker.find(row.order_id, row.wire_id)
            if order is None:
                self._strangers.seen(strategy, row, now)
            elif order.terminal:
                if order.ended_at is not None and event.asked_at >= order.ended_at + LAG_US:
                    self._lives_on(strategy, row, now)
            else:
                order.unlisted = order.unrecorded = 0
                self._orders.apply(strategy, order, row, now)
        if event.complete:
            self._strangers.listed(symbol, listed, event.asked_at)
            for order in self._tracker.live_of(symbol):
                if order.order_id not in listed:
                    self._not_listed(strategy, order, event.asked_at, now)
                elif order.cancelling and order.due is None:
                    self._cancel_unanswered(order, event.asked_at, now)
            self._state.end_mode(symbol, ModeCause.UNKNOWN_BOOK)
            self._state.end_mode(symbol, ModeCause.STALE_BOOK)
            strategy.listed_asked_at = event.asked_at
            strategy.listed_at = now
        self._done(SnapshotKind.ORDERS, event, now)

    def _lives_on(self, strategy: Strategy, row: OrderUpdate, now: Instant) -> None:
        """An order that we settled is still listed: it is ours, and it is alive."""
        if not row.leaves:
            return
        self._state.out.notice(
            now,
            "gridcore.session",
            "order_lives_on",
            Severity.ALERT,
            symbol=row.symbol,
            order_id=row.order_id,
        )
        self._strangers.adopt(strategy, row, now)

    def _not_listed(
        self, strategy: Strategy, order: TrackedOrder, asked_at: Instant, now: Instant
    ) -> None:
        if order.known_at is None:
            if order.state is OrderState.PENDING:
                if asked_at > order.sent_at + UNANSWERED_US:
                    self._orders.in_flight(order, now)
            else:
                order.unlisted_at = asked_at
                self._settle(strategy, order, now)
            return
        if asked_at < order.known_at + LAG_US:
            return
        seen_missing = order.unlisted_at if order.unlisted else None
        if seen_missing is not None and asked_at < seen_missing + LAG_US:
            return
        order.unlisted += 1
        order.unlisted_at = asked_at
        self._state.attend(order, Instant(now + LAG_US))
        self._state.want(
            order.symbol,
            now,
            "an order is not listed",
            SnapshotKind.HISTORY,
            SnapshotKind.EXECUTIONS,
        )

    def _cancel_unanswered(self, order: TrackedOrder, asked_at: Instant, now: Instant) -> None:
        sent = order.cancel_sent_at
        if sent is not None and asked_at > sent + UNANSWERED_US:
            order.cancel_failed = True
            self._state.attend(order, now)

    def history_snapshot(self, event: HistorySnapshot, now: Instant) -> None:
        """Orders that have ended: each row is the exchange's last word on it."""
        symbol = event.symbol
        strategy = self._state.strategies.get(symbol)
        if strategy is None:
            return
        recorded: set[str] = set()
        for row in event.orders:
            order = self._tracker.find(row.order_id, row.wire_id)
            if order is None:
                continue
            recorded.add(order.wire_id)
            if not order.terminal:
                self._orders.apply(strategy, order, row, now)
            elif row.status is not OrderStatus.REJECTED and row.filled < order.filled:
                order.filled = max(row.filled, order.executed)
                self._forget_unexecuted(order)
        if event.complete:
            for order in self._tracker.live_of(symbol):
                if order.wire_id not in recorded:
                    self._not_recorded(strategy, order, event.asked_at, now)
        self._done(SnapshotKind.HISTORY, event, now)

    def _not_recorded(
        self, strategy: Strategy, order: TrackedOrder, asked_at: Instant, now: Instant
    ) -> None:
        if order.state is OrderState.UNCERTAIN:
            order.unrecorded_at = asked_at
            self._settle(strategy, order, now)
        elif order.unlisted and order.unlisted_at is not None and asked_at >= order.unlisted_at:
            before = order.unrecorded_at
            if not order.unrecorded or before is None or asked_at >= before + LAG_US:
                order.unrecorded += 1
                order.unrecorded_at = asked_at

    def _settle(self, strategy: Strategy, order: TrackedOrder, now: Instant) -> None:
        """Listing and history, both asked late enough, know nothing: the create did not land."""
        sure = order.sent_at + SETTLE_US
        listing, history = order.unlisted_at, order.unrecorded_at
        if listing is None or history is None or listing < sure or history < sure:
            return
        self._tracker.advance(order, OrderEvent.NOT_FOUND)
        self._state.let_go(order)
        order.ended_at = now
        strategy.order_gone(order)
        strategy.brakes.not_landed(key_of(order), order.wire_id, now)
        self._state.deadlines.set(strategy.brakes_name, strategy.brakes.next_deadline())
        self._state.out.notice(
            now,
            "gridcore.session",
            "order_did_not_land",
            Severity.WARNING,
            symbol=order.symbol,
            wire_id=order.wire_id,
        )

    def executions_snapshot(self, event: ExecutionsSnapshot, now: Instant) -> None:
        """Executions and funding: what we missed is booked, what we know changes nothing."""
        symbol = event.symbol
        strategy = self._state.strategies.get(symbol)
        if strategy is None:
            return
        for execution in event.executions:
            if isinstance(execution, FundingPaid):
                self._cash.funding(execution, now)
            else:
                self._orders.execution(execution, now)
        if event.complete:
            self._state.known_to[symbol] = Instant(event.asked_at - MARGIN_US)
            self._drop_unexecuted(symbol, event, now)
            for order in self._tracker.live_of(symbol):
                silent_at = order.unrecorded_at
                if (
                    order.unlisted >= 2
                    and order.unrecorded >= 2
                    and silent_at is not None
                    and event.since <= order.sent_at
                    and event.asked_at >= silent_at
                ):
                    self._orders.settle_vanished(strategy, order, now)
        self._done(SnapshotKind.EXECUTIONS, event, now)

    def _drop_unexecuted(self, symbol: str, event: ExecutionsSnapshot, now: Instant) -> None:
        """Complete executions that still lack some: nothing more can be learned about those."""
        for wire_id in list(self._state.unexecuted):
            order = self._tracker.find("", wire_id)
            if order is not None and order.symbol != symbol:
                continue
            if order is None or order.executed >= order.filled:
                del self._state.unexecuted[wire_id]
            elif order.ended_at is not None and event.asked_at > order.ended_at + UNANSWERED_US:
                self._state.out.notice(
                    now,
                    "gridcore.session",
                    "executions_missing",
                    Severity.ALERT,
                    symbol=symbol,
                    wire_id=wire_id,
                    executed=str(order.executed),
                    filled=str(order.filled),
                )
                del self._state.unexecuted[wire_id]
        self._wake_unexecuted()

    def _forget_unexecuted(self, order: TrackedOrder) -> None:
        if order.executed >= order.filled:
            self._state.unexecuted.pop(order.wire_id, None)
            self._wake_unexecuted()

    def _wake_unexecuted(self) -> None:
        waiting = self._state.unexecuted
        self._state.deadlines.set("unexecuted", min(waiting.values(), default=None))

    def _done(
        self,
        kind: SnapshotKind,
        event: OrdersSnapshot | HistorySnapshot | ExecutionsSnapshot,
        now: Instant,
    ) -> None:
        self._reconciler.answered(kind, event.symbol, event.asked_at, now, complete=event.complete)

    # -- deadlines -------------------------------------------------------------------------

    def orders_due(self, now: Instant) -> None:
        """Orders that want attention: ask about those in doubt, free refused cancels."""
        state = self._state
        due = [wire_id for wire_id, at in state.attention.items() if at <= now]
        for wire_id in due:
            order = self._tracker.find("", wire_id)
            if order is None or order.terminal:
                del state.attention[wire_id]
                continue
            strategy = state.strategies[order.symbol]
            if order.state is OrderState.UNCERTAIN:
                self._ask_about(order, now, SnapshotKind.ORDERS, SnapshotKind.HISTORY)
                state.attend(order, Instant(now + LAG_US))
            elif order.unlisted:
                self._ask_about(order, now, *_OF_ORDERS)
                state.attend(order, Instant(now + LAG_US + SECOND_US))
            elif order.cancel_failed and order.state is OrderState.CANCEL_PENDING:
                self._orders.cancel_again(strategy, order, now)
            else:
                state.let_go(order)
        state.deadlines.set("orders", min(state.attention.values(), default=None))

    def _ask_about(self, order: TrackedOrder, now: Instant, *kinds: SnapshotKind) -> None:
        self._state.want(order.symbol, now, "an order is in doubt", *kinds)

    def unexecuted_due(self, now: Instant) -> None:
        """Executions that an order's filled quantity lacks did not come: ask for them."""
        state = self._state
        for wire_id, at in list(state.unexecuted.items()):
            if at > now:
                continue
            order = self._tracker.find("", wire_id)
            if order is None or order.executed >= order.filled:
                del state.unexecuted[wire_id]
                continue
            state.unexecuted[wire_id] = Instant(now + SETTLE_US)
            state.want(
                order.symbol,
                now,
                "executions are missing",
                SnapshotKind.EXECUTIONS,
                SnapshotKind.HISTORY,
            )
        self._wake_unexecuted()
