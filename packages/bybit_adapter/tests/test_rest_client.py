import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bybit_adapter.credentials import Credentials
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest_client import RestClient, machine_clock, wait_until
from bybit_adapter.ws_client.clock import Offset
from gridcore.clock import SECOND_US, Instant


@pytest.fixture
def public(exchange: Any, clock: Any) -> Iterator[RestClient]:
    """A client without a key."""
    client = RestClient(exchange.endpoint, limiter=RateLimiter(), now=clock)
    yield client
    client.close()


def test_a_client_without_a_key_reads_the_market(exchange: Any, public: RestClient) -> None:
    row = {"symbol": "BTCUSDT", "lastPrice": "1"}
    exchange.script("/v5/market/tickers", exchange.ok({"list": [row]}))

    assert public.market.ticker("BTCUSDT") == row


def test_the_clock_is_zero_until_it_is_measured(public: RestClient, clock: Any) -> None:
    before = public.clock
    clock.advance(-250_000)

    measured = public.measure_clock()

    assert before.ahead_us == 0
    assert isinstance(measured, Offset)
    assert measured == public.clock
    assert measured.ahead_us == 250_000
    assert public.exchange_now() == clock.at + 250_000
    assert public.server_time() == clock.at + 250_000


@pytest.mark.parametrize("timeout_s", [0, -1.0, float("inf"), float("nan")])
def test_a_client_without_a_time_limit_is_refused_at_once(exchange: Any, timeout_s: float) -> None:
    """L121."""
    with pytest.raises(ValueError, match="timeout above 0"):
        RestClient(exchange.endpoint, limiter=RateLimiter(), timeout_s=timeout_s)


def test_a_client_never_shows_its_key(client: RestClient) -> None:
    """A49."""
    assert "test-" not in repr(client) + repr(vars(client))


def test_every_client_keeps_to_its_own_key_and_endpoint(exchange: Any, clock: Any) -> None:
    """L69: a back-fill once asked with the credentials of another environment."""
    exchange.script("/v5/account/info", exchange.ok({"marginMode": "REGULAR_MARGIN"}))
    limiter = RateLimiter()
    clients = [
        RestClient(
            exchange.endpoint,
            Credentials(key=f"key-{number}", secret=f"secret-{number}"),
            limiter=limiter,
            now=clock,
        )
        for number in range(2)
    ]

    for client in (*clients, clients[0]):
        client.account.terms()
        client.close()

    keys = [seen.headers["X-BAPI-API-KEY"] for seen in exchange.seen]
    signatures = [seen.headers["X-BAPI-SIGN"] for seen in exchange.seen]
    assert keys == ["key-0", "key-1", "key-0"]
    assert signatures[0] == signatures[2] != signatures[1]


def test_a_secret_shows_in_no_log_and_no_failure(
    exchange: Any, client: RestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A49: whatever goes wrong, at the most talkative level."""
    caplog.set_level(logging.DEBUG)
    troubles = (
        exchange.coded(10004, "error sign! origin_string[1780000000000test-key5000]"),
        exchange.coded(10016, "Server error"),
        exchange.raw(502, b"<html>"),
        exchange.raw(200, b"nonsense"),
        exchange.dropped(),
        exchange.silent(),
    )
    found = []
    for trouble in troubles:
        exchange.script("/v5/account/info", trouble)
        found.append(client.account.terms())

    assert caplog.text
    assert "test-secret" not in caplog.text + repr(found)
    assert "test-key" not in repr(found)


def test_the_machines_clock_tells_microseconds() -> None:
    assert abs(machine_clock() - time.time_ns() // 1000) < 60 * SECOND_US


def test_a_time_that_has_come_is_not_waited_for() -> None:
    wait_until(Instant(0))
