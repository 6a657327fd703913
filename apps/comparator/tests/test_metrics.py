"""Figures of a matching: coverage before all, exact deltas, the rows of 13.3 in their order."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparator.equity import Basis, EquityDivergence
from comparator.fills import FillTable
from comparator.matching import align
from comparator.metrics import Metrics, Tolerances, TradeMetrics, deltas_of, trade_metrics
from comparator.telemetry import telemetry_metrics
from gridcore.sides import LONG, SELL, SHORT

Make = Callable[..., Any]
CENTS = st.integers(1, 10**6)


def measured(live: FillTable, backtest: FillTable, **others: Any) -> TradeMetrics:
    return trade_metrics(live, backtest, align(live, backtest), **others)


@pytest.fixture
def story(live: Make, backtest: Make, make_fill: Make) -> TradeMetrics:
    """Two pairs, one fill that only live has and one that only the backtest has."""
    recorded = live(
        make_fill("a", 10, price="100", qty="2", realised=Decimal("1.5"), fee=Decimal("0.1")),
        make_fill("b", 20, side=SELL, realised=Decimal(-1), fee=Decimal("0.2")),
        make_fill("c", 30, price="50", qty="4", fee=Decimal(9), realised=Decimal(99)),
    )
    simulated = backtest(
        make_fill("a", 11, price="100.5", qty="2", realised=Decimal(2), fee=Decimal("0.11")),
        make_fill("b", 17, side=SELL, qty="1.5", realised=Decimal(-1), fee=Decimal("0.2")),
        make_fill("d", 30, qty="7"),
    )
    return measured(recorded, simulated)


def test_coverage_counts_everything(story: TradeMetrics) -> None:
    assert (story.total_live_trades, story.total_backtest_trades) == (3, 3)
    assert (story.matched_count, story.live_only_count, story.backtest_only_count) == (2, 1, 1)
    assert (story.match_rate, story.phantom_rate) == (Decimal(2) / 3, Decimal(1) / 3)
    assert story.live_only_notional == 200
    assert story.backtest_only_notional == 700
    assert story.matched_notional_share == Decimal(400) / 600


def test_deltas_are_of_the_pairs_and_backtest_minus_live(story: TradeMetrics) -> None:
    assert (story.price.mean, story.price.median, story.price.maximum) == (
        Decimal("0.25"),
        Decimal("0.25"),
        Decimal("0.5"),
    )
    assert (story.qty.mean, story.qty.maximum) == (Decimal("0.25"), Decimal("0.5"))
    assert (story.total_live_fees, story.total_backtest_fees, story.fee_delta) == (
        Decimal("0.3"),
        Decimal("0.31"),
        Decimal("0.01"),
    )
    assert (story.total_live_pnl, story.total_backtest_pnl) == (Decimal("0.5"), Decimal(1))
    assert story.cumulative_pnl_delta == Decimal("0.5")
    assert story.pnl.median == Decimal("0.25")


def test_volumes_are_of_all_fills(story: TradeMetrics) -> None:
    assert story.total_live_volume == 8
    assert story.total_backtest_volume == Decimal("10.5")


def test_directions_are_told_apart(story: TradeMetrics) -> None:
    long, short = story.directions[LONG], story.directions[SHORT]

    assert (long.count, long.pnl_delta, long.price.maximum) == (1, Decimal("0.5"), Decimal("0.5"))
    assert (short.count, short.pnl_delta, short.qty.maximum) == (1, Decimal(0), Decimal("0.5"))
    assert (long.fee_delta, short.fee_delta) == (Decimal("0.01"), Decimal(0))
    assert long.time_seconds.mean == 1
    assert short.time_seconds.mean == 3


def test_the_direction_of_a_pair_is_the_backtests(
    live: Make, backtest: Make, make_fill: Make
) -> None:
    """C-2: a live close that broke even may read as an opening."""
    recorded = live(make_fill("b", 5, side=SELL, direction=SHORT))
    simulated = backtest(
        make_fill("a", 1, direction=SHORT), make_fill("b", 5, side=SELL, direction=LONG)
    )

    found = measured(recorded, simulated).directions

    assert (found[LONG].count, found[SHORT].count) == (1, 0)


def test_time_errors_are_told_in_seconds(story: TradeMetrics) -> None:
    assert story.time_seconds.mean == 2
    assert story.time_seconds.maximum == 3
    assert story.time.p95 == 3


def test_a_pair_beyond_a_tolerance_is_a_breach(live: Make, backtest: Make, make_fill: Make) -> None:
    recorded = live(make_fill("a", 0), make_fill("b", 0), make_fill("c", 0))
    simulated = backtest(
        make_fill("a", 0, price="100.01"),
        make_fill("b", 0, qty="2.001", notional=Decimal("200.1")),
        make_fill("c", 0, qty="2.0011", notional=Decimal("200.11")),
    )

    strict = measured(recorded, simulated)
    lenient = measured(
        recorded, simulated, tolerances=Tolerances(price=Decimal("0.01"), qty=Decimal("0.01"))
    )

    assert strict.breaches == (("a", 0), ("c", 0))
    assert lenient.breaches == ()


def test_without_pairs_there_is_coverage_and_volume(live: Make, backtest: Make) -> None:
    """LS-85."""
    found = measured(live(("a", 0)), backtest())

    assert (found.total_live_trades, found.live_only_count) == (1, 1)
    assert found.total_live_volume == 2
    assert found.match_rate == found.matched_notional_share == 0
    assert found.price.maximum == found.pnl.std == found.pnl_correlation == 0
    assert measured(live(), backtest()).phantom_rate == 0


@given(st.lists(st.tuples(CENTS, CENTS, CENTS, CENTS), min_size=1, max_size=6))
def test_every_delta_is_exact(
    live: Make, backtest: Make, make_fill: Make, rows: list[tuple[int, int, int, int]]
) -> None:
    """Mean prices of several executions included: no float, no rounding before the difference."""
    recorded = live(
        *(
            make_fill(f"{row}", row, notional=Decimal(a).scaleb(-2), qty=f"{b}")
            for row, (a, b, _, _) in enumerate(rows)
        )
    )
    simulated = backtest(
        *(
            make_fill(f"{row}", row, notional=Decimal(c).scaleb(-2), qty=f"{d}")
            for row, (_, _, c, d) in enumerate(rows)
        )
    )

    found = deltas_of(recorded, simulated, align(recorded, simulated))

    mine, theirs = recorded.rows(), simulated.rows()
    expected = {b.client_order_id: (b.price, b.qty) for b in theirs}
    order = sorted(mine, key=lambda fill: fill.client_order_id)
    assert found.qty.decimals() == [expected[a.client_order_id][1] - a.qty for a in order]
    for delta, fill in zip(found.price.decimals(), order, strict=True):
        assert abs(delta - (expected[fill.client_order_id][0] - fill.price)) < Decimal("1e-20")


def test_equal_tables_differ_in_nothing(live: Make, backtest: Make, make_fill: Make) -> None:
    rows = [make_fill("a", at, realised=Decimal(at)) for at in (1, 2000, 5000)]

    found = measured(live(*rows), backtest(*rows))

    assert found.match_rate == found.matched_notional_share == found.pnl_correlation == 1
    assert found.price.maximum == found.qty.maximum == found.pnl.std == found.time.p95 == 0
    assert found.breaches == ()
    assert found.ambiguous_ids == 0


def test_ambiguous_ids_are_counted(live: Make, backtest: Make) -> None:
    assert measured(live(("a", 10), ("a", 20)), backtest(("a", 15))).ambiguous_ids == 1


def test_deltas_that_are_known_are_not_computed_again(live: Make, backtest: Make) -> None:
    recorded, simulated = live(("a", 0)), backtest(("a", 1))
    matching = align(recorded, simulated)
    deltas = deltas_of(recorded, simulated, matching)

    assert deltas.time_us.tolist() == [1_000_000]
    assert trade_metrics(recorded, simulated, matching, deltas=deltas) == trade_metrics(
        recorded, simulated, matching
    )
    assert np.array_equal(matching.live, [0])


ROBUST = ("median_abs_delta", "p95_abs_delta", "std_abs_delta", "spike_intensity")
COUNTS = ("spike_count_30c", "spike_count_relative_3")


def family(name: str) -> list[str]:
    return [f"{name}_{kind}" for kind in ("mean_abs_delta", "max_abs_delta", *ROBUST, *COUNTS)]


def test_the_rows_stand_in_the_order_of_older_files(story: TradeMetrics) -> None:
    """13.3."""
    metrics = Metrics(
        trades=story,
        collateral_drift={"SOL": Decimal("1.5"), "BTC": Decimal(-1)},
        meta={"fill_mode": "last_cross", "a": "b"},
    )

    assert [name for name, _ in metrics.rows()] == [
        *("total_live_trades", "total_backtest_trades", "matched_count", "live_only_count"),
        *("backtest_only_count", "match_rate", "phantom_rate"),
        *("price_mean_abs_delta", "price_median_abs_delta", "price_max_abs_delta"),
        *("qty_mean_abs_delta", "qty_median_abs_delta", "qty_max_abs_delta"),
        *("total_live_fees", "total_backtest_fees", "fee_delta"),
        *("total_live_pnl", "total_backtest_pnl", "cumulative_pnl_delta"),
        *(f"pnl_{kind}" for kind in (*ROBUST, *COUNTS)),
        *("pnl_correlation", "total_live_volume", "total_backtest_volume"),
        *("long_match_count", "short_match_count", "long_pnl_delta", "short_pnl_delta"),
        *("mean_time_delta_seconds", "breaches_count"),
        *("equity_max_divergence", "equity_mean_divergence", "equity_correlation"),
        *family("position_im"),
        *family("position_mm"),
        *family("liq_price"),
        *family("unrealised_pnl"),
        *("cum_realised_pnl_final_delta", "cur_realised_pnl_final_delta"),
        *family("upnl_usdt"),
        *family("cur_realised_usdt"),
        *family("cum_realised_usdt"),
        *family("pos_value_usdt"),
        *("pos_value_final_delta", "position_pairs_compared", "position_pairs_unmatched_bt"),
        *("position_pairs_state_diverged", "position_pairs_missing_telemetry"),
        *("non_usdt_collateral_drift_total", "collateral_drift.BTC", "collateral_drift.SOL"),
        *("meta.a", "meta.fill_mode"),
    ]


def test_rates_are_rounded_and_what_was_not_compared_is_empty(story: TradeMetrics) -> None:
    rows = dict(Metrics(trades=story).rows())

    assert (rows["match_rate"], rows["phantom_rate"]) == ("0.6667", "0.3333")
    assert rows["pnl_correlation"] == "1.000000"
    assert rows["mean_time_delta_seconds"] == "2.00"
    assert rows["equity_max_divergence"] == rows["position_pairs_compared"] == ""
    assert rows["non_usdt_collateral_drift_total"] == 0


def test_equity_and_telemetry_have_their_rows(story: TradeMetrics) -> None:
    equity = EquityDivergence(
        basis=Basis.EQUITY, buckets=2, maximum=Decimal(3), mean=Decimal(2), correlation=0.5
    )

    rows = dict(Metrics(trades=story, equity=equity, telemetry=telemetry_metrics([])).rows())

    assert (rows["equity_max_divergence"], rows["equity_mean_divergence"]) == (3, 2)
    assert (rows["equity_correlation"], rows["position_pairs_compared"]) == ("0.500000", 0)
