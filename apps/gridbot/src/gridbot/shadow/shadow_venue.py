"""A simulated exchange behind the port of the real one: it lives on the live market, and answers.

Nothing it is sent ever leaves the process. It refuses to know where rows come from.
"""

import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence

from appkit.beside import beside
from bybit_adapter.rate_limiter import Lane
from gridbot.shell.request_pool import RequestPool
from gridbot.words import Put
from gridcore.clock import HOUR_US, Instant
from gridcore.events import (
    CashMoved,
    Event,
    Execution,
    FundingPaid,
    OrderUpdate,
    PublicTrade,
    Ticker,
)
from gridcore.instrument import Ticks
from gridcore.session.effects import Approved, AskSnapshot, Request
from gridcore.sides import BUY, SideType
from simvenue.answers import Answers
from simvenue.messages import SymbolSpec, VenueConfig
from simvenue.records import HISTORY_US, Records
from simvenue.venue import SimVenue

KEPT_US = 2 * HISTORY_US
"""What is older is forgotten: the exchange lists orders for half as long, and the session asks for
executions since its last audit."""

Row = OrderUpdate | Execution | FundingPaid | CashMoved


class ShadowVenue:
    """One account's venue. Safe between the loop's thread and those of the market's stream.

    `now` is the session's clock, on which everything happens here; it never decreases. `put` takes
    replies, pushes and answers in the order of an exchange that is no distance away.
    """

    def __init__(
        self,
        name: str,
        config: VenueConfig,
        symbols: Sequence[SymbolSpec],
        *,
        now: Callable[[], Instant],
        put: Put,
        on_died: Callable[[str], None],
    ) -> None:
        start = now()
        self._now = now
        self._put = put
        self._lock = threading.Lock()
        self._venue = SimVenue(config, symbols, start)
        self._records = Records(spec.instrument.symbol for spec in symbols)
        self._answers = Answers(self._venue, self._records)
        self._forget_at = Instant(start + HOUR_US)
        self._questions = RequestPool(name, on_died=on_died, workers=1)

    # -- the session's side ----------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """Questions to the real exchange under way: our own answers are there at once."""
        return self._questions.in_flight

    def send(self, request: Request, received_at: Instant | None = None) -> None:
        """Act on a request; its answer and all that it causes are put before this returns."""
        del received_at
        with self._lock:
            now = self._advance()
            if isinstance(request, AskSnapshot):
                self._put(self._answers.answer(request, now, now))
                return
            order = request.request if isinstance(request, Approved) else request
            reply, *caused = self._venue.submit(order, now)
            self._put(reply)
            self._tell(caused)

    def ask(self, question: Callable[[], Event | None]) -> None:
        """Have a question about the real exchange carried out; without room it is not put."""
        self._questions.submit(Lane.QUERY, lambda: self._answer(question))

    async def close(self) -> None:
        """End within seconds."""
        await beside("close-requests", self._questions.close)

    def _answer(self, question: Callable[[], Event | None]) -> None:
        event = question()
        if event is not None:
            self._put(event)

    # -- the market's side -----------------------------------------------------------------

    def hear(self, event: Event) -> None:
        """Take a ticker or a trade of the market; what it fills is put before this returns."""
        with self._lock:
            now = self._advance()
            if isinstance(event, PublicTrade):
                # Another tick than ours, until the session begins anew with the new one.
                if isinstance(event.price, int):
                    self._tell(
                        self._venue.on_trade(
                            event.symbol, now, Ticks(event.price), event.qty, _taker(event.side)
                        )
                    )
            elif isinstance(event, Ticker):
                self._tell(
                    self._venue.on_ticker(
                        event.symbol,
                        now,
                        event.last,
                        event.mark,
                        event.bid,
                        event.ask,
                        event.funding_rate,
                    )
                )

    # -- inside ----------------------------------------------------------------------------

    def _advance(self) -> Instant:
        """Bring the venue to now: funding, in its time."""
        now = self._now()
        self._tell(self._venue.advance(now))
        if now >= self._forget_at:
            self._forget(Instant(now - KEPT_US))
            self._forget_at = Instant(now + HOUR_US)
        return now

    def _tell(self, events: Sequence[Event]) -> None:
        self._records.take(events)
        for event in events:
            self._put(event)

    def _forget(self, before: Instant) -> None:
        records = self._records
        rows: list[list[OrderUpdate] | list[Execution | FundingPaid] | list[CashMoved]] = [
            *records.ended.values(),
            *records.executions.values(),
            records.movements,
        ]
        for one in rows:
            del one[: bisect_left(one, before, key=_at)]


def _at(row: Row) -> Instant:
    return row.at


def _taker(side: SideType | None) -> int:
    """+1: the taker bought, -1: sold, 0: unknown."""
    if side is None:
        return 0
    return 1 if side is BUY else -1
