"""When faults begin and end, and what those mean that act on the world rather than on a message.

It knows the scenario's faults; it refuses to know what the session makes of them.
"""

from dataclasses import replace
from enum import Enum, auto
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    AuthenticationFailed,
    OperatorAction,
    OperatorCommand,
    SymbolReport,
)
from simvenue.campaign.board import LiveFault
from simvenue.campaign.words import FaultKind

if TYPE_CHECKING:
    from simvenue.campaign.world import World

K = FaultKind
NEVER = 1 << 62

DETECTION_US = (20 * SECOND_US, 40 * SECOND_US)
"""A private stream that says nothing is noticed after so long, by its heartbeat."""

LASTS_US = {
    K.CRASH: 10 * SECOND_US,
    K.SYMBOL_CHANGED: 20 * SECOND_US,
    K.LIQUIDATED: 20 * SECOND_US,
}
"""How long a fault of these kinds lasts when its window is empty."""

AT_VENUE = frozenset(
    {
        K.MANUAL_TRADE,
        K.MANUAL_ORDER,
        K.MANUAL_CANCEL,
        K.TWIN_ORDER,
        K.DELEVERAGED,
        K.LIQUIDATED,
        K.DEPOSIT,
        K.WITHDRAWAL,
    }
)


ON_MESSAGES = frozenset(
    {
        K.REQUEST_LOST,
        K.REQUEST_DELAYED,
        K.REQUEST_REPEATED,
        K.REPLY_LOST,
        K.REPLY_DELAYED,
        K.REPLY_REPEATED,
        K.PUSH_LOST,
        K.PUSH_DELAYED,
        K.PUSH_REORDERED,
        K.PUSH_REPEATED,
        K.END_CONTRADICTED,
        K.PLACE_REFUSED,
        K.CANCEL_REFUSED,
        K.SNAPSHOT_LOST,
        K.SNAPSHOT_DELAYED,
        K.SNAPSHOT_STALE,
        K.SNAPSHOT_INCOMPLETE,
        K.AUTHENTICATION_REFUSED,
    }
)


class _Phase(Enum):
    BEGIN = auto()
    MIDDLE = auto()
    END = auto()


