"""The exchange as a venue: requests go to the request threads, answers into the inbox.

It refuses to keep anything back for later: what did not leave in time, or may not leave any more,
is told as such (L107).
"""

from collections.abc import Callable
from functools import partial
from math import inf

from appkit.beside import beside
from bybit_adapter.rate_limiter import Lane
from gridbot.shell.clock import SessionClock
from gridbot.shell.exchange_calls import ExchangeCalls, lane_of, never_left
from gridbot.shell.patience import NoLongerWanted, while_wanted
from gridbot.shell.reactions import Reactions
from gridbot.shell.request_pool import WORKERS, RequestPool
from gridbot.words import Put
from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.session.effects import AskSnapshot, CancelOrder, Request, SnapshotKind
from gridcore.session.modes import Mode
from gridcore.sides import DirectionType

OPEN_WAIT_S_MAX = 5.0
"""An open that has not left by then is decided anew, at the price of then."""
WAIT_S_MAX = {Lane.OPEN: OPEN_WAIT_S_MAX, Lane.REDUCE: 10.0, Lane.QUERY: 10.0}
"""For a thread and the exchange's limits together: the session looks for a placement without an
answer after 30 s, and one that left only then would be placed twice. It puts a question again, so
that old ones would only keep the new ones waiting."""

Words = tuple[SnapshotKind, str | None, Instant | None]
"""A question without its reason."""
ModeOf = Callable[[str, DirectionType | None], Mode]
"""The mode in force for a symbol and a direction, or for the worse of both; from any thread."""


class LiveVenue:
    """Sends one account's requests. `put` takes answers from any thread.

    What waited for a thread or for the exchange's limits leaves only if its mode still lets it.
    """

    def __init__(
        self,
        name: str,
        calls: ExchangeCalls,
        *,
        clock: SessionClock,
        put: Put,
        on_died: Callable[[str], None],
        steady_s: Callable[[], float],
        mode_of: ModeOf,
        reactions: Reactions,
        heard_now: Callable[[], Instant],
        in_turn: bool = False,
    ) -> None:
        """`heard_now`: the clock by which frames are received. `in_turn`: requests leave one after
        the other, as the session asked for them, so that a run in lockstep can be repeated."""
        self._name = name
        self._mode_of = mode_of
        self._reactions = reactions
        self._heard_now = heard_now
        self._closed = False
        # In lockstep the market waits, and no time of this machine may decide anything.
        self._wait_s_max = {} if in_turn else WAIT_S_MAX
        self._calls = calls
        self._clock = clock
        self._put = put
        self._steady_s = steady_s
        self._in_turn = in_turn
        self._questions: set[Words] = set()
        """Those that wait for a thread. One thread adds, many discard; each is one step."""
        self._pool = RequestPool(name, on_died=on_died, workers=1 if in_turn else WORKERS)

    @property
    def in_flight(self) -> int:
        """Requests whose answers are not in the inbox yet."""
        return self._pool.in_flight

    def send(self, request: Request, received_at: Instant | None = None) -> None:
        """Hand one request to the threads; every placement and every cancel gets an answer."""
        if isinstance(request, AskSnapshot) and self._waits_already(request):
            return
        lane = lane_of(request)
        work = partial(self._carry_out, request, lane, self._steady_s(), received_at)
        if not self._pool.submit(Lane.QUERY if self._in_turn else lane, work):
            self._begun(request)
            self._tell_unsent(request, "too many requests wait")

    def ask(self, question: Callable[[], Event | None]) -> None:
        """Have a question of the shell's own carried out; without room it is not put."""
        self._pool.submit(Lane.QUERY, partial(self._answer, question))

    async def close(self) -> None:
        """End within seconds; requests that have not left do not leave any more."""
        self._closed = True
        await beside("close-requests", self._pool.close)

    def _carry_out(
        self, request: Request, lane: Lane, taken_s: float, received_at: Instant | None
    ) -> None:
        self._begun(request)
        until_s = taken_s + self._wait_s_max.get(lane, inf)
        objection = self._objection(request, until_s)
        if objection:
            self._tell_unsent(request, objection)
            return
        if received_at is not None:
            self._reactions.add(self._name, self._heard_now() - received_at)
        try:
            with while_wanted(lambda: not self._objection(request, until_s)):
                self._answer(partial(self._calls.answer, request))
        except NoLongerWanted:
            self._tell_unsent(request, "it was not wanted any more while it waited for the limit")

    def _waits_already(self, request: AskSnapshot) -> bool:
        """Whether the same question waits for a thread: its answer will be as new as this one's.

        In lockstep it is put all the same, as the threads' pace may decide nothing.
        """
        question = _words(request)
        if question in self._questions and not self._in_turn:
            return True
        self._questions.add(question)
        return False

    def _begun(self, request: Request) -> None:
        """It waits no more: what is asked from here on is another question."""
        if isinstance(request, AskSnapshot):
            self._questions.discard(_words(request))

    def _objection(self, request: Request, until_s: float) -> str:
        """Why a request may not leave any more; "" when it may."""
        if self._closed:
            return "the account is being closed"
        if self._steady_s() > until_s:
            return "it waited too long for its turn"
        if self._mode_of_request(request) >= _stopped_by(request):
            return "trading was restricted before it left"
        return ""

    def _mode_of_request(self, request: Request) -> Mode:
        if isinstance(request, AskSnapshot):
            return Mode.NORMAL
        if isinstance(request, CancelOrder):
            return self._mode_of(request.symbol, None)
        return self._mode_of(request.request.symbol, request.request.direction)

    def _answer(self, question: Callable[[], Event | None]) -> None:
        event = question()
        if event is not None:
            self._put(event)

    def _tell_unsent(self, request: Request, text: str) -> None:
        event = never_left(request, text, self._clock.now())
        if event is not None:
            self._put(event)


def _words(question: AskSnapshot) -> Words:
    return question.kind, question.symbol, question.since


def _stopped_by(request: Request) -> Mode:
    """The mode from which on a request does not leave."""
    if isinstance(request, AskSnapshot | CancelOrder):
        return Mode.SILENT
    return Mode.HALT if request.request.reduce_only else Mode.NO_OPEN
