from decimal import Decimal

import pytest

from backtest.outcome import (
    MONEY_UNIT,
    Drawdown,
    Fill,
    FillKind,
    FinalLeg,
    GridChange,
    LiquidationOutcome,
)


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


def test_equity_in_money_units_holds_ninety_billion() -> None:
    """Section 3: int64 in units of 1e-8."""
    assert MONEY_UNIT * (2**63 - 1) > 90_000_000_000


def test_the_causes_of_a_fill_are_a_closed_set_of_words() -> None:
    assert [kind.value for kind in FillKind] == ["grid", "wind_down", "liquidation"]


@pytest.mark.parametrize("kind", [Fill, FinalLeg, GridChange, LiquidationOutcome, Drawdown])
def test_what_a_run_tells_is_written_with_names_and_nothing_left_out(kind: type) -> None:
    """House style 7: keyword-only and without defaults, so that absence is always said."""
    with pytest.raises(TypeError, match="required keyword-only"):
        kind()
