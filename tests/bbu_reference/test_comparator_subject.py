"""Vectors become fills, executions, curves and positions of ours."""

from decimal import Decimal

from bbu_reference import comparator_subject as subject
from comparator.fills import DirectionFound, Source
from comparator.matching import match_exact
from gridcore.sides import LONG, SHORT

LIVE = [
    ["b", "Sell", "10", "2", "0.1", "0.5", 7, None],
    ["a", "Buy", "10", "2", "0.1", "0", 5, "short"],
]


def test_trades_become_fills_whose_direction_is_told_or_inferred() -> None:
    first, second = subject.table_of(LIVE, Source.LIVE).rows()

    assert (first.client_order_id, first.at, first.direction) == ("a", 5000, SHORT)
    assert (second.direction, second.direction_found) == (LONG, DirectionFound.INFERRED)
    assert first.direction_found is DirectionFound.RECORDED


def test_figures_are_unrounded_and_deltas_signed() -> None:
    live = subject.table_of([*LIVE, ["c", *LIVE[0][1:]]], Source.LIVE)
    backtest = subject.table_of([["a", "Buy", "11", "2", "0", "0", 3, "long"]], Source.BACKTEST)
    matching = match_exact(live, backtest)

    figures, breaches = subject.figures_of(live, backtest, matching, (Decimal(0), Decimal(0)))

    assert round(figures["match_rate"] * 3, 9) == 1
    assert figures["match_rate"] != Decimal("0.3333")
    assert breaches == [("a", 0)]
    assert subject.deltas_as_rows(live, backtest, matching)[0][:2] == ["a", 1]
    assert subject.deltas_as_rows(live, backtest, matching)[0][-1] * 1000 == -2
    assert subject.times_of(live) == [5, 7, 7]


def test_executions_become_trades() -> None:
    row = ["x", "o", "0123456789abcdef-17", "Buy", "10", "2", None, None, 9, "X"]

    assert subject.loaded([row, row]) == [
        *[("0123456789abcdef", "X", "Buy", 10, 4, 0, 0, 9, "long", 0)]
    ]


def test_curves_and_numbers_are_measured() -> None:
    points, figures = subject.equity_of([[0, "1"]], [[3_600_000, "2"]], 3600)
    six, middle, correlation = subject.statistics_of(
        [Decimal(1), Decimal(2)], [Decimal(2), Decimal(1)]
    )

    assert points == [(0, 1, None), (3_600_000, None, 2)]
    assert figures == (0, 0, 0)
    assert (six[0], middle, correlation) == (Decimal("1.5"), Decimal("1.5"), -1)


def test_positions_are_paired_and_measured() -> None:
    row = ["Sell", 5, "1", "100", "9", "1", "99", "1", "1", "1", None, "1"]

    pairs, figures = subject.positions_of([row], [row])

    assert pairs == [("Sell", 5, 5, False, False, (0, 0, 0, 0, 0, None, 0, 0))]
    assert figures["position_pairs_compared"] == 1
