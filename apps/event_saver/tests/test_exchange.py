"""The exchange behind one shape of answer, asked at the simulator: two sides, no shared code."""

from collections.abc import Iterator
from typing import Any

import pytest

from appkit.exits import RunFailed, UserError
from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest_client import RestClient, wait_until
from event_saver.exchange import RestExchange, instrument_of
from event_saver.gaps.plan import Stretch
from event_saver.rows.private import Kind
from gridcore.clock import HOUR_US, Instant


@pytest.fixture
def clients(simulator: Any) -> Iterator[dict[str, RestClient]]:
    place, limiter = endpoint(simulator.url), RateLimiter()
    keys = {
        "good": Credentials(key="demo-key-2", secret="demo-secret-2"),
        "bad": Credentials(key="demo-key-2", secret="another secret"),
    }
    made = {
        name: RestClient(place, key, limiter=limiter, timeout_s=5, wait=wait_until)
        for name, key in keys.items()
    }
    made["good"].measure_clock()
    yield made
    for client in made.values():
        client.close()


@pytest.fixture
def exchange(clients: dict[str, RestClient]) -> RestExchange:
    return RestExchange(clients["good"], clients)


def now_of(clients: dict[str, RestClient]) -> Instant:
    return clients["good"].exchange_now()


def test_public_trades_are_listed_whole_while_they_are_few(exchange: RestExchange) -> None:
    found = exchange.recent_trades("BTCUSDT")

    assert (found.complete, found.too_many, found.text) == (True, False, "")
    assert all({"execId", "time", "price", "size", "side"} <= row.keys() for row in found.rows)


def test_orders_executions_positions_and_wallet_are_answered(
    exchange: RestExchange, clients: dict[str, RestClient], simulator: Any
) -> None:
    word = {"account": "demo-2", "symbol": "ETHUSDT", "position_idx": 1}
    order = simulator.post("order", side="Buy", qty="0.1", order_type="Market", **word)["order"]
    now = now_of(clients)
    window = Stretch(start=Instant(now - HOUR_US), end=Instant(now + HOUR_US))

    executions = exchange.executions("good", "ETHUSDT", window)
    history = exchange.order_history("good", "ETHUSDT", window)
    one = exchange.order("good", "ETHUSDT", order["orderId"])
    positions = exchange.state("good", "ETHUSDT", Kind.POSITION)
    wallet = exchange.state("good", "ETHUSDT", Kind.WALLET)
    orders = exchange.state("good", "ETHUSDT", Kind.ORDER)

    assert {row["orderId"] for row in executions.rows} == {order["orderId"]}
    assert [row["orderStatus"] for row in history.rows] == ["Filled"]
    assert [row["orderId"] for row in one.rows] == [order["orderId"]]
    assert {row["positionIdx"] for row in positions.rows} == {1, 2}
    assert "coin" in wallet.rows[0]
    assert (orders.rows, orders.complete) == ((), True)


def test_an_order_that_is_not_among_the_last_500_that_ended_is_found_in_the_history(
    exchange: RestExchange, simulator: Any
) -> None:
    word = {"account": "demo-2", "symbol": "ETHUSDT", "order_type": "Market"}
    sides = ({"side": "Buy", "position_idx": 1}, {"side": "Sell", "position_idx": 1})
    first = simulator.post("order", qty="0.1", **sides[0], **word)["order"]
    for number in range(501):
        closes = number % 2 == 0
        simulator.post("order", qty="0.1", reduce_only=closes, **sides[closes], **word)

    found = exchange.order("good", "ETHUSDT", first["orderId"])

    assert [row["orderStatus"] for row in found.rows] == ["Filled"]


def test_a_refusal_is_an_answer_that_is_not_complete_and_says_why(
    exchange: RestExchange, clients: dict[str, RestClient]
) -> None:
    now = now_of(clients)
    window = Stretch(start=Instant(now - HOUR_US), end=now)

    executions = exchange.executions("bad", "BTCUSDT", window)
    wallet = exchange.state("bad", "BTCUSDT", Kind.WALLET)

    assert (executions.complete, executions.too_many, executions.rows) == (False, False, ())
    assert executions.text
    assert (wallet.complete, wallet.rows) == (False, ())
    assert wallet.text


def test_an_instrument_is_asked_for_once_the_exchange_answers(
    clients: dict[str, RestClient],
) -> None:
    found = instrument_of(clients["good"], "BTCUSDT", lambda: False)

    assert found.symbol == "BTCUSDT"
    with pytest.raises(UserError, match="NOSUCHUSDT: ") as refused:
        instrument_of(clients["good"], "NOSUCHUSDT", lambda: False)
    assert "check the symbols" in str(refused.value.hint)


@pytest.mark.parametrize(("is_stopping", "asked_s_max"), [(True, 60.0), (False, 0.0)])
def test_an_exchange_that_does_not_answer_ends_the_start_in_time(
    is_stopping: bool, asked_s_max: float
) -> None:
    nobody = RestClient(
        endpoint("http://127.0.0.1:9"), None, limiter=RateLimiter(), timeout_s=5, wait=wait_until
    )

    with pytest.raises(RunFailed, match="BTCUSDT: the exchange does not answer"):
        instrument_of(nobody, "BTCUSDT", lambda: is_stopping, asked_s_max)

    nobody.close()
