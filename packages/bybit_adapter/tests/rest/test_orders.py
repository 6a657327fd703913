from typing import Any

import pytest

from bybit_adapter.errors import (
    ErrorKind,
    OutcomeUnknown,
    RateLimited,
    Rejected,
)
from bybit_adapter.rest.order_words import Accepted, AllCancelled, OrderIds, Placement
from bybit_adapter.rest_client import RestClient
from gridcore.clock import HOUR_US, Instant
from gridcore.session.effects import TimeInForce
from gridcore.sides import DirectionType, SideType

NOW = Instant(1_780_000_000_000_000)
LINK = "0123456789abcdef-k3x9"
IDS = OrderIds(symbol="BTCUSDT", order_id="order-1", wire_id=LINK)


def placement(
    direction: DirectionType = DirectionType.LONG,
    side: SideType = SideType.BUY,
    *,
    wire_id: str = LINK,
    reduce_only: bool = False,
) -> Placement:
    return Placement(
        symbol="BTCUSDT",
        direction=direction,
        side=side,
        price="99800.0",
        qty="0.010",
        wire_id=wire_id,
        reduce_only=reduce_only,
        time_in_force=TimeInForce.POST_ONLY,
    )


def acknowledged(exchange: Any, wire_id: str = LINK) -> Any:
    return exchange.ok({"orderId": "order-1", "orderLinkId": wire_id})


def test_an_order_goes_out_in_the_exchanges_words(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/order/create", acknowledged(exchange))

    found = client.orders.place(placement())

    assert found == Accepted(order_id="order-1", wire_id=LINK, exchange_at=NOW)
    assert exchange.seen[0].parameters == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Limit",
        "qty": "0.010",
        "price": "99800.0",
        "timeInForce": "PostOnly",
        "positionIdx": 1,
        "orderLinkId": LINK,
        "reduceOnly": False,
    }


@pytest.mark.parametrize(
    ("direction", "side", "reduce_only", "index"),
    [
        (DirectionType.LONG, SideType.BUY, False, 1),
        (DirectionType.LONG, SideType.SELL, True, 1),
        (DirectionType.SHORT, SideType.SELL, False, 2),
        (DirectionType.SHORT, SideType.BUY, True, 2),
    ],
)
def test_the_direction_names_the_position_in_hedge_mode(
    exchange: Any,
    client: RestClient,
    direction: DirectionType,
    side: SideType,
    reduce_only: bool,
    index: int,
) -> None:
    """bybit.md A.4."""
    exchange.script("/v5/order/create", acknowledged(exchange))

    client.orders.place(placement(direction, side, reduce_only=reduce_only))

    body = exchange.seen[0].parameters
    assert (body["positionIdx"], body["side"], body["reduceOnly"]) == (
        index,
        side.value,
        reduce_only,
    )


@pytest.mark.parametrize(
    "result", [{}, {"orderId": ""}, {"orderId": 5}, {"orderId": "1", "orderLinkId": "other"}]
)
def test_an_acknowledgement_that_does_not_fit_leaves_the_outcome_open(
    exchange: Any, client: RestClient, result: Any
) -> None:
    exchange.script("/v5/order/create", exchange.ok(result))

    assert isinstance(client.orders.place(placement()), OutcomeUnknown)


def test_a_known_wire_id_proves_that_the_first_request_landed(
    exchange: Any, client: RestClient
) -> None:
    """A08."""
    exchange.script("/v5/order/create", exchange.coded(110072, "OrderLinkedID is duplicate"))

    found = client.orders.place(placement())

    assert isinstance(found, Rejected)
    assert found.kind is ErrorKind.DUPLICATE_ID


def test_orders_that_reduce_find_room_when_opens_do_not(exchange: Any, client: RestClient) -> None:
    """A22: reduce-only goes before opens."""
    exchange.script("/v5/order/create", acknowledged(exchange))

    opens = [client.orders.place(placement()) for _ in range(9)]
    close = client.orders.place(placement(side=SideType.SELL, reduce_only=True))

    assert isinstance(opens[-1], RateLimited)
    assert isinstance(close, Accepted)


