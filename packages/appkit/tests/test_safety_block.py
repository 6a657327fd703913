from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from appkit.safety_block import SafetyBlock
from gridcore.config import NO_COUNT_LIMIT, NO_NOTIONAL_LIMIT, SafetyConfig


def test_safety_defaults_are_those_of_live() -> None:
    assert SafetyBlock().settings() == SafetyConfig()


@pytest.mark.parametrize(
    ("key", "value", "setting"),
    [
        ("max_open_orders", "off", NO_COUNT_LIMIT),
        ("max_placements_per_minute", "off", NO_COUNT_LIMIT),
        ("max_notional", "off", NO_NOTIONAL_LIMIT),
        ("session_loss_pct", "off", None),
        ("drawdown_limit_pct", "off", None),
        ("max_open_orders", 30, 30),
        ("max_placements_per_minute", 100, 100),
        ("max_notional", Decimal("2500.5"), Decimal("2500.5")),
        ("session_loss_pct", Decimal("2.5"), Decimal("2.5")),
        ("session_loss_limit", 50, Decimal(50)),
        ("drawdown_limit_pct", 20, Decimal(20)),
        ("notional_factor", 2, Decimal(2)),
        ("retry_delays_s", [1, 5], (1, 5)),
        ("retry_window_s", 60, 60),
    ],
)
def test_a_limit_is_set_or_off(key: str, value: Any, setting: Any) -> None:
    found = SafetyBlock.model_validate({key: value}).settings()

    assert getattr(found, key) == setting


@pytest.mark.parametrize(
    "key",
    [
        "max_open_orders",
        "max_placements_per_minute",
        "max_notional",
        "session_loss_pct",
        "drawdown_limit_pct",
    ],
)
@pytest.mark.parametrize("value", [0, Decimal("0.0")])
def test_a_limit_of_nothing_is_refused_with_the_word_for_none(key: str, value: Any) -> None:
    with pytest.raises(ValidationError, match="expected a limit above 0, or `off` for none"):
        SafetyBlock.model_validate({key: value})


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"max_open_orders": "none"}, "valid integer"),
        ({"session_loss_limit": "off"}, "valid decimal"),
        ({"session_loss_pct": Decimal(101)}, "less than or equal to 100"),
        ({"notional_factor": Decimal("0.9")}, "a number of 1 or more"),
        ({"retry_delays_s": []}, "1 to 10 delays"),
        ({"retry_window_s": 6}, "delays that fit into retry_window_s"),
    ],
)
def test_a_limit_out_of_range_is_refused(block: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        SafetyBlock.model_validate(block)


@pytest.mark.parametrize(
    ("key", "winner"),
    [("notional_factor", "max_notional"), ("session_loss_pct", "session_loss_limit")],
)
def test_a_limit_that_another_one_makes_void_is_refused(key: str, winner: str) -> None:
    """LS-26; the default of the void key says nothing and is no conflict."""
    with pytest.raises(ValidationError, match=f"beside {winner}, {key} has no effect"):
        SafetyBlock.model_validate({key: 5, winner: 100})

    assert getattr(SafetyBlock.model_validate({winner: 100}), winner) == 100


def test_a_loss_in_money_may_stand_beside_a_percentage_that_is_off() -> None:
    found = SafetyBlock.model_validate({"session_loss_pct": "off", "session_loss_limit": 50})

    assert (found.session_loss_pct, found.session_loss_limit) == (None, Decimal(50))
