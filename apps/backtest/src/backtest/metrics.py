"""The metrics of a finished run, with their definitions; it reads the outcome and formats nothing.

Money is exact; ratios and statistics are float64. None means undefined, never 0 in disguise.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from backtest.cycles import Pairing, pair_fills
from backtest.identity import Identity, check_identity
from backtest.outcome import Drawdown, Fill, FillKind, RunOutcome
from backtest.statistics import (
    Exposure,
    annual_return_pct,
    calmar_ratio,
    exposure_of,
    hourly_returns,
    sharpe_ratio,
    sortino_ratio,
)
from gridcore.clock import DAY_US, Instant
from gridcore.message import message
from gridcore.session.effects import LedgerEntry, LedgerKind
from gridcore.sides import BUY, LONG, SHORT, DirectionType

_ZERO = Decimal(0)


@message
class TradeMetrics:
    """What the fills of one selection brought (Y-1 with its corrections).

    Only closing fills win or lose: `win_rate` is wins / closing fills, by realised profit. Profit
    factor is net of fees: a closing fill bears its own fee and its share of what opening cost.
    """

    fills: int
    opening_fills: int
    closing_fills: int
    wins: int
    losses: int
    win_rate: float | None
    average_win: Decimal | None
    average_loss: Decimal | None
    profit_factor: float | None
    realised: Decimal
    fees: Decimal
    volume: Decimal


@message
class CycleMetrics:
    """Lots that the grid opened and closed again, paired last in first out (18.6)."""

    completed: int
    per_day: float | None
    profit: Decimal
    fees: Decimal
    profit_per_cycle: Decimal | None
    net_profit_per_cycle: Decimal | None
    mean_duration_s: float | None
    open_lots: int
    oldest_lot_age_s: float | None


@message
class Metrics:
    """Everything that is reported of a run. Money in USDT, `_pct` in percent, `_s` in seconds."""

    start: Instant
    end: Instant
    duration_s: float
    initial_balance: Decimal
    final_wallet: Decimal
    final_equity: Decimal
    net_pnl: Decimal
    return_pct: Decimal
    realised: Decimal
    unrealised: Decimal
    fees: Decimal
    funding_paid: Decimal
    funding_paid_long: Decimal
    funding_paid_short: Decimal
    cash_moved: Decimal
    trades: TradeMetrics
    long: TradeMetrics
    short: TradeMetrics
    cycles: CycleMetrics
    drawdown: Drawdown
    drawdown_recovery_s: float | None
    sharpe: float | None
    sortino: float | None
    annual_return_pct: float | None
    calmar: float | None
    turnover: Decimal
    fees_per_volume_pct: Decimal | None
    exposure: Exposure
    mean_gross_leverage: float
    min_liquidation_distance_pct: Mapping[str, Decimal]
    liquidations: int
    grid_changes: Mapping[str, int]
    orders_placed: int
    orders_cancelled: int
    max_open_orders: int
    denials: Mapping[str, int]
    rejections: Mapping[str, int]
    fill_evidence: Mapping[str, int]
    wind_down_fills: int
    liquidation_fills: int
    ticks: int
    wakes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A finished run with what was computed from it."""

    outcome: RunOutcome
    pairing: Pairing
    identity: Identity
    metrics: Metrics


def compute_results(outcome: RunOutcome) -> Results:
    """Pair the fills, check the books and compute every metric.

    Raises IdentityViolated when the account's gain is not explained by what happened in it.
    """
    pairing = pair_fills(outcome.fills)
    identity = check_identity(outcome, pairing)
    identity.require()
    metrics = compute_metrics(outcome, pairing, identity)
    return Results(outcome=outcome, pairing=pairing, identity=identity, metrics=metrics)


def compute_metrics(outcome: RunOutcome, pairing: Pairing, identity: Identity) -> Metrics:
    """All metrics of an outcome whose fills are paired and whose identity is computed."""
    tally = _Tally(outcome.fills)
    trades, initial = tally.total(), outcome.initial_balance
    duration_us = outcome.end - outcome.start
    growth = float(outcome.final_equity / initial)
    annual = annual_return_pct(growth, duration_us)
    returns = hourly_returns(outcome.hourly_at, outcome.hourly_equity)
    drawdown = outcome.drawdown
    exposure = exposure_of(outcome.fills, outcome.start, outcome.end)
    funding = _funding_by_direction(outcome.ledger)
    kinds = Counter(fill.kind for fill in outcome.fills)
    return Metrics(
        start=outcome.start,
        end=outcome.end,
        duration_s=duration_us / 1e6,
        initial_balance=initial,
        final_wallet=outcome.final_wallet,
        final_equity=outcome.final_equity,
        net_pnl=identity.total,
        return_pct=identity.total / initial * 100,
        realised=trades.realised,
        unrealised=outcome.final_equity - outcome.final_wallet,
        fees=identity.fees,
        funding_paid=identity.funding,
        funding_paid_long=funding[LONG],
        funding_paid_short=funding[SHORT],
        cash_moved=identity.cash,
        trades=trades,
        long=tally.of(LONG),
        short=tally.of(SHORT),
        cycles=_cycle_metrics(pairing, duration_us, outcome.end),
        drawdown=drawdown,
        drawdown_recovery_s=_seconds(drawdown.trough_at, drawdown.recovered_at),
        sharpe=sharpe_ratio(returns),
        sortino=sortino_ratio(returns),
        annual_return_pct=annual,
        calmar=calmar_ratio(annual, float(drawdown.deepest_pct)),
        turnover=trades.volume / initial,
        fees_per_volume_pct=identity.fees / trades.volume * 100 if trades.volume else None,
        exposure=exposure,
        mean_gross_leverage=exposure.mean_gross / float(initial),
        min_liquidation_distance_pct=dict(outcome.min_liquidation_distance_pct),
        liquidations=len(outcome.liquidations),
        grid_changes=dict(Counter(change.cause for change in outcome.grid_changes)),
        orders_placed=outcome.orders_placed,
        orders_cancelled=outcome.orders_cancelled,
        max_open_orders=outcome.max_open_orders,
        denials=dict(outcome.denials),
        rejections=dict(outcome.orders_rejected),
        fill_evidence=dict(Counter(fill.evidence.value for fill in outcome.fills)),
        wind_down_fills=kinds[FillKind.WIND_DOWN],
        liquidation_fills=kinds[FillKind.LIQUIDATION],
        ticks=outcome.ticks,
        wakes=outcome.wakes,
    )


