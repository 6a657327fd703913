from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from grid_db import repositories
from grid_db.repositories import NotOwned
from grid_db.words import Environment, GapState, Stream

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers, Tenant


def test_a_gap_is_entered_once_and_comes_back(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    gaps = repositories.for_user(session, alice.user.user_id).gaps
    gap = alice.gap("g1")

    assert gaps.record([gap], make.at(9)) == [0]
    assert gaps.record([replace(gap, attempts=5)], make.at(9)) == []

    assert gaps.get("g1") == gap
    assert gaps.open() == [gap]


def test_a_gap_is_due_when_its_next_attempt_has_come(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    gaps = repositories.for_user(session, alice.user.user_id).gaps
    gaps.record([alice.gap("new", 5), alice.gap("tried", 1)], make.at(9))

    assert gaps.failed("tried", "timeout", make.at(20), make.at(10)) is True

    assert [gap.gap_id for gap in gaps.due(make.at(19))] == ["new"]
    assert [gap.gap_id for gap in gaps.due(make.at(20))] == ["tried", "new"]
    assert [gap.gap_id for gap in gaps.due(make.at(20), limit=1)] == ["tried"]


def test_attempts_are_counted_with_what_went_wrong(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    gaps = repositories.for_user(session, alice.user.user_id).gaps
    gap = alice.gap("g1")
    gaps.record([gap], make.at(9))

    gaps.failed("g1", "timeout", make.at(20), make.at(10))
    gaps.failed("g1", "10006", make.at(40), make.at(20))

    assert gaps.get("g1") == replace(
        gap, attempts=2, last_error="10006", next_attempt_at=make.at(40)
    )


def test_a_gap_ends_once(session: Session, alice: "Tenant", make: "Makers") -> None:
    gaps = repositories.for_user(session, alice.user.user_id).gaps
    gap = alice.gap("g1")
    gaps.record([gap], make.at(9))

    assert gaps.fill("g1", 12, make.at(10)) is True
    assert gaps.fill("g1", 0, make.at(11)) is False
    assert gaps.give_up("g1", "too old", 0, make.at(11)) is False
    assert gaps.failed("g1", "timeout", make.at(20), make.at(11)) is False

    assert gaps.get("g1") == replace(gap, state=GapState.FILLED, rows_filled=12, attempts=1)
    assert gaps.open() == gaps.due(make.at(99)) == []


def test_an_outage_that_goes_on_stretches_its_gap_until_it_ends(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    gaps = repositories.for_user(session, alice.user.user_id).gaps
    gap = alice.gap("g1", 1, 5)
    longer = replace(gap, to_ts=make.at(8), attempts=1, last_error="timeout")
    ended = replace(longer, state=GapState.FILLED, rows_filled=3)

    assert gaps.store([gap], make.at(5)) == [0]
    assert gaps.store([longer, alice.gap("g2")], make.at(8)) == [0, 1]
    assert gaps.get("g1") == longer
    assert gaps.store([ended], make.at(9)) == [0]
    assert gaps.store([longer], make.at(10)) == []

    assert gaps.get("g1") == ended


def test_what_cannot_be_recovered_is_kept_with_the_reason(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """L74: marked unrecoverable, never forgotten."""
    gaps = repositories.for_user(session, alice.user.user_id).gaps
    gaps.record([alice.gap("g1"), alice.gap("g2")], make.at(9))

    gaps.give_up("g1", "older than the newest 1000 trades", 40, make.at(10))

    found = gaps.get("g1")
    assert found is not None
    assert (found.state, found.last_error, found.rows_filled) == (
        GapState.UNRECOVERABLE,
        "older than the newest 1000 trades",
        40,
    )
    assert gaps.counts() == {
        GapState.OPEN: 1,
        GapState.FILLED: 0,
        GapState.UNRECOVERABLE: 1,
    }


@pytest.mark.parametrize(
    ("first", "last", "found"), [(0, 4, 0), (0, 5, 1), (6, 7, 1), (9, 20, 1), (9.5, 20, 0)]
)
def test_gaps_that_touch_a_window_are_found(
    session: Session, alice: "Tenant", make: "Makers", first: float, last: float, found: int
) -> None:
    """For a tape's manifest: both ends belong to a gap."""
    gaps = repositories.for_user(session, alice.user.user_id).gaps
    public = alice.gap("g1", 5, 9, account_id=None, stream=Stream.TRADES)
    gaps.record([public, alice.gap("of the account", 0, 99)], make.at(9))

    touching = gaps.overlapping(Environment.SIM, Stream.TRADES, make.at(first), make.at(last))

    assert touching == [public] * found


def test_gaps_of_public_streams_are_everybodys(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    public = alice.gap("public", account_id=None)
    repositories.for_user(session, alice.user.user_id).gaps.record(
        [public, alice.gap("private")], make.at(9)
    )

    assert repositories.for_user(session, bob.user.user_id).gaps.open() == [public]
    assert len(repositories.as_admin(session).gaps.open()) == 2


def test_a_gap_of_another_users_account_is_not_entered(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    with pytest.raises(NotOwned):
        repositories.for_user(session, alice.user.user_id).gaps.record([bob.gap("g1")], make.at(9))


def test_a_dead_letter_is_kept_whole_and_once(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """A41, L96: also when the fault is that its run does not exist."""
    letters = repositories.for_user(session, alice.user.user_id).dead_letters
    letter = alice.letter("l1", run_id="no such run", payload='{"a": "\\u0000", }')

    assert letters.record([letter], make.at(9)) == [0]
    assert letters.record([letter], make.at(10)) == []

    assert letters.recent() == [letter]
    assert letters.count() == 1


@pytest.mark.parametrize(
    ("received", "kept"),
    [("a\0b", "a\\u0000b"), ("half \ud83d", "half \\ud83d"), ("€ ✓ \x01", "€ ✓ \x01")],
)
def test_a_letter_is_kept_whatever_characters_it_holds(
    session: Session, alice: "Tenant", make: "Makers", received: str, kept: str
) -> None:
    """PostgreSQL refuses a NUL, UTF-8 half a surrogate pair: what is poison must not be lost."""
    letters = repositories.for_user(session, alice.user.user_id).dead_letters

    letters.record(
        [alice.letter("l1", payload=received, reason=received, topic=received)], make.at(9)
    )

    [found] = letters.recent()
    assert (found.payload, found.reason, found.topic) == (kept, kept, kept)


def test_the_newest_letters_come_first(session: Session, alice: "Tenant", make: "Makers") -> None:
    letters = repositories.for_user(session, alice.user.user_id).dead_letters
    letters.record([alice.letter(str(number), number) for number in range(4)], make.at(9))

    assert [letter.letter_id for letter in letters.recent(limit=2)] == ["3", "2"]
