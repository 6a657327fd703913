"""The account's contract: pure, restorable at every point, skippable, one wallet for all."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.config import ConfigError, SafetyConfig, SidePolicy
from gridcore.events import (
    CancelAccepted,
    Event,
    OperatorAction,
    OperatorCommand,
    PublicTrade,
    SessionStarted,
    StreamLost,
    StreamRestored,
    Ticker,
    TimerFired,
)
from gridcore.instrument import Steps
from gridcore.saved import SavedStateError
from gridcore.session.account import AccountSession
from gridcore.session.effects import (
    NO_EFFECTS,
    AskSnapshot,
    Effects,
    PlaceOrder,
    SnapshotKind,
)
from gridcore.session.orders import OrderEvent, OrderState
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, SHORT

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Action, Run

BTC = "BTCUSDT"
ETH = "ETHUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Places = Callable[[Effects], list[PlaceOrder]]
Asks = Callable[[Effects], list[AskSnapshot]]
Handled = list[tuple[Event, Instant, Effects]]
Drawn = Callable[[st.DataObject], "Run"]


@pytest.fixture(scope="session")
def random_run(play: Runs, make_setup: Setups, action_names: Sequence[str]) -> Drawn:
    """Draws what happens to two strategies on one wallet, and plays it."""

    def draw(data: st.DataObject) -> "Run":
        steps = st.tuples(st.sampled_from(action_names), st.integers(0, 3000))
        actions: list[Action] = data.draw(st.lists(steps, min_size=30, max_size=80))
        grid = {"side_policy": data.draw(st.sampled_from(SidePolicy)), "grid_count": 6}
        return play(
            actions,
            make_setup(grid=grid),
            make_setup(ETH, "other", grid=grid),
            wallet=data.draw(st.sampled_from(["10000", "150", "40"])),
            prompt=data.draw(st.booleans()),
            legs=data.draw(st.sampled_from([(0, 0), (13, 0), (25, 25), (40, 7)])),
        )

    return draw


def without_last_ticker(session: AccountSession, symbol: str) -> dict[str, Any]:
    """The session's memory less the fields that the last ticker fills."""
    memory: dict[str, Any] = json.loads(json.dumps(session.snapshot()))
    memory["strategies"][symbol]["ticker"] = None
    memory["strategies"][symbol]["rules"]["last"] = None
    return memory


def strictly_inside(band: tuple[int | None, int | None], price: object) -> bool:
    low, high = band
    assert isinstance(price, int)
    return (low is None or low < price) and (high is None or price < high)


# -- snapshot and restore ---------------------------------------------------------------------


@pytest.mark.untraced
@given(data=st.data())
def test_a_session_restored_at_any_point_goes_on_as_if_it_had_never_stopped(
    random_run: Drawn, data: st.DataObject
) -> None:
    run = random_run(data)
    cut = data.draw(st.integers(0, len(run.handled)))
    original = run.fresh_session()
    for event, now, effects in run.handled[:cut]:
        assert original.handle(event, now) == effects
    memory = json.dumps(original.snapshot())

    restored = run.fresh_session()
    restored.restore(json.loads(memory))

    assert json.dumps(restored.snapshot()) == memory
    assert restored.next_deadline() == original.next_deadline()
    for event, now, effects in run.handled[cut:]:
        assert restored.handle(event, now) == effects
    assert json.dumps(restored.snapshot()) == json.dumps(run.session.snapshot())


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("format", 99, "expected snapshot format 2, found 99"),
        ("account_id", "other", "expected a snapshot of account, found other"),
        ("strategies", {"DOGEUSDT": {}}, "expected strategies on"),
    ],
)
def test_a_snapshot_of_something_else_is_refused(
    started: Runs, field: str, value: object, message: str
) -> None:
    run = started()
    memory = json.loads(json.dumps(run.session.snapshot()))
    memory[field] = value

    with pytest.raises(SavedStateError, match=message):
        run.fresh_session().restore(memory)


def test_a_restored_session_does_not_tell_of_its_start_again(started: Runs) -> None:
    run = started()
    memory = run.session.snapshot()
    restored = run.fresh_session()

    restored.restore(memory)

    assert not restored.handle(run.exchange.wallet_update(), run.now)


def test_a_start_tells_what_is_unknown_with_the_first_event(make_run: Runs) -> None:
    run = make_run()

    effects = run.send(run.exchange.position(BTC, LONG))

    assert [dict(notice.fields)["cause"] for notice in effects.notices] == [
        "unknown_book",
        "unknown_position",
        "unknown_wallet",
    ]


# -- determinism and purity -------------------------------------------------------------------