def test_an_order_is_cancelled_by_the_exchanges_name_where_it_has_one(
    exchange: Any, client: RestClient
) -> None:
    exchange.script("/v5/order/cancel", acknowledged(exchange))

    client.orders.cancel(IDS)
    client.orders.cancel(OrderIds(symbol="BTCUSDT", order_id="", wire_id=LINK))

    assert [one.parameters for one in exchange.seen] == [
        {"category": "linear", "symbol": "BTCUSDT", "orderId": "order-1"},
        {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": LINK},
    ]


@pytest.mark.parametrize("code", [110001, 110008, 110010])
def test_a_cancel_that_comes_too_late_says_that_the_order_is_gone(
    exchange: Any, client: RestClient, code: int
) -> None:
    """A13."""
    exchange.script("/v5/order/cancel", exchange.coded(code, "order not exists or too late"))

    found = client.orders.cancel(IDS)

    assert isinstance(found, Rejected)
    assert (found.kind, found.code) == (ErrorKind.ORDER_GONE, code)


def test_a_cancel_without_an_answer_is_unknown(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/order/cancel", exchange.dropped())

    assert isinstance(client.orders.cancel(IDS), OutcomeUnknown)


def test_an_amendment_changes_what_it_names(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/order/amend", acknowledged(exchange))

    found = client.orders.amend(IDS, price="99700.0", reducing=False)

    assert isinstance(found, Accepted)
    assert exchange.seen[0].parameters == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderId": "order-1",
        "price": "99700.0",
    }
    with pytest.raises(ValueError, match="new price"):
        client.orders.amend(IDS, reducing=False)


@pytest.mark.parametrize(
    ("symbol", "scope"), [("BTCUSDT", {"symbol": "BTCUSDT"}), (None, {"settleCoin": "USDT"})]
)
def test_all_orders_are_cancelled_of_a_symbol_or_the_account(
    exchange: Any, client: RestClient, symbol: str | None, scope: dict[str, str]
) -> None:
    rows = [{"orderId": "1", "orderLinkId": "a"}, {"orderId": "2", "orderLinkId": ""}]
    exchange.script("/v5/order/cancel-all", exchange.ok({"list": rows, "success": "1"}))

    found = client.orders.cancel_all(symbol)

    assert found == AllCancelled(
        orders=(
            OrderIds(symbol=symbol or "", order_id="1", wire_id="a"),
            OrderIds(symbol=symbol or "", order_id="2", wire_id=""),
        )
    )
    assert exchange.seen[0].parameters == {"category": "linear", **scope}


def test_a_cancel_of_everything_that_answers_strangely_is_unknown(
    exchange: Any, client: RestClient
) -> None:
    exchange.script("/v5/order/cancel-all", exchange.ok({"list": [{"orderId": ""}]}))

    assert isinstance(client.orders.cancel_all("BTCUSDT"), OutcomeUnknown)


# -- batches -----------------------------------------------------------------------------------


def test_a_batch_without_an_answer_leaves_every_leg_open(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/order/create-batch", exchange.raw(502))

    found = client.orders.place_batch([placement(wire_id=one) for one in "abc"])

    assert [type(one) for one in found] == [OutcomeUnknown] * 3


def test_every_order_of_a_batch_counts_against_the_budget(
    exchange: Any, client: RestClient
) -> None:
    """bybit.md A.2."""
    exchange.script("/v5/order/cancel-batch", exchange.ok())

    client.orders.cancel_batch([IDS] * 7)
    held_back = client.orders.cancel_batch([IDS] * 4)

    assert [type(one) for one in held_back] == [RateLimited] * 4
    assert len(exchange.seen) == 1


@pytest.mark.parametrize("count", [0, 21])
def test_a_batch_has_one_to_twenty_orders(client: RestClient, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 20"):
        client.orders.place_batch([placement()] * count)


# -- listings ----------------------------------------------------------------------------------


def test_open_orders_without_a_symbol_are_those_of_the_settle_coin(
    exchange: Any, client: RestClient
) -> None:
    """bybit.md A.4: one of the two is required."""
    exchange.script("/v5/order/realtime", exchange.ok({"list": [{"orderId": "1"}]}))

    everything = client.orders.open_orders()
    client.orders.open_orders("BTCUSDT", wire_id=LINK)

    assert everything.rows == ({"orderId": "1"},)
    assert [one.parameters for one in exchange.seen] == [
        {"category": "linear", "settleCoin": "USDT", "limit": "50"},
        {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": LINK, "limit": "50"},
    ]


def test_five_hundred_open_orders_are_all_listed(exchange: Any, client: RestClient) -> None:
    """A42."""

    def answer(seen: Any) -> Any:
        number = int(seen.parameters.get("cursor", "0"))
        rows = [{"orderId": str(number * 50 + one)} for one in range(50)]
        cursor = "" if number == 9 else str(number + 1)
        return exchange.ok({"list": rows, "nextPageCursor": cursor})

    exchange.script("/v5/order/realtime", answer)

    listing = client.orders.open_orders("BTCUSDT")

    assert listing.complete
    assert len(listing.rows) == 500


def test_history_and_executions_are_asked_with_both_bounds(
    exchange: Any, client: RestClient
) -> None:
    exchange.script("/v5/order/history", exchange.ok({"list": []}))
    exchange.script("/v5/execution/list", exchange.ok({"list": []}))
    start = Instant(NOW - HOUR_US)

    history = client.orders.history(start, NOW, "BTCUSDT", order_id="order-1")
    executions = client.orders.executions(start, NOW, order_id="order-1")

    assert history.complete
    assert executions.complete
    bounds = {"startTime": "1779996400000", "endTime": "1780000000000"}
    assert [one.parameters for one in exchange.seen] == [
        {
            "category": "linear",
            "symbol": "BTCUSDT",
            "orderId": "order-1",
            "limit": "50",
            **bounds,
        },
        {
            "category": "linear",
            "settleCoin": "USDT",
            "orderId": "order-1",
            "limit": "100",
            **bounds,
        },
    ]
