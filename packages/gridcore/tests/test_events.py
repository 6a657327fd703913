"""Events hold what is known and nothing else."""

from decimal import Decimal

import pytest

from gridcore.clock import Instant
from gridcore.events import (
    NO_LIQUIDATION,
    ExecType,
    NoLiquidation,
    OrderStatus,
    PositionUpdate,
    Ticker,
)
from gridcore.instrument import Steps
from gridcore.sides import LONG


def test_an_unknown_price_is_none_and_not_zero() -> None:
    """LS-29, LS-60."""
    ticker = Ticker(symbol="BTCUSDT", at=Instant(1), last=1000, mark=None)

    assert (ticker.mark, ticker.bid, ticker.ask, ticker.funding_rate) == (None, None, None, None)


def test_no_liquidation_price_differs_from_an_unknown_one() -> None:
    """A position row with "" for the liquidation price has none; a missing one is unknown."""
    flat = PositionUpdate(
        symbol="BTCUSDT",
        at=Instant(1),
        direction=LONG,
        size=Steps(0),
        entry=None,
        liquidation=NO_LIQUIDATION,
        mark=Decimal(1000),
    )

    assert flat.liquidation is NO_LIQUIDATION
    assert isinstance(NO_LIQUIDATION, NoLiquidation)
    assert flat.liquidation is not None


def test_statuses_are_those_of_the_exchange() -> None:
    """E-4: "Active" belongs to an older version of its interface."""
    assert OrderStatus("PartiallyFilled") is OrderStatus.PARTIALLY_FILLED
    with pytest.raises(ValueError, match="Active"):
        OrderStatus("Active")


def test_executions_of_every_kind_have_a_name() -> None:
    """F-17."""
    assert {kind.value for kind in ExecType} == {
        "Trade",
        "Funding",
        "AdlTrade",
        "BustTrade",
        "Settle",
        "Delivery",
        "Unknown",
    }