def test_the_same_events_give_the_same_effects_byte_for_byte_under_any_hash_seed() -> None:
    conftest = Path(__file__).with_name("conftest.py")
    program = (
        "import runpy, sys\n"
        f"story = runpy.run_path({str(conftest)!r})['story']\n"
        "sys.stdout.write('\\n'.join(map(repr, story())))\n"
    )

    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4242")
    ]

    assert told[0] == told[1] == told[2]
    assert told[0].count("PlaceOrder(") > 20


@pytest.mark.untraced
@given(data=st.data())
def test_replaying_the_events_gives_the_effects_again(
    random_run: Drawn, data: st.DataObject
) -> None:
    run = random_run(data)
    again = run.fresh_session()

    assert [again.handle(event, now) for event, now, _ in run.handled] == [
        effects for _, _, effects in run.handled
    ]
    assert again.snapshot() == run.session.snapshot()


# -- the quiet band ---------------------------------------------------------------------------


@pytest.mark.untraced
@given(data=st.data())
def test_a_ticker_strictly_inside_the_quiet_band_changes_nothing_but_itself(
    random_run: Drawn, data: st.DataObject
) -> None:
    run = random_run(data)
    symbol = data.draw(st.sampled_from([BTC, ETH]))
    band = run.session.quiet_band(symbol)
    if band is None:
        return
    low, high = band
    lowest = 5000 if low is None else low + 1
    highest = 15_000 if high is None else high - 1
    if lowest > highest:
        return
    before = without_last_ticker(run.session, symbol)

    last = data.draw(st.integers(lowest, highest))
    effects = run.session.handle(Ticker(symbol=symbol, at=run.now, last=last, mark=None), run.now)

    assert not effects
    assert without_last_ticker(run.session, symbol) == before


@pytest.mark.untraced
@given(data=st.data())
def test_skipping_quiet_tickers_leaves_every_later_decision_as_it_was(
    random_run: Drawn, data: st.DataObject
) -> None:
    """Before any event that is not a ticker, the latest skipped ticker is delivered."""
    run = random_run(data)
    session = run.fresh_session()
    skipped: dict[str, tuple[Ticker, Instant]] = {}
    for event, now, effects in run.handled:
        if isinstance(event, Ticker):
            band = session.quiet_band(event.symbol)
            if band is not None and strictly_inside(band, event.last):
                assert not effects
                skipped[event.symbol] = (event, now)
                continue
            skipped.pop(event.symbol, None)
        else:
            for late, then in skipped.values():
                assert not session.handle(late, then)
            skipped.clear()
        assert session.handle(event, now) == effects
    for late, then in skipped.values():
        assert not session.handle(late, then)

    assert session.snapshot() == run.session.snapshot()


