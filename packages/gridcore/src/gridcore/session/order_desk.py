"""Replies, order updates and executions: what they do to the orders of an account."""

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    CancelAccepted,
    CancelRejected,
    CancelUnknown,
    ExecType,
    Execution,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
)
from gridcore.session.codes import Reaction, reaction_to_cancel
from gridcore.session.effects import FillRecord, Severity, SnapshotKind
from gridcore.session.modes import Mode, ModeCause
from gridcore.session.orders import OrderEvent, OrderState, TrackedOrder
from gridcore.session.refusals import RefusalDesk, key_of
from gridcore.session.state import AccountState
from gridcore.session.strangers import StrangerDesk
from gridcore.session.strategy import Strategy
from gridcore.working import direction_index

_NO_FILLS = (ExecType.FUNDING, ExecType.UNKNOWN)
"""Funding comes as FundingPaid; what is unknown is not booked."""
_ALIVE = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)
GRACE_US = 2 * SECOND_US
"""An execution may come this much later than the order update that tells of it."""
LOOKUP_US = 3 * SECOND_US
CANCEL_BACKOFF_S = (1, 2, 4, 8, 16, 30)
"""A cancel that was refused is asked for again after these seconds (A14)."""


class OrderDesk:
    """Acts on everything that concerns orders."""

    __slots__ = ("_executions", "_ledger", "_out", "_refusals", "_state", "_strangers", "_tracker")

    def __init__(self, state: AccountState, refusals: RefusalDesk, strangers: StrangerDesk) -> None:
        self._state = state
        self._refusals = refusals
        self._strangers = strangers
        self._executions = state.executions
        self._ledger = state.ledger
        self._out = state.out
        self._tracker = state.tracker

    # -- executions ------------------------------------------------------------------------

    def execution(self, event: Execution, now: Instant) -> None:
        """Each execution counts once, whatever else is wrong with it (LS-34, L33)."""
        strategy = self._state.strategies.get(event.symbol)
        if not self._executions.add(event.exec_id) or strategy is None:
            return
        if event.kind in _NO_FILLS:
            self._alert(now, "quarantined_execution", kind=event.kind.value, exec_id=event.exec_id)
            return
        index = direction_index(event.direction)
        if strategy.pair.legs[index].apply(event, strategy.instrument):
            strategy.pair.version += 1
            strategy.leg_moved(index)
            if strategy.pair.liquidation_unknown(index):
                # The report that tells the price comes with the execution, or was lost.
                self._state.deadlines.set(f"liquidation/{event.symbol}", Instant(now + GRACE_US))
        order = self._tracker.find(event.order_id, event.wire_id)
        number = None if order is None else order.number
        realised, entries = self._ledger.execution(event, strategy.instrument, number)
        self._state.enter(entries)
        if event.kind is not ExecType.TRADE or order is None:
            self._unusual_execution(event, order, now)
            return
        if order.state is OrderState.REJECTED:
            order = self._strangers.landed_after_all(strategy, order, event.order_id, event.at, now)
        self._known(strategy, order, event.order_id, event.at, now)
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
        order.executed += event.qty
        if order.executed > order.filled:
            order.filled = order.executed
        self._left(strategy, order, event.leaves, event.at, now)
        if order.executed > order.told or strategy.follows:
            order.told = max(order.told, order.executed)
            strategy.filled_at(order.price, event.at, event.sequence, now)

    def _unusual_execution(
        self, event: Execution, order: TrackedOrder | None, now: Instant
    ) -> None:
        """An execution by the exchange, or of an order that is not ours: compare with it."""
        self._alert(
            now,
            "unusual_execution" if order is not None else "foreign_execution",
            kind=event.kind.value,
            symbol=event.symbol,
            exec_id=event.exec_id,
            order_id=event.order_id,
        )
        self._state.suspect(event.symbol, "an execution that no order of ours caused")

    def _alert(self, now: Instant, event: str, **fields: str) -> None:
        self._out.notice(now, "gridcore.session", event, Severity.ALERT, **fields)

    # -- what is known of an order ---------------------------------------------------------

    def _known(
        self, strategy: Strategy, order: TrackedOrder, order_id: str, at: Instant, now: Instant
    ) -> None:
        """The exchange has, or had, the order: its id, and since when."""
        if not order.order_id:
            self._tracker.identify(order, order_id)
            strategy.order_known()
        if order.known_at is None:
            strategy.brakes.settled(key_of(order))
            order.known_at = now
            order.rested_from = at
            if order.state is OrderState.UNCERTAIN:
                self._state.let_go(order)

    def _left(
        self, strategy: Strategy, order: TrackedOrder, leaves: int, at: Instant, now: Instant
    ) -> None:
        """An order has at most `leaves` left; at 0 it is filled."""
        ended = order.terminal
        event = OrderEvent.PARTLY_FILLED if leaves else OrderEvent.FILLED
        self._tracker.advance(order, event)
        if ended:
            return
        if leaves < order.leaves:
            strategy.reserved.reduce(order, leaves)
        if not leaves:
            if order.rested_from is not None:
                self._guard(strategy, order, order.rested_from, at, now)
            self._end(strategy, order, now)

    def _end(self, strategy: Strategy, order: TrackedOrder, now: Instant) -> None:
        """An order is terminal."""
        state = self._state
        order.ended_at = now
        if order.due is not None:
            state.let_go(order)
        strategy.order_gone(order)
        self._await_executions(order, now)

    def _await_executions(self, order: TrackedOrder, now: Instant) -> None:
        """More was filled than executions reached us: they are on their way, or were lost."""
        if order.filled > order.executed and order.wire_id not in self._state.unexecuted:
            self._state.unexecuted[order.wire_id] = Instant(now + GRACE_US)
            self._state.deadlines.set("unexecuted", min(self._state.unexecuted.values()))

    def _guard(
        self,
        strategy: Strategy,
        order: TrackedOrder,
        rested_from: Instant,
        until: Instant,
        now: Instant,
    ) -> None:
        """Two orders of one level that filled although they rested together stop everything."""
        overlap = strategy.guard.filled(key_of(order), order.order_id, rested_from, until, now)
        if overlap is None:
            return
        symbol = order.symbol
        self._state.ask_mode(
            symbol, ModeCause.DUPLICATE_FILLS, "a clean reconcile, 30 min", now, Mode.HALT
        )
        self._state.deadlines.set(f"duplicates/{symbol}", strategy.guard.next_deadline())
        self._alert(now, "duplicate_fills", symbol=symbol, evidence=overlap.text)
        self._state.suspect(symbol, "two orders of one level filled")

    # -- order updates ---------------------------------------------------------------------

    def order_update(self, event: OrderUpdate, now: Instant) -> None:
        strategy = self._state.strategies.get(event.symbol)
        if strategy is None:
            return
        order = self._tracker.find(event.order_id, event.wire_id)
        if order is None:
            self._strangers.seen(strategy, event, now)
            return
        if order.state is OrderState.REJECTED:
            if event.status not in _ALIVE and not event.filled:
                return  # reply and push say the same
            order = self._strangers.landed_after_all(strategy, order, event.order_id, event.at, now)
        self.apply(strategy, order, event, now)

    def apply(
        self, strategy: Strategy, order: TrackedOrder, event: OrderUpdate, now: Instant
    ) -> None:
        """Take over what the exchange says of an order of ours."""
        self._known(strategy, order, event.order_id, event.at, now)
        if event.qty < order.qty:
            order.qty = event.qty  # the exchange cut a close to the position
        if event.filled > order.filled:
            order.filled = event.filled
        status = event.status
        if status is OrderStatus.NEW:
            self._tracker.advance(order, OrderEvent.RESTING)
            if not order.terminal and event.leaves < order.leaves:
                strategy.reserved.reduce(order, event.leaves)
                strategy.stirred = True
        elif status is OrderStatus.PARTIALLY_FILLED or status is OrderStatus.FILLED:
            self._left(strategy, order, event.leaves, event.at, now)
        else:
            ended = order.terminal
            self._tracker.advance(order, OrderEvent.CANCELLED)
            if not ended:
                if not order.cancelling:
                    reason = event.reason or status.value
                    self._refusals.count(strategy, order, reason, now)
                self._end(strategy, order, now)
        self._await_executions(order, now)
        if order.filled > order.told:
            order.told = order.filled
            strategy.filled_at(order.price, event.at, 0, now)

    def settle_vanished(self, strategy: Strategy, order: TrackedOrder, now: Instant) -> None:
        """Neither listing nor history knows an order: what executed is known, the rest is gone."""
        self._alert(
            now,
            "order_vanished",
            symbol=order.symbol,
            order_id=order.order_id,
            executed=str(order.executed),
        )
        self._tracker.advance(order, OrderEvent.CANCELLED)
        self._end(strategy, order, now)

    # -- replies to placements -------------------------------------------------------------

    def place_accepted(self, event: PlaceAccepted, now: Instant) -> None:
        order = self._tracker.find(event.order_id, event.wire_id)
        strategy = self._state.strategies.get(event.symbol)
        if order is None or strategy is None:
            return
        if order.state is OrderState.REJECTED:
            order = self._strangers.landed_after_all(strategy, order, event.order_id, event.at, now)
        self._known(strategy, order, event.order_id, event.at, now)
        self._tracker.advance(order, OrderEvent.ACCEPTED)
        self._refusals.key_works()

    def place_rejected(self, event: PlaceRejected, now: Instant) -> None:
        order = self._tracker.find("", event.wire_id)
        strategy = self._state.strategies.get(event.symbol)
        if order is None or strategy is None:
            return
        if order.state is OrderState.REJECTED:
            self._tracker.advance(order, OrderEvent.REFUSED)
            return
        if order.state is not OrderState.PENDING and order.state is not OrderState.UNCERTAIN:
            return  # the reply to a repetition of a request that was accepted
        if self._refusals.ambiguous(event.code):
            self._outcome_unknown(order, now)
            return
        self._tracker.advance(order, OrderEvent.REFUSED)
        self._refusals.refused(strategy, order, event, now)
        self._end(strategy, order, now)

    def place_unknown(self, event: PlaceUnknown, now: Instant) -> None:
        """A timeout is not a failure: the order is uncertain until the exchange is asked."""
        order = self._tracker.find("", event.wire_id)
        if order is not None:
            self._outcome_unknown(order, now)

    def _outcome_unknown(self, order: TrackedOrder, now: Instant) -> None:
        if order.state is OrderState.UNCERTAIN or order.state is OrderState.REJECTED:
            return
        if self._tracker.advance(order, OrderEvent.OUTCOME_UNKNOWN) is OrderState.UNCERTAIN:
            self._state.attend(order, Instant(now + LOOKUP_US))
            self._state.want(
                order.symbol,
                now,
                "an outcome is unknown",
                SnapshotKind.ORDERS,
                SnapshotKind.HISTORY,
            )

    def in_flight(self, order: TrackedOrder, now: Instant) -> None:
        """The process ended while a request was in flight: its outcome is unknown."""
        if order.state is OrderState.PENDING:
            self._outcome_unknown(order, now)
        elif order.state is OrderState.CANCEL_PENDING:
            order.cancel_failed = True
            self._state.attend(order, Instant(now + LOOKUP_US))

    # -- replies to cancels ----------------------------------------------------------------

    def cancel_accepted(self, event: CancelAccepted, now: Instant) -> None:
        """The order update tells how it ended; if it is lost, a listing will not show the order."""
        del event, now
        self._refusals.key_works()

    def cancel_rejected(self, event: CancelRejected, now: Instant) -> None:
        """Gone already: look up how it ended. Anything else: ask again later, if still wanted."""
        reaction = reaction_to_cancel(event.code)
        if reaction is Reaction.AUTHENTICATION:
            self._refusals.key_refused(now)
        order = self._tracker.find(event.order_id, "")
        if order is None:
            return
        if order.terminal:
            self._tracker.advance(order, OrderEvent.CANCEL_REFUSED)
            return
        if reaction is Reaction.ORDER_GONE:
            order.cancel_failed = True
            order.unlisted += 1
            order.unlisted_at = now
            self._state.attend(order, Instant(now + LOOKUP_US))
            self._state.want(
                event.symbol,
                now,
                "the order to cancel is gone",
                SnapshotKind.HISTORY,
                SnapshotKind.EXECUTIONS,
            )
            return
        self._ask_again_later(order, now)
        self._out.notice(
            now,
            "gridcore.session",
            "cancel_refused",
            Severity.WARNING,
            order_id=event.order_id,
            code=str(event.code),
        )

    def cancel_unknown(self, event: CancelUnknown, now: Instant) -> None:
        order = self._tracker.find(event.order_id, "")
        if order is not None and not order.terminal:
            self._ask_again_later(order, now)

    def _ask_again_later(self, order: TrackedOrder, now: Instant) -> None:
        if order.cancelling:
            order.cancel_failed = True
            self._state.attend(order, self._cancel_due(order, now))

    @staticmethod
    def _cancel_due(order: TrackedOrder, now: Instant) -> Instant:
        """When the cancel may be asked for again: every refusal doubles the wait."""
        step = min(max(order.cancel_attempts, 1), len(CANCEL_BACKOFF_S)) - 1
        since = now if order.cancel_sent_at is None else order.cancel_sent_at
        return Instant(since + CANCEL_BACKOFF_S[step] * SECOND_US)

    def cancel_again(self, strategy: Strategy, order: TrackedOrder, now: Instant) -> None:
        """The wait after a refused cancel is over: the next ticker cancels, if still wanted."""
        due = self._cancel_due(order, now)
        if now < due:
            self._state.attend(order, due)
            return
        self._state.let_go(order)
        self._tracker.advance(order, OrderEvent.CANCEL_REFUSED)
        order.cancelling = False
        strategy.stirred = True
