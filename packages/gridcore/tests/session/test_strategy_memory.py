"""A strategy's memory as plain values, and back (the laws over whole accounts: test_account)."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from gridcore.clock import SECOND_US
from gridcore.config import SidePolicy
from gridcore.saved import SavedStateError
from gridcore.session.effects import CancelOrder
from gridcore.session.modes import Mode
from gridcore.session.setup import StrategySetup
from gridcore.session.strategy_memory import strategy_snapshot
from gridcore.sides import BUY, LONG

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]


def restarted(run: "Run") -> "Run":
    """The same run with a session restored from its snapshot as text."""
    memory = json.loads(json.dumps(run.session.snapshot()))
    run.session = run.fresh_session()
    run.session.restore(memory)
    return run


@pytest.mark.parametrize("policy", SidePolicy)
def test_a_restarted_strategy_has_its_ladder_and_asks_for_nothing_new(
    make_setup: Setups, started: Runs, policy: SidePolicy
) -> None:
    run = started(make_setup(grid={"side_policy": policy}))
    run.tick(10_000)
    run.fill(LONG, BUY, 9900, 4)
    run.tick(10_000)

    run = restarted(run)

    assert not run.tick(10_000).requests
    assert run.session.open_orders == len(run.book())


def test_a_restarted_strategy_keeps_freed_coverage_for_its_level(
    make_setup: Setups, started: Runs
) -> None:
    run = started(make_setup(grid={"grid_count": 8}, anchor_price=Decimal(1000)), prompt=False)
    run.hold(LONG, 10)
    run.tick(10_060)
    run.deliver()
    run.tick(10_000)
    run.deliver()

    run = restarted(run)
    run.tick(10_060)
    run.deliver()
    assert [row for row in run.book() if row[:2] == ("long", "Sell")] == []
    run.tick(10_000)

    assert ("long", "Sell", 10_100, 10) in run.book()


def test_a_restarted_strategy_goes_on_waiting_for_the_breakers_deadline(started: Runs) -> None:
    run = started()
    run.exchange.refuse_places.extend([10001, 0, 0, 0, 10001, 10001])
    for _ in range(3):
        run.tick(10_000)
    stopped_at = run.now

    run = restarted(run)
    run.tick(10_000)
    assert len(run.book()) == 3
    run.wait(stopped_at + 60 * SECOND_US - run.now)
    run.tick(10_000)

    assert len(run.book()) == 4


def test_a_restarted_strategy_is_in_the_modes_it_was_in(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.hold(LONG, 10, liquidation=Decimal(950))
    run.tick(10_000)

    run = restarted(run)

    assert run.session.strategies[BTC].modes == [Mode.CLOSE_ONLY, Mode.NORMAL]
    assert not run.tick(10_000).requests


def test_a_restarted_strategy_gives_orders_up_in_the_order_in_which_it_would_have(
    started: Runs,
) -> None:
    """Four cancels were refused; whether or not it restarts, it asks for them again alike (A14)."""
    cancelled: list[list[str]] = []
    for restarts in (False, True):
        run = started()
        run.tick(10_000)
        run.exchange.refuse_cancels.extend([10016] * 4)
        run.tick(9000)
        run.tick(9000, after_us=SECOND_US)
        run = restarted(run) if restarts else run
        assert not run.tick(9000).requests, "not before its second is over"
        requests = run.tick(9000, after_us=SECOND_US).requests
        cancelled.append([item.order_id for item in requests if isinstance(item, CancelOrder)])

    assert len(cancelled[0]) == 4
    assert cancelled[0] == cancelled[1]


def test_a_price_off_the_tick_survives(started: Runs) -> None:
    run = started()
    run.tick(Fraction(100_001, 10))
    before = run.session.strategies[BTC].last_ticker

    run = restarted(run)

    after = run.session.strategies[BTC].last_ticker
    assert before is not None
    assert after is not None
    assert (after.at, after.last, after.mark) == (before.at, before.last, before.mark)


def test_a_strategy_without_a_ticker_is_saved_without_one(started: Runs) -> None:
    run = started()

    saved = strategy_snapshot(run.session.strategies[BTC])

    assert saved["ticker"] is None
    assert restarted(run).session.strategies[BTC].last_ticker is None


@pytest.mark.parametrize(
    "name",
    [
        "rules",
        "legs",
        "held_for",
        "denials",
        "brakes",
        "crossing",
        "guard",
        "risk",
        "listed_at",
        "stirred",
        "told_hold",
    ],
)
def test_a_missing_part_is_named(started: Runs, name: str) -> None:
    run = started()
    run.tick(10_000)
    memory = json.loads(json.dumps(run.session.snapshot()))
    del memory["strategies"][BTC][name]

    with pytest.raises(SavedStateError, match=f"expected a field '{name}'"):
        run.fresh_session().restore(memory)
