"""The exchange as a venue: requests go to the request threads, answers into the inbox.

It refuses to keep anything back for later: what did not leave in time is told as such (L107).
"""

from collections.abc import Callable
from functools import partial

from appkit.beside import beside
from bybit_adapter.rate_limiter import Lane
from gridbot.shell.clock import SessionClock
from gridbot.shell.exchange_calls import ExchangeCalls, lane_of, never_left
from gridbot.shell.request_pool import RequestPool
from gridbot.words import Put
from gridcore.events import Event
from gridcore.session.effects import Request

OPEN_WAIT_S_MAX = 5.0
"""An open that has not left by then is decided anew, at the price of then."""


class LiveVenue:
    """Sends one account's requests. `put` takes answers from any thread."""

    def __init__(
        self,
        name: str,
        calls: ExchangeCalls,
        *,
        clock: SessionClock,
        put: Put,
        on_died: Callable[[str], None],
        steady_s: Callable[[], float],
    ) -> None:
        self._calls = calls
        self._clock = clock
        self._put = put
        self._steady_s = steady_s
        self._pool = RequestPool(name, on_died=on_died)

    @property
    def in_flight(self) -> int:
        """Requests whose answers are not in the inbox yet."""
        return self._pool.in_flight

    def send(self, request: Request) -> None:
        """Hand one request to the threads; every placement and every cancel gets an answer."""
        lane = lane_of(request)
        if not self._pool.submit(lane, partial(self._carry_out, request, lane, self._steady_s())):
            self._tell_unsent(request, "too many requests wait")

    def ask(self, question: Callable[[], Event | None]) -> None:
        """Have a question of the shell's own carried out; without room it is not put."""
        self._pool.submit(Lane.QUERY, partial(self._answer, question))

    async def close(self) -> None:
        """End within seconds; requests that have not left do not leave any more."""
        await beside("close-requests", self._pool.close)

    def _carry_out(self, request: Request, lane: Lane, taken_s: float) -> None:
        if lane is Lane.OPEN and self._steady_s() - taken_s > OPEN_WAIT_S_MAX:
            self._tell_unsent(request, f"it waited more than {OPEN_WAIT_S_MAX:g} s for its turn")
            return
        self._answer(partial(self._calls.answer, request))

    def _answer(self, question: Callable[[], Event | None]) -> None:
        event = question()
        if event is not None:
            self._put(event)

    def _tell_unsent(self, request: Request, text: str) -> None:
        event = never_left(request, text, self._clock.now())
        if event is not None:
            self._put(event)
