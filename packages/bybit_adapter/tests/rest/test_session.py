import hashlib
import hmac
import logging
from collections.abc import Callable
from typing import Any

import pytest
import requests

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import MAINNET, Endpoint
from bybit_adapter.rest.session import PybitSession, Reply, checked_timeout
from gridcore.clock import Instant

Make = Callable[..., PybitSession]
NOW = Instant(1_780_000_000_123_456)


@pytest.fixture
def make(exchange: Any, credentials: Credentials) -> Any:
    """Makes sessions of the scripted exchange, and closes them."""
    made: list[PybitSession] = []

    def session(endpoint: Endpoint | None = None, **changes: Any) -> PybitSession:
        options: dict[str, Any] = {
            "endpoint": endpoint or exchange.endpoint,
            "credentials": credentials,
            "timeout_s": 0.4,
            "recv_window_ms": 5000,
            "exchange_now": lambda: NOW,
        }
        made.append(PybitSession(**(options | changes)))
        return made[-1]

    yield session
    for one in made:
        one.close()


def expected_signature(payload: str) -> str:
    text = f"1780000000123test-key5000{payload}"
    return hmac.new(b"test-secret", text.encode(), hashlib.sha256).hexdigest()


def test_a_query_is_signed_as_it_goes_over_the_wire(exchange: Any, make: Make) -> None:
    """bybit.md A.1: the text after the question mark; pybit signs it before it is encoded."""
    exchange.script("/v5/order/realtime", exchange.ok())
    cursor = "page_args%3Dfd4300ae%26symbol%3D6%26"

    make().get_open_orders(category="linear", symbol="A B", cursor=cursor)

    (seen,) = exchange.requests("/v5/order/realtime")
    assert seen.query == f"category=linear&cursor={cursor}&symbol=A%20B"
    assert seen.headers["X-BAPI-SIGN"] == expected_signature(seen.query)
    assert seen.headers["X-BAPI-TIMESTAMP"] == "1780000000123"
    assert seen.headers["X-BAPI-RECV-WINDOW"] == "5000"


def test_a_body_is_signed_as_it_goes_over_the_wire(exchange: Any, make: Make) -> None:
    exchange.script("/v5/order/create", exchange.ok())

    make().place_order(category="linear", symbol="BTCUSDT", qty="0.010")

    (seen,) = exchange.requests("/v5/order/create")
    assert seen.headers["X-BAPI-SIGN"] == expected_signature(seen.body)


def test_a_public_call_is_not_signed(exchange: Any, make: Make) -> None:
    make(credentials=None).get_server_time()

    (seen,) = exchange.requests("/v5/market/time")
    assert "X-BAPI-SIGN" not in seen.headers


@pytest.mark.parametrize("code", [10002, 10006])
def test_pybits_sleeping_retries_are_off(exchange: Any, make: Make, code: int) -> None:
    """bybit.md C.6: it would sleep for seconds and lose the code."""
    exchange.script("/v5/market/tickers", exchange.coded(code, "Too many visits!"))

    reply = make().get_tickers(category="linear")

    assert isinstance(reply, Reply)
    assert len(exchange.requests("/v5/market/tickers")) == 1


@pytest.mark.parametrize("status", [403, 500, 200])
def test_every_answer_comes_back_as_it_came(exchange: Any, make: Make, status: int) -> None:
    exchange.script("/v5/market/tickers", exchange.raw(status, b"<html>", **{"X-Bapi-Limit": "7"}))

    reply = make().get_tickers(category="linear")

    assert (reply.status, reply.body, reply.headers["x-bapi-limit"]) == (status, b"<html>", "7")


def test_a_redirection_is_not_followed(exchange: Any, make: Make) -> None:
    target = exchange.raw(307, Location=f"{exchange.url}/elsewhere")
    exchange.script("/v5/order/create", target)

    with pytest.raises(requests.exceptions.TooManyRedirects):
        make().place_order(category="linear", symbol="BTCUSDT", qty="1")

    assert [one.path for one in exchange.seen] == ["/v5/order/create"]


def test_a_timeout_ends_the_call_and_nothing_is_repeated(exchange: Any, make: Make) -> None:
    """L121."""
    exchange.script("/v5/order/create", exchange.silent())

    with pytest.raises(requests.exceptions.ReadTimeout):
        make().place_order(category="linear", symbol="BTCUSDT", qty="1")

    assert len(exchange.seen) == 1


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan"), float("inf")])
def test_a_call_without_a_time_limit_cannot_be_made(make: Make, timeout_s: float) -> None:
    """L121."""
    with pytest.raises(ValueError, match="timeout above 0"):
        make(timeout_s=timeout_s)


def test_a_fraction_of_a_second_stays(make: Make) -> None:
    """L122: 10.5 s silently became 10."""
    assert make(timeout_s=10.5).timeout == 10.5
    assert checked_timeout(10.5) == 10.5


def test_a_session_never_shows_its_secret(make: Make) -> None:
    """A49: pybit's own repr prints key and secret."""
    assert "test-" not in repr(make())


def test_a_session_adds_no_printer_to_the_programs_logging(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pybit adds one for every object where the program has set up no logging."""
    monkeypatch.setattr(logging.root, "handlers", [])
    logger = logging.getLogger("pybit._http_manager")
    chosen = logging.NullHandler()
    logger.addHandler(chosen)

    make()

    found = list(logger.handlers)
    logger.removeHandler(chosen)
    assert chosen in found
    assert all(isinstance(one, logging.NullHandler) for one in found)


def test_no_proxy_lies_between_us_and_our_own_machine(make: Make) -> None:
    assert make().client.trust_env is False
    assert make(endpoint=MAINNET).client.trust_env is True
