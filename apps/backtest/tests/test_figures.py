import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backtest.figures import (
    GRID_COLUMNS_MAX,
    equity_figure,
    grid_figure,
    levels_figure,
    position_figure,
    price_figure,
    thinned,
)
from backtest.metrics import compute_results
from backtest.outcome import FillKind, GridChange
from gridcore.clock import MINUTE_US, Instant


def traces(figure: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data}


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=500), st.integers(4, 60))
def test_a_thinned_line_keeps_its_ends_and_its_extremes(values: list[int], most: int) -> None:
    at = np.arange(len(values), dtype=np.int64) * 1000

    times, numbers = thinned(at, np.array(values), most)

    assert (times[0], times[-1]) == (0, len(values) - 1)
    assert (numbers[0], numbers[-1]) == (values[0], values[-1])
    assert (numbers.min(), numbers.max()) == (min(values), max(values))
    assert len(numbers) <= most + 4
    assert list(times) == sorted(set(times))


def test_fills_are_told_apart_by_direction_and_side(sc_1: Any) -> None:
    sc_1.fill((7, "long", "Sell", "99990", "0.011"), kind=FillKind.WIND_DOWN)

    found = traces(price_figure(sc_1.outcome(), "BTCUSDT"))

    assert list(found) == [
        "price",
        "long Buy 3",
        "long Sell 2",
        "short Sell 3",
        "short Buy 1",
        "forced 1",
    ]
    assert list(found["long Buy 3"].y) == [99800.0, 99600.4, 100000.0]


def test_times_are_milliseconds_on_a_date_axis(sc_1: Any) -> None:
    figure = price_figure(sc_1.outcome(), "BTCUSDT")

    assert figure.layout.xaxis.type == "date"
    assert traces(figure)["long Sell 2"].x[0] == 1_767_229_380_000


def test_very_many_fills_are_left_to_the_graphics_card(sc_1: Any) -> None:
    outcome = sc_1.outcome()
    many = replace(outcome, fills=list(outcome.fills) * 1200)

    kinds = {trace.name: trace.type for trace in price_figure(many, "BTCUSDT").data}

    assert kinds["long Buy 3,600"] == "scattergl"
    assert kinds["short Buy 1,200"] == "scatter"


def change(minute: int, *levels: str) -> GridChange:
    return GridChange(
        at=Instant(minute * MINUTE_US),
        strat_id="grid",
        symbol="BTCUSDT",
        cause="shift",
        levels=tuple(Decimal(level) for level in levels),
    )


def test_a_level_is_one_line_from_the_change_that_brought_it_to_the_one_that_took_it(
    sc_1: Any,
) -> None:
    outcome = sc_1.outcome(
        grid_changes=[change(0, "99", "100"), change(10, "100", "101")], end=20 * MINUTE_US
    )

    figure, remark = grid_figure(outcome, "grid", "BTCUSDT")

    trace = traces(figure)["levels"]
    lines = [
        (price, start / 60_000, stop / 60_000)
        for price, start, stop in zip(trace.y[::3], trace.x[::3], trace.x[1::3], strict=True)
    ]
    assert sorted(lines) == [(99, 0, 10), (100, 0, 20), (101, 10, 20)]
    assert remark == "2 changes of the grid."


def test_a_grid_of_very_many_changes_is_thinned_and_says_so(sc_1: Any) -> None:
    changes = [change(minute, "99", "100") for minute in range(GRID_COLUMNS_MAX * 2)]

    _, remark = grid_figure(sc_1.outcome(grid_changes=changes), "grid", "BTCUSDT")

    assert remark == "300 of 600 changes are drawn; grid.csv holds them all."


def test_a_run_without_a_grid_still_shows_the_price(builder: Any) -> None:
    figure, remark = grid_figure(builder.outcome(grid_changes=[]), "grid", "BTCUSDT")

    assert (list(traces(figure)), remark) == (["price"], "0 changes of the grid.")


def test_drawdown_is_drawn_against_the_peak_in_force(builder: Any) -> None:
    at = np.arange(4, dtype=np.int64)
    equity = np.array([10000, 9000, 12000, 11400], dtype=np.int64) * 100_000_000
    outcome = builder.outcome(equity_at=at, equity=equity)

    depth = traces(equity_figure(outcome))["drawdown"].y

    np.testing.assert_allclose(depth, [0, -10, 0, -5])


def test_positions_are_steps_with_the_short_leg_below_zero(sc_1: Any) -> None:
    found = traces(position_figure(sc_1.outcome(), "BTCUSDT"))

    assert found["long"].y[-1] == 0.011
    assert found["short"].y[-1] == -0.021
    np.testing.assert_allclose(found["net"].y[-1], -0.01)
    assert found["long"].line.shape == "hv"


def test_profit_per_level_is_ascending_in_price(sc_1: Any) -> None:
    figure = levels_figure(compute_results(sc_1.outcome()), "BTCUSDT")

    found = traces(figure)
    assert list(found["profit"].x) == [99600.4, 99800.0, 100000.0, 100200.0]
    np.testing.assert_allclose(found["profit"].y, [2.1956, 4, 0, 2])
    assert list(found["sells"].y) == [0, 2, 1, 2]


def test_a_run_without_fills_draws_empty_levels(builder: Any) -> None:
    figure = levels_figure(compute_results(builder.outcome()), "BTCUSDT")

    assert len(json.loads(figure.to_json())["data"]) == 3
