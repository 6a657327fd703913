"""The loop of one account: inbox, session, journal, requests, observers, in this order.

It waits, reads the clock, and passes on; it decides nothing.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum

from appkit.exits import RunFailed
from bybit_adapter.normalizer.words import Received
from bybit_adapter.ws_client.words import Connected, Fatal, FatalKind, Outage, Restored
from gridbot.shell.clock import SessionClock
from gridbot.shell.exchange_calls import never_left
from gridbot.shell.inbox import Inbox
from gridbot.shell.private_stream import PrivateStream
from gridbot.shell.ticker_watch import TickerWatch
from gridbot.shell.words import Ended, Item, PrivateFrame, TickersDown, TickersUp
from gridbot.words import (
    Journal,
    JournalUnwritable,
    Observer,
    Settled,
    StopToken,
    StreamAge,
    Venue,
)
from gridcore.clock import Instant
from gridcore.events import (
    Event,
    HostCondition,
    HostReport,
    OperatorCommand,
    SessionStarted,
    SymbolReport,
    Ticker,
    TimerFired,
)
from gridcore.session.account import AccountSession
from gridcore.session.effects import Approved, Effects, Request

HEARTBEAT_S = 0.25
PAUSE_S_MAX = 5.0
"""A process that was away for longer may have lost frames of every stream (blueprint, 5)."""
HANDLING_S_MAX = 0.01
"""How long items are handled before what they caused leaves, and others have their turn."""
COMMIT_S_MAX = 1.0
"""How long events that caused nothing may wait for the disk."""
KEEP_EVERY = 5_000
"""Events between two saved states; what came since is in the journal."""
TIMERS_AT_ONCE_MAX = 10_000

Keep = Callable[[], Awaitable[None]]
"""Saves all memory of the session, which stands right behind what was committed last."""
Handled = tuple[Event, Effects, Instant]


class LoopEnd(Enum):
    """Why a loop ended."""

    ASKED = "asked"
    REBUILD = "a symbol has other units: the session has to begin anew"


class AccountLoop:
    """Drives one session until it is asked to end, or an error ends it.

    The session has its memory already. It begins once all streams deliver, with `reports`: what
    the exchange said of each symbol. `inbox`, streams and `venue` are this account's own.
    `pause_s_max` None: in lockstep the market waits for a process that was away.
    """

    def __init__(
        self,
        name: str,
        session: AccountSession,
        *,
        clock: SessionClock,
        inbox: Inbox[Item],
        private: PrivateStream,
        tickers: TickerWatch,
        journal: Journal,
        venue: Venue,
        observers: Sequence[Observer],
        reports: Sequence[SymbolReport],
        keep: Keep,
        pause_s_max: float | None = PAUSE_S_MAX,
    ) -> None:
        self.name = name
        self.session = session
        self.pauses = 0
        self._clock = clock
        self._inbox = inbox
        self._private = private
        self._tickers = tickers
        self._journal = journal
        self._venue = venue
        self._observers = tuple(observers)
        self._reports = tuple(reports)
        self._keep = keep
        self._pause_s_max = pause_s_max
        self._newest: dict[str, SymbolReport] = {}
        self._begun = False
        self._busy = False
        self._left: deque[Item] = deque()
        self._early: list[Event] = []
        self._handled: list[Handled] = []
        self._through = Instant(0)
        self._settled_through = Instant(0)
        self._unwritable = False
        self._commit_due_s: float | None = None
        self._since_kept = 0
        self._seen_s = clock.steady_s()
        self._seen_at = clock.now()

    # -- what others see -------------------------------------------------------------------

    @property
    def begun(self) -> bool:
        """Whether the session has started: all streams delivered once."""
        return self._begun

    @property
    def streams_up(self) -> bool:
        """Whether every stream delivers now."""
        return self._private.up and self._tickers.up

    def now(self) -> Instant:
        """The session's time."""
        return self._clock.now()

    def settled(self) -> Settled:
        """How far everything that came is handled, journaled and sent."""
        # In this order an answer that arrives meanwhile is counted, twice at most.
        in_flight = self._venue.in_flight
        in_flight += len(self._inbox) + len(self._left) + self._busy
        return Settled(
            handled_through_us=self._settled_through,
            in_flight=in_flight,
            ready=self._begun and self.streams_up,
        )

    def streams(self) -> list[StreamAge]:
        """Every stream of the account."""
        private = StreamAge(name="private", heard_at=self._private.heard_at, up=self._private.up)
        return [private, *self._tickers.ages()]

    def command(self, command: OperatorCommand) -> None:
        """Hand an operator's command in; from any thread."""
        self._inbox.put(command)

    def report(self, report: HostReport | SymbolReport) -> None:
        """Hand in what the process says of itself, or the exchange of a symbol; any thread."""
        self._inbox.put(report)

    # -- the loop --------------------------------------------------------------------------

    async def run(self, end: StopToken) -> LoopEnd:
        """Handle what comes until the end is asked for; then all of it is durable and kept.

        RunFailed when a part that the account cannot do without has ended.
        """
        while not end.requested:
            if not self._left:
                self._left.extend(await self._inbox.take(self._wait_s()))
            else:
                await asyncio.sleep(0)
            await self._turn()
            if self._awaits_rebuilding():
                await self._save()
                return LoopEnd.REBUILD
        await self._turn()
        await self._save()
        return LoopEnd.ASKED

    async def _turn(self) -> None:
        self._busy = True
        self._notice_pause()
        until_s = self._clock.steady_s() + HANDLING_S_MAX
        while self._left:
            self._take(self._left.popleft())
            if self._clock.steady_s() > until_s:
                break
        if self._begun:
            self._fire(self._clock.timers_until(self._clock.now()))
        elif self.streams_up:
            self._begin()
        await self._settle()
        # What is slow in here is no pause of the process; what follows is a wait that has an end.
        self._seen_s, self._seen_at = self._clock.steady_s(), self._clock.now()
        self._busy = False

    def _wait_s(self) -> float:
        if not self._begun:
            return HEARTBEAT_S
        deadlines = (self.session.next_deadline(), self._tickers.next_deadline())
        known = [deadline for deadline in deadlines if deadline is not None]
        wait_s = self._clock.wait_s(min(known, default=None))
        return HEARTBEAT_S if wait_s is None else min(HEARTBEAT_S, wait_s)

    def _notice_pause(self) -> None:
        """SIGSTOP, a suspended machine: frames may be lost though every socket looks alive."""
        if self._pause_s_max is None or not self._begun:
            return
        if self._clock.steady_s() - self._seen_s <= self._pause_s_max:
            return
        self.pauses += 1
        since, now = self._seen_at, self._clock.now()
        for event in (*self._tickers.paused(since), *self._private.paused(since, now)):
            self._handle(event)

    # -- items -----------------------------------------------------------------------------

    def _take(self, item: Item) -> None:
        match item:
            case Received():
                self._received(item)
            case PrivateFrame():
                for received in self._private.frame(item):
                    self._received(received)
            case Connected():
                self._private.connected()
            case Outage():
                self._pass_on(self._private.outage(item))
            case Restored():
                self._pass_on(self._private.restored(item))
            case Fatal():
                self._fatal(item)
            case TickersDown():
                self._pass_on(self._tickers.down(item))
            case TickersUp():
                self._tickers.restored(item)
            case Ended():
                raise RunFailed(f"account {self.name}: {item.text}")
            case _:
                self._event(item)

    def _received(self, received: Received) -> None:
        event = received.event
        if isinstance(event, Ticker):
            before = self._tickers.seen(event.symbol, self._clock.now())
        else:
            before = []
        if not self._begun:
            return
        self._fire(self._clock.timers_until(received.exchange_at))
        self._clock.heard(received.exchange_at)
        for restored in before:
            self._handle(restored)
        self._handle(event)
        self._through = max(self._through, received.exchange_at)

    def _event(self, event: Event) -> None:
        """Answers, commands, reports: they bear our own time."""
        if isinstance(event, SymbolReport) and event.symbol in self.session.strategies:
            self._newest[event.symbol] = event
        if not self._begun:
            self._early.append(event)
            return
        self._fire(self._clock.timers_until(self._clock.now()))
        self._handle(event)

    def _pass_on(self, events: Sequence[Event]) -> None:
        """What streams do before the session begins is settled by its beginning."""
        if self._begun:
            for event in events:
                self._handle(event)

    def _fatal(self, fatal: Fatal) -> None:
        if fatal.kind is FatalKind.AUTHENTICATION and self._begun:
            self._pass_on(self._private.fatal(fatal))
            return
        text = f"the private stream has ended: {fatal.kind.value}: {fatal.detail}"
        raise RunFailed(
            f"account {self.name}: {text}",
            "see whether the key is valid, with `gridbot doctor`"
            if fatal.kind is FatalKind.AUTHENTICATION
            else None,
        )

    def _begin(self) -> None:
        """The first event of a process: there is no other way in."""
        self._begun = True
        now = self._clock.now()
        self._tickers.expect(now)
        self._handle(SessionStarted(at=now))
        for event in (*self._reports, *self._early):
            self._handle(event)
        self._early.clear()

    def _fire(self, until: Instant) -> None:
        """Everything due by then, each at its own deadline."""
        for _ in range(TIMERS_AT_ONCE_MAX):
            deadline = self.session.next_deadline()
            if deadline is None or deadline > until:
                break
            self._clock.heard(deadline)
            self._handle(TimerFired(at=self._clock.now()))
        else:
            raise AssertionError("expected a deadline in the future after a timer has fired")
        for lost in self._tickers.due(self._clock.now()):
            self._handle(lost)

    def _handle(self, event: Event) -> None:
        now = self._clock.now()
        effects = self.session.handle(event, now)
        self._journal.append(event, effects, now)
        self._handled.append((event, effects, now))
        if self._commit_due_s is None:
            self._commit_due_s = self._clock.steady_s() + COMMIT_S_MAX

    # -- durable, then sent, then told -----------------------------------------------------

    async def _settle(self) -> None:
        """What was handled becomes durable before anything it caused leaves.

        Events that caused nothing wait for the next that does, a second at most.
        """
        caused = any(effects for _, effects, _ in self._handled)
        if caused or self._commit_is_due():
            await self._commit()
        handled, self._handled = self._handled, []
        for _, effects, now in handled:
            for request in effects.requests:
                self._send(request, now)
        for event, effects, now in handled:
            for observer in self._observers:
                observer.observe(self.name, event, effects, now)
        self._since_kept += len(handled)
        if self._since_kept >= KEEP_EVERY and not self._unwritable:
            await self._save()
        self._settled_through = self._through

    def _commit_is_due(self) -> bool:
        return self._commit_due_s is not None and self._clock.steady_s() >= self._commit_due_s

    async def _commit(self) -> None:
        try:
            await self._journal.commit()
        except JournalUnwritable:
            self._commit_due_s = self._clock.steady_s() + COMMIT_S_MAX
            self._tell_unwritable(stands=True)
        else:
            self._commit_due_s = None
            if self._unwritable:
                self._tell_unwritable(stands=False)
                await self._commit()

    def _tell_unwritable(self, *, stands: bool) -> None:
        if stands is self._unwritable:
            return
        self._unwritable = stands
        condition = HostCondition.JOURNAL_UNWRITABLE
        self._handle(HostReport(at=self._clock.now(), condition=condition, stands=stands))

    def _send(self, request: Request, now: Instant) -> None:
        """Without a journal only leaves what a restart would find out by itself."""
        if self._unwritable and isinstance(request, Approved):
            unsent = never_left(request, "the journal cannot be written", now)
            assert unsent is not None, "a placement always gets an answer"
            self._inbox.put(unsent)
            return
        self._venue.send(request)

    async def _save(self) -> None:
        """Keep the state; everything up to it is durable first."""
        await self._commit()
        self._since_kept = 0
        if not self._unwritable:
            await self._keep()

    def _awaits_rebuilding(self) -> bool:
        """Whether a symbol has other units by the newest report, and is empty (ADR 0035)."""
        return any(
            report.hedge_mode
            and self._has_other_units(report)
            and self.session.awaits_rebuilding(symbol)
            for symbol, report in self._newest.items()
        )

    def _has_other_units(self, report: SymbolReport) -> bool:
        known, told = self.session.strategies[report.symbol].instrument, report.instrument
        return (known.tick_size, known.qty_step) != (told.tick_size, told.qty_step)
