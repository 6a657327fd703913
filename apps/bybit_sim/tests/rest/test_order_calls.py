"""Bodies of order entry as typed requests (bybit.md A.4)."""

from typing import Any

import pytest

from bybit_sim.exchange.words import Amendment, Lifetime, NewOrder, OrderType
from bybit_sim.rest.order_calls import new_order
from bybit_sim.rest.parameters import BadParameter, Body
from gridcore.sides import BUY
from simvenue.limits import Refusal

ORDER: dict[str, object] = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "orderType": "Limit",
    "qty": "0.01",
    "price": "50000.1",
    "positionIdx": 1,
}


def test_a_placement_takes_its_defaults_from_the_protocol() -> None:
    assert new_order(Body(ORDER)) == NewOrder(
        symbol="BTCUSDT",
        side=BUY,
        order_type=OrderType.LIMIT,
        qty="0.01",
        price="50000.1",
        lifetime=Lifetime.GTC,
        position_idx=1,
        order_link_id="",
        reduce_only=False,
        close_on_trigger=False,
    )


def test_a_market_order_is_immediate_and_has_no_price_of_its_own() -> None:
    order = new_order(Body({**ORDER, "orderType": "Market", "timeInForce": "GTC"}))

    assert (order.lifetime, order.price) == (Lifetime.IOC, None)


def test_flags_lifetime_and_link_id_are_passed_on() -> None:
    order = new_order(
        Body(
            {
                **ORDER,
                "timeInForce": "PostOnly",
                "orderLinkId": "aA0_-" + "x" * 31,
                "reduceOnly": True,
                "closeOnTrigger": True,
            }
        )
    )

    assert order.lifetime is Lifetime.POST_ONLY
    assert order.order_link_id == "aA0_-" + "x" * 31
    assert order.reduce_only
    assert order.close_on_trigger


def test_without_an_index_the_order_is_for_one_way_mode() -> None:
    body = {name: value for name, value in ORDER.items() if name != "positionIdx"}

    assert new_order(Body(body)).position_idx == 0


@pytest.mark.parametrize("name", ["symbol", "side", "orderType", "qty", "price"])
def test_a_missing_field_is_named(name: str) -> None:
    with pytest.raises(BadParameter, match=f"must be filled in, {name}"):
        new_order(Body({**ORDER, name: ""}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("side", "buy"),
        ("orderType", "Stop"),
        ("timeInForce", "RPI"),
        ("positionIdx", 3),
        ("orderLinkId", "x" * 37),
        ("orderLinkId", "with space"),
        ("orderLinkId", "é"),
    ],
)
def test_a_value_outside_its_set_is_refused(name: str, value: object) -> None:
    with pytest.raises(BadParameter, match=f"{name} invalid"):
        new_order(Body({**ORDER, name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("qty", 0.01), ("price", 50000), ("positionIdx", "1"), ("reduceOnly", "true")],
)
def test_a_value_of_the_wrong_json_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(BadParameter, match="Request parameter error"):
        new_order(Body({**ORDER, name: value}))


@pytest.mark.parametrize("name", ["triggerPrice", "takeProfit", "stopLoss", "slippageTolerance"])
def test_what_is_not_simulated_is_refused_rather_than_placed_as_something_else(name: str) -> None:
    with pytest.raises(BadParameter, match="plain limit and market orders only"):
        new_order(Body({**ORDER, name: "49000"}))

    assert new_order(Body({**ORDER, name: "0.00"})) == new_order(Body(ORDER))


def test_an_accepted_order_is_answered_with_both_ids(client: Any) -> None:
    named = client.post("/v5/order/create", {**ORDER, "orderLinkId": "mine"})
    unnamed = client.post("/v5/order/create", ORDER)

    assert named["result"] == {"orderId": "order-0001", "orderLinkId": "mine"}
    assert unnamed["result"] == {"orderId": "order-0002", "orderLinkId": ""}


def test_the_refusal_of_the_exchange_is_the_answer(client: Any) -> None:
    client.exchange.account.refusal = Refusal(110007, "ab not enough for new order")

    answer = client.post("/v5/order/create", ORDER)

    assert (answer["retCode"], answer["retMsg"]) == (110007, "ab not enough for new order")
    assert answer["result"] == {}


def test_an_amendment_names_what_changes_and_the_order_id_goes_first(client: Any) -> None:
    asked = {"category": "linear", "symbol": "BTCUSDT"}
    client.post("/v5/order/amend", {**asked, "orderId": "o", "orderLinkId": "l", "price": "1.5"})
    client.post("/v5/order/amend", {**asked, "orderLinkId": "l", "qty": "2"})

    assert client.exchange.account.amended == [
        Amendment(symbol="BTCUSDT", order_id="o", order_link_id="", qty=None, price="1.5"),
        Amendment(symbol="BTCUSDT", order_id="", order_link_id="l", qty="2", price=None),
    ]


def test_a_cancel_finds_its_order_by_either_id(client: Any, an_order: Any) -> None:
    client.exchange.account.open = [an_order(1)]
    asked = {"category": "linear", "symbol": "BTCUSDT"}

    by_id = client.post("/v5/order/cancel", {**asked, "orderId": "order-0001"})
    by_link = client.post("/v5/order/cancel", {**asked, "orderLinkId": "link-1"})
    gone = client.post(
        "/v5/order/cancel", {**asked, "orderId": "order-0009", "orderLinkId": "link-1"}
    )
    neither = client.post("/v5/order/cancel", asked)

    assert (
        by_id["result"]
        == by_link["result"]
        == {
            "orderId": "order-0001",
            "orderLinkId": "link-1",
        }
    )
    assert gone["retCode"] == 110001
    assert neither["retMsg"].endswith("orderId or orderLinkId")


def test_cancel_all_lists_what_it_cancels(client: Any, an_order: Any) -> None:
    client.exchange.account.open = [an_order(1), an_order(2, symbol="ETHUSDT")]

    one = client.post("/v5/order/cancel-all", {"category": "linear", "symbol": "BTCUSDT"})
    both = client.post("/v5/order/cancel-all", {"category": "linear", "settleCoin": "USDT"})

    assert one["result"] == {
        "list": [{"orderId": "order-0001", "orderLinkId": "link-1"}],
        "success": "1",
    }
    assert [row["orderId"] for row in both["result"]["list"]] == ["order-0001", "order-0002"]
    assert client.exchange.account.deeds == [("cancel_all", "BTCUSDT"), ("cancel_all", None)]


def test_cancel_all_needs_to_know_of_what_and_leaves_orders_alone_when_stops_are_meant(
    client: Any, an_order: Any
) -> None:
    client.exchange.account.open = [an_order(1)]

    nothing = client.post("/v5/order/cancel-all", {"category": "linear"})
    stops = client.post(
        "/v5/order/cancel-all",
        {"category": "linear", "symbol": "BTCUSDT", "orderFilter": "StopOrder"},
    )
    spot = client.post("/v5/order/cancel-all", {"category": "spot", "symbol": "BTCUSDT"})

    assert nothing["retCode"] == spot["retCode"] == 10001
    assert stops["result"] == {"list": [], "success": "1"}
    assert client.exchange.account.deeds == []


def test_disconnect_protection_is_not_for_this_account(client: Any) -> None:
    answer = client.post("/v5/order/disconnected-cancel-all", {"timeWindow": 10})

    assert answer["retCode"] == 10001
