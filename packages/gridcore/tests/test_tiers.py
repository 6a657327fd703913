"""Risk tiers: validation, parsing, margins."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.tiers import InitialRates, MarginSegments, RiskTier, RiskTiers, TierError, parse_tiers

D = Decimal


def tier(
    cap: str | None, rate: str = "0.01", deduction: str = "0", initial: str = "0.02"
) -> RiskTier:
    return RiskTier(
        max_value=None if cap is None else D(cap),
        maintenance_rate=D(rate),
        deduction=D(deduction),
        initial_rate=D(initial),
    )


BTC = (
    tier("2000000", "0.005", "0", "0.01"),
    tier("10000000", "0.01", "10000", "0.02"),
    tier(None, "0.025", "160000", "0.05"),
)


def row(cap: Any = "100", rate: Any = "0.1", **others: Any) -> dict[str, Any]:
    return {"riskLimitValue": cap, "maintenanceMargin": rate, **others}


@pytest.mark.parametrize(
    ("tiers", "complaint"),
    [
        ([], "at least one row"),
        ([tier("100")], "open-ended"),
        ([tier(None), tier(None)], "only the last tier"),
        ([tier("100"), tier("100"), tier(None)], "above 100"),
        ([tier("0"), tier(None)], "above 0"),
        ([tier("NaN"), tier(None)], "finite"),
        ([tier(None, rate="1.1")], "maintenance_rate must be from 0 to 1"),
        ([tier(None, rate="NaN")], "maintenance_rate"),
        ([tier(None, initial="-0.1")], "initial_rate"),
        ([tier(None, deduction="-1")], "deduction"),
    ],
)
def test_a_contradictory_table_is_refused(tiers: list[RiskTier], complaint: str) -> None:
    with pytest.raises(TierError, match=complaint):
        RiskTiers(tiers)


def test_a_boundary_belongs_to_the_lower_tier() -> None:
    """M-5."""
    tiers = RiskTiers(BTC)

    assert tiers.tier_of(D(2000000)) is tiers.tiers[0]
    assert tiers.tier_of(D("2000000.01")) is tiers.tiers[1]
    assert tiers.tier_of(D(10) ** 12) is tiers.tiers[2]


@pytest.mark.parametrize(
    ("value", "margin"),
    [("0", "0"), ("1000000", "5000"), ("5000000", "40000"), ("20000000", "340000")],
)
def test_maintenance_margin_is_rate_less_deduction(value: str, margin: str) -> None:
    assert RiskTiers(BTC).maintenance_margin(D(value)) == D(margin)


def test_maintenance_margin_is_never_negative() -> None:
    assert RiskTiers([tier(None, deduction="500")]).maintenance_margin(D(100)) == 0


@pytest.mark.parametrize(
    ("leverage", "margin"), [("10", "100000"), ("100", "10000"), ("125", "10000"), ("1", "1000000")]
)
def test_initial_margin_is_the_larger_of_leverage_and_tier(leverage: str, margin: str) -> None:
    """golden/README.md 5: the recorded formula ignored the leverage."""
    assert RiskTiers(BTC).initial_margin(D(1000000), D(leverage)) == D(margin)


@pytest.mark.parametrize("leverage", ["0", "-3"])
def test_a_leverage_of_zero_or_below_is_refused(leverage: str) -> None:
    with pytest.raises(ValueError, match="leverage above 0"):
        RiskTiers(BTC).initial_margin(D(1), D(leverage))
    with pytest.raises(ValueError, match="leverage above 0"):
        InitialRates(RiskTiers(BTC), D(leverage))


def test_a_negative_position_value_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        RiskTiers(BTC).maintenance_margin(D(-1))


@given(st.decimals("0", "30000000", places=2), st.integers(1, 125))
def test_rates_worked_out_beforehand_never_ask_for_less(value: Decimal, leverage: int) -> None:
    tiers = RiskTiers(BTC)

    quick = InitialRates(tiers, D(leverage)).margin(value)

    assert quick >= tiers.initial_margin(value, D(leverage))
    assert quick - tiers.initial_margin(value, D(leverage)) <= value * D("1e-26")


@given(st.decimals("0", "30000000", places=2))
def test_the_lines_give_the_same_margin_as_the_tiers(value: Decimal) -> None:
    uneven = RiskTiers([tier("1000", "0.01", "500"), tier("5000", "0.5", "1000"), tier(None)])
    for tiers in (RiskTiers(BTC), uneven):
        segments = tiers.segments
        rate, deduction = segments.lines[segments.index_of(value)]

        assert value * rate - deduction == tiers.maintenance_margin(value)


def test_a_tier_below_zero_throughout_is_a_line_at_zero() -> None:
    segments = MarginSegments((tier("1000", "0.01", "500"), tier(None, "0", "7")))

    assert segments.lines == [(D(0), D(0)), (D(0), D(0))]


def test_equal_tables_are_equal() -> None:
    assert RiskTiers(BTC) == RiskTiers(BTC)
    assert hash(RiskTiers(BTC)) == hash(RiskTiers(BTC))
    assert RiskTiers(BTC) != RiskTiers([tier(None)])
    assert "maintenance_rate=Decimal('0.005')" in repr(RiskTiers(BTC))


def test_rows_of_the_exchange_are_sorted_and_the_last_one_has_no_end() -> None:
    """M-7."""
    tiers = parse_tiers(
        [
            row("400000", "0.015", mmDeduction="1000", initialMargin="0.03"),
            row("200000", "0.01", mmDeduction="", initialMargin="0.02"),
        ]
    )

    assert tiers == RiskTiers(
        [tier("200000", "0.01", "0", "0.02"), tier(None, "0.015", "1000", "0.03")]
    )


def test_a_number_is_read_through_its_text() -> None:
    assert parse_tiers([row(100, 0.1)]).tiers[0].maintenance_rate == D("0.1")


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([], "list of rows"),
        ("x", "list of rows"),
        ({"riskLimitValue": "1"}, "list of rows"),
        ([1], "fields by name"),
        ([row("-5")], "riskLimitValue"),
        ([row("NaN")], "riskLimitValue"),
        ([row(None)], "riskLimitValue"),
        ([row("abc")], "riskLimitValue must be a number"),
        ([row("100", "")], "maintenanceMargin is missing"),
        ([row("100", "1.1")], "maintenance_rate"),
        ([row("100", "0.1", mmDeduction="x")], "mmDeduction"),
        ([row("100", "0.1", mmDeduction="-1")], "deduction"),
        ([row("100", "0.1", initialMargin="1.5")], "initial_rate"),
        ([row("100", "0.1", initialMargin="NaN")], "initial_rate"),
        ([row("100"), row("100")], "occurs twice"),
    ],
)
def test_a_bad_row_is_refused_by_field(rows: object, complaint: str) -> None:
    with pytest.raises(TierError, match=complaint):
        parse_tiers(rows)
