from decimal import Decimal

from backtest.outcome import Drawdown


def drawdown(amount: str, peak: str) -> Drawdown:
    return Drawdown(
        amount=Decimal(amount),
        peak=Decimal(peak),
        deepest_pct=Decimal(0),
        peak_at=None,
        trough_at=None,
        recovered_at=None,
        longest_us=0,
    )


def test_a_drawdown_is_measured_against_the_peak_in_force() -> None:
    """Y-3 [REC]: a later, higher peak does not shrink it."""
    assert drawdown("50", "200").pct == 25


def test_a_drawdown_without_a_positive_peak_has_no_percentage() -> None:
    assert drawdown("50", "0").pct == 0
