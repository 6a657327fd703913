"""The fills of both sides level by level; a level is one identity: price, side and direction.

It counts and adds; it judges nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from comparator.certificate.certify import Certified
from comparator.fills import FillTable, Rows
from gridcore.sides import DirectionType, SideType

_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow:
    """One level: how often each side filled there, how much, and what it earned before fees."""

    symbol: str
    direction: DirectionType
    side: SideType
    price: Decimal
    live: int
    backtest: int
    matched: int
    qty_delta: Decimal
    pnl_delta: Decimal

    @property
    def diverging(self) -> int:
        """Fills of both sides that are not matched."""
        return self.live + self.backtest - 2 * self.matched


def level_rows(certified: Certified) -> list[LevelRow]:
    """The levels, those that diverge most first, then by symbol and from the highest price down."""
    live, backtest = dict(_groups(certified.live)), dict(_groups(certified.backtest))
    is_matched = np.zeros(len(certified.live), dtype=np.bool_)
    is_matched[certified.matched_live] = True
    rows = []
    for identity in sorted({*live, *backtest}):
        mine, theirs = live.get(identity, _NONE), backtest.get(identity, _NONE)
        table, first = (certified.live, mine) if len(mine) else (certified.backtest, theirs)
        fill = table.row(int(first[0]))
        columns, others = certified.live.columns, certified.backtest.columns
        rows.append(
            LevelRow(
                symbol=fill.symbol,
                direction=fill.direction,
                side=fill.side,
                price=fill.price,
                live=len(mine),
                backtest=len(theirs),
                matched=int(is_matched[mine].sum()),
                qty_delta=others.qty.take(theirs).total() - columns.qty.take(mine).total(),
                pnl_delta=others.realised.take(theirs).total()
                - columns.realised.take(mine).total(),
            )
        )
    return sorted(rows, key=lambda row: (-row.diverging, row.symbol, -row.price, row.side))


def _groups(table: FillTable) -> Iterator[tuple[bytes, Rows]]:
    ids = table.columns.client_order_id
    order = np.argsort(ids, kind="stable").astype(np.int64)
    known, starts = np.unique(ids[order], return_index=True)
    parts = np.split(order, starts[1:])
    yield from zip(known.tolist(), parts, strict=False)
