"""Deadlines: the periodic audits, and that every desk's own deadline reaches its desk."""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.config import SafetyConfig
from gridcore.events import AuthenticationFailed, StreamLost, StreamRestored, TimerFired
from gridcore.session.effects import AskSnapshot, Effects, SnapshotKind
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, SHORT

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Action, Run

BTC = "BTCUSDT"
ETH = "ETHUSDT"
START_US = 1_767_229_200_000_000
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Asks = Callable[[Effects], list[AskSnapshot]]


def asked(run: "Run", asks: Asks, kind: SnapshotKind, symbol: str | None = BTC) -> list[float]:
    """When a kind was asked for, in seconds since the start."""
    return [
        (at - START_US) / SECOND_US
        for _, at, effects in run.handled
        for request in asks(effects)
        if (request.kind, request.symbol) == (kind, symbol)
    ]


# -- audits -----------------------------------------------------------------------------------


def test_orders_are_audited_every_61_s_positions_every_63_s_the_wallet_every_300_s(
    started: Runs, asks: Asks
) -> None:
    run = started()

    run.wait(310 * SECOND_US)

    assert asked(run, asks, SnapshotKind.ORDERS) == [0, 61, 122, 183, 244, 305]
    assert asked(run, asks, SnapshotKind.POSITIONS) == [0, 63, 126, 189, 252]
    assert asked(run, asks, SnapshotKind.WALLET, None) == [0, 300]


def test_the_intervals_of_the_audits_are_settings(make_run: Runs, asks: Asks) -> None:
    run = make_run(safety=SafetyConfig(audit_orders_s=20, audit_positions_s=30, audit_wallet_s=40))
    run.start()

    run.wait(90 * SECOND_US)

    assert asked(run, asks, SnapshotKind.ORDERS) == [0, 20, 40, 60, 80]
    assert asked(run, asks, SnapshotKind.POSITIONS) == [0, 30, 60, 90]
    assert asked(run, asks, SnapshotKind.WALLET, None) == [0, 40, 80]


def test_every_symbol_is_audited_and_the_wallet_once(
    started: Runs, make_setup: Setups, asks: Asks
) -> None:
    run = started(make_setup(), make_setup(ETH, "other"))

    run.wait(301 * SECOND_US)

    for kind, count in ((SnapshotKind.ORDERS, 5), (SnapshotKind.POSITIONS, 5)):
        assert len(asked(run, asks, kind, ETH)) == len(asked(run, asks, kind)) == count
    assert len(asked(run, asks, SnapshotKind.WALLET, None)) == 2


