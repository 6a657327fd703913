"""Settings are validated once, when they are made."""

from decimal import Decimal
from typing import Any

import pytest

from gridcore.config import (
    NO_COUNT_LIMIT,
    NO_NOTIONAL_LIMIT,
    CloseGate,
    ConfigError,
    GridConfig,
    IdentitySalt,
    RiskConfig,
    SafetyConfig,
    SidePolicy,
    SizingConfig,
)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"grid_count": 0}, "grid_count"),
        ({"grid_count": -4}, "grid_count"),
        ({"grid_count": True}, "grid_count"),
        ({"grid_step": Decimal(0)}, "grid_step"),
        ({"grid_step": Decimal("-0.1")}, "grid_step"),
        ({"grid_step": Decimal(100)}, "grid_step"),
        ({"grid_step": Decimal("NaN")}, "grid_step"),
        ({"rebalance_threshold": Decimal(0)}, "rebalance_threshold"),
        ({"rebalance_threshold": Decimal(1)}, "rebalance_threshold"),
        ({"max_last_mark_gap_pct": Decimal(0)}, "max_last_mark_gap_pct"),
    ],
)
def test_an_impossible_grid_is_refused_by_name(settings: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: expected .*, found "):
        GridConfig(**settings)


@pytest.mark.parametrize(("count", "levels"), [(50, 51), (1, 1), (3, 3), (20, 21), (21, 21)])
def test_an_even_count_gets_a_middle_level(count: int, levels: int) -> None:
    """G-2: 50 gives 51 levels, an odd count gives as many."""
    assert GridConfig(grid_count=count).level_count == levels


def test_the_defaults_are_those_of_the_recordings() -> None:
    grid, risk = GridConfig(), RiskConfig()

    assert (grid.grid_count, grid.grid_step, grid.rebalance_threshold) == (
        50,
        Decimal("0.2"),
        Decimal("0.3"),
    )
    assert grid.side_policy is SidePolicy.FOLLOW
    assert (risk.min_liq_ratio, risk.max_liq_ratio, risk.max_margin, risk.min_total_margin) == (
        Decimal("0.8"),
        Decimal("1.2"),
        Decimal(8),
        Decimal("0.15"),
    )


@pytest.mark.parametrize("name", ["min_liq_ratio", "max_liq_ratio", "max_margin"])
@pytest.mark.parametrize("value", [Decimal(0), Decimal(-1), Decimal("Infinity")])
def test_a_risk_threshold_is_finite_and_above_zero(name: str, value: Decimal) -> None:
    settings: dict[str, Any] = {name: value}

    with pytest.raises(ConfigError, match=name):
        RiskConfig(**settings)


def test_a_negative_total_margin_is_refused() -> None:
    with pytest.raises(ConfigError, match="min_total_margin"):
        RiskConfig(min_total_margin=Decimal("-0.01"))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"early_imbalance_multiplier": Decimal(0)}, "early_imbalance_multiplier"),
        ({"early_imbalance_multiplier": Decimal(101)}, "early_imbalance_multiplier"),
        ({"leverage": Decimal("0.5")}, "leverage"),
        ({"leverage": Decimal(126)}, "leverage"),
        ({"leverage": Decimal("NaN")}, "leverage"),
    ],
)
def test_sizing_settings_stay_in_range(settings: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        SizingConfig(**settings)


@pytest.mark.parametrize("value", [0, -1, Decimal(5)])
def test_a_safety_interval_is_whole_seconds_above_zero(value: Any) -> None:
    with pytest.raises(ConfigError, match="audit_orders_s"):
        SafetyConfig(audit_orders_s=value)


def test_the_limits_of_safety_are_on_by_default_w25() -> None:
    """None: the caps are derived from the grid; the loss limit is a tenth of the day's balance."""
    safety = SafetyConfig()

    assert safety.max_open_orders is None
    assert safety.max_placements_per_minute is None
    assert safety.max_notional is None
    assert safety.notional_factor == Decimal("1.5")
    assert (safety.session_loss_pct, safety.session_loss_limit) == (Decimal(10), None)
    assert safety.drawdown_limit_pct is None
    assert (safety.retry_delays_s, safety.retry_window_s) == ((1, 2, 4), 30)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_open_orders", 0),
        ("max_open_orders", True),
        ("max_placements_per_minute", 0),
        ("max_placements_per_minute", Decimal(5)),
        ("max_notional", Decimal(0)),
        ("max_notional", Decimal("NaN")),
        ("max_notional", 5),
        ("notional_factor", Decimal("0.99")),
        ("notional_factor", Decimal("Infinity")),
        ("session_loss_pct", Decimal(0)),
        ("session_loss_pct", Decimal("100.1")),
        ("session_loss_limit", Decimal(0)),
        ("drawdown_limit_pct", Decimal(-1)),
        ("drawdown_limit_pct", Decimal(101)),
        ("retry_window_s", 0),
        ("retry_delays_s", ()),
        ("retry_delays_s", (1, 0)),
        ("retry_delays_s", (1, True)),
        ("retry_delays_s", (Decimal(1),)),
        ("retry_delays_s", (1,) * 11),
    ],
)
def test_a_limit_that_would_stop_everything_or_nothing_is_refused_by_name(
    name: str, value: Any
) -> None:
    settings: dict[str, Any] = {name: value}

    with pytest.raises(ConfigError, match=f"^{name}: expected .*, found "):
        SafetyConfig(**settings)


def test_the_bounds_of_safety_are_accepted() -> None:
    SafetyConfig(
        max_open_orders=1,
        max_placements_per_minute=NO_COUNT_LIMIT,
        max_notional=NO_NOTIONAL_LIMIT,
        notional_factor=Decimal(1),
        session_loss_pct=Decimal(100),
        session_loss_limit=Decimal("0.01"),
        drawdown_limit_pct=Decimal(100),
        retry_delays_s=(3, 3, 3, 3, 3, 3, 3, 3, 3, 3),
        retry_window_s=30,
    )


def test_a_retry_that_would_come_after_the_window_is_refused() -> None:
    """LS-26: a delay that can never be waited for has no effect."""
    with pytest.raises(ConfigError, match=r"retry_window_s \(6 s\), found 7 s in all"):
        SafetyConfig(retry_window_s=6)


def test_choices_are_spelled_as_in_the_configuration_file() -> None:
    assert SidePolicy("on_fill") is SidePolicy.ON_FILL
    assert CloseGate("strict") is CloseGate.STRICT
    assert IdentitySalt("none") is IdentitySalt.NONE
