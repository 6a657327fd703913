"""Belief against the exchange: at start, after every reconnect and on suspicion, until both agree.

Until then nothing is opened; and it ends, whatever happened before, once the exchange answers.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise, permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import HOUR_US, SECOND_US, Instant
from gridcore.config import SafetyConfig
from gridcore.events import (
    ExecType,
    Execution,
    ExecutionsSnapshot,
    HistorySnapshot,
    OrdersSnapshot,
    PlaceAccepted,
    PlaceUnknown,
    PositionsSnapshot,
    SessionStarted,
    StreamLost,
    StreamRestored,
    WalletSnapshot,
)
from gridcore.instrument import Steps
from gridcore.session.effects import AskSnapshot, Effects, PlaceOrder, SnapshotKind
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, SHORT

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Action, Run

BTC = "BTCUSDT"
ETH = "ETHUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Asks = Callable[[Effects], list[AskSnapshot]]
Places = Callable[[Effects], list[PlaceOrder]]
START_US = 1_767_229_200_000_000
RECONCILE = (BTC, "reconcile", "NO_OPEN")
_OF_SYMBOL = {
    (SnapshotKind.ORDERS, BTC),
    (SnapshotKind.HISTORY, BTC),
    (SnapshotKind.EXECUTIONS, BTC),
    (SnapshotKind.POSITIONS, BTC),
}
EVERYTHING = {*_OF_SYMBOL, (SnapshotKind.WALLET, None)}
_ANSWERS = (
    OrdersSnapshot,
    HistorySnapshot,
    ExecutionsSnapshot,
    PositionsSnapshot,
    WalletSnapshot,
)


def asked(asks: Asks, effects: Effects) -> set[tuple[SnapshotKind, str | None]]:
    return {(request.kind, request.symbol) for request in asks(effects)}


def restart(run: "Run") -> Effects:
    """A new process takes up the session where the last one left it."""
    memory = json.loads(json.dumps(run.session.snapshot()))
    run.session = run.fresh_session()
    run.session.restore(memory)
    run.waiting.clear()
    return run.send(SessionStarted(at=run.now))


def reconnect(run: "Run") -> Effects:
    run.send(StreamLost(at=run.now, symbol=None, reason="closed"))
    run.wait(3 * SECOND_US)
    return run.send(StreamRestored(at=run.now, symbol=None))


def foreign_execution(run: "Run", kind: ExecType) -> Execution:
    """An execution of an order that is not ours."""
    return Execution(
        symbol=BTC,
        at=run.now,
        sequence=1000,
        exec_id="F1",
        order_id="by-hand",
        wire_id="",
        direction=LONG,
        side=BUY,
        price=10_000,
        qty=Steps(5),
        leaves=Steps(0),
        closed=Steps(0),
        fee=Decimal(0),
        kind=kind,
        is_maker=False,
    )


# -- start ------------------------------------------------------------------------------------


def test_a_start_asks_for_orders_history_executions_positions_and_the_wallet_l50(
    make_run: Runs, asks: Asks
) -> None:
    run = make_run(prompt=False)

    effects = run.send(SessionStarted(at=run.now))

    assert asked(asks, effects) == EVERYTHING


def test_nothing_is_placed_before_the_process_started_l50(make_run: Runs, places: Places) -> None:
    run = make_run(prompt=False)
    for event in (
        run.exchange.listing(BTC),
        run.exchange.position(BTC, LONG),
        run.exchange.position(BTC, SHORT),
    ):
        run.send(event)

    assert not places(run.tick(10_000))


@pytest.mark.parametrize("order", list(permutations(range(5)))[::7])
def test_nothing_is_opened_until_everything_was_answered_in_any_order_l50(
    make_run: Runs, places: Places, order: Sequence[int]
) -> None:
    run = make_run(prompt=False)
    run.send(SessionStarted(at=run.now))
    answers = list(run.waiting)
    run.waiting.clear()
    assert len(answers) == 5

    for number in order:
        assert RECONCILE in run.modes()
        assert not places(run.tick(10_000))
        run.send(answers[number])

    assert run.modes() == set()
    assert len(places(run.tick(10_000))) == 4


@pytest.mark.parametrize("lost", range(5))
def test_one_lost_answer_is_asked_for_again_after_10_s_and_then_trading_begins(
    make_run: Runs, asks: Asks, lost: int
) -> None:
    run = make_run(prompt=False)
    run.send(SessionStarted(at=run.now))
    del run.waiting[lost]
    run.deliver()

    assert not any(run.wait(10 * SECOND_US - 1))
    assert RECONCILE in run.modes()
    run.wait(1)
    run.deliver()

    assert run.modes() == set()


def test_each_symbol_trades_as_soon_as_its_own_answers_are_in(
    make_run: Runs, make_setup: Setups
) -> None:
    run = make_run(make_setup(), make_setup(ETH, "other"), prompt=False)
    run.send(SessionStarted(at=run.now))
    for event in list(run.waiting):
        if getattr(event, "symbol", BTC) == BTC:
            run.send(event)

    assert {scope for scope, _, _ in run.modes()} == {ETH}


def test_a_restart_with_an_agreeing_book_places_and_cancels_nothing_a02(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    before = run.book()
    run.wait(SECOND_US)

    effects = restart(run)
    assert len(effects.requests) == 5
    run.tick(10_000)

    assert run.modes() == set()
    assert run.book() == before
    assert len(run.exchange.placed) == 4


def test_after_a_restart_orders_in_flight_are_unknown_and_looked_up(started: Runs) -> None:
    """The process ended before any reply: three landed, one did not."""
    run = started()
    run.wait(SECOND_US)
    run.exchange.lost_places.extend([True, True, False, True])
    run.prompt = False
    run.tick(10_000)
    run.waiting.clear()
    run.prompt = True

    run.wait(2 * SECOND_US)
    restart(run)
    assert RECONCILE in run.modes(), "one order is in doubt"
    run.wait(30 * SECOND_US)

    assert run.modes() == set()
    assert run.session.open_orders == len(run.book()) == 3
    run.tick(10_000)
    assert len(run.book()) == 4


def test_what_happened_while_no_process_ran_is_learned_at_the_start(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.wait(SECOND_US)
    run.exchange.execute(run.exchange.resting(BTC, LONG, BUY, 9900), 10)

    run.now = Instant(run.now + 3600 * SECOND_US)
    run.exchange.now = run.now
    restart(run)

    assert run.modes() == set()
    assert run.session.balance == run.exchange.wallet
    assert run.session.strategies[BTC].pair.legs[0].size == 10


# -- reconnect and suspicion ------------------------------------------------------------------


def test_every_return_of_the_private_stream_compares_everything_l42(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.tick(10_000)
    run.prompt = False

    effects = reconnect(run)

    assert asked(asks, effects) == EVERYTHING
    assert run.modes() == {RECONCILE}
    run.deliver()
    assert run.modes() == set()


@pytest.mark.parametrize("failing", _ANSWERS)
def test_a_question_that_fails_keeps_no_other_answer_from_being_applied_l45(
    started: Runs, failing: type
) -> None:
    run = started()
    run.tick(10_000)
    run.send(StreamLost(at=run.now, symbol=None, reason="closed"))
    run.wait(3 * SECOND_US)
    run.exchange.execute(run.exchange.resting(BTC, LONG, BUY, 9900), 10)
    run.prompt = False

    run.send(StreamRestored(at=run.now, symbol=None))
    for event in list(run.waiting):
        if isinstance(event, failing):
            run.waiting.remove(event)
    run.deliver()

    assert RECONCILE in run.modes()
    known = run.session.strategies[BTC].pair.legs[0].size
    assert known == 10, "by the position, or by the execution"
    booked = run.session.ledger.leg_size(BTC, LONG)
    assert bool(booked) is (failing is not ExecutionsSnapshot)
    run.prompt = True
    run.wait(60 * SECOND_US)
    assert run.modes() == set()
    assert run.session.balance == run.exchange.wallet


def test_nothing_opens_but_closes_leave_while_a_comparison_is_open(
    started: Runs, places: Places
) -> None:
    run = started()
    run.hold(LONG, 20)
    run.prompt = False
    reconnect(run)

    placed = places(run.tick(10_000))

    assert placed
    assert all(order.reduce_only for order in placed)


@pytest.mark.parametrize(
    "kind", [ExecType.ADL, ExecType.BUST, ExecType.SETTLE, ExecType.DELIVERY, ExecType.TRADE]
)
def test_an_execution_that_no_order_of_ours_caused_is_compared_at_once(
    started: Runs, asks: Asks, kind: ExecType
) -> None:
    run = started()
    run.wait(2 * SECOND_US)
    run.prompt = False

    effects = run.send(foreign_execution(run, kind))

    assert asked(asks, effects) == EVERYTHING
    assert run.modes() == {RECONCILE}


def test_a_position_that_our_executions_do_not_explain_for_2_s_is_compared(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.prompt = False
    run.wait(10 * SECOND_US)
    run.exchange.legs[BTC, LONG] = (run.exchange.instruments[BTC].qty(7), run.exchange.wallet)

    run.send(run.exchange.position(BTC, LONG))
    run.wait(2 * SECOND_US - 1)
    assert run.modes() == set()
    run.wait(1)

    assert run.modes() == {RECONCILE}


def test_an_execution_that_comes_within_2_s_of_its_position_report_is_no_suspicion(
    started: Runs,
) -> None:
    run = started()
    run.tick(10_000)
    run.wait(SECOND_US)
    order = run.exchange.resting(BTC, LONG, BUY, 9900)
    execution, update, position, wallet = run.exchange.execute(order, 10)

    run.send(position)
    run.wait(SECOND_US)
    for event in (wallet, update, execution):
        run.send(event)
    run.wait(5 * SECOND_US)

    assert run.told("reconcile_begun") == 1, "the one of the start"


def asked_kinds(run: "Run", asks: Asks) -> list[set[SnapshotKind]]:
    """The kinds asked for at each event."""
    return [{request.kind for request in asks(effects)} for _, _, effects in run.handled]


# -- differences ------------------------------------------------------------------------------


def unexplained(run: "Run") -> None:
    """The exchange reports a long of 7 steps that no execution explains."""
    instrument = run.exchange.instruments[BTC]
    run.exchange.legs[BTC, LONG] = (instrument.qty(7), instrument.price(10_000))
    run.exchange.now = run.now
    run.send(run.exchange.position(BTC, LONG))


def test_a_difference_keeps_opens_from_leaving_until_it_is_gone(
    started: Runs, places: Places
) -> None:
    run = started()
    run.wait(10 * SECOND_US)
    unexplained(run)
    run.wait(6 * SECOND_US)

    assert run.modes() == {RECONCILE}
    assert all(order.reduce_only for order in places(run.tick(10_000)))
    run.exchange.legs.clear()
    run.wait(120 * SECOND_US)

    assert run.modes() == set()
    assert run.told("leg_taken_over") == 0


def test_legs_that_stay_unexplained_are_taken_over_with_an_alert_after_five_comparisons(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.wait(10 * SECOND_US)
    unexplained(run)
    asked_before = sum(SnapshotKind.HISTORY in kinds for kinds in asked_kinds(run, asks))

    while not run.told("leg_taken_over"):
        run.wait(SECOND_US // 10)
        assert run.told("leg_taken_over") or run.now < START_US + 60 * SECOND_US

    comparisons = sum(SnapshotKind.HISTORY in kinds for kinds in asked_kinds(run, asks))
    assert comparisons - asked_before == 5
    assert run.modes() == set()
    assert run.session.ledger.leg_size(BTC, LONG) == run.exchange.legs[BTC, LONG][0]


def test_a_leg_taken_over_realises_against_the_reported_entry(started: Runs) -> None:
    run = started()
    run.wait(10 * SECOND_US)
    unexplained(run)
    run.wait(40 * SECOND_US)

    assert run.session.balance == run.exchange.wallet, "a leg is not cash"


def test_a_comparison_goes_on_after_a_restart(started: Runs) -> None:
    run = started()
    run.wait(10 * SECOND_US)
    unexplained(run)
    run.wait(6 * SECOND_US)
    memory = run.session.snapshot()["reconcile"]
    again = run.fresh_session()

    again.restore(json.loads(json.dumps(run.session.snapshot())))

    assert again.snapshot()["reconcile"] == memory
    restart(run)
    run.wait(120 * SECOND_US)
    assert run.modes() == set()


# -- it ends in every case --------------------------------------------------------------------

CALM_US = 150 * SECOND_US
"""All comparisons up to the take-over (32 s) after a request without reply is given up (30 s),
found out by the audit of orders (61 s), with the answers' own waits."""


