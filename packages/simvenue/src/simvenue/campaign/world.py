"""The world of one scenario: a session and a venue on virtual time, with a bad link between them.

It knows whose turn it is; it refuses to judge. The same scenario gives the same run.
"""

from collections import deque
from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol

from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event, SessionStarted, StreamLost, StreamRestored, Ticker, TimerFired
from gridcore.session.account import AccountSession
from gridcore.session.effects import Approved, Effects
from gridcore.session.silence import TickerSilence
from simvenue.campaign.board import FaultBoard, source_of
from simvenue.campaign.deeds import Deeds, Injected
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.link import REQUEST_TIMEOUT_US, Link
from simvenue.campaign.plot import Plot
from simvenue.campaign.shell import Shell
from simvenue.campaign.words import FaultKind, Scenario
from simvenue.records import Records
from simvenue.slices import SlicedMatching
from simvenue.venue import SimVenue

NEVER = 1 << 62

PAUSE_LOSES_STREAMS_US = 5 * SECOND_US
"""A loop that stood still for longer counts as the loss of every stream (ARCHITECTURE 5)."""

TIMERS_AT_ONCE = 1000
"""So many timers at one instant mean that a deadline never passes."""


class Watcher(Protocol):
    """Someone who looks at every event: a checker, a counter, a teller."""

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """The session has handled an event; its requests have not left yet."""

    def finished(self, world: "World") -> None:
        """The last ticker and the last delivery are over."""


class Turn(IntEnum):
    """Who acts next; at one instant in this order."""

    PLOT = 0
    VENUE = 1
    ROW = 2
    LINK = 3
    TICKER = 4
    SILENCE = 5
    TIMER = 6


