from typing import Any

import pytest

from bybit_adapter.errors import ErrorKind, OutcomeUnknown, RateLimited, Rejected
from bybit_adapter.rate_limiter import WINDOW_US
from bybit_adapter.rest.order_words import Accepted, OrderIds, Placement
from bybit_adapter.rest_client import RestClient
from gridcore.clock import Instant
from gridcore.session.effects import TimeInForce
from gridcore.sides import DirectionType, SideType

NOW = Instant(1_780_000_000_000_000)
LINK = "0123456789abcdef-k3x9"
IDS = OrderIds(symbol="BTCUSDT", order_id="order-1", wire_id=LINK)


def placement(wire_id: str) -> Placement:
    return Placement(
        symbol="BTCUSDT",
        direction=DirectionType.LONG,
        side=SideType.BUY,
        price="99800.0",
        qty="0.010",
        wire_id=wire_id,
        reduce_only=False,
        time_in_force=TimeInForce.POST_ONLY,
    )


def test_every_leg_of_a_batch_has_its_own_result(exchange: Any, client: RestClient) -> None:
    """bybit.md A.4: the answer is 0 when single legs fail."""
    exchange.script(
        "/v5/order/create-batch",
        exchange.ok(
            {
                "list": [
                    {"orderId": "1", "orderLinkId": "a"},
                    {"orderId": "", "orderLinkId": "b"},
                    {"orderId": "", "orderLinkId": "c"},
                    {"orderId": "", "orderLinkId": "d"},
                ]
            },
            extra={
                "list": [
                    {"code": 0, "msg": "OK"},
                    {"code": 110007, "msg": "ab not enough for new order"},
                    {"code": 10006, "msg": "Too many visits!"},
                    {"code": 10016, "msg": "Server error"},
                ]
            },
        ),
    )

    found = client.orders.place_batch([placement(one) for one in "abcd"])

    assert found == (
        Accepted(order_id="1", wire_id="a", exchange_at=NOW),
        Rejected(
            kind=ErrorKind.BALANCE,
            code=110007,
            text="ab not enough for new order",
            retryable=False,
        ),
        RateLimited(
            not_before=Instant(NOW + WINDOW_US),
            everything=False,
            code=10006,
            text="Too many visits!",
        ),
        OutcomeUnknown(kind=ErrorKind.SERVER, code=10016, text="Server error"),
    )
    body = exchange.seen[0].parameters
    assert body["category"] == "linear"
    assert [leg["orderLinkId"] for leg in body["request"]] == list("abcd")
    assert "category" not in body["request"][0]


@pytest.mark.parametrize(
    ("result", "extra"),
    [
        ({}, {}),
        ({"list": [{"orderId": "1"}]}, {"list": [{"code": 0}]}),
        ({"list": "x"}, {"list": None}),
        ({"list": [{"orderId": "1"}, 5]}, {"list": [{"code": 0}, {"code": 0}]}),
        ({"list": [{"orderId": "1"}, {"orderId": "2"}]}, {"list": [{"code": 0}, {"code": "x"}]}),
        ({"list": [{"orderId": "1"}, {"orderId": ""}]}, {"list": [{"code": 0}, {"code": 0}]}),
    ],
)
def test_a_leg_that_the_answer_does_not_mention_is_unknown(
    exchange: Any, client: RestClient, result: Any, extra: Any
) -> None:
    exchange.script("/v5/order/create-batch", exchange.ok(result, extra=extra))

    found = client.orders.place_batch([placement("a"), placement("b")])

    assert len(found) == 2
    assert isinstance(found[1], OutcomeUnknown)


def test_a_leg_of_a_cancel_batch_that_is_worked_on_is_refused_for_now(
    exchange: Any, client: RestClient
) -> None:
    exchange.script(
        "/v5/order/cancel-batch",
        exchange.ok(
            {"list": [{"orderId": "order-1", "orderLinkId": LINK}, {"orderId": "x"}]},
            extra={"list": [{"code": 0, "msg": "OK"}, {"code": 110079, "msg": "busy"}]},
        ),
    )

    found = client.orders.cancel_batch([IDS, IDS])

    assert isinstance(found[0], Accepted)
    assert isinstance(found[1], Rejected)
    assert found[1].kind is ErrorKind.IN_PROGRESS
