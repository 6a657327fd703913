"""Reads saved exchange listings into facts, so that a cache can be filled without a network.

Three shapes: Bybit's instruments-info and risk-limit answers, and a normalised inventory with
`tick_size`, `quantity_step` and the like. What a listing does not say stays unknown.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appkit.dates import parse_instant
from appkit.exits import UserError
from appkit.instruments.bybit_payload import instrument_facts, tier_facts
from appkit.instruments.entry import read_number
from appkit.instruments.facts import FactsRefused, InstrumentFacts, StampedFacts
from gridcore.clock import Instant

SIZE_MAX = 64 * 1024 * 1024
"""Bytes of the largest listing that is read."""

_PLAUSIBLE_MS = range(1_262_304_000_000, 253_370_764_800_000)
"""2010 to 9999: an answer's `time` outside of it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The facts of a file, when they were true (None when the file does not say) and from where.

    `refused` tells every row that could not be read, `notes` what is odd about the others.
    """

    facts: tuple[InstrumentFacts, ...]
    as_of: Instant | None
    source: str
    refused: tuple[str, ...]
    notes: tuple[str, ...]

    def stamped(self, now: Instant) -> list[StampedFacts]:
        """The facts for the cache; a file without a date is taken to be of `now`."""
        as_of = now if self.as_of is None else self.as_of
        return [StampedFacts(facts=one, as_of=as_of, source=self.source) for one in self.facts]


def import_listing(path: Path, symbols: Iterable[str] | None = None) -> Listing:
    """Read a saved listing, all of it or only `symbols`.

    UserError when the file is none of the known shapes, lists a symbol twice, or lacks a wanted
    symbol. A row that cannot be read is reported in `refused`, never guessed.
    """
    content = _loaded(path)
    rows, source = _rows(content, path)
    facts, refused, notes = _READERS[source](rows)
    counts = Counter(one.symbol for one in facts)
    twice = sorted(symbol for symbol, count in counts.items() if count > 1)
    if twice:
        raise UserError(f"{path} lists a symbol twice: {', '.join(twice[:5])}")
    if symbols is not None:
        wanted = set(symbols)
        facts = [one for one in facts if one.symbol in wanted]
        lacking = sorted(wanted - {one.symbol for one in facts})
        if lacking:
            reasons = [text for text in refused if text.split(":")[0] in lacking]
            because = f" ({'; '.join(reasons)})" if reasons else ""
            raise UserError(f"{path} does not list {', '.join(lacking)}{because}")
    if not facts:
        reason = f": {refused[0]}" if refused else ""
        raise UserError(f"{path} holds no usable instrument{reason}")
    return Listing(
        facts=tuple(facts),
        as_of=_as_of(content),
        source=f"{source} {path.name}",
        refused=tuple(refused),
        notes=tuple(notes),
    )


Reading = tuple[list[InstrumentFacts], list[str], list[str]]


def _loaded(path: Path) -> Any:
    try:
        if path.stat().st_size > SIZE_MAX:
            raise UserError(f"{path} is larger than {SIZE_MAX} bytes: not a listing")
        return json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise UserError(f"the listing {path} does not exist") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"{path} is not JSON: {error}") from error


def _rows(content: Any, path: Path) -> tuple[list[Any], str]:
    """The rows of the listing and which of the known shapes they have."""
    rows = content
    if isinstance(content, dict):
        result = content.get("result")
        inner = result if isinstance(result, dict) else content
        rows = inner.get("list", content.get("records"))
    rows = _flat(rows) if isinstance(rows, list) else []
    for shape, mark in _MARKS.items():
        if any(isinstance(row, dict) and mark in row for row in rows):
            return rows, shape
    raise UserError(
        f"{path} is no instrument listing",
        "expected the JSON answer of Bybit's instruments-info or risk-limit endpoint, or an "
        'inventory {"records": [{"symbol", "tick_size", "quantity_step", ...}]}',
    )


def _flat(rows: list[Any]) -> list[Any]:
    """Pages or symbols that were saved as lists within a list, as one list."""
    return [row for item in rows for row in (item if isinstance(item, list) else [item])]


def _as_of(content: Any) -> Instant | None:
    """When the listing was true: an inventory's `fetched_at_utc`, an answer's `time` in ms."""
    if not isinstance(content, dict):
        return None
    text, time_ms = content.get("fetched_at_utc"), content.get("time")
    if isinstance(text, str):
        return parse_instant(text, "fetched_at_utc")
    if isinstance(time_ms, int) and time_ms in _PLAUSIBLE_MS:
        return Instant(time_ms * 1000)
    return None


def _inventory_facts(row: dict[str, Any]) -> InstrumentFacts:
    interval = row.get("funding_interval_minutes")
    return InstrumentFacts(
        symbol=str(row["symbol"]),
        tick_size=read_number("tick_size", row.get("tick_size")),
        qty_step=read_number("quantity_step", row.get("quantity_step")),
        min_qty=read_number("min_order_quantity", row.get("min_order_quantity")),
        max_qty=read_number("max_order_quantity", row.get("max_order_quantity")),
        max_leverage=read_number("max_leverage", row.get("max_leverage")),
        # Dated futures pay no funding and are listed with an interval of 0.
        funding_interval_minutes=interval if isinstance(interval, int) and interval > 0 else None,
        status=str(row["status"]) if "status" in row else None,
    )


def _row_by_row(read: Callable[[dict[str, Any]], InstrumentFacts], rows: list[Any]) -> Reading:
    facts, refused = [], []
    for number, row in enumerate(rows, start=1):
        symbol = row.get("symbol") if isinstance(row, dict) else None
        if not isinstance(symbol, str) or not symbol:
            refused.append(f"row {number}: expected a mapping with a symbol")
            continue
        try:
            facts.append(read(row))
        except FactsRefused as error:
            refused.append(f"{symbol}: {error}")
    return facts, refused, []


_MARKS = {
    "instruments-info": "lotSizeFilter",
    "risk-limit": "riskLimitValue",
    "inventory": "quantity_step",
}
_READERS: dict[str, Callable[[list[Any]], Reading]] = {
    "instruments-info": lambda rows: _row_by_row(instrument_facts, rows),
    "risk-limit": tier_facts,
    "inventory": lambda rows: _row_by_row(_inventory_facts, rows),
}
