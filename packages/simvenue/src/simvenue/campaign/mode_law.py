"""Watches placements against the modes in force: opens need NORMAL, closes anything but HALT."""

from typing import TYPE_CHECKING

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.session.effects import Approved, Effects, PlaceOrder
from gridcore.session.modes import ACCOUNT, Mode, ModeRequest
from gridcore.sides import opens
from simvenue.campaign.laws import Law, LawBroken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simvenue.campaign.world import World


class ModeChecker:
    """MODES_OBEYED, by the requests that stand after the event which placed."""

    __slots__ = ()

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """Judge every placement of an event."""
        standing: Sequence[ModeRequest] | None = None
        for request in effects.requests:
            if isinstance(request, Approved):
                if standing is None:
                    standing = world.session.standing_modes()
                if standing:
                    self._judge(request.request, standing, now)

    def finished(self, world: "World") -> None:
        """Nothing is left to judge."""

    def _judge(self, order: PlaceOrder, standing: "Sequence[ModeRequest]", now: Instant) -> None:
        opening = opens(order.direction, order.side)
        forbidden = Mode.NO_OPEN if opening else Mode.HALT
        for request in standing:
            if request.mode >= forbidden and concerns(request.scope, order):
                raise LawBroken(
                    Law.MODES_OBEYED,
                    f"{'an open' if opening else 'a close'} of {order.symbol} "
                    f"{order.direction.value} at {order.price} ticks left while "
                    f"{request.cause.value} asks {request.mode.name} for {request.scope!r}",
                    now,
                )


def concerns(scope: str, order: PlaceOrder) -> bool:
    """Whether a mode's scope covers an order: the account, its symbol, or its direction there."""
    return scope in (ACCOUNT, order.symbol, f"{order.symbol}/{order.direction.value}")
