"""The bodies of the admin endpoints."""

from typing import Any

import pytest
from pydantic import ValidationError

from appkit.configuration import StrictModel
from bybit_sim.exchange.words import Lifetime, NewOrder, OrderType
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.page.bodies import (
    FOR_EVER_MS,
    CancelBody,
    CashBody,
    DisconnectBody,
    FaultBody,
    OrderBody,
    PriceBody,
    TradeBody,
)
from gridcore.sides import BUY, SELL

W = WireFault
ORDER = {"account": "first", "symbol": "BTCUSDT", "side": "Buy", "qty": "0.010", "position_idx": 1}


def test_an_order_with_a_price_is_a_limit_order_that_rests() -> None:
    order = OrderBody.model_validate({**ORDER, "price": "50000.10", "reduce_only": True})

    assert order.new_order() == NewOrder(
        symbol="BTCUSDT",
        side=BUY,
        order_type=OrderType.LIMIT,
        qty="0.010",
        price="50000.10",
        lifetime=Lifetime.GTC,
        position_idx=1,
        order_link_id="",
        reduce_only=True,
        close_on_trigger=False,
    )


def test_an_order_without_a_price_is_a_market_order() -> None:
    order = OrderBody.model_validate({**ORDER, "side": "Sell", "order_link_id": "mine-1"})

    made = order.new_order()

    assert (made.order_type, made.lifetime, made.price) == (OrderType.MARKET, Lifetime.IOC, None)
    assert (made.side, made.order_link_id) == (SELL, "mine-1")


def test_a_lifetime_that_is_stated_is_kept() -> None:
    order = OrderBody.model_validate({**ORDER, "price": "1", "lifetime": "PostOnly"})

    assert order.new_order().lifetime is Lifetime.POST_ONLY


def test_a_disconnection_with_a_code_is_a_close_frame_and_a_reset_without() -> None:
    closed = DisconnectBody(kind="private", code=1001).fault(7)
    reset = DisconnectBody().fault(None)

    assert (closed.kind, closed.amount, closed.target) == (W.SOCKET_CLOSED, 1001, "private")
    assert closed.uid == 7
    assert (reset.kind, reset.amount, reset.target) == (W.SOCKET_RESET, 0, "*")


def test_a_faults_window_counts_from_now() -> None:
    body = FaultBody.model_validate(
        {"kind": "reply_delayed", "in_ms": 100, "for_ms": 50, "amount": 20, "count": 3}
    )

    assert body.fault(5_000, 9) == Fault(
        kind=W.REPLY_DELAYED, from_ms=5_100, until_ms=5_150, uid=9, amount=20, count=3
    )


def test_a_fault_without_an_end_lasts_until_it_is_taken_off() -> None:
    fault = FaultBody.model_validate({"kind": "frame_lost"}).fault(5_000, None)

    assert fault.until_ms - fault.from_ms == FOR_EVER_MS


@pytest.mark.parametrize(
    ("model", "row", "expected"),
    [
        (OrderBody, {**ORDER, "order_type": "Limit"}, "a Limit order needs a price"),
        (OrderBody, {**ORDER, "position_idx": 3}, "position_idx"),
        (OrderBody, {**ORDER, "order_link_id": "x" * 37}, "order_link_id"),
        (CancelBody, {"account": 1, "order_id": "x"}, "one order is cancelled with its symbol"),
        (CashBody, {"account": 1, "amount": 0}, "expected USDT above or below 0"),
        (CashBody, {"account": 1, "amount": "1e25"}, "no more than 20 digits"),
        (TradeBody, {"symbol": "B", "price": "1e25", "qty": "1"}, "price"),
        (TradeBody, {"symbol": "B", "price": "1", "qty": "1e999999999"}, "qty"),
        (PriceBody, {"symbol": "B", "price": "1e999999999"}, "price"),
        (OrderBody, {**ORDER, "qty": "1e999999999"}, "qty"),
        (DisconnectBody, {"how": "frame_lost"}, "how: expected one of socket_closed, socket_eof"),
        (DisconnectBody, {"how": "socket_closed"}, "socket_closed needs a code"),
        (DisconnectBody, {"code": 1006}, "1006"),
        (FaultBody, {"kind": "frame_delayed"}, "it is the delay in ms"),
        (FaultBody, {"kind": "maintenance", "account": 1}, "concerns the whole server"),
        (FaultBody, {"kind": "refusing"}, "refusing needs for_ms"),
        (FaultBody, {"kind": "frame_lots"}, "'frame_lost'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    model: type[StrictModel], row: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ValidationError, match=expected.replace(".", r"\.")):
        model.model_validate(row)
