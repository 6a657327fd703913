import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.rate_limiter import (
    ADDRESS_CAP,
    BAN_US,
    CAPS,
    WINDOW_US,
    Lane,
    NotBefore,
    RateHeaders,
    RateLimiter,
    read_headers,
)
from bybit_adapter.rest.calls import ALL_CALLS
from gridcore.clock import MINUTE_US, SECOND_US, Instant

NOW = Instant(1_780_000_000_000_000)
CREATE = "/v5/order/create"
CANCEL = "/v5/order/cancel"
REALTIME = "/v5/order/realtime"
MARKET = "/v5/market/tickers"
SILENT = RateHeaders(limit=None, remaining=None, reset_at=None)


def later(microseconds: int) -> Instant:
    return Instant(NOW + microseconds)


def taken(limiter: RateLimiter, lane: Lane, path: str = CREATE, now: Instant = NOW) -> int:
    """How many requests may leave at once."""
    for count in range(2000):
        if limiter.take("key", path, lane, now) is not None:
            return count
    raise AssertionError("no end")


def test_a_full_endpoint_says_when_the_oldest_request_leaves_the_window() -> None:
    limiter = RateLimiter()
    for number in range(10):
        assert limiter.take("key", CREATE, Lane.REDUCE, later(number * 1000)) is None

    found = limiter.take("key", CREATE, Lane.REDUCE, later(20_000))

    assert found == NotBefore(
        at=later(WINDOW_US), everything=False, reason="the budget of /v5/order/create"
    )
    assert limiter.take("key", CREATE, Lane.REDUCE, later(WINDOW_US)) is None
    assert limiter.take("key", CREATE, Lane.REDUCE, later(WINDOW_US)) is not None


def test_opens_leave_room_for_orders_that_reduce() -> None:
    """A22: cancel before reduce-only before open before query."""
    limiter = RateLimiter()

    assert taken(limiter, Lane.OPEN) == 8
    assert taken(limiter, Lane.REDUCE) == 2


def test_cancels_have_a_budget_of_their_own() -> None:
    limiter = RateLimiter()
    taken(limiter, Lane.REDUCE)

    assert taken(limiter, Lane.CANCEL, CANCEL) == 10


def test_queries_leave_room_in_the_addresss_budget_for_orders_and_cancels() -> None:
    limiter = RateLimiter()

    assert taken(limiter, Lane.QUERY, MARKET) == ADDRESS_CAP * 80 // 100
    assert limiter.take("key", CREATE, Lane.OPEN, NOW) is None
    found = limiter.take("key", MARKET, Lane.QUERY, NOW)
    assert found is not None
    assert found.everything
    assert found.at == later(5 * SECOND_US + 50_000)


def test_keys_have_budgets_of_their_own_and_share_the_address() -> None:
    limiter = RateLimiter(address_cap=12)
    taken(limiter, Lane.REDUCE)

    assert limiter.take("other", CREATE, Lane.REDUCE, NOW) is None
    assert limiter.take("third", CREATE, Lane.REDUCE, NOW) is not None


def test_a_batch_counts_its_orders_and_the_address_its_requests() -> None:
    limiter = RateLimiter(address_cap=100)
    path = "/v5/order/create-batch"

    assert limiter.take("key", path, Lane.REDUCE, NOW, cost=7) is None
    assert limiter.take("key", path, Lane.REDUCE, NOW, cost=4) is not None
    assert limiter.take("key", path, Lane.REDUCE, NOW, cost=3) is None
    assert limiter.room("key", MARKET, Lane.CANCEL, NOW) == 98


def test_a_batch_larger_than_the_budget_waits_for_an_empty_window_and_then_leaves() -> None:
    limiter = RateLimiter()
    path = "/v5/order/create-batch"
    limiter.take("key", path, Lane.REDUCE, NOW)

    found = limiter.take("key", path, Lane.REDUCE, later(1), cost=20)

    assert found is not None
    assert found.at == later(WINDOW_US)
    assert limiter.take("key", path, Lane.REDUCE, found.at, cost=20) is None


