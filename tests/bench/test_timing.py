"""Spreads of repeated runs."""

import pytest

from bench.timing import Spread, far_apart, repeated


def test_a_rate_is_that_of_the_median_run(spread: Spread) -> None:
    assert spread.rate(5_000_000) == 10_000_000


def test_the_text_names_median_least_and_most(spread: Spread) -> None:
    assert spread.text() == "500 ms (median of 3, 250 .. 1,000)"


@pytest.mark.parametrize("seconds", [(), (0.0,), (0.1, -0.1)])
def test_a_spread_of_no_time_is_refused(seconds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Spread(seconds=seconds)


def test_a_job_is_repeated_as_often_as_asked_and_its_last_outcome_is_kept() -> None:
    calls: list[int] = []

    def job() -> int:
        calls.append(len(calls))
        return calls[-1]

    measured, outcome = repeated(job, 3)

    assert (len(measured.seconds), outcome) == (3, 2)


@pytest.mark.parametrize(
    ("counts", "apart"), [((100, 102, 101), False), ((100, 103), True), ((0, 0), False)]
)
def test_counts_are_far_apart_when_the_largest_exceeds_the_smallest_by_more_than_the_tolerance(
    counts: tuple[int, ...], apart: bool
) -> None:
    assert far_apart(counts, 0.02) is apart