class World:
    """Plays a scenario; what watchers may look at is public.

    `events`: how many the session has handled. `restarts`: how many processes died and came back.
    A ticker reaches the session `latency_us` after the venue has seen its row.
    """

    __slots__ = (
        "_end",
        "_heard",
        "_inbox",
        "_last_timer",
        "_paused_at",
        "_plot",
        "_private_told",
        "_row",
        "_shell",
        "_silence",
        "_silent",
        "_symbols",
        "_timers",
        "_watchers",
        "board",
        "deeds",
        "down",
        "events",
        "link",
        "now",
        "records",
        "restarts",
        "scenario",
        "venue",
    )

    def __init__(self, scenario: Scenario, watchers: Sequence[Watcher]) -> None:
        assert scenario.tickers, "expected a scenario with tickers"
        assert scenario.venue.repeat_in_pushes, "the exchange's records need every order state"
        assert not scenario.venue.place_latency_us + scenario.venue.cancel_latency_us, (
            "the link alone delays requests: expected a venue without latency"
        )
        self.scenario = scenario
        self.now = scenario.start
        self.events = 0
        self.restarts = 0
        self.down = False
        """Whether there is no process."""
        self.venue = SimVenue(scenario.venue, scenario.symbols, scenario.start)
        self._slice_fills()
        self._symbols = [setup.instrument.symbol for setup in scenario.setups]
        self.records = Records(spec.instrument.symbol for spec in scenario.symbols)
        self.board = FaultBoard(scenario.seed, scenario.faults)
        self.link = Link(scenario, self.venue, self.records, self.board)
        self.deeds = Deeds(scenario, self.venue)
        self._shell = Shell(scenario)
        self._plot = Plot(self)
        self._watchers = tuple(watchers)
        self._silence = self._expectations()
        self._silent: dict[str, bool] = {}
        self._inbox: deque[Event] = deque()
        self._paused_at: Instant | None = None
        self._private_told = False
        self._row = 0
        self._heard = 0
        self._end = scenario.tickers[-1].at + scenario.latency_us
        self._timers = 0
        self._last_timer = Instant(0)

    # -- what watchers look at -------------------------------------------------------------

    @property
    def session(self) -> AccountSession:
        """The session of the living process, or of the one that died last."""
        return self._shell.session

    @property
    def injected(self) -> dict[FaultKind, int]:
        """How often each kind of fault acted."""
        return self.board.counts

    @property
    def other_hands(self) -> list[Injected]:
        """Orders and trades of another hand that the venue took, in order of time."""
        return self.deeds.injected

    # -- the loop --------------------------------------------------------------------------

    def play(self) -> None:
        """Play to the end; what a law or the session raises comes out."""
        self.receive(SessionStarted(at=self.now))
        while self._take_turn():
            pass
        for watcher in self._watchers:
            watcher.finished(self)

    def _take_turn(self) -> bool:
        """Let the earliest act; False when the play is over."""
        tickers, row, heard = self.scenario.tickers, self._row, self._heard
        turn, at = Turn.PLOT, self._plot.next_due()
        due = self.venue.next_deadline()
        if due is not None and due < at and due <= self._end:
            turn, at = Turn.VENUE, due
        if row < len(tickers) and tickers[row].at < at:
            turn, at = Turn.ROW, tickers[row].at
        due = self.link.next_due()
        if due is not None and due < at and due <= self._end + 2 * REQUEST_TIMEOUT_US:
            turn, at = Turn.LINK, due
        if heard < len(tickers) and tickers[heard].at + self.scenario.latency_us < at:
            turn, at = Turn.TICKER, Instant(tickers[heard].at + self.scenario.latency_us)
        if not self.down and self._paused_at is None:
            due = self._silence.next_deadline()
            if due is not None and due < at and due <= self._end:
                turn, at = Turn.SILENCE, due
            due = self._shell.session.next_deadline()
            if due is not None and due < at and due <= self._end:
                turn, at = Turn.TIMER, due
        if at >= NEVER:
            return False
        if at > self.now:
            self.now = at
        self._act(turn)
        return True

    def _act(self, turn: Turn) -> None:
        now = self.now
        if turn is Turn.LINK:
            event = self.link.step(now)
            if event is not None:
                self.receive(event)
        elif turn is Turn.ROW:
            ticker = self.scenario.tickers[self._row]
            self._row += 1
            self.link.tell(
                self.venue.on_ticker(
                    ticker.symbol,
                    ticker.at,
                    ticker.last,
                    ticker.mark,
                    ticker.bid,
                    ticker.ask,
                    ticker.funding_rate,
                ),
                now,
            )
        elif turn is Turn.TICKER:
            ticker = self.scenario.tickers[self._heard]
            self._heard += 1
            if not self._plot.is_unheard(ticker.symbol):
                self.receive(ticker)
        elif turn is Turn.TIMER:
            self._fire()
        elif turn is Turn.PLOT:
            self._plot.turn(now)
        elif turn is Turn.VENUE:
            self.link.tell(self.venue.advance(now), now)
        else:
            for symbol in self._silence.due(now):
                self._silent[symbol] = True
                self.receive(StreamLost(at=now, symbol=symbol, reason="no ticker"))

    def _fire(self) -> None:
        self._timers = self._timers + 1 if self.now == self._last_timer else 1
        self._last_timer = self.now
        if self._timers > TIMERS_AT_ONCE:
            raise LawBroken(Law.DEADLINES_AHEAD, "a deadline stays due for ever", self.now)
        self.receive(TimerFired(at=self.now))

    # -- the process -----------------------------------------------------------------------

    def receive(self, event: Event) -> None:
        """Something reaches the process: it waits while the loop stands still."""
        if self.down:
            return
        if self._paused_at is not None:
            self._inbox.append(event)
            return
        if isinstance(event, Ticker) and self._silence.seen(event.symbol, self.now):
            self._silent.pop(event.symbol, None)
            self._hand(StreamRestored(at=self.now, symbol=event.symbol))
            if self.down:
                return
        self._hand(event)

    def _hand(self, event: Event) -> None:
        now = self.now
        effects = self._shell.take(event, now)
        self.events += 1
        for watcher in self._watchers:
            watcher.handled(self, event, now, effects)
        plot, link = self._plot, self.link
        for request in effects.requests:
            if plot.kills():
                self.die()
                return
            link.send(request.request if isinstance(request, Approved) else request, now)
            plot.sent()
        if effects.requests and plot.kills():
            self.die()

    def die(self) -> None:
        """The process ends, whatever it was about to do."""
        self.down = True
        self.link.cut()
        self._inbox.clear()
        self._paused_at = None
        self._plot.died()

    def rise(self) -> None:
        """A new process takes over where the old one died.

        It knows from the saved modes which streams had been lost, and tells them restored when
        they deliver.
        """
        self._shell.restart(self.now)
        self.restarts += 1
        self.down = False
        self.link.join()
        self._silence = self._expectations()
        for symbol in self._silent:
            self._silence.lost(symbol)
        told, self._private_told = self._private_told, False
        self.receive(SessionStarted(at=self.now))
        if self.link.private_down:
            self.tell_private_lost("the socket does not open")
        elif told:
            self.receive(StreamRestored(at=self.now, symbol=None))

    def tell_private_lost(self, reason: str) -> None:
        """The process notices that the private stream is lost."""
        if not self.down and not self._private_told:
            self._private_told = True
            self.receive(StreamLost(at=self.now, symbol=None, reason=reason))

    def tell_private_restored(self) -> None:
        """The private stream delivers again; nothing is told when its loss was not noticed."""
        if self._private_told and not self.down:
            self._private_told = False
            self.receive(StreamRestored(at=self.now, symbol=None))

    def pause(self) -> None:
        """The loop stands still: nothing is handled until `wake`."""
        if not self.down and self._paused_at is None:
            self._paused_at = self.now

    def wake(self) -> None:
        """The loop goes on: a long pause is the loss of every stream; then comes what queued."""
        paused_at = self._paused_at
        if paused_at is None:
            return
        self._paused_at = None
        now = self.now
        waiting = list(self._inbox)
        self._inbox.clear()
        if now - paused_at > PAUSE_LOSES_STREAMS_US:
            reason = "the loop stood still"
            told: list[Event] = [StreamLost(at=now, symbol=None, reason=reason)]
            for symbol in self._symbols:
                told.append(StreamLost(at=now, symbol=symbol, reason=reason))
                self._silence.lost(symbol)
                self._silent[symbol] = True
            if not self.link.private_down:
                told.append(StreamRestored(at=now, symbol=None))
            else:
                self._private_told = True
            waiting = told + waiting
        for event in waiting:
            self.receive(event)

    # -- the beginning ---------------------------------------------------------------------

    def _expectations(self) -> TickerSilence:
        silence = TickerSilence(self.scenario.safety.ticker_gap_s * SECOND_US)
        for symbol in self._symbols:
            silence.expect(symbol, self.now)
        return silence

    def _slice_fills(self) -> None:
        scenario = self.scenario
        if not scenario.partial_fills:
            return
        for market in self.venue.clearing.markets:
            source = source_of(scenario.seed, "partial fills", market.symbol)
            market.matching = SlicedMatching(market.matching, source, scenario.partial_fills)
