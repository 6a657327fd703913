import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.metrics import compute_results
from backtest.outcome import FillKind
from backtest.tables import (
    TRADE_COLUMNS,
    cell_text,
    csv_text,
    equity_csv,
    grid_csv,
    ledger_csv,
    levels_csv,
    metric_rows,
    metrics_csv,
    trades_csv,
)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    """LS-90."""
    assert cell_text(text) == f"'{text}".replace("\r", " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("-1.50"), "-1.5"),
        (Decimal("1E-8"), "0.00000001"),
        (-3, "-3"),
        (-0.5, "-0.5"),
        (None, ""),
        (True, "true"),
        (FillKind.WIND_DOWN, "wind_down"),
        ("plain", "plain"),
    ],
)
def test_numbers_stay_numbers_and_words_stay_words(value: Any, text: str) -> None:
    assert cell_text(value) == text


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_text_cell_starts_a_formula_and_all_survive_reading(texts: list[str]) -> None:
    read = next(csv.reader(StringIO(csv_text([], [texts]).split("\n", 1)[1], newline="")))

    expected = [text.replace("\r", " ").removeprefix("'") for text in texts]
    assert [cell.removeprefix("'") for cell in read] == expected
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in read)


def test_the_trade_table_keeps_the_older_columns_and_adds_evidence(sc_1: Any) -> None:
    """Y-10: the older columns come first, in their order."""
    rows = rows_of(trades_csv(sc_1.outcome()))

    assert TRADE_COLUMNS[:5] == ("trade_id", "timestamp", "symbol", "side", "direction")
    assert len(rows) == 9
    assert rows[2] == {
        "trade_id": "3",
        "timestamp": "2026-01-01T01:03:00.000000Z",
        "symbol": "BTCUSDT",
        "side": "Sell",
        "direction": "long",
        "price": "99800",
        "qty": "0.011",
        "notional": "1097.8",
        "realized_pnl": "1.0978",
        "commission": "0.21956",
        "order_id": "order-3",
        "client_order_id": "0000000000000003",
        "strat_id": "grid",
        "level": "3",
        "closed_qty": "0.011",
        "is_maker": "true",
        "evidence": "crossed",
        "kind": "grid",
        "exec_id": "exec-3",
    }


def test_the_equity_table_tells_the_return_since_the_start(sc_1: Any) -> None:
    rows = rows_of(equity_csv(sc_1.outcome()))

    assert rows[0] == {
        "timestamp": "2026-01-01T01:00:00.000000Z",
        "equity": "10000",
        "return_pct": "0",
    }
    assert (rows[-1]["equity"], rows[-1]["return_pct"]) == ("10004.41699912", "0.04416999")


def test_the_ledger_table_ends_at_the_final_wallet(sc_1: Any) -> None:
    outcome = sc_1.outcome()

    rows = rows_of(ledger_csv(outcome))

    assert Decimal(rows[-1]["balance"]) == outcome.final_wallet
    assert (rows[0]["kind"], rows[0]["balance"]) == ("cash", "10000")
    assert (rows[1]["kind"], rows[1]["amount"]) == ("fee", "-0.21956")


def test_the_grid_table_has_a_row_for_each_level_of_each_change(sc_1: Any) -> None:
    rows = rows_of(grid_csv(sc_1.outcome()))

    assert [(row["level"], row["price"]) for row in rows[:2]] == [
        ("0", "99401.2"),
        ("1", "99600.4"),
    ]
    assert len(rows) == 5


def test_the_level_table_is_ascending_in_price(sc_1: Any) -> None:
    rows = rows_of(levels_csv(compute_results(sc_1.outcome())))

    assert [(row["price"], row["buys"], row["sells"], row["profit"]) for row in rows] == [
        ("99600.4", "1", "0", "2.1956"),
        ("99800", "1", "2", "4"),
        ("100000", "2", "1", "0"),
        ("100200", "0", "2", "2"),
    ]


def test_every_metric_has_a_name_and_times_are_dates(sc_1: Any) -> None:
    metrics = compute_results(sc_1.outcome(denials={"max_margin": 3})).metrics

    rows = dict(metric_rows(metrics))

    assert rows["start"] == "2026-01-01T01:00:00.000000Z"
    assert rows["trades.win_rate"] == pytest.approx(2 / 3)
    assert rows["denials.max_margin"] == 3
    assert rows["cycles.completed"] == 2
    assert rows["drawdown.peak_at"] is None
    assert "metric,value\nstart,2026" in metrics_csv(metrics)