class Plot:
    """Begins and ends every fault at its time.

    A crash kills at the effect that its number says or, when there are not so many effects, in the
    middle of its window; the new process starts at its end. A manual order that still rests at the
    end of its window is taken back; after a liquidation the operator resumes at the end.
    """

    __slots__ = (
        "_changes",
        "_killer",
        "_left",
        "_parts",
        "_pauses",
        "_scheduled",
        "_unheard",
        "_waiting",
        "_world",
    )

    def __init__(self, world: "World") -> None:
        self._world = world
        self._parts: list[tuple[int, int, _Phase, LiveFault]] = []
        self._scheduled = 0
        for live in world.board.faults:
            self._schedule(live.fault.at, _Phase.BEGIN, live)
        self._pauses = 0
        self._killer: LiveFault | None = None
        self._left = -1
        self._unheard: dict[str, int] = {}
        self._changes: dict[str, list[LiveFault]] = {}
        self._waiting: list[tuple[OperatorAction, str | None]] = []

    def next_due(self) -> Instant:
        """When the next fault begins or ends; NEVER when none is left."""
        return Instant(self._parts[0][0] if self._parts else NEVER)

    def turn(self, now: Instant) -> None:
        """Begin or end what is due next."""
        _, _, phase, live = heappop(self._parts)
        if phase is _Phase.BEGIN:
            self._begin(live, now)
        elif phase is _Phase.MIDDLE:
            self._middle(live)
        else:
            self._end(live, now)

    def is_unheard(self, symbol: str) -> bool:
        """Whether the tickers of a symbol are lost now."""
        return self._unheard.get(symbol, 0) > 0

    # -- a crash at an effect --------------------------------------------------------------

    def kills(self) -> bool:
        """Whether the process, in the middle of its requests or just after them, dies now."""
        return self._left == 0

    def sent(self) -> None:
        """One more request was sent."""
        if self._left > 0:
            self._left -= 1

    def died(self) -> None:
        """The process died: no fault has to kill it any more."""
        self._left = -1
        self._world.board.count(K.CRASH)

    # -- beginnings and ends ---------------------------------------------------------------

    def _schedule(self, at: int, phase: _Phase, live: LiveFault) -> None:
        self._scheduled += 1
        heappush(self._parts, (at, self._scheduled, phase, live))

    def _begin(self, live: LiveFault, now: Instant) -> None:
        world, fault = self._world, live.fault
        until = fault.until if fault.until > now else Instant(now + LASTS_US.get(fault.kind, 0))
        if until > now:
            self._schedule(until, _Phase.END, live)
        kind = fault.kind
        if kind in AT_VENUE:
            events = world.deeds.begin(live, now)
            if events:
                world.board.count(kind)
                world.link.tell(events, now)
        elif kind in ON_MESSAGES:
            if until > now:
                self._begin_on_messages(live, now)
        elif kind is K.OPERATOR:
            self._operate(OperatorAction(fault.detail), fault.symbol, now)
            world.board.count(kind)
        elif kind is K.CRASH:
            self._arm(live, until, now)
        elif kind is K.SYMBOL_CHANGED:
            symbol = world.deeds.symbol_of(live)
            self._changes.setdefault(symbol, []).append(live)
            self._report(symbol, now)
            world.board.count(kind)
        elif until > now:
            self._begin_silence(live, until, now)
            world.board.count(kind)

    def _begin_on_messages(self, live: LiveFault, now: Instant) -> None:
        world, kind = self._world, live.fault.kind
        world.board.begin(live)
        if kind is K.SNAPSHOT_STALE:
            world.link.answers.remember(now)
        elif kind is K.AUTHENTICATION_REFUSED and live.source.randrange(2):
            world.link.report(AuthenticationFailed(at=now, text="the key is refused"), now)

    def _begin_silence(self, live: LiveFault, until: Instant, now: Instant) -> None:
        world, kind = self._world, live.fault.kind
        if kind is K.LOOP_PAUSED:
            self._pauses += 1
            world.pause()
        elif kind is K.PUBLIC_STREAM_LOST:
            for symbol in self._symbols_of(live):
                self._unheard[symbol] = self._unheard.get(symbol, 0) + 1
        elif kind is K.PRIVATE_STREAM_LOST:
            world.link.lose_private()
            world.tell_private_lost("the socket closed")
        else:
            assert kind is K.PRIVATE_STREAM_SILENT, f"no way to begin {kind}"
            world.link.lose_private()
            noticed = now + live.source.randrange(*DETECTION_US)
            if noticed < until:
                self._schedule(noticed, _Phase.MIDDLE, live)

    def _middle(self, live: LiveFault) -> None:
        world = self._world
        if live.fault.kind is K.PRIVATE_STREAM_SILENT:
            world.tell_private_lost("no heartbeat")
        elif live is self._killer and not world.down:
            world.die()

    def _end(self, live: LiveFault, now: Instant) -> None:
        world, kind = self._world, live.fault.kind
        if kind in ON_MESSAGES:
            world.board.end(live)
            if not world.board.acts(K.SNAPSHOT_STALE):
                world.link.answers.forget()
        elif kind is K.MANUAL_ORDER:
            world.link.tell(world.deeds.withdraw(live, now), now)
        elif kind is K.LIQUIDATED:
            self._operate(OperatorAction.RESUME, None, now)
        elif kind is K.LOOP_PAUSED:
            self._pauses -= 1
            if not self._pauses:
                world.wake()
        elif kind is K.PUBLIC_STREAM_LOST:
            for symbol in self._symbols_of(live):
                self._unheard[symbol] -= 1
        elif kind in (K.PRIVATE_STREAM_LOST, K.PRIVATE_STREAM_SILENT):
            world.link.regain_private()
            if not world.link.private_down:
                world.tell_private_restored()
        elif kind is K.SYMBOL_CHANGED:
            for symbol, changes in self._changes.items():
                if live in changes:
                    changes.remove(live)
                    self._report(symbol, now)
        elif kind is K.CRASH:
            self._rise(live, now)

    # -- what they mean --------------------------------------------------------------------

    def _symbols_of(self, live: LiveFault) -> list[str]:
        wanted = live.fault.symbol
        if wanted is not None:
            return [wanted]
        return [spec.instrument.symbol for spec in self._world.scenario.symbols]

    def _arm(self, live: LiveFault, until: Instant, now: Instant) -> None:
        """One crash at a time: a process that is down or doomed is left alone."""
        if self._world.down or self._killer is not None:
            return
        self._killer = live
        self._left = max(live.fault.number, 0)
        self._schedule(now + (until - now) // 2, _Phase.MIDDLE, live)

    def _rise(self, live: LiveFault, now: Instant) -> None:
        if live is not self._killer:
            return
        self._killer = None
        self._world.rise()
        for symbol in self._changes:
            self._report(symbol, now)
        waiting, self._waiting = self._waiting, []
        for action, symbol_or_all in waiting:
            self._operate(action, symbol_or_all, now)

    def _operate(self, action: OperatorAction, symbol: str | None, now: Instant) -> None:
        """An operator's word; while there is no process it waits."""
        if self._world.down:
            self._waiting.append((action, symbol))
        else:
            self._world.receive(OperatorCommand(at=now, action=action, symbol=symbol))

    def _report(self, symbol: str, now: Instant) -> None:
        """Let the venue charge by the changed leverage, and the shell report the symbol."""
        world = self._world
        spec = next(spec for spec in world.scenario.symbols if spec.instrument.symbol == symbol)
        instrument, leverage = spec.instrument, spec.leverage
        hedge_mode = trading = True
        for live in self._changes[symbol]:
            what = live.fault.detail
            if what == "leverage":
                leverage = leverage / 2 if leverage > 2 else leverage + 1
            elif what == "hedge_mode":
                hedge_mode = False
            elif what == "trading":
                trading = False
            else:
                instrument = replace(instrument, tick_size=instrument.tick_size * 10)
        world.deeds.change_leverage(symbol, leverage)
        report = SymbolReport(
            symbol=symbol,
            at=now,
            instrument=instrument,
            leverage=leverage,
            hedge_mode=hedge_mode,
            trading=trading,
        )
        world.link.report(report, Instant(now + world.scenario.latency_us))
