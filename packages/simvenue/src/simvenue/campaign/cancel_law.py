"""Watches cancels and closes: no storm of requests that the exchange keeps refusing (A14, A20)."""

from collections import deque
from typing import TYPE_CHECKING

from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.events import (
    CancelAccepted,
    CancelRejected,
    CancelUnknown,
    Event,
    Execution,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    PositionsSnapshot,
    PositionUpdate,
    SessionStarted,
)
from gridcore.session.effects import Approved, CancelOrder, Effects
from gridcore.sides import DirectionType, closes
from simvenue.campaign.laws import Law, LawBroken

if TYPE_CHECKING:
    from simvenue.campaign.world import World

LAG_US = 2 * SECOND_US
MOST_CANCELS = 6
"""Requests for the cancel of one order in 60 s (A14)."""

NOTHING_TO_REDUCE = 110017

Leg = tuple[str, DirectionType]


class CancelChecker:
    """CANCELS_BOUNDED: cancels per order, and closes after the exchange had nothing to reduce."""

    __slots__ = ("_asked", "_awaited", "_in_flight", "_refused_at")

    def __init__(self) -> None:
        self._in_flight: set[str] = set()
        self._asked: dict[str, deque[Instant]] = {}
        self._awaited: dict[str, Leg] = {}
        """Closes without a reply, by wire id: a second reply to one tells nothing new."""
        self._refused_at: dict[Leg, Instant] = {}
        """Legs whose closes wait for a position report newer than this."""

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """Take what the exchange said, then judge what leaves."""
        if isinstance(event, (CancelAccepted, CancelRejected, CancelUnknown)):
            self._in_flight.discard(event.order_id)
        elif isinstance(event, SessionStarted):
            self._in_flight.clear()
            self._asked.clear()
        elif isinstance(event, PlaceRejected):
            leg = self._awaited.pop(event.wire_id, None)
            if leg is not None and event.code == NOTHING_TO_REDUCE:
                self._refused_at[leg] = event.at
        elif isinstance(event, (PlaceAccepted, PlaceUnknown, OrderUpdate, Execution)):
            self._awaited.pop(event.wire_id, None)
        elif isinstance(event, PositionUpdate):
            self._refreshed((event.symbol, event.direction), event.at)
        elif isinstance(event, PositionsSnapshot):
            for row in event.legs:
                # What is asked 2 s after the refusal knows it, however far the answer lags.
                known = max(row.at, event.asked_at - LAG_US)
                self._refreshed((row.symbol, row.direction), Instant(known))
        for request in effects.requests:
            if isinstance(request, CancelOrder):
                self._cancelled(request.order_id, now)
            elif isinstance(request, Approved):
                order = request.request
                if closes(order.direction, order.side):
                    self._closing((order.symbol, order.direction), order.wire_id, now)

    def finished(self, world: "World") -> None:
        """Nothing is left to judge."""

    def _refreshed(self, leg: Leg, at: Instant) -> None:
        refused_at = self._refused_at.get(leg)
        if refused_at is not None and at >= refused_at:
            del self._refused_at[leg]

    def _cancelled(self, order_id: str, now: Instant) -> None:
        if order_id in self._in_flight:
            raise LawBroken(
                Law.CANCELS_BOUNDED, f"a second cancel of {order_id} while one is in flight", now
            )
        self._in_flight.add(order_id)
        asked = self._asked.setdefault(order_id, deque())
        while asked and now - asked[0] >= MINUTE_US:
            asked.popleft()
        asked.append(now)
        if len(asked) > MOST_CANCELS:
            raise LawBroken(
                Law.CANCELS_BOUNDED,
                f"expected at most {MOST_CANCELS} cancels of {order_id} in 60 s, "
                f"found {len(asked)}",
                now,
            )

    def _closing(self, leg: Leg, wire_id: str, now: Instant) -> None:
        self._awaited[wire_id] = leg
        if leg in self._refused_at:
            raise LawBroken(
                Law.CANCELS_BOUNDED,
                f"a close of {leg[0]} {leg[1].value} left after {NOTHING_TO_REDUCE}, before a "
                "newer position report",
                now,
            )
