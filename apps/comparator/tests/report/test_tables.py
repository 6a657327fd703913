"""The CSV files of 13.1 to 13.4, and that a spreadsheet runs none of their texts (C-8)."""

import csv
from io import StringIO

from apps.comparator.tests.told import MakeComparison, MakeFill
from comparator.report.comparison import Comparison
from comparator.report.tables import (
    certificate_csv,
    equity_csv,
    matched_csv,
    metrics_csv,
    positions_csv,
    unmatched_csv,
)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_matched_trades_have_the_columns_of_13_1(comparison: Comparison) -> None:
    certified = comparison.certified

    text = matched_csv(certified.live, certified.backtest, comparison.matching)

    assert text.splitlines()[0] == (
        "client_order_id,occurrence,symbol,side,live_price,backtest_price,price_delta,live_qty,"
        "backtest_qty,qty_delta,live_fee,backtest_fee,fee_delta,live_pnl,backtest_pnl,pnl_delta,"
        "live_timestamp,backtest_timestamp"
    )
    assert text.splitlines()[1] == (
        "a,0,BTCUSDT,Buy,100,100,0,2,2,0,0.04,0.04,0,0,0,0,"
        "1970-01-01T00:00:10.000000Z,1970-01-01T00:00:10.000000Z"
    )
    assert [row["client_order_id"] for row in read(text)] == ["a", "d"]


def test_each_row_of_matched_trades_is_its_own_pair(
    compare: MakeComparison, make_fill: MakeFill
) -> None:
    """13.1: row i pairs with delta i, never a map by id."""
    found = compare(
        [("a", 10), ("a", 700), ("a", 1400)],
        [("a", 10), make_fill("a", 700, price="100.5"), ("a", 1401)],
    )

    rows = read(matched_csv(found.certified.live, found.certified.backtest, found.matching))

    assert [(row["occurrence"], row["price_delta"]) for row in rows] == [
        ("0", "0"),
        ("1", "0.5"),
        ("2", "0"),
    ]


def test_unmatched_trades_have_the_columns_of_13_2(comparison: Comparison) -> None:
    certified = comparison.certified

    text = unmatched_csv(certified.live, certified.backtest, comparison.matching)

    assert text.splitlines() == [
        "source,client_order_id,occurrence,symbol,side,price,qty,fee,realized_pnl,timestamp",
        "live_only,b,0,BTCUSDT,Buy,100,2,0.04,0,1970-01-01T00:00:20.000000Z",
        "live_only,c,0,BTCUSDT,Buy,100,2,0.04,0,1970-01-01T00:00:35.000000Z",
        "backtest_only,e,0,BTCUSDT,Buy,100,2,0.04,0,1970-01-01T00:00:55.000000Z",
    ]


def test_metrics_are_named_rows_in_the_order_of_13_3(comparison: Comparison) -> None:
    rows = read(metrics_csv(comparison.metrics))

    assert [row["metric"] for row in rows[:7]] == [
        "total_live_trades",
        "total_backtest_trades",
        "matched_count",
        "live_only_count",
        "backtest_only_count",
        "match_rate",
        "phantom_rate",
    ]
    assert rows[5]["value"] == "0.5000"


def test_the_certificate_names_class_and_reason_of_every_divergence(
    comparison: Comparison,
) -> None:
    rows = read(certificate_csv(comparison.certified))

    assert [(row["class"], row["client_order_id"]) for row in rows] == [
        ("queue", "b"),
        ("data_gap", "c"),
        ("unexplained", "e"),
        ("funding", ""),
    ]
    assert rows[0]["reason"] == "1 traded at 100 and none through, at most 5 may"
    assert "traded_at_price=1" in rows[0]["evidence"]
    assert "queue: no order of this id is known to have stood in the queue" in rows[2]["evidence"]


def test_equity_has_one_row_for_each_bucket(comparison: Comparison) -> None:
    assert equity_csv(comparison.equity).splitlines() == [
        "timestamp,live,backtest,divergence",
        "1970-01-01T00:00:00.000000Z,1000,1000,0",
        "1970-01-01T01:00:00.000000Z,1005,1006,1",
    ]


def test_positions_have_the_columns_of_13_4(comparison: Comparison) -> None:
    text = positions_csv(comparison.positions)

    assert text.splitlines()[0] == (
        "side,live_ts,backtest_ts,live_size,bt_size,live_entry,bt_entry,mark_price,live_im,bt_im,"
        "im_delta,live_mm,bt_mm,mm_delta,live_liq,bt_liq,liq_delta,live_unrealised_recomp,"
        "bt_unrealised_recomp,unrealised_delta,live_cum_realised,bt_cum_realised,"
        "cum_realised_delta,live_cur_realised,bt_cur_realised,cur_realised_delta,live_upnl_usdt,"
        "bt_upnl_usdt,upnl_usdt_delta,live_position_value,bt_position_value,pos_value_delta,"
        "state_diverged"
    )
    (row,) = read(text)
    assert (row["side"], row["live_liq"], row["im_delta"], row["state_diverged"]) == (
        "Buy",
        "",
        "0",
        "0",
    )


def test_no_text_begins_as_a_formula(compare: MakeComparison, make_fill: MakeFill) -> None:
    """C-8: an id comes from whoever placed the order."""
    hostile = "=cmd|'/C calc'!A0"
    fill = make_fill(hostile, 10, strat_id=None)
    found = compare([fill], [fill])
    alone = compare([fill], [])

    texts = [
        matched_csv(found.certified.live, found.certified.backtest, found.matching),
        unmatched_csv(alone.certified.live, alone.certified.backtest, alone.matching),
        certificate_csv(alone.certified),
    ]

    for text in texts:
        cells = [cell for row in csv.reader(StringIO(text)) for cell in row]
        assert f"'{hostile}" in cells
        assert not [cell for cell in cells if cell[:1] in ("=", "+", "@")]


def test_negative_numbers_stay_numbers(compare: MakeComparison, make_fill: MakeFill) -> None:
    found = compare([make_fill("a", 10, price="101")], [("a", 10)])

    (row,) = read(matched_csv(found.certified.live, found.certified.backtest, found.matching))

    assert row["price_delta"] == "-1"