def lose(run: "Run", kept: Sequence[bool]) -> None:
    """Some of what is on its way is lost; of half of the placements the shell says so."""
    arriving = list(run.waiting)
    run.waiting.clear()
    for number, event in enumerate(arriving):
        if number < len(kept) and not kept[number]:
            if isinstance(event, PlaceAccepted) and number % 2:
                unknown = PlaceUnknown(
                    symbol=event.symbol, at=run.now, wire_id=event.wire_id, text="no reply"
                )
                run.waiting.append(unknown)
        else:
            run.waiting.append(event)


def calm(run: "Run") -> None:
    """From now on every message arrives, and every question is answered at once."""
    run.exchange.refuse_places.clear()
    run.exchange.refuse_cancels.clear()
    run.exchange.lost_places.clear()
    run.exchange.lost_cancels.clear()
    run.prompt = True
    run.deliver()
    for scope in (BTC, None):
        run.send(StreamRestored(at=run.now, symbol=scope))


@pytest.mark.untraced
@given(st.data())
def test_from_any_state_a_calm_exchange_lets_every_comparison_end_l29(
    play: Runs,
    make_setup: Setups,
    action_names: Sequence[str],
    data: st.DataObject,
) -> None:
    steps = st.tuples(st.sampled_from(action_names), st.integers(0, 3000))
    actions: list[Action] = data.draw(st.lists(steps, min_size=20, max_size=60), label="actions")
    run = play(actions, make_setup(grid={"grid_count": 6}))
    lose(run, data.draw(st.lists(st.booleans(), max_size=20), label="kept"))
    deposited = sum(number % 7 - 3 for name, number in actions if name == "wallet")

    calm(run)
    until = Instant(run.now + CALM_US)
    while run.now < until:
        run.wait(5 * SECOND_US)

    assert not [mode for mode in run.modes() if mode[1] in ("reconcile", "unknown_book")]
    assert run.session.open_orders == len(run.exchange.orders)
    if "another" not in [name for name, _ in actions]:  # whose profits this exchange ignores
        assert run.session.balance == run.exchange.wallet - deposited
    for index, direction in enumerate((LONG, SHORT)):
        held = run.exchange.legs.get((BTC, direction), (0, None))[0]
        leg = run.session.strategies[BTC].pair.legs[index]
        assert leg.qty == run.session.ledger.leg_size(BTC, direction) == held


