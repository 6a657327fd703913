"""How live and backtest trades are compared, as the earlier program did it and as is right.

Written from the specification alone, in fractions, without the comparator. Each function takes the
rules whose recorded behaviour is asked for; with none the result is the right one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bbu_reference.comparator_figures import (
    Figures,
    Old,
    mean,
    median,
    pearson,
    robust,
    share,
    total,
)
from bbu_reference.comparator_rules import (
    MIXED_ORDER,
    READING_ORDER,
    SHIFTED_PAIRS,
    UNKNOWN_DIRECTION,
    UNNUMBERED,
)

CAP_MS = 600_000


@dataclass(frozen=True, slots=True)
class Row:
    """One trade as the vectors give it; `number` is its occurrence within its id."""

    identity: str
    side: str
    price: Fraction
    qty: Fraction
    fee: Fraction
    pnl: Fraction
    at: int
    direction: str | None
    number: int = 0


def rows_of(cells: Iterable[Sequence[Any]]) -> list[Row]:
    """Trades in order and numbered, as every comparison begins."""
    ordered = sorted(cells, key=lambda cell: (cell[6], cell[0], cell[1]))
    seen: Counter[str] = Counter()
    rows = []
    for identity, side, price, qty, fee, pnl, at, direction in ordered:
        price, qty, fee, pnl = (Fraction(text) for text in (price, qty, fee, pnl))
        number = seen[identity]
        rows.append(Row(identity, side, price, qty, fee, pnl, at, direction, number))
        seen[identity] += 1
    return rows


@dataclass(frozen=True, slots=True)
class Matched:
    """Pairs, and the rows of each side that have no partner; all by (id, number)."""

    pairs: list[tuple[Row, Row]]
    live_only: list[Row]
    backtest_only: list[Row]


def match(live: Sequence[Row], backtest: Sequence[Row], old: Old) -> Matched:
    """Pair trades: by number (SHIFTED_PAIRS), or by id and side at the least cost in time."""
    pairs = _by_number(live, backtest) if SHIFTED_PAIRS in old else _by_time(live, backtest)
    pairs.sort(key=lambda pair: _place(pair[0]))
    mine, theirs = {id(one) for one, _ in pairs}, {id(one) for _, one in pairs}
    return Matched(
        pairs=pairs,
        live_only=sorted((row for row in live if id(row) not in mine), key=_place),
        backtest_only=sorted((row for row in backtest if id(row) not in theirs), key=_place),
    )


def overwritten(cells: Iterable[Sequence[Any]], old: Old) -> list[Row]:
    """Trades that were given without numbers: the last of an id (UNNUMBERED), or all, numbered."""
    if UNNUMBERED not in old:
        return rows_of(cells)
    last = {cell[0]: cell for cell in cells}
    return rows_of(last.values())


def _place(row: Row) -> tuple[str, int]:
    return row.identity, row.number


def _by_number(live: Sequence[Row], backtest: Sequence[Row]) -> list[tuple[Row, Row]]:
    partner = {_place(row): row for row in backtest}
    return [(row, partner[_place(row)]) for row in live if _place(row) in partner]


def _by_time(live: Sequence[Row], backtest: Sequence[Row]) -> list[tuple[Row, Row]]:
    pairs = []
    for group in sorted({(row.identity, row.side) for row in live}):
        mine = [row for row in live if (row.identity, row.side) == group]
        theirs = [row for row in backtest if (row.identity, row.side) == group]
        pairs += _least_cost(mine, theirs)
    return pairs


def _least_cost(live: Sequence[Row], backtest: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Every monotone pairing by its cost, and of the cheapest the one that keeps early rows.

    A pair costs its distance, two rows left apart the cap: half of it for each. Costs are doubled.
    """
    best: dict[tuple[int, int], tuple[int, list[tuple[Row, Row]]]] = {}
    for i in range(len(live), -1, -1):
        for j in range(len(backtest), -1, -1):
            if i == len(live) or j == len(backtest):
                best[i, j] = (CAP_MS * (len(live) - i + len(backtest) - j), [])
                continue
            cost, rest = best[i + 1, j + 1]
            ways = [
                (cost + 2 * abs(live[i].at - backtest[j].at), [(live[i], backtest[j]), *rest]),
                (best[i + 1, j][0] + CAP_MS, best[i + 1, j][1]),
                (best[i, j + 1][0] + CAP_MS, best[i, j + 1][1]),
            ]
            best[i, j] = min(ways, key=lambda way: (way[0], _lateness(way[1])))
    return best[0, 0][1]


def _lateness(pairs: Sequence[tuple[Row, Row]]) -> list[tuple[int, int, int]]:
    """Orders pairings of equal cost by what they keep, in order of time; keeping more is first."""
    kept = [(one.at, 0, one.number) for one, _ in pairs]
    kept += [(other.at, 1, other.number) for _, other in pairs]
    return [*sorted(kept), (2**62, 0, 0)]


