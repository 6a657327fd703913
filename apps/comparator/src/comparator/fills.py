"""Fills of one side of a comparison: as rows, and as a table of columns for a million of them.

It knows the order and the numbering of fills; not where they come from, nor what they match.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comparator.exact import INT64_MAX, ExactColumn
from gridcore.clock import Instant
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

SIDES = (BUY, SELL)
"""A side's number is its place here."""
DIRECTIONS = (LONG, SHORT)

Ids = NDArray[np.bytes_]
Whole = NDArray[np.int64]
Small = NDArray[np.int8]
Rows = NDArray[np.int64]
"""Row numbers of a table."""
Mask = NDArray[np.bool_]


class Source(StrEnum):
    """Which of the two things that are compared."""

    LIVE = "live"
    BACKTEST = "backtest"


class DirectionFound(StrEnum):
    """How a fill's direction is known."""

    RECORDED = "recorded"
    CLOSED_SIZE = "closed_size"
    INFERRED = "inferred"
    """From the realised profit alone: a close that breaks even reads as an opening."""


FOUND = tuple(DirectionFound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """What one order filled: all executions of it together.

    `price` is the volume-weighted mean, kept exactly as `notional` over `qty`. `realised` is the
    closed profit before fees, `fee` < 0 a rebate. `occurrence` counts the fills of one
    `client_order_id` from 0, in the order (at, client_order_id, side) of their table; `at` is the
    time of the last execution.
    """

    client_order_id: str
    occurrence: int = 0
    symbol: str
    strat_id: str | None
    side: SideType
    direction: DirectionType
    direction_found: DirectionFound
    notional: Decimal
    qty: Decimal
    fee: Decimal
    realised: Decimal
    at: Instant
    first_at: Instant
    order_id: str
    executions: int
    is_maker: bool | None
    source: Source

    @property
    def price(self) -> Decimal:
        """Volume-weighted mean price."""
        return self.notional / self.qty


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FillColumns:
    """The fields of fills as columns of one length, in any order of rows.

    Ids are UTF-8; no strategy is b"". `side`, `direction` and `direction_found` are places in
    SIDES, DIRECTIONS and FOUND; `is_maker` is 1, 0 or -1 for unknown.
    """

    client_order_id: Ids
    symbol: Ids
    strat_id: Ids
    side: Small
    direction: Small
    direction_found: Small
    notional: ExactColumn
    qty: ExactColumn
    fee: ExactColumn
    realised: ExactColumn
    at: Whole
    first_at: Whole
    order_id: Ids
    executions: Whole
    is_maker: Small

    def take(self, rows: Rows | Mask) -> "FillColumns":
        """Some rows, by index or by mask."""
        return FillColumns(**{name: _taken(getattr(self, name), rows) for name in _NAMES})


_NAMES = tuple(FillColumns.__dataclass_fields__)
_EXACT = ("notional", "qty", "fee", "realised")
_TIE_BREAKERS = (
    *("client_order_id", "side", "symbol", "order_id", "strat_id", "direction", "first_at"),
    *("notional", "qty", "fee", "realised", "executions", "direction_found", "is_maker"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FillTable:
    """Fills of one source in the order (at, client_order_id, side), with their occurrences.

    What is left open by that order is decided by the other fields, so that the order in which rows
    were read does not matter.
    """

    source: Source
    columns: FillColumns
    occurrence: Whole

    @classmethod
    def of(cls, rows: Iterable[Fill], source: Source) -> "FillTable":
        """Make a table of fills of one source; `occurrence` of the rows is not read.

        ValueError for a row of the other source, a quantity that is not positive, and numbers that
        do not fit 64 bits at the scale of their column.
        """
        taken = list(rows)
        for row in taken:
            if row.source is not source:
                raise ValueError(f"expected {source} fills, found a {row.source} one")
            if row.strat_id == "":
                raise ValueError("expected a strategy's name or None, found an empty name")
        return cls.of_columns(
            FillColumns(
                client_order_id=_ids(row.client_order_id for row in taken),
                symbol=_ids(row.symbol for row in taken),
                strat_id=_ids(row.strat_id or "" for row in taken),
                side=_numbers((SIDES.index(row.side) for row in taken), np.int8),
                direction=_numbers((DIRECTIONS.index(row.direction) for row in taken), np.int8),
                direction_found=_numbers((FOUND.index(r.direction_found) for r in taken), np.int8),
                notional=ExactColumn.of((row.notional for row in taken), "notional"),
                qty=ExactColumn.of((row.qty for row in taken), "qty"),
                fee=ExactColumn.of((row.fee for row in taken), "fee"),
                realised=ExactColumn.of((row.realised for row in taken), "realised"),
                at=_numbers((row.at for row in taken), np.int64),
                first_at=_numbers((row.first_at for row in taken), np.int64),
                order_id=_ids(row.order_id for row in taken),
                executions=_numbers((row.executions for row in taken), np.int64),
                is_maker=_numbers((_maker_number(row.is_maker) for row in taken), np.int8),
            ),
            source,
        )

    @classmethod
    def of_columns(cls, columns: FillColumns, source: Source) -> "FillTable":
        """Put columns into order and number the occurrences; ValueError as `of`."""
        lengths = {len(getattr(columns, name)) for name in _NAMES}
        if len(lengths) != 1:
            raise ValueError(f"expected columns of one length, found {sorted(lengths)}")
        refused = np.flatnonzero(columns.qty.units <= 0)
        if len(refused):
            row = int(refused[0])
            raise ValueError(
                f"expected quantities above 0, found {columns.qty.value(row)} of order "
                f"{columns.client_order_id[row].decode()!r}"
            )
        order = _order(columns)
        if order is not None:
            columns = columns.take(order)
        occurrence = _occurrences(columns.client_order_id)
        return cls(source=source, columns=columns, occurrence=occurrence)

    @classmethod
    def concatenate(cls, tables: Sequence["FillTable"], source: Source) -> "FillTable":
        """One table of several of one source, ordered and numbered anew."""
        for table in tables:
            if table.source is not source:
                raise ValueError(f"expected {source} fills, found {table.source} ones")
        if not tables:
            return cls.of([], source)
        joined: dict[str, Any] = {}
        for name in _NAMES:
            parts = [getattr(table.columns, name) for table in tables]
            exact = name in _EXACT
            joined[name] = ExactColumn.concatenate(parts, name) if exact else np.concatenate(parts)
        return cls.of_columns(FillColumns(**joined), source)

    def __len__(self) -> int:
        """How many fills."""
        return len(self.occurrence)

    def row(self, number: int) -> Fill:
        """One fill."""
        one = np.asarray([number], dtype=np.int64)
        return next(_fills(self.columns.take(one), self.occurrence[one], self.source))

    def rows(self) -> list[Fill]:
        """All fills, in order."""
        return list(_fills(self.columns, self.occurrence, self.source))

    def select(self, rows: Rows | Mask) -> "FillTable":
        """Some fills, which keep their order and the occurrences that they have here."""
        chosen = np.sort(np.arange(len(self), dtype=np.int64)[rows])
        return FillTable(
            source=self.source,
            columns=self.columns.take(chosen),
            occurrence=self.occurrence[chosen],
        )

    def of_symbol(self, symbol: str) -> "FillTable":
        """The fills of one symbol, as `select`."""
        return self.select(self.columns.symbol == symbol.encode())

    def symbols(self) -> list[str]:
        """The symbols that occur, sorted."""
        return [symbol.decode() for symbol in np.unique(self.columns.symbol).tolist()]

    def identities(self, rows: Rows) -> list[tuple[str, int]]:
        """(client_order_id, occurrence) of some rows."""
        ids = self.columns.client_order_id[rows].tolist()
        numbers = self.occurrence[rows].tolist()
        return [(one.decode(), number) for one, number in zip(ids, numbers, strict=True)]

    def prices(self, rows: Rows) -> ExactColumn:
        """Volume-weighted mean prices of some rows.

        A mean that no decimal number gives has 28 digits, as `Fill.price`.
        """
        notional, qty = self.columns.notional.take(rows), self.columns.qty.take(rows)
        # The largest factor that fits: a price with fewer digits than that divides exactly.
        largest = int(np.abs(notional.units).max(initial=1))
        spare = len(str(INT64_MAX // largest)) - 1
        scaled = notional.at_places(notional.places + spare)
        units, rest = np.divmod(scaled.units, qty.units)
        divided = ExactColumn(units, max(scaled.places - qty.places, 0))
        means = np.flatnonzero(rest) if scaled.places >= qty.places else np.arange(len(rows))
        if not len(means):
            return divided
        each = zip(notional.take(means).decimals(), qty.take(means).decimals(), strict=True)
        rounded = ExactColumn.wide((part / whole for part, whole in each), "price")
        places = max(divided.places, rounded.places)
        prices = divided.at_places(places).units.astype(object)
        prices[means] = rounded.at_places(places).units
        return ExactColumn(prices, places)


def _fills(columns: FillColumns, occurrence: Whole, source: Source) -> Iterator[Fill]:
    parts = [getattr(columns, name) for name in _NAMES]
    lists = [part.decimals() if isinstance(part, ExactColumn) else part.tolist() for part in parts]
    for number, row in zip(occurrence.tolist(), zip(*lists, strict=True), strict=True):
        fields = dict(zip(_NAMES, row, strict=True))
        yield Fill(
            client_order_id=fields["client_order_id"].decode(),
            occurrence=number,
            symbol=fields["symbol"].decode(),
            strat_id=fields["strat_id"].decode() or None,
            side=SIDES[fields["side"]],
            direction=DIRECTIONS[fields["direction"]],
            direction_found=FOUND[fields["direction_found"]],
            notional=fields["notional"],
            qty=fields["qty"],
            fee=fields["fee"],
            realised=fields["realised"],
            at=Instant(fields["at"]),
            first_at=Instant(fields["first_at"]),
            order_id=fields["order_id"].decode(),
            executions=fields["executions"],
            is_maker=None if fields["is_maker"] < 0 else bool(fields["is_maker"]),
            source=source,
        )


def _order(columns: FillColumns) -> Rows | None:
    """The order of a table, None when the rows stand in it.

    Most times differ, so only rows that share theirs are compared further.
    """
    at = columns.at
    steps = np.diff(at)
    if np.all(steps > 0):
        return None
    order = np.argsort(at, kind="stable").astype(np.int64)
    equal = np.diff(at[order]) == 0
    shared = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
    rows = order[shared]
    keys = [_key(getattr(columns, name))[rows] for name in reversed(_TIE_BREAKERS)]
    order[shared] = rows[np.lexsort((*keys, at[rows]))]
    return order


def _key(column: Any) -> NDArray[Any]:
    return np.asarray(column.units if isinstance(column, ExactColumn) else column)


def _occurrences(ids: Ids) -> Whole:
    _, codes = np.unique(ids, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    grouped = codes[order]
    first = np.flatnonzero(np.append(True, grouped[1:] != grouped[:-1]))[: len(grouped)]
    sizes = np.diff(np.append(first, len(grouped)))
    numbers = np.empty(len(ids), dtype=np.int64)
    numbers[order] = np.arange(len(ids)) - np.repeat(first, sizes)
    return numbers


def _taken(column: Any, rows: Rows | Mask) -> Any:
    return column.take(rows) if isinstance(column, ExactColumn) else column[rows]


def _ids(texts: Iterable[str]) -> Ids:
    encoded = [text.encode() for text in texts]
    return np.array(encoded, dtype=f"S{max(chain([1], map(len, encoded)))}")


def _numbers(values: Iterable[int], dtype: type) -> NDArray[Any]:
    return np.fromiter(values, dtype=dtype)


def _maker_number(is_maker: bool | None) -> int:
    return -1 if is_maker is None else int(is_maker)
