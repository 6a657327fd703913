"""Which live fill and which backtest fill are the same one.

It knows ids, symbols, sides and times; not prices, nor why a fill found no partner.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comparator.alignment import align_times
from comparator.fills import FillTable, Rows, Source
from gridcore.clock import MINUTE_US

CAP_US = 10 * MINUTE_US
"""Two fills farther apart than this are no pair (18.7)."""

_Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """Fills of one id, symbol and side of which others could be the paired ones at equal cost.

    `live` and `backtest` are row numbers: rows that one best alignment pairs and another leaves.
    """

    client_order_id: str
    symbol: str
    live: tuple[int, ...]
    backtest: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matching:
    """Pairs and fills without a partner, as row numbers of the two tables.

    Row i of `live` is paired with row i of `backtest`. Every list is sorted by (client_order_id,
    occurrence), pairs by those of the live fill.
    """

    live: Rows
    backtest: Rows
    live_only: Rows
    backtest_only: Rows
    ambiguous: tuple[Ambiguity, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Merged:
    """All rows of both tables by group and time, backtest rows numbered after the live ones.

    A group is one id, symbol and side. A block is a part of a group that no pair can leave, since
    more than the cap lies before and after it: `starts` and `ends` are places in `rows`.
    """

    rows: Rows
    at: _Codes
    is_live: NDArray[np.bool_]
    starts: Rows
    ends: Rows


def match_exact(live: FillTable, backtest: FillTable) -> Matching:
    """Join on (client_order_id, occurrence), as the earlier comparator did (C-4).

    One missing occurrence shifts all later pairs of its id: for parity only.
    """
    live_ids, backtest_ids = _common_ids(live, backtest)
    most = max(int(table.occurrence.max(initial=0)) for table in (live, backtest)) + 1
    mine = live_ids * most + live.occurrence
    theirs = backtest_ids * most + backtest.occurrence
    _, paired, partner = np.intersect1d(mine, theirs, assume_unique=True, return_indices=True)
    return _matching(live, backtest, (live_ids, backtest_ids), (paired, partner), ())


def align(live: FillTable, backtest: FillTable, cap_us: int = CAP_US) -> Matching:
    """Pair the fills of each id, symbol and side in order of time at the least cost (18.7).

    A pair costs its distance in time, two fills left apart cost `cap_us` together, so one missing
    occurrence leaves the other pairs as they are. ValueError for tables of the wrong source.
    """
    for table, source in ((live, Source.LIVE), (backtest, Source.BACKTEST)):
        if table.source is not source:
            raise ValueError(f"expected {source} fills, found {table.source} ones")
    ids = _common_ids(live, backtest)
    merged = _merge(live, backtest, ids, cap_us)
    paired, partner, rest = _plain_pairs(merged, cap_us)
    pairs: list[tuple[Rows, Rows]] = [(paired, partner)]
    ambiguous: list[Ambiguity] = []
    for start, end in zip(merged.starts[rest].tolist(), merged.ends[rest].tolist(), strict=True):
        rows, at = merged.rows[start:end], merged.at[start:end]
        is_live = merged.is_live[start:end]
        mine, theirs = rows[is_live], rows[~is_live]
        best = align_times(at[is_live].tolist(), at[~is_live].tolist(), cap_us)
        pairs.append((mine[list(best.live)], theirs[list(best.backtest)]))
        if best.unsure_live or best.unsure_backtest:
            first = int(mine[0])
            ambiguous.append(
                Ambiguity(
                    client_order_id=live.columns.client_order_id[first].decode(),
                    symbol=live.columns.symbol[first].decode(),
                    live=tuple(mine[list(best.unsure_live)].tolist()),
                    backtest=tuple((theirs[list(best.unsure_backtest)] - len(live)).tolist()),
                )
            )
    joined = (
        np.concatenate([mine for mine, _ in pairs]),
        np.concatenate([theirs for _, theirs in pairs]) - len(live),
    )
    return _matching(live, backtest, ids, joined, tuple(ambiguous))


def _common_ids(live: FillTable, backtest: FillTable) -> tuple[_Codes, _Codes]:
    """The ids of both tables as numbers, in the order of their texts."""
    both = np.concatenate([live.columns.client_order_id, backtest.columns.client_order_id])
    _, codes = np.unique(both, return_inverse=True)
    codes = codes.astype(np.int64)
    return codes[: len(live)], codes[len(live) :]


def _merge(
    live: FillTable, backtest: FillTable, ids: tuple[_Codes, _Codes], cap_us: int
) -> _Merged:
    symbols, symbol = np.unique(
        np.concatenate([live.columns.symbol, backtest.columns.symbol]), return_inverse=True
    )
    side = np.concatenate([live.columns.side, backtest.columns.side])
    group = (np.concatenate(ids) * max(len(symbols), 1) + symbol) * 2 + side
    at = np.concatenate([live.columns.at, backtest.columns.at])
    rows = np.lexsort((at, group)).astype(np.int64)
    group, at = group[rows], at[rows]
    begins = (group[1:] != group[:-1]) | (at[1:] - at[:-1] > cap_us)
    starts = np.flatnonzero(np.append(True, begins))[: len(rows)]
    return _Merged(
        rows=rows,
        at=at,
        is_live=rows < len(live),
        starts=starts,
        ends=np.append(starts[1:], len(rows))[: len(starts)],
    )


def _plain_pairs(merged: _Merged, cap_us: int) -> tuple[Rows, Rows, Rows]:
    """Pairs of the blocks whose best alignment is plain, and the blocks that need a search.

    With as many rows on both sides, pairing them in order is the only way to pair all; leaving two
    costs the cap, so in-order pairs that cost less together are the only best alignment.
    """
    sizes = merged.ends - merged.starts
    block = np.repeat(np.arange(len(sizes)), sizes)
    live_count = np.bincount(block[merged.is_live], minlength=len(sizes))
    even = 2 * live_count == sizes
    within = even[block]
    mine = merged.is_live & within
    theirs = ~merged.is_live & within
    distance = np.abs(merged.at[mine] - merged.at[theirs])
    even_blocks = np.flatnonzero(even)
    first = np.append(0, np.cumsum(live_count[even_blocks]))[: len(even_blocks)]
    # A distance beyond the cap is as good as the cap here: it only has to stay above it.
    cost = np.add.reduceat(np.minimum(distance, cap_us), first) if len(first) else distance
    plain = np.zeros(len(sizes), dtype=np.bool_)
    plain[even_blocks] = cost < cap_us
    mine &= plain[block]
    theirs &= plain[block]
    both_sides = (live_count > 0) & (live_count < sizes)
    return merged.rows[mine], merged.rows[theirs], np.flatnonzero(both_sides & ~plain)


def _matching(
    live: FillTable,
    backtest: FillTable,
    ids: tuple[_Codes, _Codes],
    pairs: tuple[Rows, Rows],
    ambiguous: tuple[Ambiguity, ...],
) -> Matching:
    paired, partner = pairs
    order = np.lexsort((live.occurrence[paired], ids[0][paired]))
    return Matching(
        live=paired[order],
        backtest=partner[order],
        live_only=_others(live, ids[0], paired),
        backtest_only=_others(backtest, ids[1], partner),
        ambiguous=tuple(sorted(ambiguous, key=lambda one: (one.client_order_id, one.symbol))),
    )


def _others(table: FillTable, ids: _Codes, paired: Rows) -> Rows:
    alone = np.ones(len(table), dtype=np.bool_)
    alone[paired] = False
    rows = np.flatnonzero(alone)
    order = np.lexsort((table.occurrence[rows], ids[rows]))
    return rows[order]
