"""A comparison without anything but fills."""

from apps.comparator.tests.told import MakeComparison


def test_what_was_not_compared_is_empty(compare: MakeComparison) -> None:
    found = compare()

    assert (found.equity, found.positions, found.models) == ((), (), ())
    assert found.live_equity is None
    assert not found.prices
