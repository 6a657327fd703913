import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.errors import (
    AuthenticationRefused,
    ErrorKind,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unanswered,
)
from bybit_adapter.rate_limiter import BAN_US, WINDOW_US, Lane, RateLimiter
from bybit_adapter.rest import calls
from bybit_adapter.rest.caller import Caller
from bybit_adapter.rest.words import Answer
from bybit_adapter.ws_client.clock import Offset
from gridcore.clock import HOUR_US, SECOND_US, Instant

NOW = Instant(1_780_000_000_000_000)
CREATE = {"category": "linear", "symbol": "BTCUSDT", "qty": "0.010"}


def create(caller: Caller, lane: Lane = Lane.REDUCE) -> Any:
    return caller.call(calls.CREATE, CREATE, lane=lane)


def test_an_answer_carries_its_result_and_both_clocks(exchange: Any, caller: Caller) -> None:
    exchange.script(
        "/v5/account/info",
        exchange.ok({"marginMode": "REGULAR_MARGIN"}, time_ms=1_780_000_000_250),
    )

    answer = caller.call(calls.ACCOUNT, {})

    assert answer == Answer(
        row={"marginMode": "REGULAR_MARGIN"},
        extra={},
        asked_at=NOW,
        exchange_at=Instant(NOW + 250_000),
    )


def test_an_answer_bears_the_time_of_the_clock_that_its_reader_lives_by(
    exchange: Any, clock: Any
) -> None:
    """Two measurements of one clock differ: an answer must not seem older than its question."""
    exchange.script("/v5/market/tickers", exchange.ok({"list": []}))
    session_now = Instant(NOW + 1_500)
    caller = Caller(
        endpoint=exchange.endpoint,
        credentials=None,
        limiter=RateLimiter(),
        now=clock,
        timeout_s=0.4,
        stamp=lambda: session_now,
    )

    answer = caller.call(calls.TICKERS, {"category": "linear"})

    caller.close()
    assert isinstance(answer, Answer)
    assert answer.asked_at == session_now


def test_the_exchanges_time_is_asked_without_reading_the_clock_that_it_will_set(
    exchange: Any, clock: Any
) -> None:
    """A clock that never goes back, read too early, would stand still for months."""

    def read_too_early() -> Instant:
        raise AssertionError("the clock was read before it was set")

    caller = Caller(
        endpoint=exchange.endpoint,
        credentials=None,
        limiter=RateLimiter(),
        now=clock,
        timeout_s=0.4,
        stamp=read_too_early,
    )

    offset = caller.measure_clock()

    caller.close()
    assert isinstance(offset, Offset)


@pytest.mark.parametrize("code", [10000, 10016])
def test_a_server_error_leaves_a_create_open(exchange: Any, caller: Caller, code: int) -> None:
    """L05."""
    exchange.script("/v5/order/create", exchange.coded(code, "Server Timeout"))

    assert create(caller) == OutcomeUnknown(kind=ErrorKind.SERVER, code=code, text="Server Timeout")
    assert len(exchange.requests("/v5/order/create")) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_broken_gateway_leaves_a_create_open(exchange: Any, caller: Caller, status: int) -> None:
    exchange.script("/v5/order/create", exchange.raw(status, b"<html>bad gateway</html>"))

    found = create(caller)

    assert isinstance(found, OutcomeUnknown)
    assert (found.kind, found.code) == (ErrorKind.SERVER, status)


def test_silence_leaves_a_create_open(exchange: Any, caller: Caller) -> None:
    exchange.script("/v5/order/create", exchange.silent())

    found = create(caller)

    assert found == OutcomeUnknown(
        kind=ErrorKind.TIMEOUT,
        code=None,
        text=f"/v5/order/create: no answer of {exchange.url} within 0.4 s",
    )


