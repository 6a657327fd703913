"""The pictures of a run as plotly figures; it draws what others computed and computes no metric.

Times go to the page as milliseconds since the epoch, numbers as binary arrays: reports stay small.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from backtest.cycles import LevelRecord
from backtest.metrics import Results
from backtest.outcome import MONEY_UNIT, Fill, FillKind, GridChange, RunOutcome
from gridcore.clock import Instant
from gridcore.sides import BUY, LONG, SHORT, DirectionType, SideType

POINTS_MAX = 6000
"""Points of a line that is drawn; more would not be seen."""
GRID_COLUMNS_MAX = 300
"""Grid changes that are drawn; the rest is in grid.csv."""
SVG_MARKERS_MAX = 3000
"""Above this number markers are drawn by the graphics card."""

BLUE, ORANGE, GREEN, RED, GREY = "#3f78dd", "#d9772e", "#2a9d78", "#cc4b62", "#8a94a6"

_MARGIN = {"l": 90, "r": 20, "t": 30, "b": 40}
"""Room for the titles of the value axes beside long numbers."""

Floats = NDArray[np.float64]
Line = tuple[Floats, Floats]

_FILL_STYLES: dict[tuple[DirectionType, SideType], tuple[str, str, str]] = {
    (LONG, BUY): ("long Buy", "triangle-up", GREEN),
    (LONG, SideType.SELL): ("long Sell", "triangle-down-open", GREEN),
    (SHORT, SideType.SELL): ("short Sell", "triangle-down", RED),
    (SHORT, BUY): ("short Buy", "triangle-up-open", RED),
}


def thinned(at: NDArray[Any], values: NDArray[Any], points_max: int = POINTS_MAX) -> Line:
    """A line of at most about `points_max` points that keeps every bucket's extremes and both ends.

    Takes microseconds and values of one length; gives milliseconds and float64.
    """
    times = np.asarray(at, dtype=np.float64) / 1000.0
    numbers = np.asarray(values, dtype=np.float64)
    count = len(numbers)
    if count <= points_max:
        return times, numbers
    width = -(-count // (points_max // 2))
    whole = count - count % width
    rows = numbers[:whole].reshape(-1, width)
    starts = np.arange(0, whole, width)
    chosen = [starts + rows.argmin(axis=1), starts + rows.argmax(axis=1), [0, count - 1]]
    if whole < count:
        rest = numbers[whole:]
        chosen.append([whole + int(rest.argmin()), whole + int(rest.argmax())])
    kept = np.unique(np.concatenate(chosen))
    return times[kept], numbers[kept]


def _price_line(outcome: RunOutcome, symbol: str) -> Any:
    at, price = thinned(outcome.price_at[symbol], outcome.price[symbol])
    return go.Scatter(x=at, y=price, mode="lines", name="price", line={"width": 1, "color": GREY})


def price_figure(outcome: RunOutcome, symbol: str) -> Any:
    """The market price of a symbol with every fill; filled markers open, hollow ones close."""
    figure = go.Figure(_price_line(outcome, symbol))
    fills = [fill for fill in outcome.fills if fill.symbol == symbol]
    grid_fills = [fill for fill in fills if fill.kind is FillKind.GRID]
    size = 7 if len(fills) < 500 else 5 if len(fills) < 4000 else 3
    for (direction, side), (name, marker, colour) in _FILL_STYLES.items():
        chosen = [f for f in grid_fills if f.direction is direction and f.side is side]
        # Both legs fill at one place; the shorts' smaller markers leave the longs' visible.
        width = size + 4 if direction is LONG else size
        _add_markers(figure, chosen, name, {"symbol": marker, "color": colour, "size": width})
    forced = [fill for fill in fills if fill.kind is not FillKind.GRID]
    _add_markers(figure, forced, "forced", {"symbol": "x", "color": ORANGE, "size": 10})
    _time_axis(figure, f"{symbol}, quote per base coin")
    return figure


def _add_markers(figure: Any, fills: Sequence[Fill], name: str, marker: dict[str, Any]) -> None:
    if not fills:
        return
    trace = go.Scattergl if len(fills) > SVG_MARKERS_MAX else go.Scatter
    figure.add_trace(
        trace(
            x=_milliseconds(fills),
            y=np.array([float(fill.price) for fill in fills]),
            customdata=np.array([float(fill.qty) for fill in fills]),
            hovertemplate="%{x}<br>%{y} × %{customdata}",
            mode="markers",
            name=f"{name} {len(fills):,}",
            marker=marker,
        )
    )


def grid_figure(outcome: RunOutcome, strat_id: str, symbol: str) -> tuple[Any, str]:
    """The levels of one grid over time as steps, with the price; and how much of it is drawn."""
    changes = [change for change in outcome.grid_changes if change.strat_id == strat_id]
    shown = changes[:: max(1, -(-len(changes) // GRID_COLUMNS_MAX))]
    figure = go.Figure()
    if shown:
        at, levels = _level_lines(shown, outcome.end)
        figure.add_trace(
            go.Scatter(
                x=at,
                y=levels,
                mode="lines",
                name="levels",
                line={"width": 0.8, "color": BLUE},
                opacity=0.6,
                hoverinfo="y",
            )
        )
    figure.add_trace(_price_line(outcome, symbol))
    _time_axis(figure, f"{symbol}, quote per base coin")
    thin = len(shown) < len(changes)
    drawn = f"{len(shown):,} of {len(changes):,} changes are drawn; grid.csv holds them all."
    return figure, drawn if thin else f"{len(changes):,} changes of the grid."


def _level_lines(changes: Sequence[GridChange], end: int) -> Line:
    """Each price as a horizontal line from the change that brought it to the one that took it."""
    since: dict[Decimal, int] = {}
    at: list[float] = []
    price: list[float] = []
    last = GridChange(at=Instant(end), strat_id="", symbol="", cause="end", levels=())
    for change in (*changes, last):
        kept = set(change.levels)
        for level in [level for level in since if level not in kept]:
            at += (since.pop(level) / 1000, change.at / 1000, np.nan)
            price += (float(level), float(level), np.nan)
        for level in change.levels:
            since.setdefault(level, change.at)
    return np.array(at), np.array(price)


def equity_figure(outcome: RunOutcome) -> Any:
    """The equity curve, and below it how far it lies under its peak in percent."""
    equity = outcome.equity * float(MONEY_UNIT)
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.68, 0.32], vertical_spacing=0.06
    )
    at, values = thinned(outcome.equity_at, equity)
    figure.add_trace(
        go.Scatter(x=at, y=values, mode="lines", name="equity", line={"width": 1.4, "color": BLUE}),
        row=1,
        col=1,
    )
    peaks = np.maximum.accumulate(np.maximum(equity, float(outcome.initial_balance)))
    at, depth = thinned(outcome.equity_at, -(1 - equity / peaks) * 100)
    figure.add_trace(
        go.Scatter(
            x=at,
            y=depth,
            mode="lines",
            name="drawdown",
            fill="tozeroy",
            line={"width": 1, "color": RED},
        ),
        row=2,
        col=1,
    )
    figure.update_xaxes(type="date", hoverformat="%Y-%m-%d %H:%M:%S")
    figure.update_yaxes(title_text="equity, USDT", tickformat=",.2f", row=1, col=1)
    figure.update_yaxes(title_text="drawdown, %", row=2, col=1)
    figure.update_layout(hovermode="x unified", margin=_MARGIN)
    return figure


def position_figure(outcome: RunOutcome, symbol: str) -> Any:
    """Both legs of a symbol and their difference over time, in base coin; the short leg below 0."""
    at, long, short = _positions(outcome, symbol)
    figure = go.Figure()
    for name, values, colour, width in (
        ("long", long, GREEN, 1.2),
        ("short", -short, RED, 1.2),
        ("net", long - short, BLUE, 1.6),
    ):
        figure.add_trace(
            go.Scatter(
                x=at,
                y=values,
                mode="lines",
                name=name,
                line={"shape": "hv", "color": colour, "width": width},
            )
        )
    _time_axis(figure, "base coin")
    figure.update_layout(hovermode="x unified")
    return figure


def _positions(outcome: RunOutcome, symbol: str) -> tuple[Floats, Floats, Floats]:
    sizes = {direction: Decimal(0) for direction in DirectionType}
    at, long, short = [outcome.start], [0.0], [0.0]
    for fill in outcome.fills:
        if fill.symbol != symbol:
            continue
        is_opening = (fill.direction is LONG) is (fill.side is BUY)
        sizes[fill.direction] += fill.qty if is_opening else -fill.closed_qty
        at.append(fill.at)
        long.append(float(sizes[LONG]))
        short.append(float(sizes[SHORT]))
    at.append(outcome.end)
    long.append(long[-1])
    short.append(short[-1])
    return np.array(at) / 1000.0, np.array(long), np.array(short)


def levels_figure(results: Results, symbol: str) -> Any:
    """Profit of the lots opened at each price, and how often it filled."""
    part = results.pairing.symbols.get(symbol)
    records: list[LevelRecord] = [] if part is None else list(part.levels.values())
    records.sort(key=lambda record: record.price)
    price = np.array([float(record.price) for record in records])
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.6, 0.4], vertical_spacing=0.06
    )
    profit = np.array([float(record.profit) for record in records])
    figure.add_trace(
        go.Bar(
            x=price,
            y=profit,
            name="profit",
            showlegend=False,
            marker={"color": np.where(profit < 0, RED, GREEN).tolist(), "line": {"width": 0}},
        ),
        row=1,
        col=1,
    )
    for name, colour, counts in (
        ("buys", GREEN, [record.buys for record in records]),
        ("sells", RED, [record.sells for record in records]),
    ):
        figure.add_trace(
            go.Bar(x=price, y=np.array(counts), name=name, marker={"color": colour}), row=2, col=1
        )
    figure.update_layout(barmode="stack", bargap=0, margin=_MARGIN)
    figure.update_yaxes(title_text="profit, USDT", row=1, col=1)
    figure.update_yaxes(title_text="fills", row=2, col=1)
    figure.update_xaxes(title_text="price of the level", tickformat=",", row=2, col=1)
    return figure


def _milliseconds(fills: Sequence[Fill]) -> Floats:
    return np.array([fill.at for fill in fills], dtype=np.float64) / 1000.0


def _time_axis(figure: Any, title: str) -> None:
    figure.update_layout(margin=_MARGIN)
    figure.update_xaxes(type="date", hoverformat="%Y-%m-%d %H:%M:%S")
    figure.update_yaxes(title_text=title, tickformat=",")
