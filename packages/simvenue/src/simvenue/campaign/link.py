"""The link between a session's process and the venue: requests, replies, pushes, answers.

It knows what is on its way and which faults strike it; it refuses to know what a message means to
the session. The venue acts when a request arrives, whether or not the process still lives.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush

from gridcore.clock import SECOND_US, Instant
from gridcore.events import CancelUnknown, Event, OrderStatus, OrderUpdate, PlaceUnknown
from gridcore.session.effects import AskSnapshot, CancelOrder, PlaceOrder
from simvenue.answers import Answers, thinned
from simvenue.campaign.board import FaultBoard, LiveFault, source_of
from simvenue.campaign.parcels import Bound, Parcel, Sent
from simvenue.campaign.words import FaultKind, Scenario
from simvenue.limits import Refusal
from simvenue.records import Records
from simvenue.reports import cancel_rejected, place_rejected
from simvenue.venue import SimVenue

REQUEST_TIMEOUT_US = 10 * SECOND_US
"""The shell waits so long for a reply; then nobody knows, and a later reply finds nobody."""

RECV_WINDOW_US = 5 * SECOND_US
"""The exchange refuses what was sent longer ago than this."""

REPEAT_US_MAX = 2 * SECOND_US
"""A message that comes twice comes again within this time, when its fault does not say."""

TOO_LATE = Refusal(10002, "invalid request, please check your server timestamp or recv_window")

JUDGED_MAX = 256
"""Requests of which a copy may still come."""


class Link:
    """Everything between a process and the exchange, on virtual time.

    `next_due` says when `step` has something to do; `step` gives what reaches the process, one
    event at a time. Of pushes, `told` == `delivered` + `lost` + those on their way. A lost request
    or reply is known to be lost when the shell gives up waiting, or after its fault's number.
    """

    __slots__ = (
        "_awaited",
        "_first_ticket",
        "_heap",
        "_judged",
        "_latency_us",
        "_order",
        "_private_down",
        "_sequence",
        "_ticket",
        "_timeouts",
        "answers",
        "board",
        "connected",
        "delivered",
        "lost",
        "records",
        "told",
        "venue",
    )

    def __init__(
        self, scenario: Scenario, venue: SimVenue, records: Records, board: FaultBoard
    ) -> None:
        self.venue = venue
        self.records = records
        self.board = board
        self.answers = Answers(venue, records)
        self.connected = True
        """Whether there is a process at the near end."""
        self.told = 0
        """Copies of pushes that set out."""
        self.delivered = 0
        """Copies of pushes that reached the process."""
        self.lost = 0
        """Copies of pushes that reached nobody."""
        self._latency_us = scenario.latency_us
        self._order = source_of(scenario.seed, "replies and pushes overtake each other")
        self._heap: list[Parcel] = []
        self._judged: dict[int, Refusal | None] = {}
        self._sequence = 0
        self._ticket = 0
        self._first_ticket = 1
        self._awaited: dict[int, Sent] = {}
        self._timeouts: deque[tuple[Instant, int]] = deque()
        self._private_down = 0

    # -- the near end: the process ---------------------------------------------------------

    def send(self, request: Sent, now: Instant) -> None:
        """Send a request; its reply, its loss or nobody's knowledge of it comes by `step`."""
        self._ticket += 1
        ticket = self._ticket
        self._awaited[ticket] = request
        self._timeouts.append((Instant(now + REQUEST_TIMEOUT_US), ticket))
        due = now + self._latency_us
        if isinstance(request, AskSnapshot):
            self._post(due, Bound.EXCHANGE, ticket, now, request, None)
            return
        board, symbol = self.board, request.symbol
        repeated = board.strike(FaultKind.REQUEST_REPEATED, symbol)
        delayed = board.strike(FaultKind.REQUEST_DELAYED, symbol)
        if delayed is not None:
            due += delayed.fault.number
        # Of two copies the first is answered, or the second, or both.
        answered = 0 if repeated is None else repeated.source.randrange(3)
        lost = board.strike(FaultKind.REQUEST_LOST, symbol)
        if lost is None:
            self._post(due, Bound.EXCHANGE, ticket, now, request, None, mute=answered == 1)
        elif lost.fault.number:
            self._break(request, ticket, now, now + lost.fault.number)
        if repeated is not None:
            due += _later(repeated)
            mute = answered == 0
            self._post(due, Bound.EXCHANGE, ticket, now, request, None, again=True, mute=mute)

    def on_the_way(self) -> int:
        """How many parcels are on their way."""
        return len(self._heap)

    def next_due(self) -> Instant | None:
        """When the next parcel arrives, or the shell gives up waiting for a reply."""
        timeouts, awaited = self._timeouts, self._awaited
        while timeouts and timeouts[0][1] not in awaited:
            timeouts.popleft()
        due = timeouts[0][0] if timeouts else None
        if self._heap and (due is None or self._heap[0].due <= due):
            due = self._heap[0].due
        return due

    def step(self, now: Instant) -> Event | None:
        """Let the next parcel arrive, or the next wait end; what of it reaches the process.

        Called when `next_due()` == now; parcels first.
        """
        if not self._heap or self._heap[0].due > now:
            return self._give_up(now)
        parcel = heappop(self._heap)
        if parcel.bound is Bound.EXCHANGE:
            self._arrive(parcel, now)
            return None
        event = parcel.event
        if parcel.bound is Bound.STREAM:
            if self._private_down:
                self.lost += 1
                return None
            self.delivered += 1
            return event
        if parcel.bound is Bound.WAITING_WORKER:
            return event if self._is_awaited(parcel, now) else None
        return event

    def cut(self) -> None:
        """The process dies: what is on its way to it reaches nobody; its requests still arrive."""
        self.connected = False
        self._awaited.clear()
        self._timeouts.clear()
        self._first_ticket = self._ticket + 1
        kept = [parcel for parcel in self._heap if parcel.bound is Bound.EXCHANGE]
        streamed = sum(1 for parcel in self._heap if parcel.bound is Bound.STREAM)
        self.lost += streamed
        heapify(kept)
        self._heap = kept

    def join(self) -> None:
        """A process is there again."""
        self.connected = True

    # -- the far end: the exchange ---------------------------------------------------------

    def tell(self, events: Sequence[Event], now: Instant) -> None:
        """What the venue did: remembered by the exchange, then pushed to the process."""
        if not events:
            return
        self.records.take(events)
        if self.board.acts(FaultKind.SNAPSHOT_STALE):
            self.answers.remember(now)
        before: list[Event] = []
        after: list[Event] = []
        if self.board.acts(FaultKind.END_CONTRADICTED):
            self._contradict(events, before, after)
        for event in (*before, *events, *after):
            self._push(event, now)

    def _contradict(self, events: Sequence[Event], before: list[Event], after: list[Event]) -> None:
        """An order that filled is told cancelled as well, first or last."""
        for event in events:
            if isinstance(event, OrderUpdate) and event.status is OrderStatus.FILLED:
                struck = self.board.strike(FaultKind.END_CONTRADICTED, event.symbol)
                if struck is not None:
                    wrong = replace(event, status=OrderStatus.CANCELLED, reason="contradicted")
                    (after if struck.source.randrange(2) else before).append(wrong)

    def report(self, event: Event, due: Instant) -> None:
        """Something that reaches the process by no stream: a word of the shell itself."""
        if self.connected:
            self._post(due, Bound.SHELL, 0, due, None, event)

    def lose_private(self) -> None:
        """The private stream delivers nothing, until as many `regain_private`."""
        self._private_down += 1

    def regain_private(self) -> None:
        """The end of one `lose_private`."""
        self._private_down -= 1

    @property
    def private_down(self) -> bool:
        """Whether the private stream delivers nothing."""
        return self._private_down > 0

    # -- inside ----------------------------------------------------------------------------

    def _post(
        self,
        due: int,
        bound: Bound,
        ticket: int,
        sent_at: Instant,
        request: Sent | None,
        event: Event | None,
        *,
        again: bool = False,
        mute: bool = False,
    ) -> None:
        self._sequence += 1
        parcel = Parcel(
            Instant(due), self._sequence, bound, ticket, sent_at, request, event, again, mute
        )
        heappush(self._heap, parcel)

    def _give_up(self, now: Instant) -> Event | None:
        _, ticket = self._timeouts.popleft()
        request = self._awaited.pop(ticket, None)
        return None if request is None else _unknown(request, now, "no reply within 10 s")

    def _break(self, request: Sent, ticket: int, sent_at: Instant, due: int) -> None:
        """The connection of a lost message breaks: its worker knows before the timeout."""
        unknown = _unknown(request, Instant(due), "the connection was reset")
        if unknown is not None:
            self._post(due, Bound.WAITING_WORKER, ticket, sent_at, None, unknown)

    def _is_awaited(self, parcel: Parcel, now: Instant) -> bool:
        """Whether a reply finds its worker; the copy of one is taken while it could have waited."""
        if self._awaited.pop(parcel.ticket, None) is not None:
            return True
        return (
            parcel.again
            and parcel.ticket >= self._first_ticket
            and now < parcel.sent_at + REQUEST_TIMEOUT_US
        )

    def _arrive(self, parcel: Parcel, now: Instant) -> None:
        request = parcel.request
        assert request is not None, "only requests go to the exchange"
        if isinstance(request, AskSnapshot):
            self._answer(parcel, request, now)
            return
        refusal = self._shared_refusal(parcel, request, now)
        if refusal is None:
            events = self.venue.submit(request, now)
        elif isinstance(request, PlaceOrder):
            events = [place_rejected(request, refusal, now)]
        else:
            events = [cancel_rejected(request, refusal, now)]
        if self._order.randrange(4):
            self._reply(parcel, events[0], now)
            self.tell(events[1:], now)
        else:
            self.tell(events[1:], now)
            self._reply(parcel, events[0], now)

    def _shared_refusal(
        self, parcel: Parcel, request: PlaceOrder | CancelOrder, now: Instant
    ) -> Refusal | None:
        """The copies of one request are refused alike: the exchange's mind does not change."""
        judged = self._judged
        if parcel.ticket in judged and now - parcel.sent_at <= RECV_WINDOW_US:
            return judged.pop(parcel.ticket)
        refusal = self._refusal(request, parcel.sent_at, now)
        if self.board.acts(FaultKind.REQUEST_REPEATED):
            judged[parcel.ticket] = refusal
            if len(judged) > JUDGED_MAX:
                del judged[next(iter(judged))]
        return refusal

    def _refusal(
        self, request: PlaceOrder | CancelOrder, sent_at: Instant, now: Instant
    ) -> Refusal | None:
        board, symbol = self.board, request.symbol
        refused = board.strike(FaultKind.AUTHENTICATION_REFUSED, None)
        if refused is not None:
            return Refusal(refused.fault.number, "the key is refused")
        if now - sent_at > RECV_WINDOW_US:
            return TOO_LATE
        placing = isinstance(request, PlaceOrder)
        kind = FaultKind.PLACE_REFUSED if placing else FaultKind.CANCEL_REFUSED
        refused = board.strike(kind, symbol)
        return None if refused is None else Refusal(refused.fault.number, "refused by a fault")

    def _reply(self, parcel: Parcel, event: Event, now: Instant) -> None:
        """Send a reply back."""
        if parcel.mute:
            return
        ticket, sent_at = parcel.ticket, parcel.sent_at
        request = parcel.request
        symbol = None if request is None else request.symbol
        board = self.board
        due = now + self._latency_us
        delayed = board.strike(FaultKind.REPLY_DELAYED, symbol)
        if delayed is not None:
            due += delayed.fault.number
        again = parcel.again
        repeated = board.strike(FaultKind.REPLY_REPEATED, symbol)
        lost = board.strike(FaultKind.REPLY_LOST, symbol)
        if lost is None:
            self._post(due, Bound.WAITING_WORKER, ticket, sent_at, None, event, again=again)
        elif lost.fault.number and request is not None:
            self._break(request, ticket, sent_at, now + lost.fault.number)
        if repeated is not None:
            due += _later(repeated)
            self._post(due, Bound.WAITING_WORKER, ticket, sent_at, None, event, again=True)

    def _answer(self, parcel: Parcel, ask: AskSnapshot, now: Instant) -> None:
        board, symbol = self.board, ask.symbol
        refused = board.strike(FaultKind.AUTHENTICATION_REFUSED, None)
        lost = board.strike(FaultKind.SNAPSHOT_LOST, symbol)
        delayed = board.strike(FaultKind.SNAPSHOT_DELAYED, symbol)
        stale = board.strike(FaultKind.SNAPSHOT_STALE, symbol)
        thin = board.strike(FaultKind.SNAPSHOT_INCOMPLETE, symbol)
        if refused is not None or lost is not None:
            return
        if stale is None:
            answer = self.answers.answer(ask, parcel.sent_at, now)
        else:
            answer = self.answers.stale(ask, parcel.sent_at, stale.late_us(), now)
        if thin is not None:
            answer = thinned(answer, thin.source)
        due = now + self._latency_us + (0 if delayed is None else delayed.fault.number)
        self._post(due, Bound.WAITING_WORKER, parcel.ticket, parcel.sent_at, None, answer)

    def _push(self, event: Event, now: Instant) -> None:
        board = self.board
        symbol: str | None = getattr(event, "symbol", None)
        due = now + self._latency_us
        lost = board.strike(FaultKind.PUSH_LOST, symbol)
        delayed = board.strike(FaultKind.PUSH_DELAYED, symbol)
        reordered = board.strike(FaultKind.PUSH_REORDERED, symbol)
        repeated = board.strike(FaultKind.PUSH_REPEATED, symbol)
        if delayed is not None:
            due += delayed.fault.number
        if reordered is not None:
            due += reordered.late_us()
        if lost is None:
            self._stream(due, event, now)
        if repeated is not None:
            due += _later(repeated)
            self._stream(due, event, now)

    def _stream(self, due: int, event: Event, now: Instant) -> None:
        self.told += 1
        if self._private_down or not self.connected:
            self.lost += 1
            return
        self._post(due, Bound.STREAM, 0, now, None, event)


def _later(repeated: LiveFault) -> int:
    return 1 + repeated.source.randrange(repeated.fault.number or REPEAT_US_MAX)


def _unknown(request: Sent, at: Instant, text: str) -> Event | None:
    """Nobody knows the outcome of a request; of a question there is nothing to know."""
    if isinstance(request, PlaceOrder):
        return PlaceUnknown(symbol=request.symbol, at=at, wire_id=request.wire_id, text=text)
    if isinstance(request, CancelOrder):
        return CancelUnknown(symbol=request.symbol, at=at, order_id=request.order_id, text=text)
    return None
