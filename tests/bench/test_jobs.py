"""The jobs are what the bench says they are, and go through the product."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import jobs
from bench.markets import mirrored_tape
from bench.peers.rules import BUYS, SELLS, Terms, no_counts, trade_through
from gridcore.config import CloseGate, SidePolicy
from simvenue.messages import FillModel
from tapes.tape import Tape


def test_the_full_job_is_a_hedged_grid_with_everything_on(
    lively_tape: Callable[[int], Tape],
) -> None:
    plan = jobs.full_plan(lively_tape(1))
    (strategy,) = plan.strategies

    assert str(strategy.grid.grid_step) == "0.2"
    assert (strategy.grid.grid_count, strategy.grid.side_policy) == (50, SidePolicy.FOLLOW)
    assert strategy.close_gate is CloseGate.ALLOW_EQUAL
    assert strategy.risk.enabled
    assert plan.venue.fill_model is FillModel.STRICT_CROSS
    assert plan.venue.funding_enabled
    audits = {
        plan.safety.audit_orders_s,
        plan.safety.audit_positions_s,
        plan.safety.audit_wallet_s,
    }
    assert audits == {8 * 3600}


def test_the_full_job_builds_its_index_and_leaves_none_behind(
    lively_tape: Callable[[int], Tape],
) -> None:
    tape = lively_tape(1)
    before = sorted(tape.path.iterdir())

    results = jobs.run_full(jobs.full_plan(tape))

    assert results.identity.holds
    assert len(results.outcome.fills) > 20
    assert sorted(tape.path.iterdir()) == before


def test_in_the_scan_job_almost_nothing_happens(lively_tape: Callable[[int], Tape]) -> None:
    tape = lively_tape(1)

    full = jobs.run_full(jobs.full_plan(tape)).outcome
    scan = jobs.run_scan(jobs.scan_plan(tape))

    assert len(scan.fills) * 10 < len(full.fills)


@given(st.integers(10_000, 100_000_000))
def test_the_static_grid_begins_just_above_the_first_price(price: int) -> None:
    grid = jobs.static_grid(price)

    assert len(grid.levels) == 51
    assert grid.levels[-2] * 1.001 < price < grid.levels[-1]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_product_fills_exactly_what_the_plain_rules_fill(
    lively_tape: Callable[[int], Tape], tmp_path: Path, seed: int
) -> None:
    tape = lively_tape(seed)
    grid = jobs.static_grid(int(tape.trades.price[0]))
    market = mirrored_tape(tmp_path, tape, grid.levels)
    terms = Terms(np.array(grid.levels), grid.centre, 0.1, 0.01, 0.0002)
    counts = no_counts()

    did = jobs.traded(jobs.run_one_way(jobs.one_way_plan(market, grid)))
    lots, _, fees = trade_through(market.trades.price, terms, counts)

    assert did.buys > 20
    assert (did.buys, did.sells) == (counts[BUYS], counts[SELLS])
    assert did.position == pytest.approx(lots * 0.01)
    assert did.fees == pytest.approx(fees)
