"""Settings that cannot be meant are refused with what was expected."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from gridcore.config import ConfigError
from simvenue.messages import FillModel, SymbolSpec, VenueConfig


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("initial_balance", Decimal(-1)),
        ("initial_balance", Decimal("NaN")),
        ("maker_fee", Decimal("0.02")),
        ("taker_fee", Decimal("-0.02")),
        ("place_latency_us", -1),
        ("cancel_latency_us", -1),
        ("queue_ahead_factor", Decimal(-1)),
        ("max_orders_per_symbol", 0),
    ],
)
def test_an_impossible_venue_setting_is_refused_by_name(
    make_config: Callable[..., VenueConfig], name: str, value: object
) -> None:
    with pytest.raises(ConfigError, match=name):
        make_config(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("leverage", Decimal(0)), ("funding_interval_us", 0), ("typical_trade", -1)],
)
def test_an_impossible_symbol_setting_is_refused_by_name(
    make_spec: Callable[..., SymbolSpec], name: str, value: object
) -> None:
    with pytest.raises(ConfigError, match=name):
        make_spec(**{name: value})


def test_fill_models_are_spelled_as_in_the_configuration() -> None:
    assert [model.value for model in FillModel] == [
        "strict_cross",
        "touch",
        "last_cross",
        "book_touch",
        "queue",
    ]
