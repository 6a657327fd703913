"""The model of comparisons on cases that can be seen through."""

from fractions import Fraction
from typing import Any

from bbu_reference.comparator_model import (
    direction_of,
    loaded,
    match,
    overwritten,
    rows_of,
    trade_figures,
)
from bbu_reference.comparator_rules import (
    MIXED_ORDER,
    READING_ORDER,
    SHIFTED_PAIRS,
    UNKNOWN_DIRECTION,
    UNNUMBERED,
)

MINUTE = 60_000


def cell(identity: str, at: int, side: str = "Buy", **others: Any) -> list[Any]:
    fields = {"price": "10", "qty": "2", "fee": "0.1", "pnl": "0", "direction": "long", **others}
    return [
        *(identity, side, fields["price"], fields["qty"], fields["fee"], fields["pnl"], at),
        fields["direction"],
    ]


def paired(live: list[Any], backtest: list[Any], *old: Any) -> list[tuple[int, int]]:
    matched = match(rows_of(live), rows_of(backtest), old)
    return [(mine.at, theirs.at) for mine, theirs in matched.pairs]


def test_rows_are_ordered_and_numbered_within_an_id() -> None:
    rows = rows_of([cell("b", 2), cell("a", 2), cell("b", 1)])

    assert [(row.identity, row.at, row.number) for row in rows] == [
        ("b", 1, 0),
        ("a", 2, 0),
        ("b", 2, 1),
    ]


def test_a_missing_row_shifts_the_join_by_number_and_not_the_least_cost() -> None:
    live = [cell("a", at * MINUTE) for at in (0, 20, 40)]
    backtest = [cell("a", at * MINUTE) for at in (20, 40)]

    assert paired(live, backtest) == [(20 * MINUTE, 20 * MINUTE), (40 * MINUTE, 40 * MINUTE)]
    assert paired(live, backtest, SHIFTED_PAIRS) == [(0, 20 * MINUTE), (20 * MINUTE, 40 * MINUTE)]


def test_the_least_cost_pairs_within_a_side_and_ten_minutes() -> None:
    live = [cell("a", 0), cell("b", 0), cell("c", 0)]
    backtest = [cell("a", 0, side="Sell"), cell("b", 11 * MINUTE), cell("c", 10 * MINUTE)]

    assert paired(live, backtest) == [(0, 10 * MINUTE)]
    assert len(paired(live, backtest, SHIFTED_PAIRS)) == 3


def test_of_equal_costs_the_earliest_rows_are_kept() -> None:
    assert paired([cell("a", 0), cell("a", 10)], [cell("a", 5)]) == [(0, 5)]
    assert paired([cell("a", 5)], [cell("a", 0), cell("a", 10)]) == [(5, 0)]


def test_rows_without_numbers_overwrote_one_another() -> None:
    cells = [cell("a", 2), cell("a", 1)]

    assert [row.at for row in overwritten(cells, (UNNUMBERED,))] == [1]
    assert [row.number for row in overwritten(cells, ())] == [0, 1]


def test_a_direction_that_is_unknown_follows_from_side_and_profit() -> None:
    rows = rows_of(
        [
            cell("a", 0, direction=None),
            cell("b", 1, direction=None, pnl="1"),
            cell("c", 2, side="Sell", direction=None, pnl="-1"),
        ]
    )

    assert [direction_of(row, ()) for row in rows] == ["long", "short", "long"]
    assert {direction_of(row, (UNKNOWN_DIRECTION,)) for row in rows} == {"short"}


def test_figures_are_of_pairs_and_volumes_of_all() -> None:
    live = rows_of([cell("a", 0), cell("b", 1, qty="5")])
    backtest = rows_of([cell("a", 500, price="10.5", pnl="2")])

    figures, breaches = trade_figures(
        live, backtest, match(live, backtest, ()), (Fraction(1, 10), Fraction(0)), ()
    )

    assert figures["match_rate"] == figures["price_mean_abs_delta"] == Fraction(1, 2)
    assert figures["cumulative_pnl_delta"] == figures["long_pnl_delta"] == 2
    assert figures["total_live_volume"] == 7
    assert figures["mean_time_delta_seconds"] == Fraction(1, 2)
    assert breaches == [("a", 0)]


def execution(number: int, order: str, **others: Any) -> list[Any]:
    fields = {"link": "abc-1", "side": "Buy", "price": "10", "qty": "1", "symbol": "X", **others}
    return [
        *(f"x{number}", order, fields["link"], fields["side"], fields["price"], fields["qty"]),
        *(None, "0", number, fields["symbol"]),
    ]


def test_executions_of_an_order_are_summed_and_others_only_in_the_recordings() -> None:
    rows = [execution(1, "1"), execution(2, "1", price="13"), execution(3, "1", symbol="Y")]

    right = loaded(rows, ())

    assert [trade[:8] for trade in right] == [
        ("abc", "X", "Buy", Fraction(23, 2), 2, 0, 0, 2),
        ("abc", "Y", "Buy", 10, 1, 0, 0, 3),
    ]
    assert [trade[-1] for trade in right] == [0, 1]
    assert len(loaded(rows, (MIXED_ORDER,))) == 1


def test_trades_of_one_time_are_numbered_by_order_or_as_they_were_read() -> None:
    rows = [execution(1, "2", qty="7"), [*execution(1, "1")]]

    assert [trade[4] for trade in loaded(rows, ())] == [1, 7]
    assert [trade[4] for trade in loaded(rows, (READING_ORDER,))] == [7, 1]


def test_without_a_link_the_order_is_the_id() -> None:
    assert loaded([execution(1, "o1", link="")], ())[0][0] == "o1"
