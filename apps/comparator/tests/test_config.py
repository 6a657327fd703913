"""What a comparison may be asked."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from comparator.config import MAKER_FEE, ExchangeOptions, Request
from simvenue.messages import FillModel


def test_what_was_asked_reaches_the_exchange() -> None:
    options = ExchangeOptions(
        fill_model=FillModel.QUEUE,
        queue_ahead_factor=Decimal(3),
        place_latency_us=7,
        cancel_latency_us=8,
        partial_fills=300,
        partial_fills_seed="7 100001",
        maker_fee=Decimal("-0.0001"),
    )

    model = options.model(Decimal("0.0002"))

    assert model.maker_fee == Decimal("-0.0001")
    assert (model.fill_model, model.queue_ahead_factor) == (
        FillModel.QUEUE,
        Decimal(3),
    )
    assert (model.place_latency_us, model.cancel_latency_us) == (7, 8)
    assert (model.partial_fills, model.partial_fills_seed) == (300, "7 100001")


def test_the_recorded_fee_counts_where_none_was_asked_for_and_bybits_where_none_was_recorded() -> (
    None
):
    options = ExchangeOptions()

    assert options.model(Decimal("0.0001")).maker_fee == Decimal("0.0001")
    assert options.model(None).maker_fee == MAKER_FEE


@pytest.mark.parametrize(
    "wrong",
    [
        {"queue_ahead_factor": Decimal(-1)},
        {"queue_ahead_factor": Decimal("Infinity")},
        {"place_latency_us": -1},
        {"cancel_latency_us": -1},
        {"partial_fills": 1001},
        {"maker_fee": Decimal(1)},
    ],
)
def test_what_no_exchange_does_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ExchangeOptions(**wrong)


def test_a_file_and_a_configuration_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="both"):
        Request(database_url=None, trades_file=Path("a"), config_file=Path("b"))
