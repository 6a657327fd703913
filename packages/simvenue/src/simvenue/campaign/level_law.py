"""Watches the venue's book: at most one live order of ours per level and direction.

A second one is tolerated only where another hand put a twin there, or the network repeated a
request that was refused first, and only until it can have been healed. It knows identities and the
venue's book; it refuses to trust the session.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event, PlaceRejected, Ticker
from gridcore.session.effects import Approved, Effects
from simvenue.campaign.healing import healed_by
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.own_orders import OwnOrders
from simvenue.campaign.words import Fault, FaultKind

if TYPE_CHECKING:
    from simvenue.campaign.world import World

HEALING_US = 75 * SECOND_US
"""An audit of the orders and a cancel at the ticker after it, with room."""

LANDING_US = 30 * SECOND_US
"""After this long no request is on its way any more."""

Level = tuple[str, int, int]
"""(symbol, direction index, price in ticks)."""


class LevelChecker:
    """ONE_ORDER_PER_LEVEL."""

    __slots__ = ("_excused", "_look_until", "_minted", "_own", "_refused", "_twins")

    def __init__(self) -> None:
        self._own: OwnOrders | None = None
        self._minted: set[str] = set()
        self._twins: set[str] = set()
        self._refused: set[str] = set()
        """Ids that the session was told are refused: a repeated request may land nevertheless."""
        self._excused: dict[Level, Instant] = {}
        self._look_until = Instant(0)

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """Look at the book of a ticker's symbol while orders may be landing."""
        if isinstance(event, PlaceRejected):
            self._refused.add(event.wire_id)
        for request in effects.requests:
            if isinstance(request, Approved):
                self._refused.discard(request.request.wire_id)
                self._minted.add(request.request.wire_id)
                self._look_until = Instant(now + LANDING_US)
        # Damage by another hand may come at any time, so the storm is looked at throughout.
        if isinstance(event, Ticker) and (
            now <= self._look_until or now < world.scenario.calm_from
        ):
            self._look(world, event.symbol, now)

    def finished(self, world: "World") -> None:
        """Look once more, at every symbol."""
        for spec in world.scenario.symbols:
            self._look(world, spec.instrument.symbol, world.now)

    def _look(self, world: "World", symbol: str, now: Instant) -> None:
        own = self._own
        if own is None:
            own = self._own = OwnOrders(world.scenario.setups)
        seen: dict[Level, str] = {}
        for order in own.resting(world.venue, symbol):
            level = (symbol, order.leg, int(order.price))
            wire_id = order.wire_id
            by_network = wire_id in self._refused and world.injected[FaultKind.REQUEST_REPEATED]
            if (wire_id not in self._minted or by_network) and wire_id not in self._twins:
                self._twins.add(wire_id)
                self._excuse(level, world.scenario.faults, now)
            other = seen.get(level)
            if other is not None and now > self._excused.get(level, Instant(0)):
                raise LawBroken(
                    Law.ONE_ORDER_PER_LEVEL,
                    f"{symbol} {order.direction.value} at {order.price} ticks: expected one order, "
                    f"found {other} and {wire_id}",
                    now,
                )
            seen[level] = wire_id

    def _excuse(self, level: Level, faults: Sequence[Fault], now: Instant) -> None:
        self._excused[level] = healed_by(faults, now, HEALING_US)