def test_the_headers_raise_the_cap() -> None:
    limiter = RateLimiter()

    limiter.observe("key", CREATE, RateHeaders(limit=20, remaining=20, reset_at=None), NOW)

    assert limiter.room("key", CREATE, Lane.REDUCE, NOW) == 20


def test_what_others_used_with_the_same_key_is_learnt_from_the_headers() -> None:
    limiter = RateLimiter()
    limiter.take("key", CREATE, Lane.REDUCE, NOW)

    limiter.observe("key", CREATE, RateHeaders(limit=10, remaining=3, reset_at=None), later(1000))

    assert limiter.room("key", CREATE, Lane.REDUCE, later(1000)) == 3
    assert limiter.room("key", CREATE, Lane.REDUCE, later(1000 + WINDOW_US)) == 10


def test_a_budget_that_others_have_used_up_says_when_that_ends() -> None:
    limiter = RateLimiter()
    limiter.observe("key", CREATE, RateHeaders(limit=10, remaining=0, reset_at=None), NOW)

    found = limiter.take("key", CREATE, Lane.REDUCE, later(1000))

    assert found is not None
    assert found.at == later(WINDOW_US)
    assert limiter.take("key", CREATE, Lane.REDUCE, found.at) is None


def test_requests_that_are_still_under_way_are_not_counted_twice() -> None:
    limiter = RateLimiter()
    limiter.take("key", CREATE, Lane.REDUCE, NOW)
    limiter.take("key", CREATE, Lane.REDUCE, NOW)

    limiter.observe("key", CREATE, RateHeaders(limit=10, remaining=9, reset_at=None), later(1))

    assert limiter.room("key", CREATE, Lane.REDUCE, later(1)) == 8


def test_a_refusal_pauses_the_endpoint_until_the_time_that_the_header_names() -> None:
    """A22: 10006 injected; the lane is paused until the reset."""
    limiter = RateLimiter()
    reset = RateHeaders(limit=10, remaining=0, reset_at=later(700_000))

    found = limiter.refused("key", CREATE, reset, NOW)

    assert (found.at, found.everything) == (later(700_000), False)
    assert limiter.take("key", CREATE, Lane.REDUCE, later(699_999)) == NotBefore(
        at=later(700_000), everything=False, reason="the budget of /v5/order/create"
    )
    assert limiter.take("key", CANCEL, Lane.CANCEL, NOW) is None
    assert limiter.take("key", CREATE, Lane.REDUCE, later(700_000)) is None


@pytest.mark.parametrize("reset_us", [-1, 0, MINUTE_US + 1])
def test_a_reset_in_the_past_or_far_away_is_not_believed(reset_us: int) -> None:
    limiter = RateLimiter()
    headers = RateHeaders(limit=10, remaining=0, reset_at=later(reset_us))

    assert limiter.refused("key", CREATE, headers, NOW).at == later(SECOND_US)


