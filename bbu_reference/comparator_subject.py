"""What our comparator makes of the trades, executions, curves and positions of a vector file."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from comparator.equity import Basis, EquityCurve, divergence_of, resample
from comparator.exact import ExactColumn
from comparator.fills import DirectionFound, Fill, FillTable, Source
from comparator.grouping import Trade, direction_of, group_trades
from comparator.matching import Matching
from comparator.metrics import Tolerances, deltas_of, trade_metrics, trade_rows
from comparator.robust import correlation_of, median_of, robust_of
from comparator.telemetry import PositionPair, PositionState, pair_positions, telemetry_metrics
from gridcore.clock import Instant
from gridcore.sides import LONG, SHORT, DirectionType, SideType

MS_US = 1_000
_DELTAS = (
    *("position_im", "position_mm", "liq_price", "unrealised_pnl", "cum_realised"),
    *("cur_realised", "upnl_usdt", "pos_value"),
)


def table_of(cells: Iterable[Sequence[Any]], source: Source) -> FillTable:
    """Trades as a table; their place in the file stands for an order id."""
    return FillTable.of((_fill(cell, number, source) for number, cell in enumerate(cells)), source)


def _fill(cell: Sequence[Any], number: int, source: Source) -> Fill:
    identity, side_text, price, qty, fee, pnl, at_ms, direction = cell
    side, realised = SideType(side_text), Decimal(pnl)
    inferred = direction_of(side, closes=bool(realised))
    return Fill(
        client_order_id=identity,
        symbol="LTCUSDT",
        strat_id=None,
        side=side,
        direction=inferred if direction is None else DirectionType(direction),
        direction_found=(DirectionFound.INFERRED if direction is None else DirectionFound.RECORDED),
        notional=Decimal(price) * Decimal(qty),
        qty=Decimal(qty),
        fee=Decimal(fee),
        realised=realised,
        at=Instant(at_ms * MS_US),
        first_at=Instant(at_ms * MS_US),
        order_id=f"{number:06}",
        executions=1,
        is_maker=None,
        source=source,
    )


def times_of(table: FillTable) -> list[int]:
    """The times of a table's rows in milliseconds."""
    return [at // MS_US for at in table.columns.at.tolist()]


def figures_of(
    live: FillTable, backtest: FillTable, matching: Matching, tolerances: tuple[Decimal, Decimal]
) -> tuple[dict[str, Fraction], list[tuple[str, int]]]:
    """Every figure of the result file's rows unrounded, and the pairs beyond the tolerances."""
    allowed = Tolerances(price=tolerances[0], qty=tolerances[1])
    trades = trade_metrics(live, backtest, matching, allowed)
    figures = _numbers(trade_rows(trades))
    figures |= {
        "match_rate": Fraction(trades.match_rate),
        "phantom_rate": Fraction(trades.phantom_rate),
        "pnl_correlation": Fraction(trades.pnl_correlation),
        "mean_time_delta_seconds": Fraction(trades.time_seconds.mean),
    }
    return figures, list(trades.breaches)


def _numbers(rows: Iterable[tuple[str, Any]]) -> dict[str, Fraction]:
    return {name: Fraction(value) for name, value in rows}


def deltas_as_rows(live: FillTable, backtest: FillTable, matching: Matching) -> list[list[Any]]:
    """[id, price, qty, fee, pnl, seconds] of each pair."""
    deltas = deltas_of(live, backtest, matching)
    ids = [identity for identity, _ in live.identities(matching.live)]
    columns = (deltas.price, deltas.qty, deltas.fee, deltas.realised)
    seconds = [Fraction(time, 1_000_000) for time in deltas.time_us.tolist()]
    amounts = [[Fraction(value) for value in column.decimals()] for column in columns]
    return [list(row) for row in zip(ids, *amounts, seconds, strict=True)]


def loaded(cells: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The fills of executions, as the vectors give trades."""
    table = group_trades((_trade(cell) for cell in cells), Source.LIVE)
    return [
        (
            fill.client_order_id,
            fill.symbol,
            fill.side.value,
            fill.price,
            fill.qty,
            fill.fee,
            fill.realised,
            fill.at // MS_US,
            fill.direction.value,
            fill.occurrence,
        )
        for fill in table.rows()
    ]


def _trade(cell: Sequence[Any]) -> Trade:
    exec_id, order_id, link, side, price, qty, fee, pnl, at_ms, symbol = cell
    return Trade(
        at=Instant(at_ms * MS_US),
        exec_id=exec_id,
        order_id=order_id,
        order_link_id=link,
        symbol=symbol,
        strat_id=None,
        side=SideType(side),
        direction=None,
        closed_size=None,
        price=Decimal(price),
        qty=Decimal(qty),
        fee=_decimal(fee),
        realised=_decimal(pnl),
        is_maker=None,
    )


def equity_of(
    live: Sequence[Sequence[Any]], backtest: Sequence[Sequence[Any]], interval_s: int
) -> tuple[list[tuple[int, Any, Any]], tuple[Any, Any, Any]]:
    """The buckets, and (largest divergence, mean divergence, correlation)."""
    points = resample(_curve(live), _curve(backtest), interval_s * 1_000_000)
    found = divergence_of(points, Basis.EQUITY)
    return (
        [(point.start // MS_US, point.live, point.backtest) for point in points],
        (found.maximum, found.mean, found.correlation),
    )


def _curve(cells: Sequence[Sequence[Any]]) -> EquityCurve:
    points = ((Instant(at_ms * MS_US), Decimal(amount)) for at_ms, amount in cells)
    return EquityCurve.of(points, Basis.EQUITY)


def statistics_of(
    values: Sequence[Decimal], other: Sequence[Decimal]
) -> tuple[list[Any], Decimal, float]:
    """(the six robust figures, the median, the correlation with the other numbers)."""
    column = ExactColumn.of(values, "values")
    found = robust_of(column)
    six = [
        *(found.median, found.p95, found.std, found.spike_intensity),
        *(found.spike_count_30c, found.spike_count_relative_3),
    ]
    return six, median_of(column), correlation_of(values, other)


def positions_of(
    live: Iterable[Sequence[Any]], backtest: Iterable[Sequence[Any]]
) -> tuple[list[tuple[Any, ...]], dict[str, Fraction]]:
    """The pairs with their deltas, and every figure of the result file's rows."""
    pairs = pair_positions(map(_state, live), map(_state, backtest))
    metrics = telemetry_metrics(pairs)
    return [_pair(pair) for pair in pairs], _numbers(metrics.rows_of(metrics))


def _pair(pair: PositionPair) -> tuple[Any, ...]:
    return (
        "Buy" if pair.backtest.direction is LONG else "Sell",
        None if pair.live is None else pair.live.at // MS_US,
        pair.backtest.at // MS_US,
        pair.is_missing,
        pair.has_diverged,
        tuple(getattr(pair.deltas, name) for name in _DELTAS),
    )


def _state(cell: Sequence[Any]) -> PositionState:
    side, at_ms, size, *amounts = cell
    entry, liq, upnl, mark, im, mm, cum, cur, value = map(_decimal, amounts)
    return PositionState(
        direction=LONG if side == "Buy" else SHORT,
        at=Instant(at_ms * MS_US),
        size=Decimal(size),
        entry_price=entry,
        liq_price=liq,
        unrealised_pnl=upnl,
        mark_price=mark,
        position_im=im,
        position_mm=mm,
        cum_realised_pnl=cum,
        cur_realised_pnl=cur,
        position_value=value,
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
