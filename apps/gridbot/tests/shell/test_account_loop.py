"""One account's loop, at an exchange of this process: it places, survives, and lies to nobody."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from appkit.exits import RunFailed
from bybit_adapter.normalizer.words import Received
from bybit_adapter.ws_client.client import PRIVATE_TOPICS
from bybit_adapter.ws_client.words import Fatal, FatalKind, Reason, Restored
from bybit_sim.faults.words import Fault, WireFault
from gridbot.shell.account_loop import AccountLoop, LoopEnd
from gridbot.shell.clock import MarketClock
from gridbot.shell.inbox import Inbox
from gridbot.shell.private_stream import PrivateStream
from gridbot.shell.ticker_watch import TickerWatch
from gridbot.shell.words import Item, TickersUp
from gridbot.words import Settled, StopToken
from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    Event,
    ExecutionsSnapshot,
    HostReport,
    OperatorAction,
    OperatorCommand,
    PlaceRejected,
    SessionStarted,
    StreamLost,
    StreamRestored,
    Ticker,
)
from gridcore.intents import decode_wire_id
from gridcore.session.account import AccountSession
from gridcore.session.effects import Effects, Request

START = Instant(1_767_229_200_000_000)
SYMBOL = "BTCUSDT"


def test_a_cold_start_places_every_level_once_and_its_journal_replays_alike(play: Any) -> None:
    """A01, A29."""

    async def story(rig: Any) -> None:
        await rig.open()
        await rig.until(lambda: len(rig.resting()) == 50)
        await rig.until(lambda: rig.believed() == rig.resting())
        await rig.until(lambda: rig.loop.settled().in_flight == 0)

        assert len(set(rig.resting())) == 50
        assert all(len(wire_id) <= 36 and decode_wire_id(wire_id) for wire_id in rig.resting())
        assert isinstance(rig.journal.events[0], SessionStarted)
        assert rig.loop.settled().ready
        assert rig.replayed() is None

    play(story, levels=50)


def test_over_its_own_resting_grid_a_restart_places_and_cancels_nothing(play: Any) -> None:
    """A02: the memory of the first life, a new process, the same book."""

    async def story(rig: Any) -> None:
        await rig.open()
        await rig.until(lambda: len(rig.resting()) == 20)
        await rig.until(lambda: rig.believed() == rig.resting())
        before = rig.resting()
        await rig.close()
        rig.simulator.player.pause()
        sent = len(rig.simulator.requests.since(0))

        second = type(rig)(rig.simulator)
        await second.open(memory=rig.kept[-1])
        await second.until(lambda: second.loop.begun)
        await second.until(lambda: not second.session.standing_modes())

        paths = [one.path for one in second.simulator.requests.since(0)[sent:]]
        assert second.resting() == before == second.believed()
        assert not any("create" in path or "cancel" in path for path in paths)
        assert second.replayed() is None
        await second.close()

    play(story)


def test_fills_during_a_private_outage_are_known_after_it(play: Any) -> None:
    """A11, A35: what no socket told is found by comparing everything once it is back."""

    async def story(rig: Any) -> None:
        await rig.open()
        await rig.until(lambda: rig.believed() == rig.resting() and len(rig.resting()) == 20)
        reset = Fault(kind=WireFault.SOCKET_RESET, from_ms=0, until_ms=1)
        assert rig.simulator.server.disconnect("private", None, reset) == 1
        rig.simulator.player.move_price(SYMBOL, Decimal(99_870))

        await rig.until(lambda: rig.journal.count(StreamRestored) >= 1)
        await rig.until(lambda: not rig.session.standing_modes())

        filled = [one for one in rig.journal.events if isinstance(one, ExecutionsSnapshot)]
        assert rig.journal.count(StreamLost) == 1
        assert any(one.executions for one in filled)
        assert rig.believed() == rig.resting()
        assert rig.replayed() is None

    play(story)


def test_after_a_pause_of_the_process_every_stream_counts_as_lost_and_back(play: Any) -> None:
    async def story(rig: Any) -> None:
        rig.pause_s_max = 2.0
        await rig.open()
        await rig.until(lambda: rig.believed() == rig.resting() and len(rig.resting()) == 20)

        rig.steady.ahead_us = 2_100_000
        await rig.until(lambda: rig.journal.count(StreamRestored) == 2)
        await rig.until(lambda: not rig.session.standing_modes())

        lost = [one for one in rig.journal.events if isinstance(one, StreamLost)]
        assert [one.symbol for one in lost] == [SYMBOL, None]
        assert {one.reason for one in lost} == {"the process was away"}
        assert rig.loop.pauses == 1

    play(story)


def test_what_waited_for_a_disk_that_hung_is_too_old_to_decide_upon(play: Any) -> None:
    """The market went on: the first ticker from then on is the market."""

    async def story(rig: Any) -> None:
        rig.pause_s_max = 0.6
        await rig.open()
        await rig.until(lambda: rig.believed() == rig.resting() and len(rig.resting()) == 20)
        await rig.until(lambda: not rig.session.standing_modes())
        rig.journal.answers.clear()
        rig.simulator.player.move_price(SYMBOL, Decimal(100_010))
        await rig.until(lambda: rig.loop.turned_age_s() > 1)
        before = len(rig.journal.events)
        back_at = rig.clock.now()
        rig.journal.answers.set()
        await rig.until(lambda: rig.journal.count(StreamRestored) >= 2)

        since = rig.journal.events[before:]
        assert rig.loop.pauses >= 1
        assert all(event.at >= back_at for event in since if isinstance(event, Ticker))
        assert rig.loop.turned_age_s() < 1
        assert rig.replayed() is None

    play(story)


def test_commands_that_a_loop_has_not_read_are_its_successors(make_account_setup: Any) -> None:
    async def story() -> list[list[OperatorCommand]]:
        trace, inbox = Trace(), Inbox()  # type: tuple[Trace, Inbox[Item]]
        loop = lockstep_loop(make_account_setup().session(), trace, inbox)
        loop.command(OperatorCommand(at=START, action=OperatorAction.HALT, symbol=None))
        return [loop.unread(), loop.unread()]

    first, second = asyncio.run(story())

    assert [one.action for one in first] == [OperatorAction.HALT]
    assert second == []


def test_without_a_journal_no_order_leaves_until_it_can_be_written_again(play: Any) -> None:
    async def story(rig: Any) -> None:
        rig.journal.writable = False
        await rig.open()
        await rig.until(lambda: rig.journal.count(HostReport) == 1)
        await rig.until(lambda: rig.loop.settled().in_flight == 0)
        before = rig.resting()

        rig.journal.writable = True
        await rig.until(lambda: len(rig.resting()) == 20)

        reports = [one.stands for one in rig.journal.events if isinstance(one, HostReport)]
        assert before == []
        assert reports == [True, False]
        assert rig.replayed() is None

    play(story)


def test_orders_that_would_leave_when_the_disk_fails_are_answered_as_never_sent(play: Any) -> None:
    async def story(rig: Any) -> None:
        await rig.open()
        await rig.until(lambda: len(rig.resting()) == 20)
        rig.loop.command(
            OperatorCommand(at=rig.loop.now(), action=OperatorAction.CLOSE_ONLY, symbol=None)
        )
        await rig.until(lambda: rig.resting() == [])

        rig.journal.writable = False
        rig.loop.command(
            OperatorCommand(at=rig.loop.now(), action=OperatorAction.RESUME, symbol=None)
        )
        await rig.until(lambda: rig.journal.count(PlaceRejected) >= 20)

        assert rig.resting() == []
        rig.journal.writable = True
        await rig.until(lambda: len(rig.resting()) == 20)

    play(story)


def test_a_symbol_with_another_tick_is_emptied_and_the_loop_ends_to_be_rebuilt(play: Any) -> None:
    """ADR 0035."""

    async def story(rig: Any) -> None:
        await rig.open()
        await rig.until(lambda: len(rig.resting()) == 20)
        report = rig.terms.report
        changed = replace(report, instrument=replace(report.instrument, tick_size=Decimal("0.5")))

        rig.loop.report(changed)
        end = await asyncio.wait_for(rig.running, 20)

        assert end is LoopEnd.REBUILD
        assert rig.resting() == []
        assert rig.kept[-1] == rig.session.snapshot()

    play(story, speed=10)


def test_a_public_stream_that_has_ended_ends_the_loop_with_its_reason(play: Any) -> None:
    async def story(rig: Any) -> None:
        await rig.open()
        await rig.until(lambda: rig.loop.begun)
        rig.hub.on_fatal(Fatal(kind=FatalKind.ABANDONED, at=rig.loop.now(), detail="eight hang"))

        with pytest.raises(RunFailed, match=r"demo-1: the public stream .* eight hang"):
            await rig.running

        rig.running = None
        await rig.run.close()
        await asyncio.to_thread(rig.hub.close)

    play(story)


def test_a_refused_key_ends_a_loop_that_has_not_begun(play: Any) -> None:
    """A38: at start it is a refusal; later it halts the account."""

    async def story(rig: Any) -> None:
        refused = Fault(kind=WireFault.AUTH_REFUSED, from_ms=0, until_ms=10**9)
        rig.simulator.board.add(refused)
        await rig.open()

        with pytest.raises(RunFailed, match="authentication") as error:
            await rig.running

        assert "doctor" in str(error.value.hint)
        assert rig.resting() == []
        rig.running = None
        await rig.run.close()
        await asyncio.to_thread(rig.hub.close)

    play(story)


# -- without an exchange ------------------------------------------------------------------


class Trace:
    """Journal, venue and observer in one: what happened, in its order."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.handled: list[tuple[Event, Instant]] = []
        self.in_flight = 0

    def append(self, event: Event, effects: Effects, now: Instant) -> None:
        self.steps.append(f"append {type(event).__name__}")
        self.handled.append((event, now))

    async def commit(self) -> None:
        self.steps.append("commit")

    def send(self, request: Request, received_at: Instant | None = None) -> None:
        self.steps.append("send")

    async def close(self) -> None:
        self.steps.append("close")

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        self.steps.append(f"observe {type(event).__name__}")

    async def keep(self) -> None:
        self.steps.append("keep")