def test_a_lost_reply_leaves_a_create_open(exchange: Any, caller: Caller) -> None:
    exchange.script("/v5/order/create", exchange.dropped())

    found = create(caller)

    assert isinstance(found, OutcomeUnknown)
    assert found.kind is ErrorKind.LINK


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"OK"',
        b"{}",
        b'{"result": {}}',
        b'{"retCode": null, "retMsg": "OK", "result": {}}',
        b'{"retCode": "0", "retMsg": "OK", "result": {}}',
        b'{"retCode": false, "retMsg": "OK", "result": {}}',
        b'{"retCode": 0, "retMsg": "OK", "result": null}',
        b'{"retCode": 0, "retMsg": "OK", "result": [1]}',
        b"\xff\xfe",
    ],
)
def test_an_answer_that_is_none_of_bybits_leaves_a_create_open(
    exchange: Any, caller: Caller, body: bytes
) -> None:
    exchange.script("/v5/order/create", exchange.raw(200, body))

    found = create(caller)

    assert isinstance(found, OutcomeUnknown)
    assert found.kind is ErrorKind.MALFORMED


def test_a_refused_connection_changed_nothing(clock: Any, credentials: Credentials) -> None:
    """Nothing listens at the port: the create never left."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    caller = Caller(
        endpoint=endpoint(f"http://127.0.0.1:{port}"),
        credentials=credentials,
        limiter=RateLimiter(),
        now=clock,
        timeout_s=1,
    )

    found = create(caller)
    caller.close()

    assert found == Unanswered(
        kind=ErrorKind.NOT_CONNECTED,
        code=None,
        text=f"/v5/order/create: no connection to http://127.0.0.1:{port}",
    )


def test_a_read_without_an_answer_is_unanswered(exchange: Any, caller: Caller) -> None:
    exchange.script("/v5/position/list", exchange.raw(502))

    found = caller.call(calls.POSITIONS, {"category": "linear"})

    assert isinstance(found, Unanswered)


def test_a_refusal_is_a_value_with_its_code(exchange: Any, caller: Caller) -> None:
    exchange.script("/v5/order/create", exchange.coded(110007, "ab not enough for new order"))

    assert create(caller) == Rejected(
        kind=ErrorKind.BALANCE, code=110007, text="ab not enough for new order", retryable=False
    )


@pytest.mark.parametrize("code", [10003, 10004, 10005, 33004])
def test_a_refused_key_is_told_apart(exchange: Any, caller: Caller, code: int) -> None:
    """L115."""
    exchange.script("/v5/order/create", exchange.coded(code, "API key is invalid."))

    assert create(caller) == AuthenticationRefused(code=code, text="API key is invalid.")


def test_without_a_key_a_private_call_does_not_leave(exchange: Any, clock: Any) -> None:
    caller = Caller(endpoint=exchange.endpoint, credentials=None, limiter=RateLimiter(), now=clock)

    found = caller.call(calls.WALLET, {})

    assert isinstance(found, AuthenticationRefused)
    assert found.code is None
    assert exchange.seen == []


# -- limits ------------------------------------------------------------------------------------


def test_too_many_visits_pause_the_endpoint_until_the_header_says(
    exchange: Any, caller: Caller, clock: Any
) -> None:
    """A22."""
    headers = {
        "X-Bapi-Limit": "10",
        "X-Bapi-Limit-Status": "0",
        "X-Bapi-Limit-Reset-Timestamp": "1780000000800",
    }
    exchange.script(
        "/v5/order/create",
        exchange.coded(10006, "Too many visits!", headers=headers),
        exchange.ok({"orderId": "1"}),
    )

    found = create(caller)
    again = create(caller)
    clock.advance(800_000)
    later = create(caller)

    assert found == RateLimited(
        not_before=Instant(NOW + 800_000),
        everything=False,
        code=10006,
        text="Too many visits!",
    )
    assert isinstance(again, RateLimited)
    assert (again.code, again.not_before) == (None, Instant(NOW + 800_000))
    assert isinstance(later, Answer)
    assert len(exchange.requests("/v5/order/create")) == 2


def test_a_403_stops_every_call_for_ten_minutes(exchange: Any, caller: Caller, clock: Any) -> None:
    exchange.script("/v5/position/list", exchange.raw(403, b"access too frequent"))

    found = caller.call(calls.POSITIONS, {"category": "linear"})
    clock.advance(BAN_US - 1)
    held = caller.call(calls.SERVER_TIME, {})
    clock.advance(1)

    assert isinstance(found, RateLimited)
    assert (found.code, found.everything, found.not_before) == (403, True, NOW + BAN_US)
    assert isinstance(held, RateLimited)
    assert isinstance(caller.call(calls.SERVER_TIME, {}), Answer)


def test_an_overloaded_exchange_is_left_alone_for_a_while(exchange: Any, caller: Caller) -> None:
    exchange.script("/v5/position/list", exchange.raw(429))

    found = caller.call(calls.POSITIONS, {"category": "linear"})

    assert isinstance(found, RateLimited)
    assert (found.everything, found.not_before) == (True, NOW + SECOND_US)


def test_the_budget_holds_requests_back_without_sleeping(exchange: Any, caller: Caller) -> None:
    """A22: the trading loop is never slept through."""
    exchange.script("/v5/order/create", exchange.ok({"orderId": "1"}))

    found = [create(caller) for _ in range(11)]

    assert [isinstance(one, Answer) for one in found] == [True] * 10 + [False]
    assert found[-1] == RateLimited(
        not_before=Instant(NOW + WINDOW_US),
        everything=False,
        code=None,
        text="held back: the budget of /v5/order/create",
    )
    assert len(exchange.requests("/v5/order/create")) == 10


@pytest.fixture
def patient(
    exchange: Any, clock: Any, credentials: Credentials
) -> Iterator[tuple[Caller, list[Instant]]]:
    """A caller whose program may block, and the times until which it has waited."""
    waited: list[Instant] = []

    def wait(at: Instant) -> None:
        waited.append(at)
        clock.at = at

    caller = Caller(
        endpoint=exchange.endpoint,
        credentials=credentials,
        limiter=RateLimiter(),
        now=clock,
        wait=wait,
    )
    yield caller, waited
    caller.close()


def test_a_program_that_may_block_sits_a_short_pause_out(
    exchange: Any, patient: tuple[Caller, list[Instant]]
) -> None:
    caller, waited = patient
    exchange.script("/v5/account/fee-rate", exchange.ok())

    found = [caller.call(calls.FEE_RATES, {}) for _ in range(6)]

    assert all(isinstance(one, Answer) for one in found)
    assert waited == [Instant(NOW + WINDOW_US)]


def test_a_long_pause_is_told_and_not_sat_out(
    exchange: Any, patient: tuple[Caller, list[Instant]]
) -> None:
    caller, waited = patient
    exchange.script("/v5/account/fee-rate", exchange.raw(403))

    found = [caller.call(calls.FEE_RATES, {}) for _ in range(2)]

    assert all(isinstance(one, RateLimited) for one in found)
    assert waited == []
    assert len(exchange.seen) == 1


def test_callers_of_one_key_share_its_budget(
    exchange: Any, clock: Any, credentials: Credentials
) -> None:
    limiter = RateLimiter()
    callers = [
        Caller(endpoint=exchange.endpoint, credentials=credentials, limiter=limiter, now=clock)
        for _ in range(2)
    ]
    exchange.script("/v5/account/fee-rate", exchange.ok())

    found = [callers[number % 2].call(calls.FEE_RATES, {}) for number in range(6)]
    for one in callers:
        one.close()

    assert [isinstance(one, Answer) for one in found] == [True] * 5 + [False]


# -- clock -------------------------------------------------------------------------------------


def test_a_wrong_clock_is_measured_and_the_request_repeated_once(
    exchange: Any, caller: Caller, clock: Any
) -> None:
    """A30, and 10002 of live.md 1.7."""
    clock.advance(HOUR_US)
    exchange.script(
        "/v5/order/create",
        exchange.coded(10002, "invalid request, please check your server timestamp"),
        exchange.ok({"orderId": "1"}),
    )

    found = create(caller)

    first, second = exchange.requests("/v5/order/create")
    assert isinstance(found, Answer)
    assert first.headers["X-BAPI-TIMESTAMP"] == "1780003600000"
    assert second.headers["X-BAPI-TIMESTAMP"] == "1780000000000"
    assert first.body == second.body
    assert caller.clock.ahead_us == -HOUR_US


def test_a_clock_that_stays_wrong_is_told_after_one_repetition(
    exchange: Any, caller: Caller
) -> None:
    exchange.script("/v5/order/create", exchange.coded(10002, "check your server timestamp"))

    found = create(caller)

    assert isinstance(found, Rejected)
    assert (found.kind, found.retryable) == (ErrorKind.CLOCK, True)
    assert len(exchange.requests("/v5/order/create")) == 2


def test_a_clock_that_cannot_be_measured_leaves_the_refusal(exchange: Any, caller: Caller) -> None:
    exchange.script("/v5/order/create", exchange.coded(10002, "check your server timestamp"))
    exchange.script("/v5/market/time", exchange.raw(500))

    found = create(caller)

    assert isinstance(found, Rejected)
    assert len(exchange.requests("/v5/order/create")) == 1


def test_the_offset_is_measured_from_the_exchanges_time(
    exchange: Any, caller: Caller, clock: Any
) -> None:
    clock.advance(-1_500_000)

    assert caller.measure_clock() == Offset(ahead_us=1_500_000, round_trip_us=0)
    assert caller.exchange_now() == NOW
    assert len(exchange.requests("/v5/market/time")) == 3


@pytest.mark.parametrize("nano", [None, 5, "", "x"])
def test_a_time_that_cannot_be_read_is_no_answer(exchange: Any, caller: Caller, nano: Any) -> None:
    exchange.script("/v5/market/time", exchange.ok({"timeNano": nano}))

    found = caller.measure_clock()

    assert isinstance(found, Unanswered)
    assert found.kind is ErrorKind.MALFORMED
    assert caller.clock.ahead_us == 0


# -- the rest ----------------------------------------------------------------------------------


def test_threads_that_come_and_go_leave_no_connection_behind(exchange: Any, caller: Caller) -> None:
    """A daemon measures its clock in a new thread every minute: a socket each, and it ends."""
    exchange.script("/v5/account/info", exchange.ok())

    for _ in range(5):
        thread = threading.Thread(target=caller.call, args=(calls.ACCOUNT, {}))
        thread.start()
        thread.join()

    assert len(exchange.seen) == 5
    assert len({seen.peer for seen in exchange.seen}) == 1


def test_calls_at_the_same_time_do_not_share_a_connection(exchange: Any, caller: Caller) -> None:
    together = threading.Barrier(4)

    def answer(_seen: Any) -> Any:
        together.wait(10)
        return exchange.ok()

    exchange.script("/v5/account/info", answer)
    threads = [threading.Thread(target=caller.call, args=(calls.ACCOUNT, {})) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({seen.peer for seen in exchange.seen}) == 4


def test_calls_of_many_threads_are_all_answered(exchange: Any, caller: Caller) -> None:
    exchange.script("/v5/account/info", exchange.ok())
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(caller.call(calls.ACCOUNT, {})))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [isinstance(one, Answer) for one in found] == [True] * 8


def test_absent_parameters_are_not_sent(exchange: Any, caller: Caller) -> None:
    exchange.script("/v5/position/list", exchange.ok())

    caller.call(calls.POSITIONS, {"category": "linear", "symbol": None})

    assert exchange.seen[0].query == "category=linear"


def test_a_failures_text_never_shows_the_secret(exchange: Any, caller: Caller) -> None:
    """A49."""
    exchange.script("/v5/order/create", exchange.dropped())

    found = create(caller)

    assert "test-secret" not in repr(found)
    assert "test-key" not in repr(found)


@pytest.mark.parametrize("window_ms", [0, -1])
def test_a_receive_window_must_be_above_zero(exchange: Any, clock: Any, window_ms: int) -> None:
    with pytest.raises(ValueError, match="receive window"):
        Caller(
            endpoint=exchange.endpoint,
            credentials=None,
            limiter=RateLimiter(),
            now=clock,
            recv_window_ms=window_ms,
        )
