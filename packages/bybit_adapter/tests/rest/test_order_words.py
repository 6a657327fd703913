from decimal import Decimal

import pytest

from bybit_adapter.errors import OutcomeUnknown
from bybit_adapter.rest import calls
from bybit_adapter.rest.order_words import (
    Accepted,
    OrderIds,
    Placement,
    create_body,
    named,
    placement_of,
    read_accepted,
)
from gridcore.instrument import Instrument, Steps, Ticks
from gridcore.session.effects import PlaceOrder, TimeInForce
from gridcore.sides import DirectionType, SideType

LINK = "0123456789abcdef-k3x9"


def placement() -> Placement:
    return Placement(
        symbol="BTCUSDT",
        direction=DirectionType.LONG,
        side=SideType.BUY,
        price="99800.0",
        qty="0.010",
        wire_id=LINK,
        reduce_only=False,
        time_in_force=TimeInForce.POST_ONLY,
    )


def test_the_kernels_order_is_written_in_exact_numbers() -> None:
    instrument = Instrument(
        symbol="BTCUSDT",
        tick_size=Decimal("0.10"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(100),
        min_notional=Decimal(5),
    )
    order = PlaceOrder(
        symbol="BTCUSDT",
        strat_id="grid",
        client_order_id=LINK[:16],
        wire_id=LINK,
        direction=DirectionType.LONG,
        side=SideType.BUY,
        price=Ticks(998_000),
        qty=Steps(10),
        reduce_only=False,
        time_in_force=TimeInForce.POST_ONLY,
        level=3,
    )

    assert placement_of(order, instrument) == placement()


def test_every_order_names_its_position_and_its_lifetime() -> None:
    body = create_body(placement())

    assert (body["positionIdx"], body["timeInForce"], body["orderType"]) == (1, "PostOnly", "Limit")
    assert "category" not in body


def test_an_orders_own_name_at_the_exchange_wins() -> None:
    both = OrderIds(symbol="BTCUSDT", order_id="order-1", wire_id=LINK)
    ours = OrderIds(symbol="BTCUSDT", order_id="", wire_id=LINK)

    assert named(both) == {"symbol": "BTCUSDT", "orderId": "order-1"}
    assert named(ours) == {"symbol": "BTCUSDT", "orderLinkId": LINK}


def test_an_order_without_a_name_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="order id or a wire id"):
        named(OrderIds(symbol="BTCUSDT", order_id="", wire_id=""))


def test_an_acknowledgement_may_leave_our_name_out_and_never_change_it() -> None:
    without = read_accepted(calls.CREATE, {"orderId": "1", "orderLinkId": ""}, LINK, None)
    other = read_accepted(calls.CREATE, {"orderId": "1", "orderLinkId": "x"}, LINK, None)

    assert without == Accepted(order_id="1", wire_id=LINK, exchange_at=None)
    assert isinstance(other, OutcomeUnknown)
