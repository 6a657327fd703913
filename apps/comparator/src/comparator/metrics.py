"""What a matching of fills comes to: coverage, deltas, volumes, profit, time (C-5, C-6, 13.3).

It knows no verdict: which figure is good enough is decided elsewhere. A delta is backtest minus
live.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from comparator.equity import EquityDivergence
from comparator.exact import ExactColumn
from comparator.fills import DIRECTIONS, FillTable
from comparator.matching import Matching
from comparator.robust import Robust, Spread, correlation_of, robust_of, robust_rows, spread_of
from comparator.telemetry import TelemetryMetrics
from gridcore.clock import SECOND_US
from gridcore.sides import LONG, SHORT, DirectionType

PRICE_TOLERANCE = Decimal(0)
QTY_TOLERANCE = Decimal("0.001")
_ZERO = Decimal(0)
Cell = str | int | Decimal
"""A value of validation_metrics.csv; what was not compared is ""."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """Deltas of one pair up to these are no breach."""

    price: Decimal = PRICE_TOLERANCE
    qty: Decimal = QTY_TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deltas:
    """Backtest minus live of each pair, in the order of the matching; times in microseconds."""

    price: ExactColumn
    qty: ExactColumn
    fee: ExactColumn
    realised: ExactColumn
    time_us: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """The pairs of one direction, as the backtest has it."""

    count: int
    price: Spread
    qty: Spread
    fee_delta: Decimal
    pnl_delta: Decimal
    time_seconds: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeMetrics:
    """Every figure of the fills. Fees, profit and deltas are of pairs; volumes are of all fills.

    `matched_notional_share` is that of the live notional whose fill has a partner, 0 to 1.
    """

    total_live_trades: int
    total_backtest_trades: int
    matched_count: int
    live_only_count: int
    backtest_only_count: int
    match_rate: Decimal
    phantom_rate: Decimal
    price: Spread
    qty: Spread
    total_live_fees: Decimal
    total_backtest_fees: Decimal
    total_live_pnl: Decimal
    total_backtest_pnl: Decimal
    pnl: Robust
    pnl_correlation: float
    total_live_volume: Decimal
    total_backtest_volume: Decimal
    directions: Mapping[DirectionType, Breakdown]
    time_seconds: Spread
    time: Robust
    breaches: tuple[tuple[str, int], ...]
    live_only_notional: Decimal
    backtest_only_notional: Decimal
    matched_notional_share: Decimal
    ambiguous_ids: int

    @property
    def fee_delta(self) -> Decimal:
        """Fees of the pairs, backtest minus live."""
        return self.total_backtest_fees - self.total_live_fees

    @property
    def cumulative_pnl_delta(self) -> Decimal:
        """Realised profit of the pairs, backtest minus live."""
        return self.total_backtest_pnl - self.total_live_pnl


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """All figures of a comparison. What was not compared is None.

    `collateral_drift` is the change of each coin's value that no model covers; `meta` says what
    was compared, such as the fill model.
    """

    trades: TradeMetrics
    equity: EquityDivergence | None = None
    telemetry: TelemetryMetrics | None = None
    collateral_drift: Mapping[str, Decimal] = field(default_factory=dict)
    meta: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, Cell]]:
        """The rows of validation_metrics.csv in their order (13.3)."""
        return [
            *trade_rows(self.trades),
            *_equity_rows(self.equity),
            *TelemetryMetrics.rows_of(self.telemetry),
            ("non_usdt_collateral_drift_total", sum(self.collateral_drift.values(), _ZERO)),
            *(
                (f"collateral_drift.{coin}", one)
                for coin, one in sorted(self.collateral_drift.items())
            ),
            *((f"meta.{key}", value) for key, value in sorted(self.meta.items())),
        ]


def deltas_of(live: FillTable, backtest: FillTable, matching: Matching) -> Deltas:
    """The exact differences of every pair."""
    mine, theirs = matching.live, matching.backtest
    return Deltas(
        price=backtest.prices(theirs).minus(live.prices(mine)),
        qty=backtest.columns.qty.take(theirs).minus(live.columns.qty.take(mine)),
        fee=backtest.columns.fee.take(theirs).minus(live.columns.fee.take(mine)),
        realised=backtest.columns.realised.take(theirs).minus(live.columns.realised.take(mine)),
        time_us=backtest.columns.at[theirs] - live.columns.at[mine],
    )


def trade_metrics(
    live: FillTable,
    backtest: FillTable,
    matching: Matching,
    tolerances: Tolerances | None = None,
    deltas: Deltas | None = None,
) -> TradeMetrics:
    """Every figure of a matching; without pairs only coverage and volumes are other than 0."""
    allowed = tolerances or Tolerances()
    found = deltas or deltas_of(live, backtest, matching)
    mine, theirs = matching.live, matching.backtest
    live_pnl = live.columns.realised.take(mine)
    backtest_pnl = backtest.columns.realised.take(theirs)
    by_time = np.argsort(live.columns.at[mine], kind="stable")
    live_notional = live.columns.notional.total()
    live_only_notional = live.columns.notional.take(matching.live_only).total()
    time_us = ExactColumn(np.abs(found.time_us), _SECOND_PLACES)
    return TradeMetrics(
        total_live_trades=len(live),
        total_backtest_trades=len(backtest),
        matched_count=len(mine),
        live_only_count=len(matching.live_only),
        backtest_only_count=len(matching.backtest_only),
        match_rate=_share(len(mine), len(live)),
        phantom_rate=_share(len(matching.backtest_only), len(backtest)),
        price=spread_of(found.price.magnitudes()),
        qty=spread_of(found.qty.magnitudes()),
        total_live_fees=live.columns.fee.take(mine).total(),
        total_backtest_fees=backtest.columns.fee.take(theirs).total(),
        total_live_pnl=live_pnl.total(),
        total_backtest_pnl=backtest_pnl.total(),
        pnl=robust_of(found.realised.magnitudes()),
        pnl_correlation=correlation_of(
            live_pnl.take(by_time).running_totals(), backtest_pnl.take(by_time).running_totals()
        ),
        total_live_volume=live.columns.qty.total(),
        total_backtest_volume=backtest.columns.qty.total(),
        directions=_by_direction(backtest, matching, found),
        time_seconds=spread_of(time_us),
        time=robust_of(time_us),
        breaches=tuple(live.identities(mine[_breaches(found, allowed)])),
        live_only_notional=live_only_notional,
        backtest_only_notional=backtest.columns.notional.take(matching.backtest_only).total(),
        matched_notional_share=_share(live_notional - live_only_notional, live_notional),
        ambiguous_ids=len(matching.ambiguous),
    )


_SECOND_PLACES = len(str(SECOND_US)) - 1
"""Microseconds are seconds with so many places."""


def _share(part: Decimal | int, whole: Decimal | int) -> Decimal:
    return Decimal(part) / Decimal(whole) if whole else _ZERO


def _breaches(deltas: Deltas, allowed: Tolerances) -> NDArray[np.bool_]:
    return _beyond(deltas.price, allowed.price) | _beyond(deltas.qty, allowed.qty)


def _beyond(column: ExactColumn, tolerance: Decimal) -> NDArray[np.bool_]:
    limit = ExactColumn.wide([tolerance], "tolerance")
    places = max(limit.places, column.places)
    limit_units = limit.at_places(places).units[0]
    return np.asarray(np.abs(column.at_places(places).units) > limit_units, dtype=np.bool_)


def _by_direction(
    backtest: FillTable, matching: Matching, deltas: Deltas
) -> dict[DirectionType, Breakdown]:
    numbers = backtest.columns.direction[matching.backtest]
    parts = {}
    for number, direction in enumerate(DIRECTIONS):
        mask = numbers == number
        parts[direction] = Breakdown(
            count=int(mask.sum()),
            price=spread_of(deltas.price.take(mask).magnitudes()),
            qty=spread_of(deltas.qty.take(mask).magnitudes()),
            fee_delta=deltas.fee.take(mask).total(),
            pnl_delta=deltas.realised.take(mask).total(),
            time_seconds=spread_of(ExactColumn(np.abs(deltas.time_us[mask]), _SECOND_PLACES)),
        )
    return parts


def trade_rows(trades: TradeMetrics) -> Iterator[tuple[str, Cell]]:
    """The rows of the fills, from total_live_trades to breaches_count (13.3)."""
    yield "total_live_trades", trades.total_live_trades
    yield "total_backtest_trades", trades.total_backtest_trades
    yield "matched_count", trades.matched_count
    yield "live_only_count", trades.live_only_count
    yield "backtest_only_count", trades.backtest_only_count
    yield "match_rate", f"{trades.match_rate:.4f}"
    yield "phantom_rate", f"{trades.phantom_rate:.4f}"
    for name, spread in (("price", trades.price), ("qty", trades.qty)):
        yield f"{name}_mean_abs_delta", spread.mean
        yield f"{name}_median_abs_delta", spread.median
        yield f"{name}_max_abs_delta", spread.maximum
    yield "total_live_fees", trades.total_live_fees
    yield "total_backtest_fees", trades.total_backtest_fees
    yield "fee_delta", trades.fee_delta
    yield "total_live_pnl", trades.total_live_pnl
    yield "total_backtest_pnl", trades.total_backtest_pnl
    yield "cumulative_pnl_delta", trades.cumulative_pnl_delta
    yield from robust_rows("pnl", trades.pnl)
    yield "pnl_correlation", f"{trades.pnl_correlation:.6f}"
    yield "total_live_volume", trades.total_live_volume
    yield "total_backtest_volume", trades.total_backtest_volume
    long, short = trades.directions[LONG], trades.directions[SHORT]
    yield "long_match_count", long.count
    yield "short_match_count", short.count
    yield "long_pnl_delta", long.pnl_delta
    yield "short_pnl_delta", short.pnl_delta
    yield "mean_time_delta_seconds", f"{trades.time_seconds.mean:.2f}"
    yield "breaches_count", len(trades.breaches)


def _equity_rows(equity: EquityDivergence | None) -> Iterator[tuple[str, Cell]]:
    yield "equity_max_divergence", "" if equity is None else equity.maximum
    yield "equity_mean_divergence", "" if equity is None else equity.mean
    yield "equity_correlation", "" if equity is None else f"{equity.correlation:.6f}"
