"""A leg of our books is the fold of its executions in the exchange's order (A16, L33)."""

import json
from decimal import Decimal

import pytest

from gridcore.clock import Instant
from gridcore.pnl import LegFill
from gridcore.saved import Saved
from gridcore.session.booked_leg import HISTORY, BookedLeg
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType


def book(
    leg: BookedLeg, at: int, side: SideType, price: int, qty: int, sequence: int = 1
) -> LegFill:
    return leg.book(Instant(at), sequence, f"X{at}", at, side, Decimal(price), Decimal(qty))


def test_opens_average_the_entry_and_a_close_realises_against_it() -> None:
    leg = BookedLeg(LONG)
    book(leg, 1, BUY, 100, 1)
    book(leg, 2, BUY, 110, 1)

    booked = book(leg, 3, SELL, 115, 2)

    assert booked.realised == 20
    assert (leg.size, leg.entry) == (Decimal(0), None)


@pytest.mark.parametrize(
    ("direction", "opening", "closing"), [(LONG, BUY, SELL), (SHORT, SELL, BUY)]
)
def test_a_close_is_cut_to_what_is_known_and_the_leg_never_goes_below_flat(
    direction: DirectionType, opening: SideType, closing: SideType
) -> None:
    leg = BookedLeg(direction)
    book(leg, 1, opening, 100, 1)

    booked = book(leg, 2, closing, 100, 3)

    assert booked.closed == 1
    assert leg.size == 0


def test_rewinding_takes_back_what_is_later_than_a_key_in_the_exchanges_order() -> None:
    leg = BookedLeg(LONG)
    book(leg, 1, BUY, 100, 1)
    book(leg, 2, BUY, 110, 1, sequence=5)
    book(leg, 2, BUY, 120, 1, sequence=7)
    book(leg, 3, SELL, 120, 2)

    taken = leg.rewind(Instant(2), 5)

    assert [fill.price for fill in taken] == [120, 120]
    assert (leg.size, leg.entry) == (Decimal(2), Decimal(105))
    assert leg.last_at == 3


def test_rebooking_tells_the_profits_that_changed_and_by_how_much() -> None:
    leg = BookedLeg(LONG)
    book(leg, 2, SELL, 110, 1)
    book(leg, 3, BUY, 100, 1)
    taken = leg.rewind(Instant(1), 1)
    book(leg, 1, BUY, 100, 1)

    changed = leg.rebook(taken)

    assert [(fill.exec_id, difference) for fill, difference in changed] == [("X2", Decimal(10))]
    assert (leg.size, leg.entry) == (Decimal(1), Decimal(100))


def test_nothing_is_rewound_for_a_key_as_new_as_the_newest() -> None:
    leg = BookedLeg(LONG)
    book(leg, 2, BUY, 100, 1)

    assert leg.rewind(Instant(2), 1) == []
    assert leg.size == 1


def test_a_seed_replaces_the_base_and_later_executions_are_booked_on_it() -> None:
    leg = BookedLeg(LONG)
    book(leg, 1, BUY, 90, 5)
    book(leg, 3, SELL, 110, 2)

    changed = leg.seed(Decimal(4), Decimal(100), Instant(2), 0)

    assert [(fill.exec_id, difference) for fill, difference in changed] == [("X3", Decimal(-20))]
    assert (leg.size, leg.entry) == (Decimal(2), Decimal(100))
    assert leg.last_at == 3
    assert leg.covered_by_seed(Instant(2), None)
    assert not leg.covered_by_seed(Instant(3), None)


def test_a_seed_never_covers_an_order_that_was_sent_after_it() -> None:
    leg = BookedLeg(LONG)

    leg.seed(Decimal(4), Decimal(100), Instant(2), 7)

    assert leg.covered_by_seed(Instant(2), 7)
    assert not leg.covered_by_seed(Instant(2), 8)
    assert not leg.covered_by_seed(Instant(1), 8)


def test_a_flat_seed_has_no_entry() -> None:
    leg = BookedLeg(LONG)

    leg.seed(Decimal(0), Decimal(100), Instant(2), 0)

    assert leg.entry is None


def test_the_history_is_bounded_and_knows_whether_it_may_have_forgotten() -> None:
    leg = BookedLeg(LONG)
    for at in range(1, HISTORY + 1):
        book(leg, at, BUY, 100, 1)
    assert leg.forgot_since(Instant(0))
    assert not leg.forgot_since(Instant(1))

    book(leg, HISTORY + 1, BUY, 100, 1)

    assert len(leg.history) == HISTORY
    assert leg.forgot_since(Instant(1))


@pytest.mark.parametrize("until", [3, 4])
@pytest.mark.parametrize(("seeded", "doubtful"), [(True, ["X3"]), (False, ["X2", "X3"])])
def test_a_close_is_doubtful_when_it_was_cut_or_the_leg_was_never_known(
    seeded: bool, doubtful: list[str], until: int
) -> None:
    leg = BookedLeg(LONG)
    if seeded:
        leg.seed(Decimal(0), None, Instant(0), 0)
    book(leg, 1, BUY, 100, 2)
    book(leg, 2, SELL, 100, 1)
    book(leg, 3, SELL, 100, 2)
    book(leg, 5, SELL, 100, 2)

    assert [fill.exec_id for fill in leg.doubtful_until(Instant(until))] == doubtful


def test_a_restored_leg_is_the_leg_with_its_history() -> None:
    leg, restored = BookedLeg(SHORT), BookedLeg(SHORT)
    leg.seed(Decimal(2), Decimal("99.5"), Instant(1), 3)
    book(leg, 2, BUY, 100, 1)
    book(leg, 4, SELL, 101, 3)
    book(restored, 9, SELL, 1, 1)

    restored.restore(Saved(json.loads(json.dumps(leg.snapshot()))))

    assert restored.snapshot() == leg.snapshot()
    assert not restored.covered_by_seed(Instant(1), 4)
    assert [fill.exec_id for fill in restored.rewind(Instant(2), 1)] == ["X4"]
    assert (restored.size, restored.entry) == (Decimal(1), Decimal("99.5"))
