from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backtest.identity import IdentityViolated
from backtest.metrics import Metrics, compute_results
from backtest.outcome import Drawdown, FillKind
from gridcore.clock import Instant
from gridcore.session.effects import LedgerKind
from gridcore.sides import LONG, SHORT

START = Instant(1_767_229_200_000_000)


def metrics_of(built: Any, **changes: Any) -> Metrics:
    return compute_results(built.outcome(**changes)).metrics


def test_the_golden_scenario_sc_1_has_its_recorded_money(sc_1: Any) -> None:
    """SC-1: realised 6.03128387, unrealised .26431613, fees 1.87860088, net 4.41699912."""
    metrics = metrics_of(sc_1)

    assert metrics.realised == Decimal("6.03128387")
    assert metrics.fees == Decimal("1.87860088")
    assert round(metrics.unrealised, 8) == Decimal("0.26431613")
    assert round(metrics.net_pnl, 8) == Decimal("4.41699912")
    assert round(metrics.return_pct, 8) == Decimal("0.04416999")


def test_only_closing_fills_win_or_lose(sc_1: Any) -> None:
    """Y-1 [REC]: two of three closes, not two of nine fills as the old bot counted."""
    trades = metrics_of(sc_1).trades

    assert (trades.fills, trades.opening_fills, trades.closing_fills) == (9, 6, 3)
    assert (trades.wins, trades.losses, trades.win_rate) == (2, 1, 2 / 3)
    assert trades.average_win == Decimal("3.0479")
    assert trades.average_loss == Decimal("-0.06451613")


def test_profit_factor_is_net_of_what_opening_and_closing_cost(sc_1: Any) -> None:
    """Nets by hand: .65889956 and 4.5981996 against .46450323."""
    assert metrics_of(sc_1).trades.profit_factor == pytest.approx(11.31767, abs=1e-4)


def test_profit_factor_is_unknown_without_a_loss(builder: Any) -> None:
    builder.fill((1, "long", "Buy", "100", "1"))
    builder.fill((2, "long", "Sell", "110", "1"))

    assert metrics_of(builder).trades.profit_factor is None


def test_a_small_win_below_its_fees_is_a_loss_for_the_profit_factor(builder: Any) -> None:
    builder.fill((1, "long", "Buy", "100", "1"))
    builder.fill((2, "long", "Sell", "100.01", "1"))

    trades = metrics_of(builder).trades

    assert (trades.wins, trades.profit_factor) == (1, 0.0)


def test_a_break_even_close_neither_wins_nor_loses(builder: Any) -> None:
    builder.fill((1, "long", "Buy", "100", "1"))
    builder.fill((2, "long", "Sell", "100", "1"))

    trades = metrics_of(builder).trades

    assert (trades.closing_fills, trades.wins, trades.losses, trades.win_rate) == (1, 0, 0, 0.0)


def test_directions_add_up_to_the_whole(sc_1: Any) -> None:
    metrics = metrics_of(sc_1)

    assert (metrics.long.fills, metrics.short.fills) == (5, 4)
    assert metrics.long.realised == Decimal("6.0958")
    assert metrics.short.realised == Decimal("-0.06451613")
    assert metrics.long.volume + metrics.short.volume == metrics.trades.volume


def test_volume_turnover_and_what_the_volume_cost(sc_1: Any) -> None:
    """Y-5: volume over the initial balance; the maker rate is all that was paid."""
    metrics = metrics_of(sc_1)

    assert metrics.trades.volume == Decimal("9393.0044")
    assert metrics.turnover == Decimal("0.93930044")
    assert metrics.fees_per_volume_pct == Decimal("0.02")


def test_grid_cycles_count_what_the_grid_opened_and_closed(sc_1: Any) -> None:
    cycles = metrics_of(sc_1).cycles

    assert (cycles.completed, cycles.profit) == (2, Decimal("4.1956"))
    assert cycles.profit_per_cycle == Decimal("2.0978")
    assert cycles.net_profit_per_cycle == Decimal("1.67825956")
    assert cycles.per_day == 24.0
    assert cycles.mean_duration_s == 60.0
    assert (cycles.open_lots, cycles.oldest_lot_age_s) == (4, 119 * 60.0)


def test_funding_is_told_by_direction_and_positive_when_paid(sc_1: Any) -> None:
    sc_1.book(START, LedgerKind.FUNDING, Decimal("-0.5"), LONG)
    sc_1.book(START, LedgerKind.FUNDING, Decimal("0.2"), SHORT)

    metrics = metrics_of(sc_1)

    assert metrics.funding_paid == Decimal("0.3")
    assert (metrics.funding_paid_long, metrics.funding_paid_short) == (
        Decimal("0.5"),
        Decimal("-0.2"),
    )


def test_calmar_uses_the_deepest_percentage_and_recovery_is_a_time(sc_1: Any) -> None:
    drawdown = Drawdown(
        amount=Decimal(50),
        peak=Decimal(10100),
        deepest_pct=Decimal("0.5"),
        peak_at=START,
        trough_at=Instant(START + 60_000_000),
        recovered_at=Instant(START + 360_000_000),
        longest_us=360_000_000,
    )

    metrics = metrics_of(sc_1, drawdown=drawdown)

    assert metrics.drawdown_recovery_s == 300.0
    assert metrics.annual_return_pct is not None
    assert metrics.calmar == pytest.approx(metrics.annual_return_pct / 0.5)


def test_forced_fills_are_counted_apart(sc_1: Any) -> None:
    sc_1.fill((7, "long", "Sell", "99990", "0.011"), kind=FillKind.WIND_DOWN)
    sc_1.fill((8, "short", "Buy", "99990", "0.021"), kind=FillKind.LIQUIDATION)

    metrics = metrics_of(sc_1)

    assert (metrics.wind_down_fills, metrics.liquidation_fills) == (1, 1)
    assert metrics.fill_evidence == {"crossed": 11}


def test_a_run_without_fills_has_no_ratios_and_no_division_by_zero(builder: Any) -> None:
    metrics = metrics_of(builder)

    assert (metrics.trades.win_rate, metrics.trades.profit_factor) == (None, None)
    assert (metrics.cycles.profit_per_cycle, metrics.fees_per_volume_pct) == (None, None)
    assert metrics.net_pnl == 0
    assert metrics.calmar is None


def test_a_violated_identity_refuses_the_results(sc_1: Any) -> None:
    outcome = sc_1.outcome()
    wrong = replace(outcome, final_equity=outcome.final_equity - 1)

    with pytest.raises(IdentityViolated, match="the books do not balance"):
        compute_results(wrong)
