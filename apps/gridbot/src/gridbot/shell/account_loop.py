"""The loop of one account: inbox, session, journal, requests, observers, in this order.

It waits, reads the clock, and passes on; it decides nothing.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from enum import Enum

from appkit.exits import RunFailed
from bybit_adapter.normalizer.words import Received
from bybit_adapter.ws_client.words import Connected, Fatal, FatalKind, Outage, Restored
from gridbot.shell.clock import SessionClock
from gridbot.shell.exchange_calls import never_left
from gridbot.shell.inbox import Inbox
from gridbot.shell.keeping import Keep, Keeping
from gridbot.shell.private_stream import PrivateStream, end_of
from gridbot.shell.ticker_watch import TickerWatch
from gridbot.shell.units_watch import UnitsWatch
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
    StreamRestored,
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

Handled = tuple[Event, Effects, Instant, Instant | None]
"""The last one: when the market's frame was received that brought the event."""


class LoopEnd(Enum):
    """Why a loop ended."""

    ASKED = "asked"
    REBUILD = "a symbol has other units: the session has to begin anew"


class AccountLoop:
    """Drives one session until it is asked to end, or an error ends it.

    The session has its memory already. It begins once all streams have delivered, with `reports`:
    what the exchange said of each symbol. `inbox`, streams and `venue` are this account's own.
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
        self._keeping = Keeping(keep)
        self._pause_s_max = pause_s_max
        instruments = {name: one.instrument for name, one in session.strategies.items()}
        self._units = UnitsWatch(instruments, session.awaits_rebuilding)
        self._begun = False
        self._busy = False
        self._left: deque[Item] = deque()
        self._early: list[Event] = []
        self._first: dict[str, Received] = {}
        self._handled: list[Handled] = []
        self._through = Instant(0)
        self._settled_through = Instant(0)
        self._unwritable = False
        self._commit_due_s: float | None = None
        self._since_kept = 0
        self._turned_s = clock.steady_s()
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
        in_flight = self._venue.in_flight + len(self._inbox) + len(self._left) + self._busy
        return Settled(
            handled_through_us=self._settled_through,
            in_flight=in_flight,
            ready=self._begun and self.streams_up,
        )

    def turned_age_s(self) -> float:
        """Seconds of this machine since the last turn ended: below one where all is well."""
        return self._clock.steady_s() - self._turned_s

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

    def unread(self) -> list[OperatorCommand]:
        """Commands that nobody will handle here any more, each given once: for the successor of a
        loop that has ended."""
        left, self._left = (*self._left, *self._inbox.drain()), deque()
        return [one for one in left if isinstance(one, OperatorCommand)]

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
            if self._units.awaits_rebuilding():
                await self._end()
                return LoopEnd.REBUILD
        await self._turn()
        await self._end()
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
        elif self.streams_up and self._tickers.heard_all:
            self._begin()
        # What is slow in here is no pause of the process; what follows are waits that have an end.
        self._look()
        await self._settle()
        self._notice_pause()
        self._look()
        self._turned_s = self._seen_s
        self._busy = False

    def _look(self) -> None:
        self._seen_s, self._seen_at = self._clock.steady_s(), self._clock.now()

    def _wait_s(self) -> float:
        if not self._begun:
            return HEARTBEAT_S
        deadlines = (self.session.next_deadline(), self._tickers.next_deadline())
        known = [deadline for deadline in deadlines if deadline is not None]
        wait_s = self._clock.wait_s(min(known, default=None))
        return HEARTBEAT_S if wait_s is None else min(HEARTBEAT_S, wait_s)

    def _notice_pause(self) -> None:
        """SIGSTOP, a machine suspended, a disk that hung: frames may be lost, others are old."""
        if self._pause_s_max is None or not self._begun:
            return
        if self._clock.steady_s() - self._seen_s <= self._pause_s_max:
            return
        self.pauses += 1
        since, now = self._seen_at, self._clock.now()
        for event in (*self._tickers.paused(since, now), *self._private.paused(since, now)):
            self._handle(event)

    # -- items -----------------------------------------------------------------------------

    def _take(self, item: Item) -> None:
        match item:
            case Received():
                self._received(item)
            case PrivateFrame():
                for received in self._private.frame(item):
                    self._received(received)
                self._pass_on(self._private.unread())
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
        before: list[StreamRestored] = []
        if isinstance(event, Ticker):
            if self._tickers.is_of_before(received.exchange_at):
                return
            before = self._tickers.seen(event.symbol, self._clock.now())
            if not self._begun:
                self._first[event.symbol] = received
        if not self._begun:
            return
        self._fire(self._clock.timers_until(received.exchange_at))
        self._clock.heard(received.exchange_at)
        for restored in before:
            self._handle(restored)
        self._handle(event, received.received_at if isinstance(event, Ticker) else None)
        self._through = max(self._through, received.exchange_at)

    def _event(self, event: Event) -> None:
        """Answers, commands, reports: they bear our own time."""
        if isinstance(event, SymbolReport):
            self._units.note(event)
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
        raise end_of(self.name, fatal)

    def _begin(self) -> None:
        """The first event of a process: there is no other way in.

        The newest ticker that came before is the market in which the session begins.
        """
        self._begun = True
        now = self._clock.now()
        self._tickers.expect(now)
        self._handle(SessionStarted(at=now))
        for event in (*self._reports, *self._early):
            self._handle(event)
        self._early.clear()
        for received in self._first.values():
            self._received(received)
        self._first.clear()

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

    def _handle(self, event: Event, received_at: Instant | None = None) -> None:
        now = self._clock.now()
        effects = self.session.handle(event, now)
        self._journal.append(event, effects, now)
        self._handled.append((event, effects, now, received_at))
        if self._commit_due_s is None:
            self._commit_due_s = self._clock.steady_s() + COMMIT_S_MAX

    # -- durable, then sent, then told -----------------------------------------------------

    async def _settle(self) -> None:
        """What was handled becomes durable before anything it caused leaves.

        Events that caused nothing wait for the next that does, a second at most.
        """
        caused = any(effects for _, effects, _, _ in self._handled)
        if caused or self._commit_is_due():
            await self._commit()
        handled, self._handled = self._handled, []
        for _, effects, now, received_at in handled:
            for request in effects.requests:
                self._send(request, now, received_at)
        for event, effects, now, _ in handled:
            for observer in self._observers:
                observer.observe(self.name, event, effects, now)
        self._since_kept += len(handled)
        if self._since_kept >= KEEP_EVERY:
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

    def _send(self, request: Request, now: Instant, received_at: Instant | None) -> None:
        """Without a journal only leaves what a restart would find out by itself."""
        if not (self._unwritable and isinstance(request, Approved)):
            self._venue.send(request, received_at)
        elif unsent := never_left(request, "the journal cannot be written", now):
            self._inbox.put(unsent)

    async def _save(self) -> None:
        """Begin to keep the state; everything up to it is durable first."""
        if self._unwritable or self._keeping.busy:
            return
        await self._commit()
        if not self._unwritable:
            self._since_kept = 0
            await self._keeping.begin()

    async def _end(self) -> None:
        await self._commit()
        if not self._unwritable:
            await self._keeping.end()
