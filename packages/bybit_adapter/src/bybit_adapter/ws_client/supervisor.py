"""Decides when to connect, subscribe, replace and give up. It refuses to touch a socket or a clock.

One connection at a time, each with a generation of its own; what an older generation still says
is not heard. Commands come back as values, in the order in which they are to be carried out.
"""

from collections.abc import Callable, Sequence
from enum import Enum

from bybit_adapter.ws_client.backoff import Backoff
from bybit_adapter.ws_client.clock import Moment
from bybit_adapter.ws_client.departures import Departures
from bybit_adapter.ws_client.topics import TopicBook
from bybit_adapter.ws_client.words import (
    Acknowledged,
    Authenticated,
    Command,
    Connected,
    Ended,
    Event,
    Fatal,
    FatalKind,
    Leave,
    Left,
    Open,
    Opened,
    OpenFailed,
    Phase,
    Reason,
    Stop,
    Timing,
    Vitals,
)

_FORBIDDEN = 403
"""HTTP status of the exchange's limit per address: everything pauses (live.md 1.7)."""


class _Step(Enum):
    BEGIN = "begin"
    OPENED = "opened"
    OPENED_PUBLIC = "opened public"
    AUTHENTICATED = "authenticated"
    SETTLED = "settled"
    ASKED = "asked"
    LOST = "lost"
    GIVEN_UP = "given up"
    STOPPED = "stopped"


_ENDS = {_Step.GIVEN_UP: Phase.FAILED, _Step.STOPPED: Phase.STOPPED}

TRANSITIONS: dict[Phase, dict[_Step, Phase]] = {
    Phase.RESTING: {_Step.BEGIN: Phase.OPENING, _Step.STOPPED: Phase.STOPPED},
    Phase.WAITING: {_Step.BEGIN: Phase.OPENING, **_ENDS},
    Phase.OPENING: {
        _Step.OPENED: Phase.AUTHENTICATING,
        _Step.OPENED_PUBLIC: Phase.SUBSCRIBING,
        _Step.LOST: Phase.WAITING,
        **_ENDS,
    },
    Phase.AUTHENTICATING: {
        _Step.AUTHENTICATED: Phase.SUBSCRIBING,
        _Step.LOST: Phase.WAITING,
        **_ENDS,
    },
    Phase.SUBSCRIBING: {_Step.SETTLED: Phase.LIVE, _Step.LOST: Phase.WAITING, **_ENDS},
    Phase.LIVE: {_Step.LOST: Phase.WAITING, **_ENDS},
    Phase.STOPPED: {_Step.STOPPED: Phase.STOPPED},
    # The owner still stops a client that has given up.
    Phase.FAILED: {_Step.STOPPED: Phase.STOPPED},
}

_OVER = (Phase.STOPPED, Phase.FAILED)
_CONNECTED = (Phase.AUTHENTICATING, Phase.SUBSCRIBING, Phase.LIVE)


