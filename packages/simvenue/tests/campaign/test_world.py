"""A session and a venue on virtual time: what the world does by itself, stories of its faults."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    AuthenticationFailed,
    Event,
    Execution,
    OperatorCommand,
    SessionStarted,
    StreamLost,
    StreamRestored,
    SymbolReport,
    Ticker,
    TimerFired,
)
from gridcore.session.effects import Approved, Effects
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.words import Fault, FaultKind, Scenario
from simvenue.campaign.world import World

Scenarios = Callable[..., Scenario]
Faults = Callable[..., Fault]
Rows = Callable[..., list[Ticker]]
Times = Callable[[float], Instant]
K = FaultKind
BTC, ETH = "BTCUSDT", "ETHUSDT"


class Notes:
    """A watcher that keeps everything, in seconds since the start."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, Event, Effects]] = []
        self.ends = 0
        self.resting_at_starts: list[int] = []

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        self.rows.append(((now - world.scenario.start) / SECOND_US, event, effects))
        if isinstance(event, SessionStarted):
            self.resting_at_starts.append(
                sum(len(world.venue.open_orders(one)) for one in world.records.ended)
            )

    def finished(self, world: World) -> None:
        self.ends += 1

    def of(self, *kinds: type) -> list[tuple[float, Event]]:
        return [(at, event) for at, event, _ in self.rows if isinstance(event, kinds)]

    def streams(self) -> list[tuple[float, str, str | None]]:
        """When which stream was lost and restored; None: the private one."""
        return [
            (at, type(event).__name__, event.symbol)
            for at, event in self.of(StreamLost, StreamRestored)
            if isinstance(event, (StreamLost, StreamRestored))
        ]


def play(scenario: Scenario) -> tuple[World, Notes]:
    notes = Notes()
    world = World(scenario, [notes])
    world.play()
    return world, notes


