"""The pictures: what is drawn, and that they stay small."""

import numpy as np

from apps.comparator.tests.told import MakeComparison
from comparator.certificate.classes import FillClass
from comparator.report.comparison import Comparison
from comparator.report.figures import (
    FILLS_MAX,
    classes_figure,
    equity_figure,
    kind_text,
    price_figure,
)


def test_the_price_has_both_sets_of_fills_and_each_class(comparison: Comparison) -> None:
    figure = price_figure(comparison.certified, "BTCUSDT", comparison.prices["BTCUSDT"])

    assert [trace.name for trace in figure.data] == [
        "price",
        "live 4",
        "backtest 3",
        "queue 1",
        "data gap 1",
        "unexplained 1",
    ]
    assert list(figure.data[1].y) == [100.0, 100.0, 100.0, 100.0]
    assert figure.data[1].x[0] == 10_000


def test_another_symbol_has_nothing_of_it(comparison: Comparison) -> None:
    assert len(price_figure(comparison.certified, "ETHUSDT", None).data) == 0


def test_many_fills_are_drawn_by_a_part(compare: MakeComparison) -> None:
    rows = [(f"{n}", n / 10) for n in range(FILLS_MAX + 1)]

    figure = price_figure(compare(rows, rows).certified, "BTCUSDT", None)

    assert [len(trace.x) for trace in figure.data] == [FILLS_MAX, FILLS_MAX]
    assert figure.data[0].name == f"live {FILLS_MAX + 1:,}"


def test_classes_without_fills_are_not_drawn(comparison: Comparison) -> None:
    figure = classes_figure(comparison.certified.counts)

    assert list(figure.data[0].y) == ["queue", "data gap", "unexplained"]
    assert [trace.name for trace in figure.data] == ["live alone", "backtest alone"]
    assert [list(trace.x) for trace in figure.data] == [
        [1, 1, 0],
        [0, 0, 1],
    ]


def test_equity_is_drawn_of_whole_curves(comparison: Comparison) -> None:
    figure = equity_figure(comparison.live_equity, comparison.backtest_equity, ())

    assert [list(trace.y) for trace in figure.data] == [[1000.0, 1005.0], [1000.0, 1006.0]]


def test_equity_without_curves_is_drawn_of_the_points(comparison: Comparison) -> None:
    figure = equity_figure(None, None, comparison.equity)

    assert np.array_equal(figure.data[0].y, [1000.0, 1005.0])
    assert list(figure.data[1].x) == [0.0, 3_600_000.0]


def test_a_class_is_read_without_underscores() -> None:
    assert kind_text(FillClass.ADL_OR_LIQUIDATION) == "ADL or liquidation"
