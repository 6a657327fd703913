"""The recorder over the wire: the database equals the simulator's own account, row for row."""

from pathlib import Path

import pytest

from bench.recorder.run import Plan, measure
from bench.recorder.troubles import Troubles


def test_the_database_equals_the_simulators_account_row_for_row(tmp_path: Path) -> None:
    plan = Plan(trades=8_000, speed=80, troubles=Troubles())

    ran = measure(plan, tmp_path)

    found = ran.found
    assert ran.good(), ran.text()
    assert (found.trades_in_gaps, found.between, found.letters, found.gaps_given_up) == (0, 0, 0, 0)
    assert found.trades >= 7_900
    assert found.executions >= 50
    assert found.orders > ran.placed


@pytest.mark.story
def test_outages_locks_poison_and_a_kill_cost_public_trades_on_record_alone(tmp_path: Path) -> None:
    """Frames come twice and late besides. States of orders, legs and wallet that came and went in
    an outage are nowhere to be had; executions are all there."""
    troubles = Troubles(outages=4, locked_s=2.0, kills=1, frames_disturbed=True)
    plan = Plan(trades=5_000, speed=22, poison=3, troubles=troubles)

    ran = measure(plan, tmp_path)

    found = ran.found
    assert (found.faults, ran.exit_code) == ((), 0), ran.text()
    assert found.trades_in_letters >= 1
    assert found.trades >= 3_000
    assert found.gaps_filled >= 10
    assert found.executions >= 100
