"""The comparison's measurement believes no result that is worse than what was made."""

from dataclasses import replace

import pytest

from appkit.exits import RunFailed
from bench.comparator.made import made_fills
from bench.comparator.measure import MEMORY_MAX, expect_cheapest, measure
from comparator.fills import FillTable, Source
from comparator.matching import align


def test_nearly_all_made_pairs_are_found() -> None:
    found = measure(3000, 5)

    assert found.good()
    assert found.metrics.matched_count == len(made_fills(3000, 5).live_rows)


def test_a_target_that_is_missed_is_told() -> None:
    found = measure(500, 5)

    slow, large = replace(found, align_seconds=31.0), replace(found, memory=MEMORY_MAX)

    assert not slow.good()
    assert "less than 30: MISSED" in slow.text()
    assert not large.good()
    assert "less than 2: MISSED" in large.text()


def test_pairs_that_cost_more_than_the_made_ones_are_a_failure() -> None:
    made = made_fills(500, 5)
    live = FillTable.of_columns(made.live, Source.LIVE)
    backtest = FillTable.of_columns(made.backtest, Source.BACKTEST)
    matching = align(live, backtest)
    worse = replace(matching, live=matching.live[1:], backtest=matching.backtest[1:])

    expect_cheapest(made, live, backtest, matching)
    with pytest.raises(RunFailed, match=r"the pairs cost .* s more than those that were made"):
        expect_cheapest(made, live, backtest, worse)
