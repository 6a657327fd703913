"""Funding boundaries are whole multiples of the interval since the epoch (S-1, 18.5)."""

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import HOUR_US, Instant
from simvenue.funding import boundary_after


def test_the_next_boundary_lies_strictly_after_a_boundary() -> None:
    assert boundary_after(Instant(0), 8 * HOUR_US) == 8 * HOUR_US
    assert boundary_after(Instant(8 * HOUR_US - 1), 8 * HOUR_US) == 8 * HOUR_US
    assert boundary_after(Instant(8 * HOUR_US), 8 * HOUR_US) == 16 * HOUR_US


@given(st.integers(0, 10**18), st.sampled_from([1, 2, 4, 8]))
def test_the_next_boundary_is_the_first_multiple_after(at: int, hours: int) -> None:
    interval = hours * HOUR_US

    boundary = boundary_after(Instant(at), interval)

    assert boundary % interval == 0
    assert at < boundary <= at + interval