def test_a_quiet_ticker_yields_the_empty_effects(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.tick(10_000)

    assert run.tick(10_001) is NO_EFFECTS


# -- wire ids ---------------------------------------------------------------------------------


@pytest.mark.untraced
@given(data=st.data())
def test_wire_ids_are_unique_and_ascending_through_the_life_of_an_account(
    random_run: Drawn, data: st.DataObject
) -> None:
    run = random_run(data)

    first: dict[str, PlaceOrder] = {}
    for order in run.exchange.placed:
        original = first.setdefault(order.wire_id, order)
        assert (order.client_order_id, order.price, order.direction, order.side) == (
            original.client_order_id,
            original.price,
            original.direction,
            original.side,
        ), "a wire id stands for one placement, however often it is sent (LS-16)"
    suffixes = [int(wire_id.split("-")[1], 36) for wire_id in first]
    assert suffixes == sorted(set(suffixes))
    assert len(run.exchange.orders) == len(
        {resting.request.wire_id for resting in run.exchange.orders.values()}
    )


def test_wire_ids_ascend_even_when_the_clock_stands_still_across_a_restart(
    started: Runs, places: Places
) -> None:
    run = started()
    first = places(run.tick(10_000))
    memory = run.session.snapshot()
    run.session = run.fresh_session()
    run.session.restore(memory)
    for resting in list(run.exchange.orders.values()):
        for event in run.exchange.withdraw(resting):
            run.send(event)

    second = places(run.tick(10_000, after_us=0))

    assert len(second) == 4
    assert max(order.wire_id[17:] for order in first) < min(order.wire_id[17:] for order in second)


# -- deadlines --------------------------------------------------------------------------------


def test_audits_ask_for_snapshots_at_their_intervals(
    make_setup: Setups, started: Runs, asks: Asks
) -> None:
    run = started(make_setup(), make_setup(ETH, "other"))
    started_at = run.now

    fired = [(event, effects) for event, effects in _timers(run, 305)]

    asked: dict[str, list[int]] = {}
    for event, effects in fired:
        for ask in asks(effects):
            assert ask.reason == "audit"
            seconds = (event.at - started_at) // SECOND_US
            asked.setdefault(f"{ask.kind.value} {ask.symbol}", []).append(seconds)
    assert asked == {
        f"orders {BTC}": [61, 122, 183, 244, 305],
        f"orders {ETH}": [61, 122, 183, 244, 305],
        f"positions {BTC}": [63, 126, 189, 252],
        f"positions {ETH}": [63, 126, 189, 252],
        "wallet None": [300],
        f"executions {BTC}": [300],
        f"executions {ETH}": [300],
    }


def _timers(run: "Run", seconds: int) -> list[tuple[TimerFired, Effects]]:
    before = len(run.handled)
    run.wait(seconds * SECOND_US)
    return [
        (event, effects)
        for event, _, effects in run.handled[before:]
        if isinstance(event, TimerFired)
    ]


def test_audit_intervals_are_read_ls_26(make_run: Runs) -> None:
    run = make_run(safety=SafetyConfig(audit_orders_s=7, audit_positions_s=9, audit_wallet_s=8))
    run.start()

    fired = _timers(run, 9)

    assert [
        [ask.kind for ask in effects.requests if isinstance(ask, AskSnapshot)]
        for _, effects in fired
    ] == [
        [SnapshotKind.ORDERS],
        [SnapshotKind.WALLET, SnapshotKind.EXECUTIONS],
        [SnapshotKind.POSITIONS],
    ]


def test_before_its_first_event_a_session_waits_for_nothing(make_run: Runs) -> None:
    run = make_run()

    assert run.session.next_deadline() is None


def test_a_timer_that_fires_too_early_does_nothing(started: Runs) -> None:
    run = started()
    deadline = run.session.next_deadline()
    assert deadline is not None

    assert not run.send(TimerFired(at=Instant(deadline - 1)))
    assert run.session.next_deadline() == deadline


# -- streams ----------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", [None, BTC])
def test_a_lost_stream_stops_opening_until_it_is_restored(
    make_setup: Setups, started: Runs, symbol: str | None
) -> None:
    run = started(make_setup(), make_setup(ETH, "other"))

    run.send(StreamLost(at=run.now, symbol=symbol, reason="silence"))
    run.tick(10_000, BTC)
    run.tick(10_000, ETH)
    assert run.book(BTC) == []
    assert bool(run.book(ETH)) is (symbol is not None)

    run.wait(2 * SECOND_US)
    run.send(StreamRestored(at=run.now, symbol=symbol))
    assert run.modes() == set()
    run.tick(10_000, BTC)
    assert len(run.book(BTC)) == 4


def test_after_the_private_stream_came_back_nothing_opens_until_both_sides_agree_l42(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.send(StreamLost(at=run.now, symbol=None, reason="silence"))
    run.prompt = False
    run.wait(2 * SECOND_US)

    effects = run.send(StreamRestored(at=run.now, symbol=None))
    assert {ask.kind for ask in asks(effects)} == set(SnapshotKind)
    assert run.modes() == {(BTC, "reconcile", "NO_OPEN")}
    while run.waiting:
        assert run.modes() == {(BTC, "reconcile", "NO_OPEN")}
        run.tick(10_000, after_us=1000)
        assert run.book() == []
        run.deliver(1)

    assert run.modes() == set()


def test_a_start_asks_for_everything_and_opens_nothing_until_it_is_answered(
    make_setup: Setups, make_run: Runs, asks: Asks
) -> None:
    run = make_run(make_setup(), make_setup(ETH, "other"), prompt=False)

    effects = run.send(SessionStarted(at=run.now))

    per_symbol = [kind for kind in SnapshotKind if kind is not SnapshotKind.WALLET]
    asked = {(ask.kind, ask.symbol, ask.since) for ask in asks(effects)}
    assert asked == {
        (kind, symbol, run.now if kind is SnapshotKind.EXECUTIONS else None)
        for kind in per_symbol
        for symbol in (BTC, ETH)
    } | {(SnapshotKind.WALLET, None, run.now)}
    assert len(asks(effects)) == 9
    assert {(scope, cause) for scope, cause, _ in run.modes()} == {
        ("", "unknown_wallet"),
        *((symbol, cause) for symbol in (BTC, ETH) for cause in _UNKNOWN),
    }


_UNKNOWN = ("unknown_book", "unknown_position", "reconcile")


def test_what_is_not_answered_is_asked_again_after_10_s_then_20_then_30(
    make_run: Runs, asks: Asks
) -> None:
    run = make_run(prompt=False)
    run.send(SessionStarted(at=run.now))
    started_at = run.now

    asked = [
        ((now - started_at) // SECOND_US, ask.kind)
        for _, now, effects in _handled_after(run, 61)
        for ask in asks(effects)
        if ask.kind is SnapshotKind.HISTORY
    ]

    assert asked == [
        (10, SnapshotKind.HISTORY),
        (30, SnapshotKind.HISTORY),
        (60, SnapshotKind.HISTORY),
    ]


def _handled_after(run: "Run", seconds: int) -> Handled:
    before = len(run.handled)
    run.wait(seconds * SECOND_US)
    return run.handled[before:]


def test_taken_transitions_are_counted_and_are_no_memory(started: Runs) -> None:
    run = started()
    run.tick(10_000)

    run.fill(LONG, BUY, 9900)

    assert run.session.transitions == {
        (OrderState.PENDING, OrderEvent.ACCEPTED): 4,
        (OrderState.OPEN, OrderEvent.RESTING): 4,
        (OrderState.OPEN, OrderEvent.FILLED): 1,
        (OrderState.FILLED, OrderEvent.FILLED): 1,
    }
    assert "transitions" not in json.dumps(run.session.snapshot())


def test_resting_opens_stay_while_a_stream_is_lost(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    ladder = run.book()

    run.send(StreamLost(at=run.now, symbol=None, reason="silence"))
    run.tick(10_000)

    assert run.book() == ladder


# -- what is not ours -------------------------------------------------------------------------


def test_events_that_decide_nothing_have_no_effects(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    before = run.session.snapshot()

    for event in (
        PublicTrade(symbol=BTC, at=run.now, price=9000, qty=Steps(1), side=BUY),
        CancelAccepted(symbol=BTC, at=run.now, order_id="O1"),
        Ticker(symbol="DOGEUSDT", at=run.now, last=5, mark=None),
    ):
        assert not run.send(event)

    assert run.session.snapshot() == before


@pytest.mark.parametrize(
    ("second", "message"),
    [((BTC, "other"), "BTCUSDT"), ((ETH, "grid"), "'grid'")],
)
def test_two_strategies_on_one_symbol_or_of_one_name_are_refused_e_11(
    make_setup: Setups, second: tuple[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        AccountSession("a", [make_setup(), make_setup(*second)], SafetyConfig())


# -- what a shell may look at -----------------------------------------------------------------


def test_denials_of_all_strategies_are_counted_together(make_setup: Setups, started: Runs) -> None:
    run = started(make_setup(), make_setup(ETH, "other"), wallet="5")

    run.tick(10_000, BTC)
    run.tick(10_000, ETH)

    assert run.session.denials() == {"affordability": 4, "coverage": 4}


def test_the_balance_is_the_ledgers_and_open_orders_are_those_not_terminal(
    started: Runs,
) -> None:
    run = started()
    run.tick(10_000)

    run.fill(LONG, BUY, 9900)

    assert run.session.open_orders == 3
    assert run.session.balance == run.session.ledger.balance == run.exchange.wallet
    assert set(run.session.strategies) == {BTC}
    assert run.exchange.legs[BTC, LONG][0] > 0
    assert (BTC, SHORT) not in run.exchange.legs


@pytest.mark.untraced
@given(data=st.data())
def test_the_books_equal_the_exchanges_wallet_once_every_execution_arrived(
    play: Runs, make_setup: Setups, data: st.DataObject
) -> None:
    """Whatever arrives twice or out of order: each execution counts once (LS-34, LS-57)."""
    names = ("tick", "tick", "jump", "deliver", "fill", "part", "repeat", "withdraw", "wait")
    steps = st.tuples(st.sampled_from(names), st.integers(0, 3000))
    run = play(data.draw(st.lists(steps, min_size=30, max_size=80)), make_setup())

    while run.waiting:
        run.deliver()

    assert run.session.balance == run.exchange.wallet
    resting = sorted(run.exchange.orders)
    assert sorted(order.order_id for order in run.session.live_orders()) == resting


@pytest.mark.parametrize("seed", range(4))
def test_restore_leaves_nothing_of_what_the_session_was_before(
    play: Runs, make_setup: Setups, action_names: Sequence[str], seed: int
) -> None:
    def lived(start: int) -> "Run":
        number, actions = start, list["Action"]()
        for _ in range(120):
            number = number * 1_103_515_245 + 12_345 & 0x7FFFFFFF
            actions.append((action_names[number // 65_536 % len(action_names)], number // 256))
        return play(actions, make_setup(), make_setup(ETH, "other"))

    memory = json.loads(json.dumps(lived(seed).session.snapshot()))
    used = lived(seed + 100)
    used.prompt = False
    used.send(StreamRestored(at=used.now, symbol=None))
    used.send(OperatorCommand(at=used.now, action=OperatorAction.CANCEL_ALL, symbol=None))

    used.session.restore(memory)

    assert json.loads(json.dumps(used.session.snapshot())) == memory
