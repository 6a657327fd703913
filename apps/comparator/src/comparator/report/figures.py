"""The pictures of a comparison as plotly figures; it draws what others found.

Times go to the page as milliseconds since the epoch, numbers as binary arrays.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backtest.figures import BLUE, GREEN, GREY, ORANGE, RED, SVG_MARKERS_MAX, thinned
from comparator.certificate.certify import Certified, ClassCount
from comparator.certificate.classes import FillClass
from comparator.certificate.judging import Divergence
from comparator.equity import EquityCurve, EquityPoint
from comparator.exact import ExactColumn
from comparator.fills import Fill, FillTable
from comparator.report.comparison import PriceLine

FILLS_MAX = 12_000
"""Fills of one side that are drawn; more would not be told apart."""

_MARGIN = {"l": 90, "r": 20, "t": 30, "b": 40}
_COLOURS: Mapping[FillClass, str] = {
    FillClass.QUEUE: "#a98f1d",
    FillClass.LATENCY: "#4aa3b8",
    FillClass.PARTIAL_FILL: "#8d6cc4",
    FillClass.REJECTED_OR_GATED: "#b06a3a",
    FillClass.ORDER_NOT_RESTING: "#7a7f2d",
    FillClass.DATA_GAP: "#6b7280",
    FillClass.FOREIGN: "#5b8c6a",
    FillClass.ADL_OR_LIQUIDATION: ORANGE,
    FillClass.OUTSIDE_WINDOW: GREY,
    FillClass.UNEXPLAINED: RED,
}


def price_figure(certified: Certified, symbol: str, line: PriceLine | None) -> Any:
    """The market of a symbol with the fills of both sides, and each divergence in its colour."""
    figure = go.Figure()
    if line is not None:
        at, price = thinned(*line)
        figure.add_trace(
            go.Scatter(x=at, y=price, mode="lines", name="price", line={"width": 1, "color": GREY})
        )
    sides = (
        ("live", certified.live, {"symbol": "circle-open", "size": 10, "color": BLUE}),
        ("backtest", certified.backtest, {"symbol": "x-thin", "size": 6, "color": GREEN}),
    )
    for name, table, marker in sides:
        _add_fills(figure, name, table.of_symbol(symbol), marker)
    for kind, colour in _COLOURS.items():
        chosen = [one for one in certified.divergences if one.kind is kind]
        _add_divergences(
            figure, kind, [one for one in chosen if _fill(one).symbol == symbol], colour
        )
    figure.update_xaxes(type="date", hoverformat="%Y-%m-%d %H:%M:%S.%L")
    figure.update_yaxes(title_text=f"{symbol}, quote per base coin")
    figure.update_layout(margin=_MARGIN, hovermode="closest")
    return figure


def _add_fills(figure: Any, name: str, table: FillTable, marker: dict[str, Any]) -> None:
    if not len(table):
        return
    rows = np.arange(len(table), dtype=np.int64)
    if len(table) > FILLS_MAX:
        rows = np.linspace(0, len(table) - 1, FILLS_MAX).astype(np.int64)
    trace = go.Scattergl if len(rows) > SVG_MARKERS_MAX else go.Scatter
    figure.add_trace(
        trace(
            x=table.columns.at[rows] / 1000.0,
            y=_floats(table.prices(rows)),
            customdata=_floats(table.columns.qty.take(rows)),
            hovertemplate="%{x}<br>%{y} × %{customdata}",
            mode="markers",
            name=f"{name} {len(table):,}",
            marker={**marker, "line": {"width": 1.5, "color": marker["color"]}},
        )
    )


def _add_divergences(
    figure: Any, kind: FillClass, chosen: Sequence[Divergence], colour: str
) -> None:
    if not chosen:
        return
    shown = chosen[:FILLS_MAX]
    figure.add_trace(
        go.Scatter(
            x=np.array([_fill(one).at / 1000.0 for one in shown]),
            y=np.array([float(_fill(one).price) for one in shown]),
            text=[one.text for one in shown],
            hovertemplate="%{x}<br>%{y}<br>%{text}",
            mode="markers",
            name=f"{kind_text(kind)} {len(chosen):,}",
            marker={
                "symbol": "diamond-open",
                "size": 14,
                "color": colour,
                "line": {"width": 2, "color": colour},
            },
        )
    )


def classes_figure(counts: Mapping[FillClass, ClassCount]) -> Any:
    """How many fills of each side are in each class of divergences."""
    kinds = diverging(counts)
    figure = go.Figure()
    for name, colour, of_side in (
        ("pairs", GREY, [counts[kind].pairs for kind in kinds]),
        ("live alone", BLUE, [counts[kind].live for kind in kinds]),
        ("backtest alone", GREEN, [counts[kind].backtest for kind in kinds]),
        ("payments", ORANGE, [counts[kind].charges for kind in kinds]),
    ):
        if not any(of_side):
            continue
        figure.add_trace(
            go.Bar(
                y=[kind_text(kind) for kind in kinds],
                x=of_side,
                name=name,
                orientation="h",
                marker={"color": colour},
            )
        )
    figure.update_xaxes(title_text="fills", rangemode="tozero")
    figure.update_layout(
        barmode="stack", legend={"traceorder": "normal"}, margin={**_MARGIN, "l": 160}
    )
    return figure


def diverging(counts: Mapping[FillClass, ClassCount]) -> list[FillClass]:
    """The classes that occur, but for matched fills and for payments that are as they should be."""
    return [
        kind
        for kind, count in counts.items()
        if kind not in (FillClass.MATCHED, FillClass.FUNDING) and (count.fills or count.charges)
    ]


def equity_figure(
    live: EquityCurve | None, backtest: EquityCurve | None, points: Sequence[EquityPoint]
) -> Any:
    """Equity of both sides; without whole curves the compared points."""
    figure = go.Figure()
    for name, colour, dash, curve, amounts in (
        ("live", BLUE, "solid", live, [point.live for point in points]),
        ("backtest", GREEN, "dash", backtest, [point.backtest for point in points]),
    ):
        if curve is not None:
            at, values = thinned(curve.at, _floats(curve.amount))
        else:
            at = np.array([point.start / 1000.0 for point in points])
            values = np.array([np.nan if one is None else float(one) for one in amounts])
        figure.add_trace(
            go.Scatter(
                x=at,
                y=values,
                mode="lines",
                name=name,
                line={"width": 1.6, "color": colour, "dash": dash, "shape": "hv"},
            )
        )
    figure.update_xaxes(type="date", hoverformat="%Y-%m-%d %H:%M:%S")
    figure.update_yaxes(title_text="equity, USDT", tickformat=",.2f")
    figure.update_layout(hovermode="x unified", margin=_MARGIN)
    return figure


def kind_text(kind: FillClass) -> str:
    """A class as people read it."""
    return kind.value.replace("_", " ").replace("adl", "ADL")


def _fill(one: Divergence) -> Fill:
    fill = one.live or one.backtest
    assert fill is not None
    return fill


def _floats(column: ExactColumn) -> NDArray[np.float64]:
    return np.asarray(column.units.astype(np.float64) / 10.0**column.places, dtype=np.float64)
