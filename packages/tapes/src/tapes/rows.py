"""What rows must be like to stand on a tape: order, ranges and equal lengths.

Knows the laws of the two column sets; refuses to know files.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tapes.columns import UNKNOWN
from tapes.compiled import Integers
from tapes.errors import TapeError


@dataclass(frozen=True, slots=True, kw_only=True)
class LastKey:
    """The (time, seq) of the last row written; seq is None on a tape without tickers."""

    time_us: int
    seq: int | None


def check_trades(columns: Mapping[str, Integers], *, bars: bool, last: LastKey | None) -> LastKey:
    """Check one batch of trades (time, price, size, side, perhaps seq) and return its last key.

    Sizes are positive, except on bars, where a minute's volume may not reach every row.
    """
    _check_shapes(columns, "trades")
    _check_all(columns["price"] > 0, "trades", "positive prices in ticks", columns["price"])
    size = columns["size"]
    if bars:
        _check_all(size >= 0, "trades", "sizes of zero or more steps", size)
    else:
        _check_all(size > 0, "trades", "positive sizes in steps", size)
    side = columns["side"]
    _check_all(np.abs(side) <= 1, "trades", "sides +1 (buy), -1 (sell) or 0 (unknown)", side)
    return _check_order(columns, "trades", last)


def check_tickers(columns: Mapping[str, Integers], *, last: LastKey | None) -> LastKey:
    """Check one batch of tickers and return its last key; UNKNOWN is allowed in every value."""
    _check_shapes(columns, "tickers")
    for name in ("last", "bid", "ask", "mark"):
        values = columns[name]
        _check_all(
            (values > 0) | (values == UNKNOWN), "tickers", f"positive {name} or UNKNOWN", values
        )
    return _check_order(columns, "tickers", last)


def _check_shapes(columns: Mapping[str, Integers], what: str) -> None:
    lengths = {name: values.shape for name, values in columns.items()}
    if len(set(lengths.values())) != 1 or any(len(shape) != 1 for shape in lengths.values()):
        raise _row_error(what, "columns of one length", str(lengths))
    for name, values in columns.items():
        if values.dtype.kind not in "iu":
            raise _row_error(what, "integer columns", f"{name} of type {values.dtype}")


def _check_all(good: Integers, what: str, expected: str, values: Integers) -> None:
    if not good.all():
        row = int(np.argmin(good))
        raise _row_error(what, expected, f"{int(values[row])} in row {row} of the batch")


def _check_order(columns: Mapping[str, Integers], what: str, last: LastKey | None) -> LastKey:
    time, seq = columns["time"], columns.get("seq")
    later = time[1:] > time[:-1]
    if seq is None:
        ordered = later | (time[1:] == time[:-1])
        first_ok = last is None or int(time[0]) >= last.time_us
    else:
        ordered = later | ((time[1:] == time[:-1]) & (seq[1:] > seq[:-1]))
        first_ok = last is None or (int(time[0]), int(seq[0])) > (last.time_us, last.seq or 0)
    if not first_ok or not ordered.all():
        row = 0 if not first_ok else int(np.argmin(ordered)) + 1
        raise _row_error(
            what, "rows in (time, sequence) order", f"time {int(time[row])} in row {row}"
        )
    return LastKey(time_us=int(time[-1]), seq=None if seq is None else int(seq[-1]))


def _row_error(what: str, expected: str, found: str) -> TapeError:
    return TapeError(
        f"{what} cannot be written to the tape",
        expected=expected,
        found=found,
        mend="Clean and sort the rows first, as `backtest tape import` does.",
    )
