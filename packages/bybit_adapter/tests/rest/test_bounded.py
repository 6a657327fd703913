from typing import Any

import pytest
import requests

from bybit_adapter.rest.bounded import BoundedAdapter


@pytest.fixture
def session() -> Any:
    """A session of requests whose answers are bounded."""
    with requests.Session() as one:
        one.trust_env = False
        one.mount("http://", BoundedAdapter())
        yield one


def test_an_answer_that_comes_a_byte_at_a_time_ends_with_the_time_limit(
    exchange: Any, session: requests.Session
) -> None:
    """L121: each byte came in time, the answer never."""
    exchange.script("/drip", exchange.dripping())

    with pytest.raises(requests.exceptions.ReadTimeout, match="no whole answer"):
        session.get(f"{exchange.url}/drip", timeout=0.3)


def test_a_whole_answer_is_read_and_the_connection_used_again(
    exchange: Any, session: requests.Session
) -> None:
    exchange.script("/a", exchange.raw(200, b"x" * 700_000))
    exchange.script("/b", exchange.raw(200, b""))

    assert session.get(f"{exchange.url}/a", timeout=5).content == b"x" * 700_000
    assert session.get(f"{exchange.url}/b", timeout=5).text == ""


def test_an_answer_that_breaks_off_within_its_body_is_a_broken_connection(
    exchange: Any, session: requests.Session
) -> None:
    """urllib3's own errors would pass every caller that knows requests' errors."""
    exchange.script("/a", exchange.cut())

    with pytest.raises(requests.exceptions.ConnectionError):
        session.get(f"{exchange.url}/a", timeout=5)


def test_an_answer_that_stands_still_within_its_body_ends_with_the_time_limit(
    exchange: Any, session: requests.Session
) -> None:
    exchange.script("/a", exchange.cut(hold=True))

    with pytest.raises(requests.exceptions.ReadTimeout):
        session.get(f"{exchange.url}/a", timeout=0.3)


def test_an_answer_that_cannot_be_unpacked_is_a_broken_connection(
    exchange: Any, session: requests.Session
) -> None:
    exchange.script("/a", exchange.raw(200, b"no gzip", **{"Content-Encoding": "gzip"}))

    with pytest.raises(requests.exceptions.ConnectionError):
        session.get(f"{exchange.url}/a", timeout=5)


def test_an_answer_beyond_all_measure_is_refused(exchange: Any, session: requests.Session) -> None:
    session.mount("http://", BoundedAdapter(body_bytes_max=1000))
    exchange.script("/a", exchange.raw(200, b"x" * 1001))

    with pytest.raises(requests.exceptions.ConnectionError, match="too large"):
        session.get(f"{exchange.url}/a", timeout=5)


def test_a_request_without_a_time_limit_is_a_defect(
    exchange: Any, session: requests.Session
) -> None:
    with pytest.raises(AssertionError):
        session.get(f"{exchange.url}/a")
