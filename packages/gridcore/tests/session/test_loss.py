"""The session's loss comes from our own ledger and belongs to one UTC day (L109, L111, W18)."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import DAY_US, HOUR_US, Instant
from gridcore.config import SafetyConfig
from gridcore.saved import Saved
from gridcore.session.loss import SessionLoss

MIDNIGHT = Instant(20_000 * DAY_US)
NOON = Instant(MIDNIGHT + 12 * HOUR_US)
NEXT = Instant(MIDNIGHT + DAY_US)
EVENING = Instant(NEXT - 1)
MORNING = Instant(NEXT + 1)


def session(balance: str | None = "1000", **safety: Any) -> SessionLoss:
    found = SessionLoss(SafetyConfig(**safety))
    if balance is not None:
        found.open_day(Decimal(balance), MIDNIGHT)
    return found


def booked(found: SessionLoss, *amounts: str, at: Instant = NOON) -> SessionLoss:
    for amount in amounts:
        found.book(Decimal(amount), at)
    return found


def test_two_cycles_of_minus_40_trip_a_limit_of_50_a31_l111() -> None:
    """A position that is flat in between takes nothing back."""
    found = session(session_loss_limit=Decimal(50))

    assert not booked(found, "-40").breached()
    assert booked(found, "-40").breached()


def test_the_fill_that_closes_everything_is_seen_l109() -> None:
    """Realised profit, its fee and funding are entries of their own; no position is asked."""
    assert booked(session(session_loss_limit=Decimal(50)), "-49", "-0.7", "-0.3").breached()


def test_profit_of_the_day_stands_against_its_losses() -> None:
    found = booked(session(session_loss_limit=Decimal(50)), "30", "-79.99")

    assert not found.breached()
    assert found.profit == Decimal("-49.99")
    assert booked(found, "-0.01").breached()


def test_the_default_limit_is_a_tenth_of_the_days_first_balance_w18() -> None:
    found = session("1000")
    found.open_day(Decimal(10), NOON)

    assert found.limit() == 100
    assert not booked(found, "-99.99").breached()
    assert booked(found, "-0.01").breached()


def test_an_amount_wins_over_the_percentage() -> None:
    assert session("1000", session_loss_limit=Decimal(7)).limit() == 7


def test_a_limit_that_is_off_never_trips() -> None:
    found = booked(session("1000", session_loss_pct=None), "-5000")

    assert found.limit() is None
    assert not found.breached()


def test_a_percentage_of_an_unknown_balance_is_unknown() -> None:
    found = booked(session(None), "-5000")

    assert found.limit() is None
    assert not found.breached()


@pytest.mark.parametrize("balance", ["0", "-3"])
def test_an_empty_wallet_can_lose_nothing_more(balance: str) -> None:
    found = session(balance)

    assert found.limit() == 0
    assert not found.breached()
    assert booked(found, "-0.01").breached()


def test_midnight_clears_a_flat_session_and_it_stays_clear_a32() -> None:
    found = booked(session("1000"), "-150")
    assert found.breached()

    found.roll(NEXT, Decimal(850))

    assert not found.breached()
    found.open_day(Decimal(850), MORNING)
    assert not found.breached()
    assert (found.profit, found.limit()) == (Decimal(0), Decimal(85))


def test_an_entry_of_the_day_before_that_comes_late_does_not_count_for_the_new_day_a32() -> None:
    found = booked(session("1000"), "-150")
    found.roll(NEXT, Decimal(850))

    booked(found, "-500", at=EVENING)

    assert found.profit == 0
    assert not found.breached()


def test_an_entry_of_the_next_day_begins_it_before_the_clock_does() -> None:
    """Its limit is of what the day before left, until the wallet is told."""
    found = booked(booked(session("1000"), "-150"), "-84", at=NEXT)

    assert found.limit() == 85
    assert not found.breached()
    assert booked(found, "-1", at=MORNING).breached()
    found.roll(NEXT, Decimal(860))
    assert (found.profit, found.limit()) == (Decimal(-85), Decimal(86))


def test_a_wallet_of_the_day_before_is_not_the_new_days_balance() -> None:
    found = booked(session("1000"), "-84", at=NEXT)

    found.open_day(Decimal(5), EVENING)

    assert found.limit() == 100


def test_a_day_begins_without_a_balance_with_what_the_last_one_left() -> None:
    found = booked(session("1000"), "-150")

    found.roll(NEXT, None)

    assert (found.profit, found.limit()) == (Decimal(0), Decimal(85))


def test_rolling_within_the_day_changes_nothing() -> None:
    found = booked(session("1000"), "-150")

    found.roll(EVENING, Decimal(850))
    found.roll(EVENING, None)

    assert (found.profit, found.limit()) == (Decimal(-150), Decimal(100))
    assert found.breached()


def test_after_the_operators_resume_only_new_losses_count_until_midnight_w18() -> None:
    found = booked(session("1000"), "-150")

    found.resume()

    assert not booked(found, "-99").breached()
    assert booked(found, "-1").breached()
    assert found.profit == -250
    found.roll(NEXT, Decimal(750))
    assert not booked(found, "-74", at=MORNING).breached()
    assert booked(found, "-1", at=MORNING).breached()


@pytest.mark.parametrize("now", [MIDNIGHT, NOON, EVENING])
def test_the_deadline_is_the_midnight_to_come(now: Instant) -> None:
    assert SessionLoss.next_midnight(now) == NEXT


def saved(found: SessionLoss) -> Saved:
    return Saved(json.loads(json.dumps(found.snapshot())))


def test_a_restart_within_the_day_forgets_no_loss_w18() -> None:
    found, restarted = booked(session("1000"), "-60"), session(None)

    restarted.restore(saved(found))
    restarted.open_day(Decimal(940), NOON)

    assert restarted.limit() == 100
    assert booked(restarted, "-40").breached()


def test_a_restart_on_a_later_day_begins_it() -> None:
    found, restarted = booked(session("1000"), "-150"), session(None)

    restarted.restore(saved(found))
    restarted.open_day(Decimal(900), MORNING)

    assert (restarted.profit, restarted.limit()) == (Decimal(0), Decimal(90))
    assert not restarted.breached()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("book"), st.integers(-6000, 5000), st.integers(0, 60)),
        st.tuples(st.just("open_day"), st.integers(0, 200_000), st.integers(0, 60)),
        st.tuples(st.sampled_from(["roll", "resume"]), st.just(0), st.integers(0, 60)),
    ),
    max_size=30,
)


def take(found: SessionLoss, step: tuple[str, int, int]) -> None:
    kind, cents, hour = step
    amount, at = Decimal(cents) / 100, Instant(MIDNIGHT + hour * HOUR_US)
    match kind:
        case "book":
            found.book(amount, at)
        case "open_day":
            found.open_day(amount, at)
        case "roll":
            found.roll(at, None)
        case _:
            found.resume()


@given(STEPS, STEPS)
def test_a_restored_session_answers_as_the_original(
    before: list[tuple[str, int, int]], after: list[tuple[str, int, int]]
) -> None:
    found, restored = session(None), booked(session("3"), "-9")
    for step in before:
        take(found, step)

    restored.restore(saved(found))

    assert restored.snapshot() == found.snapshot()
    for step in after:
        take(found, step)
        take(restored, step)
        assert (restored.limit(), restored.breached()) == (found.limit(), found.breached())


@given(st.lists(st.tuples(st.integers(-4000, 3000), st.integers(0, 71)), max_size=40))
def test_the_profit_is_the_sum_of_the_latest_days_entries(entries: list[tuple[int, int]]) -> None:
    """An entry counts if no earlier one was of a later day."""
    found, latest, expected = session(None), 0, 0
    for cents, hour in entries:
        if hour // 24 > latest:
            latest, expected = hour // 24, 0
        if hour // 24 == latest:
            expected += cents

        found.book(Decimal(cents) / 100, Instant(MIDNIGHT + hour * HOUR_US))

        assert found.profit == Decimal(expected) / 100
