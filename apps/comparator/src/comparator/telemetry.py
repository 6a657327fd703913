"""Positions as the exchange and the backtest told them, paired by time and compared (C-10..C-12).

It knows legs and their numbers; not fills, nor where the rows come from. A delta is backtest minus
live.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from comparator.exact import ExactColumn
from comparator.robust import Robust, Spread, robust_of, robust_rows, spread_of
from gridcore.clock import SECOND_US, Instant
from gridcore.pnl import unrealised
from gridcore.sides import LONG, SHORT, DirectionType

WINDOW_US = 5 * SECOND_US
"""Live rows up to this much earlier or later may pair (LS-76: both ways)."""
SIZE_TOLERANCE = Decimal("0.001")
ENTRY_TOLERANCE = Decimal("0.001")
_ZERO = Decimal(0)
Cell = str | int | Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionState:
    """One leg at one time; unknown is None. `position_value` is at the mark price."""

    direction: DirectionType
    at: Instant
    size: Decimal
    entry_price: Decimal | None
    liq_price: Decimal | None
    unrealised_pnl: Decimal | None
    mark_price: Decimal | None
    position_im: Decimal | None
    position_mm: Decimal | None
    cum_realised_pnl: Decimal | None
    cur_realised_pnl: Decimal | None
    position_value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionDeltas:
    """Backtest minus live; None where a side is unknown.

    `unrealised_pnl` is of both sides at the live mark price, `upnl_usdt` of the amounts as told.
    """

    position_im: Decimal | None
    position_mm: Decimal | None
    liq_price: Decimal | None
    unrealised_pnl: Decimal | None
    cum_realised: Decimal | None
    cur_realised: Decimal | None
    upnl_usdt: Decimal | None
    pos_value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionPair:
    """A row of the backtest and the live row beside it, None when none is near enough.

    `live_unrealised` and `backtest_unrealised` are at the live mark price. `is_missing`: a number
    that should be there is not. `has_diverged`: the two are different positions, so their other
    numbers say nothing (LS-77).
    """

    live: PositionState | None
    backtest: PositionState
    live_unrealised: Decimal | None
    backtest_unrealised: Decimal | None
    deltas: PositionDeltas
    is_missing: bool
    has_diverged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryMetrics:
    """Figures over the pairs whose positions are the same, per family of deltas.

    The final deltas add, over both legs, the last known one; they can cancel.
    """

    spreads: Mapping[str, Spread]
    robust: Mapping[str, Robust]
    final_deltas: Mapping[str, Decimal]
    pairs_compared: int
    pairs_unmatched_bt: int
    pairs_state_diverged: int
    pairs_missing_telemetry: int

    @staticmethod
    def rows_of(metrics: "TelemetryMetrics | None") -> Iterator[tuple[str, Cell]]:
        """The rows of validation_metrics.csv in their order (13.3), "" when not compared."""
        for name, value in _rows(metrics or telemetry_metrics([])):
            yield name, "" if metrics is None else value


_FIRST_FAMILIES = {
    "position_im": "position_im",
    "position_mm": "position_mm",
    "liq_price": "liq_price",
    "unrealised_pnl": "unrealised_pnl",
}
_LAST_FAMILIES = {
    "upnl_usdt": "upnl_usdt",
    "cur_realised_usdt": "cur_realised",
    "cum_realised_usdt": "cum_realised",
    "pos_value_usdt": "pos_value",
}
FAMILIES = {**_FIRST_FAMILIES, **_LAST_FAMILIES}
"""The name of each family of deltas in result files, and the delta that it is of."""
FINALS = {
    "cum_realised_pnl": "cum_realised",
    "cur_realised_pnl": "cur_realised",
    "pos_value": "pos_value",
}


def pair_positions(
    live: Iterable[PositionState],
    backtest: Iterable[PositionState],
    *,
    window_us: int = WINDOW_US,
    size_tolerance: Decimal = SIZE_TOLERANCE,
) -> list[PositionPair]:
    """Pair each backtest row with the next unused live row of its leg within the window (C-11).

    Long pairs come first, then short ones, each by time. `size_tolerance` is best half a quantity
    step of the symbol.
    """
    recorded, simulated = list(live), list(backtest)
    return [
        pair
        for direction in (LONG, SHORT)
        for pair in _pair_leg(
            _leg(recorded, direction), _leg(simulated, direction), window_us, size_tolerance
        )
    ]


def telemetry_metrics(pairs: Sequence[PositionPair]) -> TelemetryMetrics:
    """The figures of pairs; those without a live row or of different positions are only counted."""
    together = [pair for pair in pairs if pair.live is not None]
    compared = [pair for pair in together if not pair.has_diverged]
    magnitudes = {
        family: ExactColumn.wide((abs(delta) for delta in _known(compared, name)), family)
        for family, name in FAMILIES.items()
    }
    return TelemetryMetrics(
        spreads={family: spread_of(column) for family, column in magnitudes.items()},
        robust={family: robust_of(column) for family, column in magnitudes.items()},
        final_deltas={family: _final(compared, name) for family, name in FINALS.items()},
        pairs_compared=len(compared),
        pairs_unmatched_bt=len(pairs) - len(together),
        pairs_state_diverged=len(together) - len(compared),
        pairs_missing_telemetry=sum(pair.is_missing for pair in compared),
    )


def _leg(rows: Iterable[PositionState], direction: DirectionType) -> list[PositionState]:
    return sorted((row for row in rows if row.direction is direction), key=lambda row: row.at)


def _pair_leg(
    live: Sequence[PositionState],
    backtest: Sequence[PositionState],
    window_us: int,
    size_tolerance: Decimal,
) -> Iterator[PositionPair]:
    following = 0
    for row in backtest:
        while following < len(live) and live[following].at < row.at - window_us:
            following += 1
        near = following < len(live) and live[following].at <= row.at + window_us
        yield _pair(live[following] if near else None, row, size_tolerance)
        following += near


def _pair(
    live: PositionState | None, backtest: PositionState, size_tolerance: Decimal
) -> PositionPair:
    mark = None if live is None else live.mark_price
    mine = _unrealised(live, mark)
    theirs = _unrealised(backtest, mark)
    deltas = _deltas(live, backtest, _difference(mine, theirs))
    # Older rows lack the realised profit of the cycle and the value: those are not counted.
    expected = (
        *(deltas.position_im, deltas.position_mm, deltas.liq_price),
        *(deltas.unrealised_pnl, deltas.cum_realised),
    )
    return PositionPair(
        live=live,
        backtest=backtest,
        live_unrealised=mine,
        backtest_unrealised=theirs,
        deltas=deltas,
        is_missing=None in expected,
        has_diverged=live is not None and _has_diverged(live, backtest, size_tolerance),
    )


def _deltas(
    live: PositionState | None, backtest: PositionState, unrealised_delta: Decimal | None
) -> PositionDeltas:
    if live is None:
        return PositionDeltas(**dict.fromkeys(PositionDeltas.__dataclass_fields__))
    return PositionDeltas(
        position_im=_difference(live.position_im, backtest.position_im),
        position_mm=_difference(live.position_mm, backtest.position_mm),
        liq_price=_difference(live.liq_price, backtest.liq_price),
        unrealised_pnl=unrealised_delta,
        cum_realised=_difference(live.cum_realised_pnl, backtest.cum_realised_pnl),
        cur_realised=_difference(live.cur_realised_pnl, backtest.cur_realised_pnl),
        upnl_usdt=_difference(live.unrealised_pnl, backtest.unrealised_pnl),
        pos_value=_difference(live.position_value, backtest.position_value),
    )


def _difference(live: Decimal | None, backtest: Decimal | None) -> Decimal | None:
    return None if live is None or backtest is None else backtest - live


def _unrealised(state: PositionState | None, mark: Decimal | None) -> Decimal | None:
    if state is None or mark is None:
        return None
    if not state.size:
        return _ZERO
    if state.entry_price is None:
        return None
    return unrealised(state.direction, state.entry_price, mark, state.size)


def _has_diverged(live: PositionState, backtest: PositionState, size_tolerance: Decimal) -> bool:
    if abs(backtest.size - live.size) > size_tolerance:
        return True
    if not live.size and not backtest.size:
        return False
    if live.entry_price is None or backtest.entry_price is None:
        return live.entry_price is not backtest.entry_price
    return abs(backtest.entry_price - live.entry_price) > ENTRY_TOLERANCE * live.entry_price


def _known(pairs: Iterable[PositionPair], name: str) -> Iterator[Decimal]:
    for pair in pairs:
        delta = getattr(pair.deltas, name)
        if delta is not None:
            yield delta


def _final(pairs: Sequence[PositionPair], name: str) -> Decimal:
    legs = ([pair for pair in pairs if pair.backtest.direction is leg] for leg in (LONG, SHORT))
    return sum((delta for leg in legs for delta in list(_known(leg, name))[-1:]), _ZERO)


def _rows(metrics: TelemetryMetrics) -> Iterator[tuple[str, Cell]]:
    finals = metrics.final_deltas
    for family in _FIRST_FAMILIES:
        yield from _family_rows(metrics, family)
    yield "cum_realised_pnl_final_delta", finals["cum_realised_pnl"]
    yield "cur_realised_pnl_final_delta", finals["cur_realised_pnl"]
    for family in _LAST_FAMILIES:
        yield from _family_rows(metrics, family)
    yield "pos_value_final_delta", finals["pos_value"]
    yield "position_pairs_compared", metrics.pairs_compared
    yield "position_pairs_unmatched_bt", metrics.pairs_unmatched_bt
    yield "position_pairs_state_diverged", metrics.pairs_state_diverged
    yield "position_pairs_missing_telemetry", metrics.pairs_missing_telemetry


def _family_rows(metrics: TelemetryMetrics, family: str) -> Iterator[tuple[str, Cell]]:
    yield f"{family}_mean_abs_delta", metrics.spreads[family].mean
    yield f"{family}_max_abs_delta", metrics.spreads[family].maximum
    yield from robust_rows(family, metrics.robust[family])
