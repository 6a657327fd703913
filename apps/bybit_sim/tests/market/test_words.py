"""The rows of a market: values that cannot change."""

from dataclasses import FrozenInstanceError

import pytest

from bybit_sim.market.words import Step, TradeRow
from gridcore.clock import Instant
from gridcore.instrument import Steps, Ticks


def test_a_step_keeps_its_rows_in_the_order_given() -> None:
    first = TradeRow("BTCUSDT", Instant(5), 0, Ticks(1), Steps(2), 1)
    second = TradeRow("ETHUSDT", Instant(5), 1, Ticks(3), Steps(4), -1)

    step = Step(Instant(5), (first, second))

    assert [row.symbol for row in step.rows] == ["BTCUSDT", "ETHUSDT"]


def test_a_row_cannot_be_changed() -> None:
    row = TradeRow("BTCUSDT", Instant(5), 0, Ticks(1), Steps(2), 1)

    with pytest.raises(FrozenInstanceError):
        row.price = Ticks(2)  # type: ignore[misc]
