"""Orders on our symbols that we do not remember: our own are adopted, others go by policy.

It knows ownership and policies; it refuses to know grids.
"""

from gridcore.clock import SECOND_US, Instant
from gridcore.events import OperatorAction, OrderStatus, OrderUpdate
from gridcore.instrument import Steps
from gridcore.intents import decode_wire_id
from gridcore.saved import Saved, price_to_text
from gridcore.session.effects import CancelOrder, CancelReason, Severity
from gridcore.session.modes import ACCOUNT, Mode, ModeCause
from gridcore.session.orders import OrderState, TrackedOrder
from gridcore.session.ownership import ForeignOrders, OrphanOrders, Owner, Ownership
from gridcore.session.refusals import key_of
from gridcore.session.setup import AccountPolicies
from gridcore.session.state import LAG_US, AccountState
from gridcore.session.strategy import Strategy
from gridcore.sides import DirectionType, SideType, opens

CANCEL_AGAIN_US = 10 * SECOND_US
STRANGERS_MAX = 1000
_ALIVE = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)
_CAUSES = {Owner.ORPHAN: ModeCause.ORPHANS, Owner.FOREIGN: ModeCause.FOREIGN_ORDERS}


class Stranger:
    """One order that is not ours, or was of a strategy that is not configured any more."""

    __slots__ = ("cancelled_at", "order", "owner", "seen_at")

    def __init__(self, order: OrderUpdate, owner: Owner, seen_at: Instant) -> None:
        self.order = order
        self.owner = owner
        self.seen_at = seen_at
        self.cancelled_at: Instant | None = None


