"""The tables of a run as CSV text; it knows columns and cells and touches no file.

Text cells are made harmless for spreadsheets; numbers stay numbers (LS-90).
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from io import StringIO

from appkit.dates import instant_iso
from appkit.decimals import plain_text
from backtest.metrics import Metrics, Results
from backtest.outcome import MONEY_UNIT, RunOutcome

Cell = str | int | float | Decimal | bool | Enum | None

TRADE_COLUMNS = (
    "trade_id",
    "timestamp",
    "symbol",
    "side",
    "direction",
    "price",
    "qty",
    "notional",
    "realized_pnl",
    "commission",
    "order_id",
    "client_order_id",
    "strat_id",
    "level",
    "closed_qty",
    "is_maker",
    "evidence",
    "kind",
    "exec_id",
)
"""The columns of older trade files (Y-10), then what they lacked."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """One CSV table; every text cell is made harmless, numbers and times are written plainly."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell_text(cell) for cell in row] for row in rows)
    return out.getvalue()


def cell_text(cell: Cell) -> str:
    """How a value is written into a cell; a text that a spreadsheet would run gets a quote."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case Enum():
            return cell_text(cell.value)
        case Decimal():
            return plain_text(cell)
        case int() | float():
            return str(cell)
        case _:
            # The csv module leaves a lone carriage return unquoted, which would break the row.
            text = cell.replace("\r", " ")
            return f"'{text}" if cell.startswith(_FORMULA_STARTS) else text


def trades_csv(outcome: RunOutcome) -> str:
    """Every fill of the run, in the order in which they happened."""
    return csv_text(
        TRADE_COLUMNS,
        (
            (
                number,
                instant_iso(fill.at),
                fill.symbol,
                fill.side,
                fill.direction,
                fill.price,
                fill.qty,
                fill.price * fill.qty,
                fill.realised,
                fill.fee,
                fill.order_id,
                fill.client_order_id,
                fill.strat_id,
                fill.level,
                fill.closed_qty,
                fill.is_maker,
                fill.evidence,
                fill.kind,
                fill.exec_id,
            )
            for number, fill in enumerate(outcome.fills, start=1)
        ),
    )


def equity_csv(outcome: RunOutcome) -> str:
    """The equity curve with the return since the start in percent."""
    initial = outcome.initial_balance
    points = zip(outcome.equity_at.tolist(), outcome.equity.tolist(), strict=True)
    return csv_text(
        ("timestamp", "equity", "return_pct"),
        (
            (instant_iso(at), units * MONEY_UNIT, _return_pct(units * MONEY_UNIT, initial))
            for at, units in points
        ),
    )


def _return_pct(equity: Decimal, initial: Decimal) -> Decimal:
    return ((equity / initial - 1) * 100).quantize(MONEY_UNIT)


def ledger_csv(outcome: RunOutcome) -> str:
    """Every movement of cash with the balance after it; the first is the initial balance."""
    return csv_text(
        ("timestamp", "kind", "symbol", "direction", "amount", "balance", "reference"),
        _ledger_rows(outcome),
    )


def _ledger_rows(outcome: RunOutcome) -> Iterator[Sequence[Cell]]:
    balance = Decimal(0)
    for entry in outcome.ledger:
        balance += entry.amount
        yield (
            instant_iso(entry.at),
            entry.kind,
            entry.symbol,
            entry.direction,
            entry.amount,
            balance,
            entry.reference,
        )


def grid_csv(outcome: RunOutcome) -> str:
    """The levels of every grid after every build and shift, lowest first."""
    return csv_text(
        ("timestamp", "strat_id", "symbol", "cause", "level", "price"),
        (
            (instant_iso(change.at), change.strat_id, change.symbol, change.cause, level, price)
            for change in outcome.grid_changes
            for level, price in enumerate(change.levels)
        ),
    )


def levels_csv(results: Results) -> str:
    """Fills and profit of every price at which a grid order filled, ascending."""
    records = [
        record
        for part in results.pairing.symbols.values()
        for record in sorted(part.levels.values(), key=lambda record: record.price)
    ]
    return csv_text(
        ("symbol", "price", "buys", "sells", "profit"),
        ((one.symbol, one.price, one.buys, one.sells, one.profit) for one in records),
    )


def metric_rows(metrics: Metrics) -> list[tuple[str, Cell]]:
    """Every metric under its dotted name, such as `long.win_rate` or `denials.max_margin`."""
    return list(_flattened("", metrics))


def _flattened(prefix: str, value: object) -> Iterator[tuple[str, Cell]]:
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            name = f"{prefix}.{field.name}" if prefix else field.name
            yield from _flattened(name, getattr(value, field.name))
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from _flattened(f"{prefix}.{key}", value[key])
    else:
        assert value is None or isinstance(value, str | int | float | Decimal), prefix
        is_time = prefix in ("start", "end") or prefix.endswith("_at")
        yield prefix, instant_iso(value) if is_time and isinstance(value, int) else value


def metrics_csv(metrics: Metrics) -> str:
    """All metrics, one per row."""
    return csv_text(("metric", "value"), metric_rows(metrics))
