"""Equity against equity (C-7): buckets of time, and cash refused beside it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparator.equity import Basis, EquityCurve, EquityPoint, divergence_of, resample
from gridcore.clock import HOUR_US, Instant

POINTS = st.lists(st.tuples(st.integers(0, 500), st.integers(-(10**6), 10**6)), max_size=20)


def curve(*points: tuple[int, int | str], basis: Basis = Basis.EQUITY) -> EquityCurve:
    return EquityCurve.of(((Instant(at), Decimal(amount)) for at, amount in points), basis)


def point(start: int, live: int | None, backtest: int | None) -> EquityPoint:
    amounts = [None if amount is None else Decimal(amount) for amount in (live, backtest)]
    return EquityPoint(start=Instant(start), live=amounts[0], backtest=amounts[1])


def test_a_bucket_holds_the_last_amount_of_each_side_from_the_earliest_point() -> None:
    live = curve((7, 100), (16, 101), (17, 102), (40, 103))
    backtest = curve((8, 90), (9, 91), (19, 92))

    assert resample(live, backtest, 10) == [
        point(7, 101, 91),
        point(17, 102, 92),
        point(37, 103, None),
    ]


def test_of_points_of_one_time_the_last_given_counts() -> None:
    assert resample(curve((5, 1), (5, 2)), curve((5, 4), (5, 3))) == [point(5, 2, 3)]


def test_a_bucket_is_an_hour_unless_it_is_said() -> None:
    found = resample(curve((0, 1), (HOUR_US - 1, 2), (HOUR_US, 3)), curve())

    assert [one.start for one in found] == [0, HOUR_US]


@given(POINTS, POINTS, st.integers(1, 60))
def test_every_bucket_has_a_side_and_they_ascend(
    live: list[tuple[int, int]], backtest: list[tuple[int, int]], interval: int
) -> None:
    found = resample(curve(*live), curve(*backtest), interval)

    starts = [one.start for one in found]
    assert starts == sorted(set(starts))
    assert all(one.live is not None or one.backtest is not None for one in found)
    origin = min((at for at, _ in live + backtest), default=0)
    assert {(at - origin) // interval for at, _ in live + backtest} == {
        (start - origin) // interval for start in starts
    }


def test_divergence_is_over_buckets_that_both_have() -> None:
    points = [point(0, 100, 103), point(1, 110, 109), point(2, 500, None), point(3, None, 0)]

    found = divergence_of(points, Basis.EQUITY)

    assert (found.buckets, found.maximum, found.mean) == (2, Decimal(3), Decimal(2))
    assert found.correlation == pytest.approx(1)
    assert [one.divergence for one in points] == [3, -1, None, None]


def test_nothing_in_common_gives_zeros() -> None:
    found = divergence_of(resample(curve((0, 1)), curve((HOUR_US, 1))), Basis.CASH)

    assert found.buckets == found.maximum == found.mean == found.correlation == 0
    assert resample(curve(), curve()) == []


def test_cash_is_not_compared_with_equity() -> None:
    with pytest.raises(ValueError, match="found live cash and backtest equity"):
        resample(curve((0, 1), basis=Basis.CASH), curve((0, 1)))


def test_an_interval_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an interval above 0, found 0"):
        resample(curve((0, 1)), curve(), 0)
