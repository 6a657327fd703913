"""Rate limits per account and path, and the limit per address (bybit.md A.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.rest.limits import AddressLimit, RateLimits, caps_of

CREATE = "/v5/order/create"
MS = 1000


@pytest.mark.parametrize(("vip_level", "cap"), [(0, 10), (1, 20), (2, 40), (3, 60), (5, 60)])
def test_order_caps_rise_with_the_vip_level(vip_level: int, cap: int) -> None:
    assert caps_of(vip_level)[CREATE] == cap
    assert caps_of(vip_level)["/v5/order/realtime"] == 50


def test_the_headers_show_cap_remainder_and_now_while_there_is_room() -> None:
    limits = RateLimits({CREATE: 10})

    grant = limits.take(1, CREATE, 1, 5_000_000)

    assert grant.units == 1
    assert grant.headers == {
        "X-Bapi-Limit": "10",
        "X-Bapi-Limit-Status": "9",
        "X-Bapi-Limit-Reset-Timestamp": "5000",
    }


def test_the_eleventh_in_a_second_is_refused_and_told_when_the_oldest_leaves() -> None:
    limits = RateLimits({CREATE: 10})
    for number in range(10):
        limits.take(1, CREATE, 1, 5_000_500 + number * MS)

    grant = limits.take(1, CREATE, 1, 5_100_000)

    assert grant.units == 0
    assert grant.headers["X-Bapi-Limit-Status"] == "0"
    assert grant.headers["X-Bapi-Limit-Reset-Timestamp"] == "6001"


def test_the_window_rolls_and_a_refusal_does_not_fill_it() -> None:
    limits = RateLimits({CREATE: 2})
    limits.take(1, CREATE, 1, 0)
    limits.take(1, CREATE, 1, 600 * MS)
    refused = [limits.take(1, CREATE, 1, at * MS).units for at in (700, 800, 900)]

    after = [limits.take(1, CREATE, 1, at * MS).units for at in (1000, 1001, 1600)]

    assert refused == [0, 0, 0]
    assert after == [1, 0, 1]


def test_a_clock_of_its_own_wins_over_the_wall_clock() -> None:
    now_us = [0]
    limits = RateLimits({CREATE: 1}, lambda: now_us[0])

    first, second = (limits.take(1, CREATE, 1, wall) for wall in (0, 5_000_000))
    now_us[0] = 1_000_000
    third = limits.take(1, CREATE, 1, 0)

    assert (first.units, second.units, third.units) == (1, 0, 1)
    assert third.headers["X-Bapi-Limit-Reset-Timestamp"] == "1000"


def test_a_batch_takes_what_is_left() -> None:
    limits = RateLimits({CREATE: 10})
    limits.take(1, CREATE, 7, 0)

    grant = limits.take(1, CREATE, 5, 0)

    assert grant.units == 3
    assert grant.headers["X-Bapi-Limit-Reset-Timestamp"] == "1000"


def test_accounts_and_paths_do_not_share_windows() -> None:
    limits = RateLimits({CREATE: 1, "/v5/order/cancel": 1})
    limits.take(1, CREATE, 1, 0)

    assert limits.take(2, CREATE, 1, 0).units == 1
    assert limits.take(1, "/v5/order/cancel", 1, 0).units == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 400_000), st.integers(1, 4)),
        min_size=1,
        max_size=60,
    )
)
def test_no_second_ever_holds_more_than_the_cap(asked: list[tuple[int, int]]) -> None:
    limits = RateLimits({CREATE: 5})
    granted: list[int] = []
    now = 0
    for later, units in asked:
        now += later
        granted += [now] * limits.take(1, CREATE, units, now).units

    for index in range(len(granted) - 5):
        assert granted[index + 5] - granted[index] >= 1_000_000


def test_the_601st_request_in_five_seconds_shuts_the_door_for_ten_minutes() -> None:
    addresses = AddressLimit()
    admitted = [addresses.admits("a", number * MS) for number in range(600)]

    last = addresses.admits("a", 4_999_999)
    while_shut = addresses.admits("a", 4_999_999 + 600_000_000 - 1)
    after = addresses.admits("a", 4_999_999 + 600_000_000)

    assert all(admitted)
    assert (last, while_shut, after) == (False, False, True)


def test_600_requests_in_every_five_seconds_are_admitted_for_ever() -> None:
    addresses = AddressLimit()

    assert all(addresses.admits("a", number * 5_000_000 // 600) for number in range(3000))


def test_addresses_are_counted_apart_and_the_limit_can_be_off() -> None:
    one, off = AddressLimit(1), AddressLimit(None)
    one.admits("a", 0)

    assert one.admits("b", 0)
    assert not one.admits("a", 0)
    assert all(off.admits("a", 0) for _ in range(1000))
