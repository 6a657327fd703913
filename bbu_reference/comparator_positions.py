"""How positions and equity of live and backtest compare, in fractions, without the comparator."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from bbu_reference.comparator_figures import Figures, Old, mean, pearson, robust, total

WINDOW_MS = 5_000
POSITION_FIELDS = (
    *("side", "at", "size", "entry", "liq", "upnl", "mark", "im", "mm", "cum", "cur", "value"),
)
FAMILIES = {
    "position_im": 0,
    "position_mm": 1,
    "liq_price": 2,
    "unrealised_pnl": 3,
    "cum_realised_usdt": 4,
    "cur_realised_usdt": 5,
    "upnl_usdt": 6,
    "pos_value_usdt": 7,
}
"""Where in a pair's deltas each family stands."""
FINALS = {"cum_realised_pnl": 4, "cur_realised_pnl": 5, "pos_value": 7}
Leg = dict[str, Any]
Pair = tuple[str, int | None, int, bool, bool, tuple[Fraction | None, ...]]


def positions(live: Iterable[Sequence[Any]], backtest: Iterable[Sequence[Any]]) -> list[Pair]:
    """Each backtest row with the next unused live row at most five seconds away, leg by leg."""
    pairs = []
    for side in ("Buy", "Sell"):
        recorded, used = _legs(live, side), 0
        for row in _legs(backtest, side):
            while used < len(recorded) and recorded[used]["at"] < row["at"] - WINDOW_MS:
                used += 1
            near = used < len(recorded) and recorded[used]["at"] <= row["at"] + WINDOW_MS
            pairs.append(_position_pair(recorded[used] if near else None, row))
            used += near
    return pairs


def position_figures(pairs: Sequence[Pair], old: Old) -> Figures:
    """Every figure over the pairs that hold the same position."""
    together = [pair for pair in pairs if pair[1] is not None]
    same = [pair for pair in together if not pair[4]]
    figures = {
        "position_pairs_compared": Fraction(len(same)),
        "position_pairs_unmatched_bt": Fraction(len(pairs) - len(together)),
        "position_pairs_state_diverged": Fraction(len(together) - len(same)),
        "position_pairs_missing_telemetry": Fraction(sum(pair[3] for pair in same)),
    }
    for family, place in FAMILIES.items():
        sizes = [abs(delta) for pair in same if (delta := pair[5][place]) is not None]
        figures[f"{family}_mean_abs_delta"] = mean(sizes)
        figures[f"{family}_max_abs_delta"] = max(sizes, default=Fraction(0))
        figures |= robust(family, sizes, old)
    for family, place in FINALS.items():
        last = {pair[0]: delta for pair in same if (delta := pair[5][place]) is not None}
        figures[f"{family}_final_delta"] = total(last.values())
    return figures


def _legs(rows: Iterable[Sequence[Any]], side: str) -> list[Leg]:
    legs = []
    for row in rows:
        leg: Leg = dict(zip(POSITION_FIELDS, row, strict=True))
        for name in POSITION_FIELDS[2:]:
            leg[name] = None if leg[name] is None else Fraction(leg[name])
        if leg["side"] == side:
            legs.append(leg)
    return sorted(legs, key=lambda leg: int(leg["at"]))


def _position_pair(live: Leg | None, backtest: Leg) -> Pair:
    side, at = backtest["side"], backtest["at"]
    if live is None:
        return side, None, at, True, False, (None,) * 8
    mine, theirs = _profit(live, live["mark"]), _profit(backtest, live["mark"])
    gain = None if mine is None or theirs is None else theirs - mine
    im, mm, liq, cum, cur, upnl, value = (
        None if live[name] is None or backtest[name] is None else backtest[name] - live[name]
        for name in ("im", "mm", "liq", "cum", "cur", "upnl", "value")
    )
    missing = None in (im, mm, liq, gain, cum)
    return (
        side,
        live["at"],
        at,
        missing,
        _diverged(live, backtest),
        (*(im, mm, liq, gain, cum, cur, upnl, value),),
    )


def _profit(leg: Leg, mark: Fraction | None) -> Fraction | None:
    if mark is None:
        return None
    gain: Fraction = (mark - leg["entry"]) * leg["size"]
    return gain if leg["side"] == "Buy" else -gain


def _diverged(live: Leg, backtest: Leg) -> bool:
    thousandth = Fraction(1, 1000)
    if abs(backtest["size"] - live["size"]) > thousandth:
        return True
    held = live["size"] or backtest["size"]
    return bool(held) and abs(backtest["entry"] - live["entry"]) > thousandth * live["entry"]


def buckets(
    live: Iterable[Sequence[Any]], backtest: Iterable[Sequence[Any]], interval_ms: int
) -> list[tuple[int, Fraction | None, Fraction | None]]:
    """The last amount of each side in every bucket that has one, from the earliest point."""
    curves = [sorted(curve, key=lambda point: int(point[0])) for curve in (live, backtest)]
    origin = min((curve[0][0] for curve in curves if curve), default=0)
    ends = [
        {(at - origin) // interval_ms: Fraction(amount) for at, amount in curve} for curve in curves
    ]
    return [
        (origin + number * interval_ms, ends[0].get(number), ends[1].get(number))
        for number in sorted({*ends[0], *ends[1]})
    ]


def equity_figures(
    points: Sequence[tuple[int, Fraction | None, Fraction | None]],
) -> tuple[Fraction, Fraction, Fraction]:
    """Largest and mean divergence, and the correlation, where both sides have an amount."""
    both = [(a, b) for _, a, b in points if a is not None and b is not None]
    apart = [abs(b - a) for a, b in both]
    return (
        max(apart, default=Fraction(0)),
        mean(apart),
        pearson([a for a, _ in both], [b for _, b in both]),
    )