def lockstep_loop(session: AccountSession, trace: Trace, inbox: Inbox[Item]) -> AccountLoop:
    """A loop in market time that begins at START, with every stream up and a first ticker."""
    instruments = {SYMBOL: session.strategies[SYMBOL].instrument}
    private = PrivateStream(instruments, lambda letter: None)
    loop = AccountLoop(
        "main",
        session,
        clock=MarketClock(START),
        inbox=inbox,
        private=private,
        tickers=TickerWatch([SYMBOL], None),
        journal=trace,
        venue=trace,
        observers=[trace],
        reports=[],
        keep=trace.keep,
        pause_s_max=None,
    )
    inbox.put(TickersUp(symbols=(SYMBOL,)))
    up = Restored(
        topics=PRIVATE_TOPICS, since=START, until=START, reason=Reason.STARTING, detail=""
    )
    inbox.put(up)
    inbox.put(ticker(START))
    return loop


def ticker(at: Instant) -> Received:
    event = Ticker(symbol=SYMBOL, at=at, last=10_000, mark=Decimal(1000))
    return Received(
        event=event, topic=f"tickers.{SYMBOL}", exchange_at=at, received_at=START, raw={}
    )


async def ran(loop: AccountLoop, holds: Callable[[], bool]) -> None:
    """Run a loop until something holds, and end it."""
    end = StopToken()
    running = asyncio.create_task(loop.run(end))
    while not holds():
        assert not running.done()
        await asyncio.sleep(0)
    end.request("the test is over")
    await running