def swinging(rows: Rows, count: int = 60, symbol: str = BTC) -> list[Ticker]:
    """Up and down over three levels of the grid, one ticker per second."""
    cycle = (0, 700, 1500, 2600, 3600, 2600, 1500, 700, 0, -700, -1500, -2600, -3600, -2600, -700)
    scale = 1 if symbol == BTC else 3
    moves = [cycle[number % len(cycle)] // scale for number in range(count)]
    return rows(moves, symbol)


def test_without_a_fault_the_grid_is_placed_fills_and_ends_in_agreement(
    make_scenario: Scenarios, rows: Rows
) -> None:
    world, notes = play(make_scenario(tickers=swinging(rows)))

    assert isinstance(notes.rows[0][1], SessionStarted)
    assert notes.ends == 1
    assert len(notes.of(Execution)) >= 4
    assert len(world.records.executions[BTC]) == len(notes.of(Execution))
    assert world.session.ledger.balance == world.venue.wallet
    assert not any(world.injected.values())
    assert world.restarts == 0
    assert world.events == len(notes.rows)


def test_a_ticker_reaches_the_session_one_latency_after_its_row(
    make_scenario: Scenarios, rows: Rows
) -> None:
    _, notes = play(make_scenario(tickers=rows([0, 1]), latency_us=250_000))

    assert [at for at, _ in notes.of(Ticker)] == [1.25, 2.25]


def test_events_come_in_the_order_of_time(make_scenario: Scenarios, rows: Rows) -> None:
    tickers = sorted(
        swinging(rows) + swinging(rows, symbol=ETH), key=lambda row: (row.at, row.symbol)
    )

    _, notes = play(make_scenario(symbols=(BTC, ETH), tickers=tickers))

    times = [at for at, _, _ in notes.rows]
    assert times == sorted(times)
    assert {event.symbol for _, event in notes.of(Execution) if isinstance(event, Execution)} == {
        BTC,
        ETH,
    }


def test_a_timer_comes_after_what_the_venue_does_at_its_instant(
    make_scenario: Scenarios, rows: Rows
) -> None:
    _, notes = play(make_scenario(tickers=rows([0] * 70), latency_us=0))

    names = [type(event).__name__ for at, event, _ in notes.rows if at == 61.0]
    assert "TimerFired" in names
    assert names.index("Ticker") < names.index("TimerFired")


def test_the_play_ends_with_the_last_ticker_and_what_is_on_its_way(
    make_scenario: Scenarios, rows: Rows
) -> None:
    world, notes = play(make_scenario(tickers=rows([0] * 3)))

    assert notes.of(Ticker)[-1][0] == 3.001
    assert world.link.on_the_way() == 0
    assert all(at < 3.1 for at, _ in notes.of(TimerFired))


def test_a_lost_private_stream_is_told_at_once_and_restored_at_the_end(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    _, notes = play(make_scenario(fault(K.PRIVATE_STREAM_LOST, 5, 20), tickers=swinging(rows)))

    assert notes.streams() == [(5.0, "StreamLost", None), (20.0, "StreamRestored", None)]
    assert not [at for at, _ in notes.of(Execution) if 5 < at < 20]


def test_what_was_lost_with_the_stream_is_learnt_after_it_a11(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    world, notes = play(
        make_scenario(fault(K.PRIVATE_STREAM_LOST, 5, 30), tickers=swinging(rows, 90))
    )

    pushed = {event.exec_id for _, event in notes.of(Execution) if isinstance(event, Execution)}
    assert len(pushed) < len(world.records.executions[BTC])
    assert world.session.ledger.balance == world.venue.wallet


def test_a_silent_private_stream_is_noticed_after_20_to_40_seconds_a35(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    _, notes = play(
        make_scenario(fault(K.PRIVATE_STREAM_SILENT, 5, 70), tickers=swinging(rows, 90))
    )

    (lost, first, _), (restored, second, _) = notes.streams()
    assert (first, second, restored) == ("StreamLost", "StreamRestored", 70.0)
    assert 25 <= lost < 45


def test_a_short_silence_of_the_private_stream_is_never_noticed(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    _, notes = play(make_scenario(fault(K.PRIVATE_STREAM_SILENT, 5, 24), tickers=swinging(rows)))

    assert notes.streams() == []
    assert not [at for at, _ in notes.of(Execution) if 5 < at < 24]


def test_overlapping_losses_of_the_private_stream_end_together(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    first, second = fault(K.PRIVATE_STREAM_LOST, 5, 20), fault(K.PRIVATE_STREAM_LOST, 10, 30)

    _, notes = play(make_scenario(first, second, tickers=swinging(rows)))

    assert notes.streams() == [(5.0, "StreamLost", None), (30.0, "StreamRestored", None)]


def test_a_symbol_without_tickers_is_lost_after_the_limit_and_restored_by_its_next_a28(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    silent = fault(K.PUBLIC_STREAM_LOST, 5.5, 80.5, symbol=BTC)

    _, notes = play(make_scenario(silent, tickers=rows([0] * 100)))

    assert notes.streams() == [(65.001, "StreamLost", BTC), (81.001, "StreamRestored", BTC)]
    after = [event for at, event, _ in notes.rows if at == 81.001]
    assert isinstance(after[0], StreamRestored)
    assert isinstance(after[1], Ticker)


def test_the_silence_of_every_symbol_is_told_for_each(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    tickers = sorted(rows([0] * 80) + rows([0] * 80, ETH), key=lambda row: (row.at, row.symbol))
    silent = fault(K.PUBLIC_STREAM_LOST, 5.5, 78.5)

    _, notes = play(make_scenario(silent, symbols=(BTC, ETH), tickers=tickers))

    lost = [symbol for _, name, symbol in notes.streams() if name == "StreamLost"]
    assert lost == [BTC, ETH]


def test_a_long_pause_is_the_loss_of_every_stream_and_nothing_that_queued_is_lost(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    paused, notes = play(make_scenario(fault(K.LOOP_PAUSED, 5.5, 15.5), tickers=swinging(rows)))
    smooth, _ = play(make_scenario(tickers=swinging(rows)))

    assert not [at for at, _, _ in notes.rows if 5.5 < at < 15.5]
    assert notes.streams() == [
        (15.5, "StreamLost", None),
        (15.5, "StreamLost", BTC),
        (15.5, "StreamRestored", None),
        (15.5, "StreamRestored", BTC),
    ]
    woken = [event.at for at, event in notes.of(Ticker) if at == 15.5]  # type: ignore[union-attr]
    assert len(woken) == 10
    assert paused.session.ledger.balance == paused.venue.wallet
    assert smooth.events != paused.events


def test_a_short_pause_only_delays(make_scenario: Scenarios, fault: Faults, rows: Rows) -> None:
    _, notes = play(make_scenario(fault(K.LOOP_PAUSED, 5.5, 9.5), tickers=swinging(rows)))

    assert notes.streams() == []
    assert len([at for at, _ in notes.of(Ticker) if at == 9.5]) == 4


def test_a_process_that_dies_in_a_pause_comes_back_awake(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    pause, crash = fault(K.LOOP_PAUSED, 5.5, 25.5), fault(K.CRASH, 6, 12, number=99)

    world, notes = play(make_scenario(pause, crash, tickers=swinging(rows)))

    assert world.restarts == 1
    assert [at for at, _ in notes.of(SessionStarted)] == [0.0, 12.0]
    assert [at for at, _ in notes.of(Ticker) if 12 < at < 14] == [12.001, 13.001]


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_crash_at_an_effect_leaves_the_later_requests_unsent_and_recovers(
    make_scenario: Scenarios, fault: Faults, rows: Rows, number: int
) -> None:
    # The first placements leave at the ticker of 1 s; nothing moves until the process is back.
    crash = fault(K.CRASH, 0.5, 20, number=number)
    notes = Notes()
    world = World(make_scenario(crash, tickers=rows([0] * 30 + [0, 1500, 0, -1500] * 15)), [notes])

    world.play()

    last = max(row for row, (at, _, _) in enumerate(notes.rows) if at < 20)
    at, event, effects = notes.rows[last]
    assert (at, type(event)) == (1.001, Ticker)
    assert len([one for one in effects.requests if isinstance(one, Approved)]) > 3
    assert notes.rows[last + 1][0] == 20.0
    assert isinstance(notes.rows[last + 1][1], SessionStarted)
    assert notes.resting_at_starts == [0, number]
    assert world.restarts == world.injected[K.CRASH] == 1
    assert world.session.ledger.balance == world.venue.wallet


def test_a_crash_without_enough_effects_comes_in_the_middle_of_its_window(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    _, notes = play(make_scenario(fault(K.CRASH, 10, 20, number=500), tickers=rows([0] * 30)))

    times = [at for at, _, _ in notes.rows]
    assert max(at for at in times if at < 20) == 14.001
    assert min(at for at in times if at >= 20) == 20.0


def test_a_process_that_starts_without_a_private_stream_is_told_so(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    lost, crash = fault(K.PRIVATE_STREAM_LOST, 5, 30), fault(K.CRASH, 6, 12, number=0)

    _, notes = play(make_scenario(lost, crash, tickers=swinging(rows)))

    assert notes.streams() == [
        (5.0, "StreamLost", None),
        (12.0, "StreamLost", None),
        (30.0, "StreamRestored", None),
    ]


def test_a_stream_that_came_back_while_the_process_was_down_is_told_restored(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    lost = fault(K.PRIVATE_STREAM_LOST, 5, 15)
    crash = fault(K.CRASH, 6, 20, number=0)
    unheard = fault(K.PUBLIC_STREAM_LOST, 61.5, 134.5)
    second = fault(K.CRASH, 126, 134, number=0)

    world, notes = play(make_scenario(lost, crash, unheard, second, tickers=rows([0] * 150)))

    assert notes.streams() == [
        (5.0, "StreamLost", None),
        (20.0, "StreamRestored", None),
        (121.001, "StreamLost", BTC),
        (135.001, "StreamRestored", BTC),
    ]
    assert world.session.standing_modes() == []


def test_a_crash_while_another_is_due_kills_once(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    first, second = fault(K.CRASH, 5, 25, number=500), fault(K.CRASH, 8, 13, number=0)
    third = fault(K.CRASH, 20, 40, number=0)

    world, notes = play(make_scenario(first, second, third, tickers=swinging(rows)))

    assert [at for at, _ in notes.of(SessionStarted)] == [0.0, 25.0]
    assert (world.restarts, world.injected[K.CRASH]) == (1, 1)


def test_an_operator_s_word_waits_for_a_process(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    crash = fault(K.CRASH, 5, 15, number=0)
    said = fault(K.OPERATOR, 12, detail="no-open", symbol=BTC)
    later = fault(K.OPERATOR, 20, detail="resume", symbol=BTC)

    _, notes = play(make_scenario(crash, said, later, tickers=swinging(rows)))

    told = [
        (at, event.action.value, event.symbol)
        for at, event in notes.of(OperatorCommand)
        if isinstance(event, OperatorCommand)
    ]
    assert told == [(15.0, "no-open", BTC), (20.0, "resume", BTC)]


def test_a_changed_symbol_is_reported_and_reported_again_when_it_is_as_before(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    changes = [
        fault(K.SYMBOL_CHANGED, 5, 10, symbol=BTC, detail="tick_size"),
        fault(K.SYMBOL_CHANGED, 15, 20, symbol=BTC, detail="leverage"),
        fault(K.SYMBOL_CHANGED, 25, 30, symbol=BTC, detail="hedge_mode"),
        fault(K.SYMBOL_CHANGED, 35, 40, symbol=BTC, detail="trading"),
    ]

    _, notes = play(make_scenario(*changes, tickers=swinging(rows)))

    told = [
        (at, str(event.instrument.tick_size), str(event.leverage), event.hedge_mode, event.trading)
        for at, event in notes.of(SymbolReport)
        if isinstance(event, SymbolReport)
    ]
    assert told == [
        (5.001, "1.0", "10", True, True),
        (10.001, "0.1", "10", True, True),
        (15.001, "0.1", "5", True, True),
        (20.001, "0.1", "10", True, True),
        (25.001, "0.1", "10", False, True),
        (30.001, "0.1", "10", True, True),
        (35.001, "0.1", "10", True, False),
        (40.001, "0.1", "10", True, True),
    ]


def test_a_change_that_ended_while_the_process_was_down_is_reported_at_its_start(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    change = fault(K.SYMBOL_CHANGED, 5, 10, symbol=BTC, detail="tick_size")
    crash = fault(K.CRASH, 4, 12, number=500)

    _, notes = play(make_scenario(change, crash, tickers=swinging(rows)))

    told = [
        (at, str(event.instrument.tick_size))
        for at, event in notes.of(SymbolReport)
        if isinstance(event, SymbolReport)
    ]
    assert told == [(5.001, "1.0"), (12.001, "0.1")]


def test_after_a_liquidation_the_operator_resumes_at_the_end_of_its_window(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    world, notes = play(make_scenario(fault(K.LIQUIDATED, 20, 40), tickers=swinging(rows, 90)))

    told = [
        (at, event.action.value)
        for at, event in notes.of(OperatorCommand)
        if isinstance(event, OperatorCommand)
    ]
    assert told == [(40.0, "resume")]
    assert world.injected[K.LIQUIDATED] == 1
    assert world.session.ledger.balance == world.venue.wallet


def test_a_refused_key_is_told_one_time_in_two(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    refused = fault(K.AUTHENTICATION_REFUSED, 5, 15, number=10_003)

    told = [
        len(
            play(make_scenario(refused, tickers=rows([0] * 20), seed=seed))[1].of(
                AuthenticationFailed
            )
        )
        for seed in range(12)
    ]

    assert set(told) == {0, 1}


def test_fills_come_in_parts_when_the_scenario_says_so(
    make_scenario: Scenarios, rows: Rows
) -> None:
    world, notes = play(make_scenario(tickers=swinging(rows, 90), partial_fills=1000))

    fills = [event for _, event in notes.of(Execution) if isinstance(event, Execution)]
    assert any(fill.leaves for fill in fills)
    assert world.session.ledger.balance == world.venue.wallet


def test_a_venue_with_a_latency_of_its_own_is_refused(
    make_scenario: Scenarios, make_config: Callable[..., Any]
) -> None:
    with pytest.raises(AssertionError, match="venue without latency"):
        World(make_scenario(venue=make_config(place_latency_us=5)), [])


@pytest.mark.untraced
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_the_same_scenario_gives_the_same_run(seed: int) -> None:
    first, second = play(scenario_of(seed))[1], play(scenario_of(seed))[1]

    assert first.rows == second.rows


def test_a_run_does_not_depend_on_the_hash_seed() -> None:
    program = (
        "import hashlib\n"
        "from simvenue.campaign.scenarios import scenario_of\n"
        "from simvenue.campaign.world import World\n"
        "class Digest:\n"
        "    def __init__(self): self.sum = hashlib.sha256()\n"
        "    def handled(self, world, event, now, effects):\n"
        "        self.sum.update(repr((event, now, effects)).encode())\n"
        "    def finished(self, world): print(world.events, self.sum.hexdigest())\n"
        "for seed in (11, 12, 13): World(scenario_of(seed), [Digest()]).play()\n"
    )

    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": number, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for number in ("1", "2")
    }

    assert len(said) == 1


@pytest.mark.untraced
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    begin=st.integers(2, 60),
    number=st.integers(0, 12),
    length=st.integers(1, 20),
)
def test_a_restart_at_any_effect_reaches_the_state_of_the_one_that_died(
    make_scenario: Scenarios,
    fault: Faults,
    rows: Rows,
    seed: int,
    begin: int,
    number: int,
    length: int,
) -> None:
    crash = fault(K.CRASH, begin, begin + length, number=number)

    # The world itself compares the states and raises when they differ.
    world, _ = play(make_scenario(crash, tickers=swinging(rows, 160), seed=seed, partial_fills=300))

    assert world.restarts == 1
    assert world.session.ledger.balance == world.venue.wallet


@pytest.mark.untraced
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_every_copy_of_a_push_is_delivered_or_lost_in_every_scenario(seed: int) -> None:
    world, _ = play(scenario_of(seed))

    assert world.link.told == world.link.delivered + world.link.lost
    assert world.link.on_the_way() == 0