def direction_of(row: Row, old: Old) -> str:
    """Where a trade belongs; recorded, else from side and profit: a profit is made by a close."""
    if row.direction is not None:
        return row.direction
    if UNKNOWN_DIRECTION in old:
        return "short"
    return "long" if (row.side == "Buy") is not bool(row.pnl) else "short"


def trade_figures(
    live: Sequence[Row],
    backtest: Sequence[Row],
    matched: Matched,
    tolerances: tuple[Fraction, Fraction],
    old: Old,
) -> tuple[Figures, list[tuple[str, int]]]:
    """Every figure of a comparison, and the pairs beyond the tolerances of price and quantity."""
    pairs = matched.pairs
    prices = [abs(b.price - a.price) for a, b in pairs]
    sizes = [abs(b.qty - a.qty) for a, b in pairs]
    profits = [b.pnl - a.pnl for a, b in pairs]
    figures = {
        "total_live_trades": Fraction(len(live)),
        "total_backtest_trades": Fraction(len(backtest)),
        "matched_count": Fraction(len(pairs)),
        "live_only_count": Fraction(len(matched.live_only)),
        "backtest_only_count": Fraction(len(matched.backtest_only)),
        "match_rate": share(len(pairs), len(live)),
        "phantom_rate": share(len(matched.backtest_only), len(backtest)),
        "total_live_fees": total(a.fee for a, _ in pairs),
        "total_backtest_fees": total(b.fee for _, b in pairs),
        "fee_delta": total(b.fee - a.fee for a, b in pairs),
        "total_live_pnl": total(a.pnl for a, _ in pairs),
        "total_backtest_pnl": total(b.pnl for _, b in pairs),
        "cumulative_pnl_delta": total(profits),
        "pnl_correlation": _profit_correlation(pairs),
        "total_live_volume": total(row.qty for row in live),
        "total_backtest_volume": total(row.qty for row in backtest),
        "mean_time_delta_seconds": mean([Fraction(abs(b.at - a.at), 1000) for a, b in pairs]),
    }
    for family, deltas in (("price", prices), ("qty", sizes)):
        figures[f"{family}_mean_abs_delta"] = mean(deltas)
        figures[f"{family}_median_abs_delta"] = median(deltas)
        figures[f"{family}_max_abs_delta"] = max(deltas, default=Fraction(0))
    figures |= robust("pnl", [abs(delta) for delta in profits], old)
    for direction in ("long", "short"):
        part = [b.pnl - a.pnl for a, b in pairs if direction_of(b, old) == direction]
        figures[f"{direction}_match_count"] = Fraction(len(part))
        figures[f"{direction}_pnl_delta"] = total(part)
    breaches = [
        (a.identity, a.number)
        for a, b in pairs
        if abs(b.price - a.price) > tolerances[0] or abs(b.qty - a.qty) > tolerances[1]
    ]
    figures["breaches_count"] = Fraction(len(breaches))
    return figures, breaches


def _profit_correlation(pairs: Sequence[tuple[Row, Row]]) -> Fraction:
    ordered = sorted(pairs, key=lambda pair: pair[0].at)
    sums = [(Fraction(0), Fraction(0))]
    for mine, theirs in ordered:
        sums.append((sums[-1][0] + mine.pnl, sums[-1][1] + theirs.pnl))
    return pearson([one for one, _ in sums[1:]], [other for _, other in sums[1:]])


# -- grouping ------------------------------------------------------------------------------------


def loaded(cells: Iterable[Sequence[Any]], old: Old) -> list[tuple[Any, ...]]:
    """Trades of executions: [exec_id, order_id, link, side, price, qty, fee, pnl, ms, symbol]."""
    groups: dict[tuple[str, ...], list[Sequence[Any]]] = {}
    for cell in cells:
        order_id, link = cell[1], cell[2]
        identity = link.split("-")[0] if link else order_id
        key = (identity, order_id) if MIXED_ORDER in old else (identity, order_id, cell[9], cell[3])
        groups.setdefault(key, []).append(cell)
    orders = list(groups.items()) if READING_ORDER in old else sorted(groups.items())
    trades = [_trade(key[0], group) for key, group in orders]
    trades.sort(key=lambda trade: (trade[7], trade[0], trade[2]))
    seen: Counter[str] = Counter()
    numbered = []
    for trade in trades:
        numbered.append((*trade, seen[trade[0]]))
        seen[trade[0]] += 1
    return numbered


def _trade(identity: str, group: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    def summed(value: Callable[[Sequence[Any]], Fraction]) -> Fraction:
        return total(value(cell) for cell in group)

    side, symbol = group[0][3], group[0][9]
    qty = summed(lambda cell: Fraction(cell[5]))
    notional = summed(lambda cell: Fraction(cell[4]) * Fraction(cell[5]))
    pnl = summed(lambda cell: Fraction(cell[7] or 0))
    direction = "long" if (side == "Buy") is not bool(pnl) else "short"
    fee = summed(lambda cell: Fraction(cell[6] or 0))
    at = max(cell[8] for cell in group)
    return identity, symbol, side, notional / qty, qty, fee, pnl, at, direction
