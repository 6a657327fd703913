import time
from collections.abc import Iterator
from typing import Any

import pytest

from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.clock_offset import ClockOffset
from bybit_adapter.rest_client import RestClient, machine_clock, wait_until
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

    assert before.offset_us == 0
    assert isinstance(measured, ClockOffset)
    assert measured == public.clock
    assert measured.offset_us == 250_000
    assert public.exchange_now() == clock.at + 250_000


@pytest.mark.parametrize("timeout_s", [0, -1.0, float("inf"), float("nan")])
def test_a_client_without_a_time_limit_is_refused_at_once(exchange: Any, timeout_s: float) -> None:
    """L121."""
    with pytest.raises(ValueError, match="timeout above 0"):
        RestClient(exchange.endpoint, limiter=RateLimiter(), timeout_s=timeout_s)


def test_a_client_never_shows_its_key(client: RestClient) -> None:
    """A49."""
    assert "test-" not in repr(client) + repr(vars(client))


def test_the_machines_clock_tells_microseconds() -> None:
    assert abs(machine_clock() - time.time_ns() // 1000) < 60 * SECOND_US


def test_a_time_that_has_come_is_not_waited_for() -> None:
    wait_until(Instant(0))
