"""Waits between attempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.ws_client.backoff import Backoff
from gridcore.clock import SECOND_US

DRAWS = st.floats(min_value=0, max_value=1, exclude_max=True)


def test_the_waits_double_from_one_second_to_thirty() -> None:
    backoff = Backoff(SECOND_US, 30 * SECOND_US, lambda: 0.5)

    waits = [backoff.next_us() for _ in range(7)]

    assert [wait / SECOND_US for wait in waits] == [1.5, 3, 6, 12, 22.5, 22.5, 22.5]


def test_a_success_starts_over() -> None:
    backoff = Backoff(SECOND_US, 30 * SECOND_US, lambda: 0.0)
    for _ in range(5):
        backoff.next_us()

    backoff.succeeded()

    assert backoff.next_us() == SECOND_US


@given(draws=st.lists(DRAWS, min_size=1, max_size=60))
def test_no_wait_is_ever_outside_its_bounds(draws: list[float]) -> None:
    backoff = Backoff(SECOND_US, 30 * SECOND_US, iter(draws).__next__)

    waits = [backoff.next_us() for _ in draws]

    assert all(SECOND_US <= wait <= 30 * SECOND_US for wait in waits)


@given(first=DRAWS, second=DRAWS)
def test_two_clients_of_one_lost_server_return_apart(first: float, second: float) -> None:
    one = Backoff(SECOND_US, 30 * SECOND_US, lambda: first)
    other = Backoff(SECOND_US, 30 * SECOND_US, lambda: second)

    gap = one.next_us() - other.next_us()

    assert gap == int(SECOND_US * first) - int(SECOND_US * second)


@pytest.mark.parametrize(("least", "most"), [(0, 1), (-1, 1), (2, 1)])
def test_bounds_that_are_none_are_refused(least: int, most: int) -> None:
    with pytest.raises(ValueError, match="correct Timing"):
        Backoff(least, most, lambda: 0.0)
