"""Made fills: the same for a seed, different on both sides in the ways that are said."""

import numpy as np

from bench.comparator.made import JITTER_US, made_fills


def test_rows_of_one_occurrence_are_known() -> None:
    made = made_fills(5000, 3)

    live, backtest = made.live.take(made.live_rows), made.backtest.take(made.backtest_rows)
    assert live.client_order_id.tolist() == backtest.client_order_id.tolist()
    assert live.qty.units.tolist() == backtest.qty.units.tolist()
    assert int(np.abs(live.at - backtest.at).max()) <= JITTER_US


def test_both_sides_lack_some_and_are_in_order_of_time() -> None:
    made = made_fills(5000, 3)

    for side in (made.live, made.backtest):
        assert len(made.live_rows) < len(side.at) < 5000
        assert np.all(np.diff(side.at) >= 0)


def test_some_orders_filled_at_two_prices() -> None:
    live = made_fills(5000, 3).live

    rest = live.notional.units % live.qty.units
    assert 0 < np.count_nonzero(rest) < 500
    assert np.array_equal(live.executions == 2, rest > 0)


def test_a_seed_gives_the_same_fills_again() -> None:
    first, again, other = made_fills(500, 1), made_fills(500, 1), made_fills(500, 2)

    assert np.array_equal(first.live.client_order_id, again.live.client_order_id)
    assert np.array_equal(first.backtest.at, again.backtest.at)
    assert not np.array_equal(first.live.at, other.live.at)
