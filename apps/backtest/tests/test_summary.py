from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from backtest.export import Finished
from backtest.metrics import compute_results
from backtest.summary import (
    bracket_rows,
    metric_groups,
    print_summary,
    print_verdict,
    why_no_trade,
    worst_of,
)
from backtest.verify import Comparison, VerifyReport


def printed(runs: dict[str, Finished]) -> str:
    stream = StringIO()
    print_summary(Console(file=stream, width=120), runs)
    return stream.getvalue()


def test_the_summary_tells_profit_drawdown_and_fills(finished: Finished) -> None:
    text = printed({"": finished})

    assert "grid · 2026-01-01 01:00:00 to 2026-01-01 03:00:00 UTC" in text
    assert "4.42 USDT (0.044 %)" in text
    assert "bars" not in text


def test_the_summary_of_a_bracket_names_the_order_of_each_run(finished: Finished) -> None:
    text = printed({"high_first": finished, "low_first": finished})

    assert "bars, high first" in text
    assert "bars, low first" in text


def test_denied_orders_are_in_the_summary(finished: Finished) -> None:
    outcome = replace(finished.results.outcome, denials={"max_margin": 1234})

    text = printed({"": replace(finished, results=compute_results(outcome))})

    assert "max_margin" in text
    assert "1,234" in text


def test_every_group_of_metrics_has_rows_and_no_unknown_word(sc_1: Any) -> None:
    outcome = sc_1.outcome(min_liquidation_distance_pct={"BTCUSDT": Decimal("74.1234")})

    groups = metric_groups(compute_results(outcome))

    assert list(groups) == ["Account", "Risk", "Trades", "Grid", "Books"]
    rows = {name: value for rows in groups.values() for name, value in rows}
    assert rows["least distance to liquidation, BTCUSDT"] == "74.12 %"
    assert rows["win rate of closes"] == "66.67 %"
    assert rows["completed cycles"] == "2 (24.0 a day)"
    assert rows["mean time of a cycle"] == "60 s"
    assert "None" not in rows.values()


def test_the_books_add_up_on_paper(sc_1: Any) -> None:
    rows = dict(metric_groups(compute_results(sc_1.outcome()))["Books"])

    assert rows["profit of closed lots"] == "8.19560000 USDT"
    assert rows["+ inventory at mark"] == "-1.90000000 USDT"
    assert rows["- fees"] == "1.87860088 USDT"
    assert rows["= total"] == "4.41699912 USDT"


def test_a_run_without_fills_shows_dashes_for_what_is_undefined(builder: Any) -> None:
    groups = metric_groups(compute_results(builder.outcome()))

    rows = {name: value for rows in groups.values() for name, value in rows}
    assert (rows["Sharpe"], rows["win rate of closes"], rows["profit per cycle"]) == ("-", "-", "-")


def test_the_worst_run_of_a_bracket_is_the_one_with_the_lower_profit(
    finished: Finished, sc_1: Any
) -> None:
    better = replace(finished, results=compute_results(sc_1.outcome(mark="99000")))

    assert worst_of({"high_first": finished, "low_first": finished}) == "high_first"
    assert worst_of({"high_first": better, "low_first": finished}) == "low_first"


def verdict(**changes: Any) -> str:
    comparison = Comparison(
        part="trades", entries=1234, equal=True, difference="", sha256="ab" * 32
    )
    report = VerifyReport(comparisons=(replace(comparison, **changes),))
    stream = StringIO()
    print_verdict(Console(file=stream, width=120), "", report)
    return stream.getvalue()


def test_a_verified_run_says_what_was_equal() -> None:
    text = verdict()

    assert "row by row: identical" in text
    assert "1,234 equal" in text


def test_a_difference_is_told_where_it_first_is() -> None:
    text = verdict(equal=False, difference="entry 3: expected a, found b")

    assert "NOT IDENTICAL" in text
    assert "entry 3: expected a, found b" in text


def test_a_bracket_shows_the_same_rows_for_both_orders(finished: Finished) -> None:
    rows = bracket_rows({"high_first": finished, "low_first": finished})

    assert rows[0] == ("net profit", "4.42 USDT (0.044 %)", "4.42 USDT (0.044 %)")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ticks": 1}, "the tape is too short: 1 row"),
        ({"grid_changes": []}, "no grid was ever built"),
        (
            {"orders_placed": 0, "denials": {"max_margin": 12, "size": 40}},
            "every order was refused: 40 size, 12 max_margin",
        ),
        ({"orders_placed": 3, "orders_rejected": {}}, "BTCUSDT moved between 99,990 and 100,000"),
        ({"orders_placed": 0}, "no order was eligible"),
    ],
)
def test_a_run_without_a_trade_says_why(builder: Any, changes: dict[str, Any], reason: str) -> None:
    assert reason in why_no_trade(builder.outcome(**changes))


def test_a_price_that_never_reached_a_level_is_told_with_the_levels(builder: Any) -> None:
    text = why_no_trade(builder.outcome(orders_placed=8))

    assert "its levels lay between 99,401.2 and 100,200" in text
    assert "8 orders" in text


def test_a_symbol_without_prices_is_not_judged(builder: Any) -> None:
    empty = {"BTCUSDT": np.array([], dtype=np.float64)}

    assert "BTCUSDT had no grid" in why_no_trade(builder.outcome(orders_placed=8, price=empty))
