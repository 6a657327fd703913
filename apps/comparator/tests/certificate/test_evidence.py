"""The life of an order: when it stood in the book."""

from apps.comparator.tests.told import Told, at
from comparator.certificate.evidence import Ending


def test_an_order_rests_from_its_placement_until_before_its_end(told: Told) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    life = told.lives[0]

    assert [life.rests_at(at(seconds)) for seconds in (4.9, 5, 9.9, 10)] == [
        False,
        True,
        True,
        False,
    ]


def test_an_order_without_an_end_rests_on(told: Told) -> None:
    told.place("a", 5)

    assert told.lives[0].rests_at(at(3000))


def test_an_order_whose_placement_was_not_recorded_rested_before(told: Told) -> None:
    told.place("a", None, 10, Ending.CANCELLED)

    assert told.lives[0].rests_at(at(0))


def test_a_rejected_order_never_rested(told: Told) -> None:
    told.place("a", 5, 6, Ending.REJECTED)

    assert not told.lives[0].rests_at(at(5.5))
