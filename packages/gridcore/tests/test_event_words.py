"""The words of events are the exchange's own, spelled as it spells them."""

from decimal import Decimal

import pytest

from gridcore import event_words, events
from gridcore.event_words import NO_LIQUIDATION, ExecType, OrderStatus


def test_a_position_without_a_liquidation_price_is_neither_unknown_nor_zero() -> None:
    assert NO_LIQUIDATION is not None
    assert Decimal(0) != NO_LIQUIDATION


def test_order_states_are_spelled_as_version_five_spells_them() -> None:
    assert [status.value for status in OrderStatus] == [
        "New",
        "PartiallyFilled",
        "Filled",
        "Cancelled",
        "Rejected",
    ]


@pytest.mark.parametrize("text", ["Trade", "Funding", "AdlTrade", "BustTrade", "Settle"])
def test_kinds_of_executions_are_found_by_the_exchanges_word(text: str) -> None:
    assert ExecType(text).value == text


@pytest.mark.parametrize("name", ["OrderStatus", "ExecType", "CashKind", "OperatorAction"])
def test_events_hands_on_the_words_it_speaks_in(name: str) -> None:
    assert getattr(events, name) is getattr(event_words, name)
