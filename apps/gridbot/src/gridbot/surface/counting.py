"""What has happened since the process began, counted: events, requests, refusals, waits.

It is told of handled events and keeps numbers; it refuses to know how they are shown.
"""

from collections import Counter, OrderedDict
from enum import StrEnum

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    CancelAccepted,
    CancelRejected,
    CancelUnknown,
    Event,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    SessionStarted,
    StreamLost,
)
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    Effects,
    FillRecord,
    LedgerEntry,
    LedgerKind,
)

WAIT_BOUNDS_S = ("0.005", "0.01", "0.02", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10")
"""Upper bounds of the waits' histogram, as Prometheus writes them."""

_BOUNDS_US = tuple(int(float(bound) * SECOND_US) for bound in WAIT_BOUNDS_S)
_WAITING_MAX = 4096
"""Requests without an answer that are remembered; the oldest are forgotten first."""


class RequestKind(StrEnum):
    """What was asked of the exchange."""

    PLACE_OPEN = "place_open"
    PLACE_CLOSE = "place_close"
    CANCEL = "cancel"
    QUESTION = "question"


class Waits:
    """How long answers took, as a histogram."""

    __slots__ = ("sum_us", "within")

    def __init__(self) -> None:
        self.within = [0] * (len(_BOUNDS_US) + 1)
        self.sum_us = 0

    def add(self, wait_us: int) -> None:
        """Count one answer."""
        index = 0
        while index < len(_BOUNDS_US) and wait_us > _BOUNDS_US[index]:
            index += 1
        self.within[index] += 1
        self.sum_us += wait_us

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative counts by upper bound, "+Inf" last."""
        total = 0
        rows: list[tuple[str, float]] = []
        for bound, count in zip((*WAIT_BOUNDS_S, "+Inf"), self.within, strict=True):
            total += count
            rows.append((bound, total))
        return rows


class AccountCounts:
    """The numbers of one account."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.requests: Counter[RequestKind] = Counter()
        self.accepted: Counter[RequestKind] = Counter()
        self.unknown: Counter[RequestKind] = Counter()
        self.rejected: Counter[tuple[RequestKind, int]] = Counter()
        self.fills: Counter[tuple[str, str, str]] = Counter()
        """By symbol, direction and side."""
        self.entries: Counter[LedgerKind] = Counter()
        self.notices: Counter[tuple[str, str]] = Counter()
        """By event and severity."""
        self.streams_lost: Counter[str] = Counter()
        self.starts = 0
        self.waits: dict[RequestKind, Waits] = {
            kind: Waits() for kind in RequestKind if kind is not RequestKind.QUESTION
        }
        self._waiting: OrderedDict[str, tuple[RequestKind, Instant]] = OrderedDict()

    def observe(self, event: Event, effects: Effects, now: Instant) -> None:
        """Count one handled event."""
        self.events[type(event).__name__] += 1
        match event:
            case PlaceAccepted() | PlaceRejected() | PlaceUnknown():
                self._answered(event.wire_id, event, RequestKind.PLACE_OPEN, now)
            case CancelAccepted() | CancelRejected() | CancelUnknown():
                self._answered(event.order_id, event, RequestKind.CANCEL, now)
            case StreamLost():
                self.streams_lost[event.symbol or "private"] += 1
            case SessionStarted():
                self.starts += 1
        for record in effects.records:
            if isinstance(record, FillRecord):
                self.fills[record.symbol, record.direction.value, record.side.value] += 1
            elif isinstance(record, LedgerEntry):
                self.entries[record.kind] += 1
        for request in effects.requests:
            self._sent(request, now)
        for notice in effects.notices:
            self.notices[notice.event, notice.severity.value] += 1

    def _sent(self, request: object, now: Instant) -> None:
        match request:
            case Approved(request=order):
                kind = RequestKind.PLACE_CLOSE if order.reduce_only else RequestKind.PLACE_OPEN
                self._wait_for(order.wire_id, kind, now)
            case CancelOrder():
                kind = RequestKind.CANCEL
                self._wait_for(request.order_id, kind, now)
            case AskSnapshot():
                kind = RequestKind.QUESTION
            case _:
                return
        self.requests[kind] += 1

    def _wait_for(self, name: str, kind: RequestKind, now: Instant) -> None:
        self._waiting[name] = (kind, now)
        if len(self._waiting) > _WAITING_MAX:
            self._waiting.popitem(last=False)

    def _answered(
        self,
        name: str,
        answer: PlaceAccepted
        | PlaceRejected
        | PlaceUnknown
        | CancelAccepted
        | CancelRejected
        | CancelUnknown,
        kind: RequestKind,
        now: Instant,
    ) -> None:
        """An answer to a request; of one sent before the process began, the kind is a guess."""
        asked = self._waiting.pop(name, None)
        if asked is not None:
            kind, sent_at = asked
            self.waits[kind].add(now - sent_at)
        match answer:
            case PlaceAccepted() | CancelAccepted():
                self.accepted[kind] += 1
            case PlaceRejected() | CancelRejected():
                self.rejected[kind, answer.code] += 1
            case _:
                self.unknown[kind] += 1
