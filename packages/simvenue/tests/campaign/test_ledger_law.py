"""Books against the exchange's memory: every entry, every execution once."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.session.effects import Effects, FillRecord, LedgerEntry, LedgerKind, Record
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.ledger_law import OPENING, LedgerChecker
from simvenue.campaign.world import World

Rows = list[tuple[Event, Instant, Effects]]
Change = Callable[[Record], list[Record]]


def judge(world: World, rows: Rows, change: Change) -> None:
    """Give the checker what happened, with every record changed."""
    checker = LedgerChecker()
    for event, now, effects in rows:
        records = [made for record in effects.records for made in change(record)]
        changed = Effects(records=records, requests=effects.requests, notices=effects.notices)
        checker.handled(world, event, now, changed)
    checker.finished(world)


def copied(chosen: Record, copies: int) -> Change:
    """One record so many times, all others once."""
    return lambda record: [record] * (copies if record is chosen else 1)


def first(kind: LedgerKind, rows: Rows) -> LedgerEntry:
    """The first entry of a kind that an execution or a funding caused."""
    for _, _, effects in rows:
        for record in effects.records:
            if isinstance(record, LedgerEntry) and record.kind is kind and record.symbol:
                return record
    raise AssertionError(f"the run has no {kind.value}")


def test_the_books_of_a_run_without_faults_balance(played: tuple[World, object]) -> None:
    world, recording = played
    judge(world, recording.rows, lambda record: [record])  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [LedgerKind.FEE, LedgerKind.REALISED])
def test_an_entry_that_is_lost_or_booked_twice_breaks_the_law(
    played: tuple[World, object], kind: LedgerKind
) -> None:
    world, recording = played
    rows: Rows = recording.rows  # type: ignore[attr-defined]
    chosen = first(kind, rows)
    for copies in (0, 2):
        with pytest.raises(LawBroken, match=chosen.reference):
            judge(world, rows, copied(chosen, copies))


def test_an_amount_that_is_off_by_the_smallest_unit_breaks_the_law(
    played: tuple[World, object],
) -> None:
    world, recording = played
    rows: Rows = recording.rows  # type: ignore[attr-defined]
    chosen = first(LedgerKind.FEE, rows)
    wrong = LedgerEntry(
        at=chosen.at,
        kind=chosen.kind,
        symbol=chosen.symbol,
        direction=chosen.direction,
        amount=chosen.amount + Decimal("0.00000001"),
        reference=chosen.reference,
    )
    with pytest.raises(LawBroken, match=chosen.reference):
        judge(world, rows, lambda record: [wrong if record is chosen else record])


def test_a_fill_that_is_booked_twice_or_never_breaks_the_law(
    played: tuple[World, object],
) -> None:
    world, recording = played
    rows: Rows = recording.rows  # type: ignore[attr-defined]
    fills = [
        record
        for _, _, effects in rows
        for record in effects.records
        if isinstance(record, FillRecord)
    ]
    for copies, words in ((0, "never"), (2, "twice")):
        with pytest.raises(LawBroken, match=words):
            judge(world, rows, copied(fills[0], copies))


def test_books_that_were_never_opened_break_the_law(played: tuple[World, object]) -> None:
    world, _ = played
    with pytest.raises(LawBroken, match="never opened"):
        LedgerChecker().finished(world)


def test_what_was_sent_after_the_opening_is_to_be_booked_in_its_very_instant_too(
    played: tuple[World, object],
) -> None:
    world, recording = played
    rows: Rows = recording.rows  # type: ignore[attr-defined]
    chosen = first(LedgerKind.FEE, rows)

    def opened_then(record: Record) -> list[Record]:
        if isinstance(record, LedgerEntry) and record.reference == OPENING:
            return [replace(record, at=chosen.at)]
        return [record]

    judge(world, rows, opened_then)
    with pytest.raises(LawBroken, match=f"{chosen.reference}: expected 1 entry"):
        judge(world, rows, lambda record: [] if record is chosen else opened_then(record))