def test_an_event_is_durable_before_anything_it_caused_leaves(make_account_setup: Any) -> None:
    async def story() -> list[str]:
        trace, inbox = Trace(), Inbox()  # type: tuple[Trace, Inbox[Item]]
        loop = lockstep_loop(make_account_setup().session(), trace, inbox)
        await ran(loop, lambda: loop.settled().ready)
        return trace.steps

    steps = asyncio.run(story())

    first_send = steps.index("send")
    assert steps[:3] == ["append SessionStarted", "append Ticker", "commit"]
    assert first_send == 3
    assert steps.index("observe SessionStarted") > first_send
    assert steps[-2:] == ["commit", "keep"]


def test_in_lockstep_timers_fire_before_the_market_each_at_its_own_deadline(
    make_account_setup: Any,
) -> None:
    """Blueprint, section 5: timers due by the step's time fire first."""
    later = Instant(START + 20 * SECOND_US)

    async def story() -> tuple[Trace, AccountLoop]:
        trace, inbox = Trace(), Inbox()  # type: tuple[Trace, Inbox[Item]]
        loop = lockstep_loop(make_account_setup().session(), trace, inbox)

        def settled() -> bool:
            if loop.settled().ready and not inbox and len(trace.handled) == 2:
                inbox.put(ticker(later))
            return loop.settled().handled_through_us == later

        await ran(loop, settled)
        return trace, loop

    trace, loop = asyncio.run(story())

    times = [(type(event).__name__, now) for event, now in trace.handled]
    timers = [now for name, now in times if name == "TimerFired"]
    assert times[:2] == [("SessionStarted", START), ("Ticker", START)]
    assert times[-1] == ("Ticker", later)
    assert timers == [START + 10 * SECOND_US]
    assert loop.settled() == Settled(handled_through_us=later, in_flight=0, ready=True)


