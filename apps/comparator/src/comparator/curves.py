"""Equity curves of a recording, a run and a file, on one basis; and how far they are apart.

Cash is never taken for equity (C-7, C-10): a wallet without its equity gives no curve.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from appkit.dates import parse_instant
from appkit.decimals import parse_decimal
from appkit.exits import UserError
from backtest.outcome import MONEY_UNIT, RunOutcome
from comparator.equity import (
    INTERVAL_US,
    Basis,
    EquityCurve,
    EquityDivergence,
    EquityPoint,
    divergence_of,
    resample,
)
from comparator.exact import ExactColumn
from comparator.loading.runs import RecordedRun
from comparator.loading.spans import Span
from grid_db.repositories import Repositories
from grid_db.types import from_microseconds, microseconds
from gridcore.clock import DAY_US, SECOND_US, Instant

POINTS = 48
"""Buckets of a window that is shorter than a day."""
_COLUMNS = ("timestamp", "equity")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EquityCompared:
    """Both curves, their common buckets and how far they are apart; empty when one is unknown."""

    live: EquityCurve | None
    backtest: EquityCurve | None
    points: tuple[EquityPoint, ...]
    divergence: EquityDivergence | None


def live_equity(rows: Repositories, run: RecordedRun, coin: str) -> EquityCurve | None:
    """The account's equity as its wallet rows of a coin state it; None when none does."""
    begin, end = from_microseconds(run.window.start), from_microseconds(run.window.end)
    points = [
        (Instant(microseconds(row.exchange_ts)), row.total_equity.quantize(MONEY_UNIT))
        for row in rows.wallets.each(run.account_id, begin, end)
        if row.coin == coin and row.total_equity is not None
    ]
    return EquityCurve.of(points, Basis.EQUITY) if points else None


def outcome_equity(outcome: RunOutcome) -> EquityCurve:
    """The equity of a run in hand."""
    exponent = MONEY_UNIT.as_tuple().exponent
    assert isinstance(exponent, int)
    return EquityCurve(
        basis=Basis.EQUITY,
        at=outcome.equity_at,
        amount=ExactColumn(outcome.equity, -exponent),
    )


def file_equity(path: Path) -> EquityCurve:
    """The equity of a CSV with the columns timestamp and equity, as `backtest run --export` writes.

    UserError says which row is no point.
    """
    points = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise UserError(
                f"{path}: expected the columns {' and '.join(_COLUMNS)}, "
                f"found no {', '.join(missing)}",
                "name the equity.csv that `backtest run --export FOLDER` writes",
            )
        for row in reader:
            amount = parse_decimal(row["equity"] or "")
            if amount is None:
                raise UserError(
                    f"{path} row {reader.line_num}, equity: expected a number, "
                    f"found {row['equity']!r}"
                )
            points.append((parse_instant(row["timestamp"] or "", "timestamp"), amount))
    return EquityCurve.of(points, Basis.EQUITY)


def compare_equity(
    live: EquityCurve | None, backtest: EquityCurve | None, window: Span
) -> EquityCompared:
    """Both curves in buckets of an hour, of less in a window of less than a day (C-7)."""
    if live is None or backtest is None:
        return EquityCompared(live=live, backtest=backtest, points=(), divergence=None)
    points = tuple(resample(live, backtest, _interval_us(window)))
    return EquityCompared(
        live=live,
        backtest=backtest,
        points=points,
        divergence=divergence_of(points, live.basis),
    )


def _interval_us(window: Span) -> int:
    if window.length_us >= DAY_US:
        return INTERVAL_US
    return max(SECOND_US, window.length_us // POINTS)