def test_a_difference_that_stays_is_compared_again_after_2_4_8_16_and_then_every_30_s(
    make_run: Runs, asks: Asks
) -> None:
    """Executions never reach the time that the report claims, so that nothing is taken over."""
    safety = SafetyConfig(audit_orders_s=3600, audit_positions_s=3600, audit_wallet_s=3600)
    run = make_run(safety=safety)
    run.start()
    run.wait(20 * SECOND_US)
    report = run.exchange.position(BTC, LONG)
    run.send(replace(report, size=Steps(5), entry=Decimal(1000), at=Instant(run.now + HOUR_US)))

    run.wait(130 * SECOND_US)

    times = [
        at
        for _, at, effects in run.handled
        for request in asks(effects)
        if request.kind is SnapshotKind.POSITIONS
        and request.reason == "a position that our executions do not explain"
    ]
    gaps = [(later - earlier) / SECOND_US for earlier, later in pairwise(times)]
    assert gaps == [2, 4, 8, 16, 30, 30, 30]
    assert run.told("leg_taken_over") == 0


def test_once_both_agree_no_further_comparison_is_due(started: Runs) -> None:
    """The next thing to do is the first audit of orders."""
    run = started()

    assert run.modes() == set()
    assert run.session.next_deadline() == START_US + 61 * SECOND_US


