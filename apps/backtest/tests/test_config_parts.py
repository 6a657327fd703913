from decimal import Decimal

import pytest
from pydantic import ValidationError

from backtest.config_parts import FeesConfig, FillModelConfig, LatencyConfig


def test_a_float_is_refused_since_it_has_lost_what_was_written() -> None:
    with pytest.raises(ValidationError, match="not as a float"):
        FeesConfig(maker=0.1)


@pytest.mark.parametrize("rate", ["-0.0100001", "0.0100001", "NaN", "Infinity"])
def test_a_fee_beyond_one_percent_is_refused(rate: str) -> None:
    """T-1."""
    with pytest.raises(ValidationError):
        FeesConfig(maker=Decimal(rate))


def test_a_rebate_is_a_fee() -> None:
    assert FeesConfig(maker=Decimal("-0.0001")).maker == Decimal("-0.0001")


def test_a_queue_factor_needs_the_queue_model() -> None:
    """A key that would have no effect is refused (LS-26)."""
    accepted = FillModelConfig.model_validate({"name": "queue", "queue_ahead_factor": 0})

    assert accepted.queue_ahead_factor == 0
    with pytest.raises(ValidationError, match="only beside"):
        FillModelConfig.model_validate({"name": "strict_cross", "queue_ahead_factor": 0})


def test_a_seed_of_partial_fills_needs_partial_fills() -> None:
    with pytest.raises(ValidationError, match="only beside"):
        FillModelConfig.model_validate({"partial_fills_seed": "7 100001"})


def test_a_latency_is_whole_milliseconds() -> None:
    with pytest.raises(ValidationError):
        LatencyConfig.model_validate({"place_ms": Decimal("0.5")})
