"""Hashes of market facts: fills, tapes, set-ups. The same facts give the same hash, always.

It refuses to hash what two runs of one seed need not share: receive times, run and order ids,
paths, ports, wire suffixes, credentials.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appkit.account_setup import AccountSetup, setup_body
from appkit.output import plain
from comparator.exact import ExactColumn
from comparator.fills import FillTable
from comparator.loading.spans import Span
from tapes.tape import Tape

_FILL_FACTS = (
    *("at", "client_order_id", "side", "symbol", "strat_id", "direction", "first_at"),
    *("notional", "qty", "fee", "realised", "executions", "is_maker"),
)
"""What a fill is; its order id and how its direction was found are not the market's."""
_NO_FACTS = ("account_id", "config_hash")
"""Of a set-up: who trades, and the hash of a configuration that has endpoints and paths."""
_ROWS_AT_ONCE = 1 << 20


def json_hash(body: object) -> str:
    """SHA-256 in hex over canonical JSON: sorted keys, numbers as canonical text."""
    text = json.dumps(plain(body), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def fills_hash(fills: FillTable) -> str:
    """The hash of a table of fills; how its rows were ordered when they were read is no matter."""
    columns = [_exact(getattr(fills.columns, name)) for name in _FILL_FACTS]
    order = np.lexsort([values for values, _ in reversed(columns)])
    digest = hashlib.sha256(f"{len(fills)}\n".encode())
    for name, (values, places) in zip(_FILL_FACTS, columns, strict=True):
        digest.update(f"{name} {places} {values.dtype.str}\n".encode())
        digest.update(np.ascontiguousarray(values[order]).tobytes())
    return digest.hexdigest()


def setup_hash(setup: AccountSetup) -> str:
    """The hash of what strategies were set up with: no endpoint, path or credential is in it."""
    return json_hash({key: item for key, item in setup_body(setup).items() if key not in _NO_FACTS})


def tape_hash(tape: Tape, window: Span) -> str:
    """The hash of a market's rows within a window, in whole units; without sequence numbers."""
    header = tape.manifest.header
    digest = hashlib.sha256()
    units = (header.symbol, header.tick_size, header.qty_step, header.mark_unit)
    digest.update(json.dumps([*units, header.funding_unit]).encode())
    trades, tickers = tape.trades, tape.tickers
    _add_rows(digest, trades.time, window, (trades.price, trades.size, trades.side))
    if tickers is not None:
        others = (tickers.last, tickers.bid, tickers.ask, tickers.mark, tickers.funding)
        _add_rows(digest, tickers.time, window, others)
    return digest.hexdigest()


def _add_rows(
    digest: Any, time: NDArray[Any], window: Span, others: Iterable[NDArray[Any] | None]
) -> None:
    first, end = np.searchsorted(time, (window.start, window.end)).tolist()
    digest.update(f"\n{end - first} rows\n".encode())
    for column in (time, *others):
        digest.update(b"absent\n" if column is None else b"column\n")
        if column is None:
            continue
        for begin in range(first, end, _ROWS_AT_ONCE):
            rows = column[begin : min(begin + _ROWS_AT_ONCE, end)]
            digest.update(np.asarray(rows).astype("<i8").tobytes())


def _exact(column: Any) -> tuple[NDArray[Any], int]:
    """Values that depend on the numbers alone, not on how many zeros they were written with."""
    if not isinstance(column, ExactColumn):
        return _narrowed(np.asarray(column)), 0
    units, places = column.units, column.places
    while places > 0 and not np.any(units % 10):
        units, places = units // 10, places - 1
    return np.asarray(units).astype("<i8"), places


def _narrowed(values: NDArray[Any]) -> NDArray[Any]:
    """Texts as wide as the longest of them, whatever column they were cut from."""
    if values.dtype.kind != "S":
        return values.astype("<i8")
    return values.astype(f"S{max(int(np.char.str_len(values).max(initial=1)), 1)}")