def test_nothing_begins_before_every_stream_delivers_and_a_ticker_came(
    make_account_setup: Any,
) -> None:
    async def story(left_out: type[object]) -> tuple[Trace, Settled]:
        trace, inbox = Trace(), Inbox()  # type: tuple[Trace, Inbox[Item]]
        loop = lockstep_loop(make_account_setup().session(), trace, inbox)
        for item in inbox.drain():
            if not isinstance(item, left_out):
                inbox.put(item)
        loop.command(OperatorCommand(at=START, action=OperatorAction.HALT, symbol=None))
        await ran(loop, lambda: not len(inbox))
        return trace, loop.settled()

    found = [asyncio.run(story(kind)) for kind in (Restored, Received)]

    assert [trace.handled for trace, _ in found] == [[], []]
    assert [settled.ready for _, settled in found] == [False, False]


def test_the_newest_ticker_that_came_early_is_the_market_of_the_beginning(
    make_account_setup: Any,
) -> None:
    """Whether the private stream is up before or behind it must not change what is decided."""

    async def story() -> Trace:
        trace, inbox = Trace(), Inbox()  # type: tuple[Trace, Inbox[Item]]
        loop = lockstep_loop(make_account_setup().session(), trace, inbox)
        news = inbox.drain()
        inbox.put(ticker(Instant(START - 2)))
        inbox.put(ticker(Instant(START - 1)))
        while len(inbox):
            await ran(loop, lambda: not len(inbox))
        for one in list(news)[:-1]:
            inbox.put(one)
        await ran(loop, lambda: loop.settled().ready)
        return trace

    trace = asyncio.run(story())

    events = [event for event, _ in trace.handled]
    assert [type(event) for event in events[:2]] == [SessionStarted, Ticker]
    assert isinstance(events[1], Ticker)
    assert events[1].at == START - 1
    assert not any(isinstance(event, Ticker) for event in events[2:])


def test_commands_that_came_early_are_handled_behind_the_beginning(
    make_account_setup: Any,
) -> None:
    async def story() -> Trace:
        trace, inbox = Trace(), Inbox()  # type: tuple[Trace, Inbox[Item]]
        loop = lockstep_loop(make_account_setup().session(), trace, inbox)
        news = inbox.drain()
        loop.command(OperatorCommand(at=START, action=OperatorAction.HALT, symbol=None))
        for one in news:
            inbox.put(one)
        await ran(loop, lambda: loop.settled().ready)
        return trace

    trace = asyncio.run(story())

    names = [type(event).__name__ for event, _ in trace.handled]
    assert names[:3] == ["SessionStarted", "OperatorCommand", "Ticker"]