def test_refusals_in_a_row_double_the_pause_up_to_a_minute() -> None:
    limiter = RateLimiter()
    headers = RateHeaders(limit=10, remaining=0, reset_at=None)
    now, pauses = NOW, []
    for _ in range(9):
        until = limiter.refused("key", CREATE, headers, now).at
        pauses.append((until - now) // SECOND_US)
        now = until

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_an_answer_ends_the_row_of_refusals() -> None:
    limiter = RateLimiter()
    headers = RateHeaders(limit=10, remaining=0, reset_at=None)
    limiter.refused("key", CREATE, headers, NOW)
    limiter.observe("key", CREATE, SILENT, later(SECOND_US))

    found = limiter.refused("key", CREATE, headers, later(SECOND_US))

    assert found.at == later(2 * SECOND_US)


def test_a_refusal_without_headers_is_about_the_address_and_pauses_everything() -> None:
    """bybit.md A.2: the three headers are absent where the address was too fast."""
    limiter = RateLimiter()

    found = limiter.refused("key", CREATE, SILENT, NOW)

    assert found == NotBefore(at=later(SECOND_US), everything=True, reason="too many requests")
    assert limiter.take("other", MARKET, Lane.CANCEL, later(SECOND_US - 1)) is not None
    assert limiter.take("other", MARKET, Lane.CANCEL, later(SECOND_US)) is None


def test_a_ban_stops_everything_for_ten_minutes() -> None:
    limiter = RateLimiter()

    assert limiter.banned(NOW).at == later(10 * MINUTE_US)

    for path in (CREATE, CANCEL, REALTIME, MARKET):
        found = limiter.take("key", path, Lane.CANCEL, later(10 * MINUTE_US - 1))
        assert found is not None
        assert found.everything
    assert limiter.room("key", CANCEL, Lane.CANCEL, NOW) == 0
    assert limiter.take("key", CANCEL, Lane.CANCEL, later(BAN_US)) is None


def test_an_overloaded_exchange_pauses_everything_for_a_while() -> None:
    limiter = RateLimiter()

    assert limiter.overloaded(NOW) == NotBefore(
        at=later(SECOND_US), everything=True, reason="the exchange asks for a pause"
    )
    assert limiter.overloaded(later(SECOND_US)).at == later(3 * SECOND_US)


def test_a_clock_that_goes_back_an_hour_does_not_stop_us_for_an_hour() -> None:
    """A30."""
    limiter = RateLimiter()
    taken(limiter, Lane.REDUCE)
    limiter.banned(NOW)
    back = later(-60 * MINUTE_US)

    found = limiter.take("key", CREATE, Lane.REDUCE, back)

    assert found is not None
    assert found.at == back + BAN_US
    fresh = RateLimiter()
    taken(fresh, Lane.REDUCE)
    fresh.take("key", CREATE, Lane.REDUCE, back)
    assert fresh.take("key", CREATE, Lane.REDUCE, Instant(back + WINDOW_US)) is None


def test_every_private_call_has_a_budget() -> None:
    assert {call.path for call in ALL_CALLS if call.private} == set(CAPS)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, SILENT),
        ({"X-Bapi-Limit": "", "X-Bapi-Limit-Status": "x"}, SILENT),
        ({"X-Bapi-Limit": "0"}, SILENT),
        ({"X-Bapi-Limit-Status": "-1"}, SILENT),
        (
            {
                "X-Bapi-Limit": "10",
                "X-Bapi-Limit-Status": "9",
                "X-Bapi-Limit-Reset-Timestamp": "1780000000123",
            },
            RateHeaders(limit=10, remaining=9, reset_at=later(123_000)),
        ),
    ],
)
def test_headers_are_read_where_they_can_be(headers: dict[str, str], found: RateHeaders) -> None:
    assert read_headers(headers) == found


def test_the_reset_is_told_by_our_clock() -> None:
    headers = {"X-Bapi-Limit-Reset-Timestamp": "1780000000123"}

    assert read_headers(headers, offset_us=100_000).reset_at == later(23_000)


@given(
    st.lists(
        st.tuples(st.integers(0, 400_000), st.sampled_from(Lane), st.integers(1, 4)), max_size=60
    )
)
def test_no_window_ever_holds_more_than_the_cap(
    asked: list[tuple[int, Lane, int]],
) -> None:
    limiter = RateLimiter()
    now, left = NOW, []
    for gap, lane, cost in asked:
        now = Instant(now + gap)
        found = limiter.take("key", CREATE, lane, now, cost)
        if found is None:
            left.append((now, cost))
        else:
            assert found.at > now
    for at, _ in left:
        window = sum(cost for sent, cost in left if at <= sent < at + SECOND_US)
        assert window <= 10


@given(st.integers(1, 20), st.integers(0, 2 * SECOND_US), st.sampled_from(Lane))
def test_what_was_held_back_may_leave_at_the_named_time(
    cost: int, wait_us: int, lane: Lane
) -> None:
    limiter = RateLimiter()
    limiter.take("key", CREATE, Lane.REDUCE, NOW, 6)
    now = later(wait_us)

    found = limiter.take("key", CREATE, lane, now, cost)

    if found is not None:
        assert limiter.take("key", CREATE, lane, found.at, cost) is None


def test_threads_together_take_no_more_than_there_is() -> None:
    limiter = RateLimiter()
    taken_by: list[int] = []
    threads = [
        threading.Thread(target=lambda: taken_by.append(taken(limiter, Lane.QUERY, REALTIME)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(taken_by) == 50