def test_an_audit_that_finds_nothing_changes_nothing(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    before, told = run.book(), run.told("reconcile_begun")

    run.wait(3600 * SECOND_US)

    assert run.book() == before
    assert run.told("reconcile_begun") == told
    assert run.modes() == set()


def test_an_audit_that_is_never_answered_is_asked_again_before_the_next(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.prompt = False

    run.wait(125 * SECOND_US)

    times = asked(run, asks, SnapshotKind.ORDERS)
    assert times[:3] == [0, 61, 71]
    assert max(later - earlier for earlier, later in pairwise(times[1:])) <= 30


def test_before_the_process_started_no_audit_is_asked(make_run: Runs) -> None:
    run = make_run()

    assert run.session.next_deadline() is None


def test_audits_go_on_after_a_restart_without_being_put_off_for_ever(
    started: Runs, asks: Asks
) -> None:
    run = started()
    for _ in range(4):
        run.wait(50 * SECOND_US)
        memory = json.loads(json.dumps(run.session.snapshot()))
        run.session = run.fresh_session()
        run.session.restore(memory)
        run.start()

    times = asked(run, asks, SnapshotKind.ORDERS)
    assert times == [0, 50, 100, 150, 200], "every start asks for everything"


# -- deadlines --------------------------------------------------------------------------------


def test_deadlines_that_are_due_together_fire_earliest_first(started: Runs, asks: Asks) -> None:
    run = started()
    until = Instant(run.now + 64 * SECOND_US)
    run.now = run.exchange.now = until

    effects = run.send(TimerFired(at=until))

    kinds = [request.kind for request in asks(effects)]
    assert kinds == [SnapshotKind.ORDERS, SnapshotKind.POSITIONS]


def test_a_timer_before_every_deadline_does_nothing(started: Runs) -> None:
    run = started()
    before = run.session.snapshot()

    effects = run.send(TimerFired(at=Instant(run.now + 1)))

    assert not effects
    assert run.session.snapshot() == before


def test_after_a_timer_the_next_deadline_lies_ahead(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    for _ in range(500):
        deadline = run.session.next_deadline()
        assert deadline is not None
        assert deadline > run.now or deadline == run.now
        run.now = run.exchange.now = deadline
        run.send(TimerFired(at=deadline))
        later = run.session.next_deadline()
        assert later is not None
        assert later > deadline


def test_the_market_beyond_an_order_for_2_s_asks_for_orders_and_executions_once(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.tick(10_000)
    run.wait(2 * SECOND_US)
    before = len(asked(run, asks, SnapshotKind.EXECUTIONS))

    run.tick(9899)
    run.wait(2 * SECOND_US - 1)
    assert len(asked(run, asks, SnapshotKind.EXECUTIONS)) == before
    run.wait(1)
    assert len(asked(run, asks, SnapshotKind.EXECUTIONS)) == before + 1
    run.wait(30 * SECOND_US)

    assert len(asked(run, asks, SnapshotKind.EXECUTIONS)) == before + 1


def test_a_fill_that_was_lost_on_the_way_is_found_by_the_market_beyond_it(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.wait(2 * SECOND_US)
    run.exchange.execute(run.exchange.resting(BTC, LONG, BUY, 9900), 10)

    run.tick(9899)
    run.wait(2 * SECOND_US)

    assert run.session.balance == run.exchange.wallet
    assert run.session.strategies[BTC].pair.legs[0].size == 10


def test_a_market_that_comes_back_within_2_s_asks_nothing(started: Runs, asks: Asks) -> None:
    run = started()
    run.tick(10_000)
    run.wait(2 * SECOND_US)
    before = asked(run, asks, SnapshotKind.EXECUTIONS)

    run.tick(9899)
    run.wait(SECOND_US)
    run.tick(9901)
    run.wait(30 * SECOND_US)

    assert asked(run, asks, SnapshotKind.EXECUTIONS) == before


def test_a_key_that_is_refused_asks_nothing_but_its_probe(started: Runs, asks: Asks) -> None:
    """spec/live.md 4.20: while the account cools down no other request leaves."""
    run = started()
    run.wait(2 * SECOND_US)
    since = len(run.handled)
    run.send(AuthenticationFailed(at=run.now, text="invalid api key"))

    run.wait(30 * MINUTE_US - SECOND_US)
    quiet = [request for _, _, effects in run.handled[since:] for request in asks(effects)]
    fired = run.wait(SECOND_US)

    assert quiet == []
    (probe,) = [request for effects in fired for request in asks(effects)]
    assert probe.kind is SnapshotKind.WALLET


@given(st.data())
def test_no_deadline_is_ever_left_behind_and_none_fires_without_end(
    play: Runs, make_setup: Setups, action_names: Sequence[str], data: st.DataObject
) -> None:
    """After each timer the next deadline lies in the future; a minute costs few timers."""
    steps = st.tuples(st.sampled_from(action_names), st.integers(0, 3000))
    actions: list[Action] = data.draw(st.lists(steps, min_size=10, max_size=40))
    run = play(actions, make_setup(grid={"grid_count": 6}))
    run.send(StreamLost(at=run.now, symbol=None, reason="closed"))

    until, timers = Instant(run.now + 60 * SECOND_US), 0
    while (deadline := run.session.next_deadline()) is not None and deadline <= until:
        run.now = run.exchange.now = max(run.now, deadline)
        run.send(TimerFired(at=deadline))
        run.waiting.clear()
        timers += 1
        later = run.session.next_deadline()
        assert later is None or later > deadline

    assert timers < 200


@pytest.mark.parametrize("seconds", [1, 30, 59])
def test_deadlines_outlive_a_restart(started: Runs, seconds: int) -> None:
    run = started()
    run.tick(10_000)
    run.wait(seconds * SECOND_US)
    deadline = run.session.next_deadline()
    memory = json.loads(json.dumps(run.session.snapshot()))
    again = run.fresh_session()

    again.restore(memory)

    assert again.next_deadline() == deadline


def test_a_comparison_under_way_is_not_begun_again_by_a_leg_that_nothing_explains(
    started: Runs, asks: Asks
) -> None:
    """It compares the legs at its own pace: what was asked is asked again after 10 s (L39)."""
    run = started()
    run.wait(20 * SECOND_US)
    run.prompt = False
    run.send(StreamLost(at=run.now, symbol=None, reason="closed"))
    run.send(StreamRestored(at=run.now, symbol=None))
    run.hold(LONG, 10)

    fired = run.wait(9 * SECOND_US)

    assert [request for effects in fired for request in asks(effects)] == []


def test_after_one_placement_was_sent_again_the_next_ones_time_comes_as_well(
    started: Runs,
) -> None:
    """Two refusals for the moment, half a second apart, each with a second to wait (LS-16)."""
    run = started()
    run.exchange.refuse_places.append(10006)
    run.tick(10_000)
    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9801)):
        run.send(event)
    run.exchange.refuse_places.append(10006)
    run.tick(10_000, after_us=500_000)
    assert len(run.book()) == 2

    for _ in range(20):
        run.tick(10_000)

    assert len(run.book()) == 4


def test_a_leg_opened_without_a_report_for_2_s_has_an_unknown_liquidation_price(
    started: Runs, asks: Asks
) -> None:
    """The report that tells the price comes with the execution, or was lost."""
    run = started()
    run.tick(10_000)
    run.wait(5 * SECOND_US)
    run.prompt = False
    opened, *_ = run.exchange.execute(run.exchange.resting(BTC, LONG, BUY, 9900), 4)
    run.send(opened)
    unknown = (BTC, "unknown_liquidation", "NO_OPEN")

    run.exchange.now = run.now
    run.send(run.exchange.position(BTC, SHORT))
    early = run.wait(2 * SECOND_US - 1)
    assert unknown not in run.modes()
    fired = run.wait(1)
    assert unknown in run.modes()
    run.exchange.now = run.now
    run.send(run.exchange.position(BTC, LONG))

    assert unknown not in run.modes()
    assert [ask.kind for effects in early for ask in asks(effects)] == []
    assert SnapshotKind.POSITIONS in [ask.kind for effects in fired for ask in asks(effects)]


def test_a_leg_whose_report_comes_within_2_s_has_a_known_liquidation_price(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.tick(10_000)
    run.wait(5 * SECOND_US)
    run.fill(LONG, BUY, 9900, 4)
    assert run.session.next_deadline() == START_US + 61 * SECOND_US

    fired = run.wait(5 * SECOND_US)

    assert run.modes() == set()
    assert [ask.kind for effects in fired for ask in asks(effects)] == []