class _Side:
    """Running sums of one direction. Wins and losses are net of fees only in the factor."""

    __slots__ = (
        "closing",
        "fees",
        "gross_loss",
        "gross_win",
        "held",
        "losses",
        "net_losses",
        "net_wins",
        "opening",
        "realised",
        "volume",
        "wins",
    )

    def __init__(self) -> None:
        self.opening = self.closing = self.wins = self.losses = 0
        self.realised = self.fees = self.volume = _ZERO
        self.gross_win = self.gross_loss = _ZERO
        self.net_wins = self.net_losses = 0.0
        self.held: dict[str, tuple[Decimal, float]] = {}

    def add(self, fill: Fill, is_opening: bool) -> None:
        """Count one fill; `held` keeps size and not yet borne opening fees by symbol."""
        qty, fee = fill.qty, fill.fee
        self.volume += fill.price * qty
        self.fees += fee
        size, pool = self.held.get(fill.symbol, _FLAT)
        if is_opening:
            self.opening += 1
            self.held[fill.symbol] = size + qty, pool + float(fee)
            return
        rest = size - fill.closed_qty
        left = pool * float(rest) / float(size) if rest else 0.0
        self.held[fill.symbol] = rest, left
        self.closing += 1
        realised = fill.realised
        self.realised += realised
        if realised > 0:
            self.wins += 1
            self.gross_win += realised
        elif realised < 0:
            self.losses += 1
            self.gross_loss -= realised
        net = float(realised) - float(fee) - (pool - left)
        if net > 0:
            self.net_wins += net
        else:
            self.net_losses -= net


_FLAT = (_ZERO, 0.0)


class _Tally:
    """One pass over the fills, by direction."""

    def __init__(self, fills: Iterable[Fill]) -> None:
        self._long, self._short = _Side(), _Side()
        for fill in fills:
            if fill.direction is LONG:
                self._long.add(fill, fill.side is BUY)
            else:
                self._short.add(fill, fill.side is not BUY)

    def of(self, direction: DirectionType) -> TradeMetrics:
        """The metrics of one direction."""
        return _trade_metrics([self._long if direction is LONG else self._short])

    def total(self) -> TradeMetrics:
        """The metrics of both directions together."""
        return _trade_metrics([self._long, self._short])


def _trade_metrics(sides: Sequence[_Side]) -> TradeMetrics:
    opening = sum(side.opening for side in sides)
    closing = sum(side.closing for side in sides)
    wins = sum(side.wins for side in sides)
    losses = sum(side.losses for side in sides)
    net_losses = sum(side.net_losses for side in sides)
    gross_win = sum((side.gross_win for side in sides), _ZERO)
    gross_loss = sum((side.gross_loss for side in sides), _ZERO)
    return TradeMetrics(
        fills=opening + closing,
        opening_fills=opening,
        closing_fills=closing,
        wins=wins,
        losses=losses,
        win_rate=wins / closing if closing else None,
        average_win=gross_win / wins if wins else None,
        average_loss=-gross_loss / losses if losses else None,
        profit_factor=sum(side.net_wins for side in sides) / net_losses if net_losses else None,
        realised=sum((side.realised for side in sides), _ZERO),
        fees=sum((side.fees for side in sides), _ZERO),
        volume=sum((side.volume for side in sides), _ZERO),
    )


def _cycle_metrics(pairing: Pairing, duration_us: int, end: Instant) -> CycleMetrics:
    cycles, held = pairing.cycles, pairing.held
    count = len(cycles)
    profit = sum((lot.profit for lot in cycles), _ZERO)
    fees = sum((lot.fees for lot in cycles), _ZERO)
    held_us = sum(lot.closed_at - lot.fill.at for lot in cycles if lot.closed_at is not None)
    oldest = min((lot.fill.at for lot in held), default=None)
    return CycleMetrics(
        completed=count,
        per_day=count / (duration_us / DAY_US) if duration_us > 0 else None,
        profit=profit,
        fees=fees,
        profit_per_cycle=profit / count if count else None,
        net_profit_per_cycle=(profit - fees) / count if count else None,
        mean_duration_s=held_us / count / 1e6 if count else None,
        open_lots=len(held),
        oldest_lot_age_s=_seconds(oldest, end),
    )


def _funding_by_direction(ledger: Iterable[LedgerEntry]) -> dict[DirectionType | None, Decimal]:
    """Funding paid (positive) by direction."""
    paid: dict[DirectionType | None, Decimal] = dict.fromkeys(DirectionType, _ZERO)
    for entry in ledger:
        if entry.kind is LedgerKind.FUNDING:
            paid[entry.direction] = paid.get(entry.direction, _ZERO) - entry.amount
    return paid


def _seconds(since: Instant | None, until: Instant | None) -> float | None:
    return None if since is None or until is None else (until - since) / 1e6
