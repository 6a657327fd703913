"""The fills of the ids that diverge, grouped by id, symbol and side.

It knows which fills belong together; not why they differ.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from comparator.certificate.cases import Kin
from comparator.exact import decimal_of
from comparator.fills import SIDES, Fill, FillTable, Rows
from comparator.matching import CAP_US, Matching
from gridcore.clock import Instant
from gridcore.sides import SideType

_Key = tuple[str, str, SideType]
_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """Times of fills of one side, ascending, and their quantity before each, in units."""

    at: list[int]
    units_before: list[int]
    places: int

    def qty_near(self, at: Instant) -> Decimal:
        first, end = bisect_left(self.at, at - CAP_US), bisect_right(self.at, at + CAP_US)
        return decimal_of(self.units_before[end] - self.units_before[first], self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    live: _Series
    backtest: _Series
    orders: frozenset[str]
    unpaired: frozenset[str]


class _ById:
    """The rows of some ids of one table, found without looking at the others."""

    def __init__(self, table: FillTable, wanted: "np.ndarray[tuple[int], np.dtype[np.bytes_]]"):
        self._columns = table.columns
        ids = table.columns.client_order_id
        rows = np.flatnonzero(np.isin(ids, wanted))
        rows = rows[np.argsort(ids[rows], kind="stable")]
        known, starts = np.unique(ids[rows], return_index=True)
        self._rows = dict(zip(known.tolist(), np.split(rows, starts[1:]), strict=False))

    def rows_of(self, key: _Key) -> Rows:
        identity, symbol, side = key
        rows = self._rows.get(identity.encode(), _NONE)
        is_kin = self._columns.symbol[rows] == symbol.encode()
        found: Rows = rows[is_kin & (self._columns.side[rows] == SIDES.index(side))]
        return found

    def series(self, rows: Rows) -> _Series:
        qty = self._columns.qty.take(rows)
        return _Series(
            at=self._columns.at[rows].tolist(),
            units_before=[0, *qty.running_totals()],
            places=qty.places,
        )

    def orders(self, rows: Rows) -> frozenset[str]:
        return frozenset(one.decode() for one in self._columns.order_id[rows].tolist())


class Kinship:
    """Answers what is kin to a fill, for the ids it was made for."""

    def __init__(
        self, live: FillTable, backtest: FillTable, matching: Matching, ids: Iterable[str]
    ) -> None:
        wanted = np.array(sorted({one.encode() for one in ids}), dtype=np.bytes_)
        self._live, self._backtest = _ById(live, wanted), _ById(backtest, wanted)
        self._is_alone = np.zeros(len(live), dtype=np.bool_)
        self._is_alone[matching.live_only] = True
        self._groups: dict[_Key, _Group] = {}

    def kin_of(self, fill: Fill) -> Kin:
        """The kin of a fill, near it as far as fills may pair."""
        key = fill.client_order_id, fill.symbol, fill.side
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._group(key)
        return Kin(
            live_qty=group.live.qty_near(fill.at),
            backtest_qty=group.backtest.qty_near(fill.at),
            orders=group.orders,
            unpaired_orders=group.unpaired,
        )

    def _group(self, key: _Key) -> _Group:
        rows = self._live.rows_of(key)
        return _Group(
            live=self._live.series(rows),
            backtest=self._backtest.series(self._backtest.rows_of(key)),
            orders=self._live.orders(rows),
            unpaired=self._live.orders(rows[self._is_alone[rows]]),
        )