class Supervisor:
    """One client's connections, one after another, for ever or until it is fatal.

    `private`: authenticate first, and ask for topics one by one. `draw`: numbers in [0, 1).
    """

    __slots__ = (
        "_backoff",
        "_book",
        "_check_us",
        "_consumer_failures",
        "_deadline_us",
        "_departures",
        "_early",
        "_early_answer",
        "_evidence_at",
        "_private",
        "_refusals",
        "_since",
        "_timing",
        "generation",
        "outages",
        "phase",
    )

    def __init__(
        self,
        topics: Sequence[str],
        *,
        private: bool,
        timing: Timing,
        draw: Callable[[], float],
        now: Moment,
    ) -> None:
        self._private = private
        self._timing = timing
        self._backoff = Backoff(timing.backoff_us_min, timing.backoff_us_max, draw)
        self._book = TopicBook(topics, one_by_one=private, timing=timing, draw=draw, now=now)
        self._departures = Departures()
        self._deadline_us = now.steady_us
        self._check_us = now.steady_us
        self._since = now
        self._evidence_at = now
        self._early: Ended | None = None
        self._early_answer: Authenticated | None = None
        self._refusals = 0
        self._consumer_failures = 0
        self.generation = 0
        self.outages = 0
        self.phase = Phase.RESTING

    def handle(self, event: Event, now: Moment) -> list[Command]:
        """Takes one event and says what is to be done."""
        match event:
            case Left():
                self._departures.left(event.generation)
                return []
            case Stop():
                return self._stop(now)
            case Opened():
                return self._opened(event, now)
            case OpenFailed():
                return self._open_failed(event, now)
        if event.generation != self.generation:
            return []
        match event:
            case Authenticated():
                return self._answered(event, now)
            case Acknowledged():
                return self._acknowledged(event, now)
            case Ended():
                return self._ended(event, now)

    def tick(self, vitals: Vitals | None, now: Moment) -> list[Command]:
        """Looks at the clock and at the current socket; call it at `next_deadline` or earlier."""
        self._departures.check(now.steady_us)
        if self.phase in _OVER or self.phase is Phase.RESTING:
            return []
        if self._departures.abandoned() > self._timing.abandoned_max:
            hanging = f"{self._departures.abandoned()} connections hang in their threads"
            return self._give_up(FatalKind.ABANDONED, hanging, now)
        if self.phase is Phase.WAITING:
            return self._begin(now) if self._deadline_us <= now.steady_us else []
        if self.phase is Phase.OPENING:
            return self._late_opening(now)
        return self._check(vitals, now)

    def next_deadline(self) -> int:
        """The latest moment for the next `tick`, on the steady clock."""
        moments = [self._departures.next_deadline()]
        if self.phase in (Phase.WAITING, Phase.OPENING, Phase.AUTHENTICATING):
            moments.append(self._deadline_us)
        if self.phase in _CONNECTED:
            moments += [self._check_us, self._book.next_deadline()]
        known = [moment for moment in moments if moment is not None]
        return min(known, default=self._check_us + self._timing.check_us)

    def start(self, now: Moment) -> list[Command]:
        """Opens the first connection."""
        return self._begin(now)

    def finished(self) -> bool:
        """Whether nothing is left to wait for."""
        return self.phase in _OVER and not self._departures.leaving()

    def abandoned(self) -> int:
        """How many connections hang in their threads now."""
        return self._departures.abandoned()

    def down(self) -> tuple[str, ...]:
        """The topics that do not deliver now."""
        return self._book.down()

    def _go(self, step: _Step) -> None:
        self.phase = TRANSITIONS[self.phase][step]

    def _begin(self, now: Moment) -> list[Command]:
        self._go(_Step.BEGIN)
        self.generation += 1
        self._early = None
        self._early_answer = None
        self._deadline_us = now.steady_us + self._timing.open_us
        return [Open(generation=self.generation)]

    def _opened(self, event: Opened, now: Moment) -> list[Command]:
        if event.generation != self.generation or self.phase is not Phase.OPENING:
            # It came after its deadline: whoever is constructed late is shown out.
            return [self._leave(event.generation, now)]
        self._since = self._evidence_at = now
        self._check_us = now.steady_us
        commands: list[Command] = [Connected(generation=self.generation, at=now.exchange)]
        if self._private:
            self._go(_Step.OPENED)
            self._deadline_us = now.steady_us + self._timing.authentication_us
        else:
            self._go(_Step.OPENED_PUBLIC)
            commands += self._subscribe(now)
        if self._early is not None:
            return self._lost_for(self._early, now)
        if self._early_answer is not None:
            commands += self._answered(self._early_answer, now)
        return commands

    def _open_failed(self, event: OpenFailed, now: Moment) -> list[Command]:
        self._departures.left(event.generation)
        if event.generation != self.generation or self.phase is not Phase.OPENING:
            return []
        early = self._early
        detail = event.detail if early is None else early.detail
        status = event.status if early is None or early.status is None else early.status
        commands = self._lost(Reason.OPEN_FAILED, detail, now, leave=False)
        if status == _FORBIDDEN:
            self._deadline_us = now.steady_us + self._timing.banned_us
        return commands

    def _late_opening(self, now: Moment) -> list[Command]:
        if now.steady_us < self._deadline_us:
            return []
        self._departures.abandon(self.generation)
        limit = f"no connection within {self._timing.open_us} us"
        return self._lost(Reason.OPEN_LATE, limit, now, leave=False)

    def _answered(self, event: Authenticated, now: Moment) -> list[Command]:
        if self.phase is Phase.OPENING:
            self._early_answer = event
            return []
        if not event.accepted and self.phase in _CONNECTED:
            self._refusals += 1
            if self._refusals >= self._timing.authentication_refusals_max:
                return self._give_up(FatalKind.AUTHENTICATION, event.text, now)
            return self._lost(Reason.AUTHENTICATION_REFUSED, event.text, now)
        if self.phase is not Phase.AUTHENTICATING:
            return []
        self._go(_Step.AUTHENTICATED)
        return self._subscribe(now)

    def _subscribe(self, now: Moment) -> list[Command]:
        return list(self._book.begin(self.generation, now))

    def _acknowledged(self, event: Acknowledged, now: Moment) -> list[Command]:
        if self.phase not in (Phase.SUBSCRIBING, Phase.LIVE):
            return []
        commands: list[Command] = list(
            self._book.answered(event.request, event.accepted, event.text, now)
        )
        if self.phase is Phase.SUBSCRIBING and self._book.settled():
            self._go(_Step.SETTLED)
            self._since = now
        return commands

    def _ended(self, event: Ended, now: Moment) -> list[Command]:
        if self.phase is Phase.OPENING:
            # The construction itself says how it came out; this says why.
            self._early = self._early or event
            return []
        if self.phase not in _CONNECTED:
            return []
        return self._lost_for(event, now)

    def _lost_for(self, event: Ended, now: Moment) -> list[Command]:
        if event.reason is Reason.CONSUMER_FAILED:
            self._consumer_failures += 1
            if self._consumer_failures >= self._timing.consumer_failures_max:
                return self._give_up(FatalKind.CONSUMER, event.detail, now)
        return self._lost(event.reason, event.detail, now)

    def _check(self, vitals: Vitals | None, now: Moment) -> list[Command]:
        self._check_us = now.steady_us + self._timing.check_us
        if vitals is not None:
            self._evidence_at = _latest(self._evidence_at, vitals.pong_at, vitals.heard_at)
            if not vitals.alive:
                return self._lost(Reason.THREAD_ENDED, "the socket's thread has ended", now)
            pong_at = _latest(self._since, vitals.pong_at)
            if now.steady_us - pong_at.steady_us > self._timing.pong_age_us_max:
                limit = f"no pong within {self._timing.pong_age_us_max} us"
                return self._lost(Reason.PONG_MISSING, limit, now)
        if self.phase is Phase.AUTHENTICATING:
            if now.steady_us < self._deadline_us:
                return []
            limit = f"no answer within {self._timing.authentication_us} us"
            return self._lost(Reason.AUTHENTICATION_LATE, limit, now)
        overdue = self._book.overdue(now)
        if overdue:
            limit = f"no answer within {self._timing.acknowledgement_us} us: {', '.join(overdue)}"
            return self._lost(Reason.SUBSCRIPTION_LATE, limit, now)
        return self._check_live(vitals, now)

    def _check_live(self, vitals: Vitals | None, now: Moment) -> list[Command]:
        stood_us = now.steady_us - self._since.steady_us
        if self.phase is Phase.LIVE and stood_us >= self._timing.stable_us:
            self._backoff.succeeded()
            self._refusals = 0
            self._consumer_failures = 0
        silent = {} if vitals is None else self._book.silent(vitals, now)
        if vitals is None or not silent:
            return list(self._book.due(now))
        outages: list[Command] = []
        detail = "silent: " + ", ".join(silent)
        # A pong proves nothing about deliveries: from the first silence on, only frames do.
        doubtful = min(silent.values(), key=lambda one: one.steady_us)
        for topic in self._book.topics:
            _, heard_at = vitals.topics.get(topic, (0, doubtful))
            since = silent.get(topic) or _latest(doubtful, heard_at)
            outages += self._book.lost((topic,), since, now, Reason.TOPIC_SILENT, detail)
        leaving, *others = self._lost(Reason.TOPIC_SILENT, detail, now)
        return [leaving, *outages, *others]

    def _lost(
        self, reason: Reason, detail: str, now: Moment, *, leave: bool = True
    ) -> list[Command]:
        """Gives the connection up: silence it first, then tell, then wait for the next."""
        self._go(_Step.LOST)
        self._deadline_us = now.steady_us + self._backoff.next_us()
        self.outages += 1
        outages = self._book.lost(self._book.topics, self._evidence_at, now, reason, detail)
        return [self._leave(self.generation, now), *outages] if leave else list(outages)

    def _leave(self, generation: int, now: Moment) -> Leave:
        self._departures.leave(generation, now.steady_us + self._timing.exit_us)
        return Leave(generation=generation)

    def _give_up(self, kind: FatalKind, detail: str, now: Moment) -> list[Command]:
        leaving = self._show_out(now)
        self._go(_Step.GIVEN_UP)
        return [*leaving, Fatal(kind=kind, at=now.exchange, detail=detail)]

    def _stop(self, now: Moment) -> list[Command]:
        leaving = self._show_out(now)
        self._go(_Step.STOPPED)
        return leaving

    def _show_out(self, now: Moment) -> list[Command]:
        if self.phase in _CONNECTED:
            return [self._leave(self.generation, now)]
        if self.phase is Phase.OPENING:
            # What is still being constructed leaves as soon as it stands.
            self._departures.leave(self.generation, now.steady_us + self._timing.exit_us)
        return []


def _latest(moment: Moment, *others: Moment | None) -> Moment:
    known = [other for other in others if other is not None]
    return max([moment, *known], key=lambda one: one.steady_us)