class StrangerDesk:
    """Acts on orders that the tracker does not know."""

    __slots__ = ("_ownership", "_policies", "_state", "_strangers")

    def __init__(
        self, state: AccountState, ownership: Ownership, policies: AccountPolicies
    ) -> None:
        self._state = state
        self._ownership = ownership
        self._policies = policies
        self._strangers: dict[str, Stranger] = {}

    def seen(self, strategy: Strategy, event: OrderUpdate, now: Instant) -> None:
        """The exchange tells of an order that we do not remember."""
        if event.status not in _ALIVE:
            if self._strangers.pop(event.order_id, None) is not None:
                self._judge_modes(strategy.symbol)
            return
        owner = self._ownership.classify(event)
        if owner is Owner.OURS:
            self.adopt(strategy, event, now)
            return
        known = self._strangers.get(event.order_id)
        if known is None:
            if len(self._strangers) >= STRANGERS_MAX:
                return
            known = self._strangers[event.order_id] = Stranger(event, owner, now)
            self._tell(event, owner, now)
        known.order = event
        self._follow_policy(strategy, known, now)

    def _tell(self, event: OrderUpdate, owner: Owner, now: Instant) -> None:
        self._state.out.notice(
            now,
            "gridcore.session",
            f"{owner.value}_order",
            Severity.ALERT,
            symbol=event.symbol,
            order_id=event.order_id,
            wire_id=event.wire_id,
        )

    def _follow_policy(self, strategy: Strategy, stranger: Stranger, now: Instant) -> None:
        policies = self._policies
        if stranger.owner is Owner.ORPHAN:
            policy = policies.orphan_orders.value
        else:
            policy = policies.foreign_orders.value
        if policy == OrphanOrders.ADOPT.value:
            self._adopt_stranger(strategy, stranger, now)
        elif policy == OrphanOrders.CANCEL.value:
            self._cancel(stranger, now)
        elif policy == ForeignOrders.REFUSE.value:
            self._state.ask_mode(
                strategy.symbol,
                _CAUSES[stranger.owner],
                "orphans-adopt or orphans-cancel, or the order's end",
                now,
            )

    def _adopt_stranger(self, strategy: Strategy, stranger: Stranger, now: Instant) -> None:
        del self._strangers[stranger.order.order_id]
        self.adopt(strategy, stranger.order, now)
        self._judge_modes(strategy.symbol)

    def _cancel(self, stranger: Stranger, now: Instant) -> None:
        asked = stranger.cancelled_at
        if asked is not None and now - asked < CANCEL_AGAIN_US:
            return
        if self._state.modes.mode(ACCOUNT, "") is Mode.SILENT:
            return
        stranger.cancelled_at = now
        orphan = stranger.owner is Owner.ORPHAN
        self._state.out.cancel(
            CancelOrder(
                symbol=stranger.order.symbol,
                order_id=stranger.order.order_id,
                wire_id=stranger.order.wire_id,
                reason=CancelReason.ORPHAN if orphan else CancelReason.FOREIGN,
            )
        )

    def listed(self, symbol: str, order_ids: set[str], asked_at: Instant) -> None:
        """A complete listing came: strangers that it had to show, and does not, are gone."""
        gone = [
            order_id
            for order_id, stranger in self._strangers.items()
            if stranger.order.symbol == symbol
            and order_id not in order_ids
            and asked_at >= stranger.seen_at + LAG_US
        ]
        for order_id in gone:
            del self._strangers[order_id]
        self._judge_modes(symbol)

    def command(self, strategy: Strategy, action: OperatorAction, now: Instant) -> None:
        """The operator decides about orphans, and about foreign orders that are refused."""
        refuse = self._policies.foreign_orders is ForeignOrders.REFUSE
        for stranger in list(self._strangers.values()):
            if stranger.order.symbol != strategy.symbol:
                continue
            if stranger.owner is Owner.FOREIGN and not refuse:
                continue
            if action is OperatorAction.ORPHANS_ADOPT:
                self._adopt_stranger(strategy, stranger, now)
            else:
                self._cancel(stranger, now)

    def _judge_modes(self, symbol: str) -> None:
        """End the modes whose last stranger is gone."""
        owners = [
            stranger.owner
            for stranger in self._strangers.values()
            if stranger.order.symbol == symbol
        ]
        for owner, cause in _CAUSES.items():
            if owner not in owners:
                self._state.end_mode(symbol, cause)

    # -- orders of ours --------------------------------------------------------------------

    def adopt(self, strategy: Strategy, event: OrderUpdate, now: Instant) -> TrackedOrder:
        """Track an order that rests on the exchange."""
        taken = not event.wire_id or self._state.tracker.is_live(event.wire_id)
        order = TrackedOrder(
            order_id=event.order_id,
            direction=event.direction,
            side=event.side,
            price=event.price,
            filled=event.filled,
            symbol=event.symbol,
            strat_id=strategy.setup.strat_id,
            client_order_id=decode_wire_id(event.wire_id) or "",
            wire_id=f"adopted-{event.order_id}" if taken else event.wire_id,
            qty=event.qty,
            leaves=event.leaves,
            state=OrderState.PARTIAL if event.filled else OrderState.OPEN,
            opens=opens(event.direction, event.side),
            level=strategy.engine.level_index(int(event.price)),
            sent_at=event.at,
            adopted=True,
            executed=event.filled,
            told=event.filled,
            known_at=now,
            rested_from=event.at,
        )
        strategy.adopt(order)
        self._state.out.notice(
            now,
            "gridcore.session",
            "order_adopted",
            Severity.WARNING,
            symbol=event.symbol,
            order_id=event.order_id,
            wire_id=event.wire_id,
        )
        return order

    def landed_after_all(
        self, strategy: Strategy, order: TrackedOrder, order_id: str, at: Instant, now: Instant
    ) -> TrackedOrder:
        """An order that was settled as not on the exchange is there: it lives again."""
        self._state.out.notice(
            now,
            "gridcore.session",
            "order_landed_after_all",
            Severity.ALERT,
            symbol=order.symbol,
            wire_id=order.wire_id,
        )
        strategy.brakes.settled(key_of(order))
        again = TrackedOrder(
            order_id=order_id,
            direction=order.direction,
            side=order.side,
            price=order.price,
            symbol=order.symbol,
            strat_id=order.strat_id,
            client_order_id=order.client_order_id,
            wire_id=order.wire_id,
            qty=order.qty,
            leaves=order.qty,
            state=OrderState.OPEN,
            opens=order.opens,
            level=order.level,
            sent_at=order.sent_at,
            known_at=now,
            rested_from=at,
        )
        strategy.adopt(again)
        return again

    # -- memory ----------------------------------------------------------------------------

    def snapshot(self) -> list[dict[str, object]]:
        """All memory, serialisable."""
        return [
            {
                "owner": stranger.owner.value,
                "cancelled_at": stranger.cancelled_at,
                "seen_at": stranger.seen_at,
                "order": _order_memory(stranger.order),
            }
            for stranger in self._strangers.values()
        ]

    def restore(self, parts: list[Saved]) -> None:
        """The inverse of snapshot."""
        self._strangers.clear()
        for part in parts:
            stranger = Stranger(
                _order_of(part.part("order")),
                Owner(part.text("owner")),
                Instant(part.whole("seen_at")),
            )
            stranger.cancelled_at = part.instant_or_none("cancelled_at")
            self._strangers[stranger.order.order_id] = stranger


def _order_memory(order: OrderUpdate) -> dict[str, object]:
    return {
        "symbol": order.symbol,
        "at": order.at,
        "order_id": order.order_id,
        "wire_id": order.wire_id,
        "direction": order.direction.value,
        "side": order.side.value,
        "price": price_to_text(order.price),
        "qty": order.qty,
        "leaves": order.leaves,
        "filled": order.filled,
        "status": order.status.value,
        "reduce_only": order.reduce_only,
        "reason": order.reason,
    }


def _order_of(saved: Saved) -> OrderUpdate:
    price = saved.price_or_none("price")
    assert price is not None, "an order has a price"
    return OrderUpdate(
        symbol=saved.text("symbol"),
        at=Instant(saved.whole("at")),
        order_id=saved.text("order_id"),
        wire_id=saved.text("wire_id"),
        direction=DirectionType(saved.text("direction")),
        side=SideType(saved.text("side")),
        price=price,
        qty=Steps(saved.whole("qty")),
        leaves=Steps(saved.whole("leaves")),
        filled=Steps(saved.whole("filled")),
        status=OrderStatus(saved.text("status")),
        reduce_only=saved.flag("reduce_only"),
        reason=saved.text("reason"),
    )
