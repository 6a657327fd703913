"""Doubts wait until the books open, matter by the time of the opening, and are taken once."""

import json

import pytest

from gridcore.clock import Instant
from gridcore.saved import Saved
from gridcore.session.ledger_doubts import DoubtKind, Doubts, LedgerDoubt
from gridcore.sides import LONG


def doubt(kind: DoubtKind, at: int, reference: str = "X1") -> LedgerDoubt:
    return LedgerDoubt(
        kind=kind, at=Instant(at), symbol="BTCUSDT", direction=LONG, reference=reference
    )


def add(doubts: Doubts, kind: DoubtKind, at: int, reference: str = "X1") -> None:
    doubts.add(kind, Instant(at), "BTCUSDT", LONG, reference)


def test_a_doubt_is_taken_once() -> None:
    doubts = Doubts()
    doubts.open(Instant(5))
    add(doubts, DoubtKind.PROFIT_UNKNOWN, 6)

    assert doubts.take() == (doubt(DoubtKind.PROFIT_UNKNOWN, 6),)
    assert doubts.take() == ()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("kind", list(DoubtKind))
def test_only_a_doubt_about_a_leg_survives_an_opening_that_is_not_older(
    kind: DoubtKind, before: bool
) -> None:
    doubts = Doubts()
    if not before:
        doubts.open(Instant(5))

    add(doubts, kind, 5)
    add(doubts, kind, 6)
    if before:
        assert doubts.take() == ()
        doubts.open(Instant(5))

    kept = [5, 6] if kind is DoubtKind.BEYOND_HISTORY else [6]
    assert [taken.at for taken in doubts.take()] == kept


def test_of_more_doubts_than_can_wait_the_newest_are_kept() -> None:
    doubts = Doubts()
    doubts.open(Instant(0))

    for at in range(1, 258):
        add(doubts, DoubtKind.HELD_DROPPED, at)

    taken = doubts.take()
    assert (len(taken), taken[0].at) == (256, 2)


@pytest.mark.parametrize("opened_at", [None, Instant(5)])
def test_restored_doubts_are_the_doubts(opened_at: Instant | None) -> None:
    doubts, restored = Doubts(), Doubts()
    add(doubts, DoubtKind.PROFIT_UNKNOWN, 6)
    doubts.add(DoubtKind.HELD_DROPPED, Instant(7), None, None, "M1")
    add(restored, DoubtKind.BEYOND_HISTORY, 1, "stale")

    saved = [Saved(row) for row in json.loads(json.dumps(doubts.snapshot()))]
    restored.restore(saved, opened_at)

    assert restored.snapshot() == doubts.snapshot()
    if opened_at is not None:
        doubts.open(opened_at)
    assert restored.take() == doubts.take()
