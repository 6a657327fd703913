"""What makes a run good, and what it says for people."""

from dataclasses import replace

import pytest

from bench.recorder.comparison import Comparison, compare
from bench.recorder.kept import Kept
from bench.recorder.market import Traded
from bench.recorder.rows import Account
from bench.recorder.run import Plan, Ran
from bench.recorder.troubles import Troubles

PLAN = Plan(trades=100, speed=20, poison=5, troubles=Troubles(outages=30, locked_s=120.0, kills=2))


def ran(found: Comparison, exit_code: int = 0) -> Ran:
    return Ran(plan=PLAN, found=found, placed=7, exit_code=exit_code, seconds=9.0)


@pytest.fixture
def found(trades: list[Traded], account: Account, kept: Kept) -> Comparison:
    return compare(trades, account, kept)


def test_a_run_without_faults_passes_and_says_what_was_done(found: Comparison) -> None:
    good = ran(found)

    assert good.good()
    text = good.text()
    assert "30 outages, database locked for 120 s, 5 poison rows, 2 kills" in text
    assert text.endswith("verdict: PASS\n")


def test_a_fault_an_exit_code_or_too_many_trades_in_given_up_gaps_fail_a_run(
    found: Comparison,
) -> None:
    assert ran(replace(found, trades_in_gaps=5)).good()
    bad = [
        ran(replace(found, faults=("executions that are missing: 1",))),
        ran(found, exit_code=2),
        ran(replace(found, trades_in_gaps=6)),
    ]

    assert [one.good() for one in bad] == [False, False, False]
    assert "verdict: FAIL" in bad[0].text()
    assert "given up: 6.00% of the public trades (allowed: 5%)" in bad[2].text()


def test_where_nothing_went_wrong_nothing_may_be_given_up(found: Comparison) -> None:
    calm = replace(ran(found), plan=replace(PLAN, troubles=Troubles()))

    assert calm.good()
    assert not replace(calm, found=replace(found, trades_in_gaps=1)).good()


def test_a_market_of_twenty_trades_a_second_is_played_at_the_speed_of_the_plan() -> None:
    assert replace(PLAN, trades=20_000, speed=10).seconds == pytest.approx(110)