def test_after_a_leg_was_taken_over_no_further_comparison_is_due(make_run: Runs) -> None:
    """With audits every hour nothing else is to be done for the next minutes."""
    safety = SafetyConfig(audit_orders_s=3600, audit_positions_s=3600, audit_wallet_s=3600)
    run = make_run(safety=safety)
    run.start()
    run.wait(10 * SECOND_US)
    unexplained(run)

    run.wait(50 * SECOND_US)

    assert run.told("leg_taken_over") == 1
    assert run.session.next_deadline() == START_US + HOUR_US


def test_executions_missing_on_one_symbol_keep_no_other_symbol_from_agreeing(
    started: Runs, make_setup: Setups
) -> None:
    run = started(make_setup(), make_setup(ETH, "other"))
    run.tick(10_000)
    run.tick(10_000, ETH)
    run.wait(20 * SECOND_US)
    _, update, *_ = run.exchange.execute(run.exchange.resting(ETH, LONG, BUY, 9900), 4)
    run.exchange.executions.clear()
    run.exchange.legs.clear()
    run.send(update)

    run.send(StreamLost(at=run.now, symbol=None, reason="closed"))
    run.send(StreamRestored(at=run.now, symbol=None))
    run.wait(5 * SECOND_US)

    assert run.modes() == {(ETH, "reconcile", "NO_OPEN")}
