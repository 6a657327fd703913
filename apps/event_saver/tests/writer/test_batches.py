"""Batches leave by size or age, wait for a database that is away, and isolate poison (A41)."""

import math

from hypothesis import given
from hypothesis import strategies as st

from event_saver.writer.batches import (
    Away,
    Batches,
    BatchLimits,
    Bury,
    Fate,
    Outcome,
    Refused,
    Write,
    Written,
)
from gridcore.clock import SECOND_US, Instant

NOW = Instant(1_000 * SECOND_US)
LIMITS = BatchLimits(items_max=4, age_us_max=SECOND_US)


def later(seconds: float) -> Instant:
    return Instant(NOW + int(seconds * SECOND_US))


def written(batch: Write[int]) -> Outcome:
    return Written(inserted=len(batch.items))


def test_nothing_is_wanted_while_few_items_are_young() -> None:
    batches = Batches[int](LIMITS)

    assert batches.wanted(3, NOW, later(0.999), flush=False) == 0
    assert batches.next_deadline(NOW) == later(1)


def test_a_batch_is_wanted_when_it_is_full_old_or_flushed() -> None:
    batches = Batches[int](LIMITS)

    assert batches.wanted(9, NOW, NOW, flush=False) == 4
    assert batches.wanted(3, NOW, later(1), flush=False) == 3
    assert batches.wanted(3, NOW, NOW, flush=True) == 3
    assert batches.wanted(0, None, NOW, flush=True) == 0


def test_in_lockstep_whatever_waits_is_wanted_at_once() -> None:
    batches = Batches[int](BatchLimits(items_max=4, age_us_max=0))

    assert batches.wanted(1, NOW, NOW, flush=False) == 1


def test_no_second_batch_is_wanted_before_the_first_is_settled() -> None:
    batches = Batches[int](LIMITS)
    batches.accept([1, 2])

    assert batches.wanted(9, NOW, later(9), flush=True) == 0
    settled = batches.outcome(Written(inserted=1), NOW)

    assert settled is not None
    assert (settled.items, settled.fate, settled.inserted) == ([1, 2], Fate.WRITTEN, 1)
    assert not batches.busy
    assert batches.next_deadline(None) is None


def test_a_database_that_is_away_is_asked_after_half_a_second_and_then_ever_more_rarely() -> None:
    batches = Batches[int](LIMITS)
    batches.accept([1, 2])
    now, delays = NOW, list[float]()
    for _ in range(9):
        assert batches.outcome(Away(text="locked"), now) is None
        deadline = batches.next_deadline(None)
        assert deadline is not None
        assert batches.next_attempt(Instant(deadline - 1)) is None
        assert batches.next_attempt(deadline) == Write(items=[1, 2])
        delays.append((deadline - now) / SECOND_US)
        now = deadline

    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert batches.failures == 9


def test_the_back_off_begins_anew_after_a_success_and_can_be_cut_short() -> None:
    batches = Batches[int](LIMITS)
    batches.accept([1])
    batches.outcome(Away(text="locked"), NOW)
    batches.outcome(Away(text="locked"), NOW)
    batches.hurry()
    assert batches.next_attempt(NOW) == Write(items=[1])

    batches.outcome(Written(inserted=1), NOW)
    batches.accept([2])
    batches.outcome(Away(text="locked"), NOW)

    assert batches.failures == 1
    assert batches.next_deadline(None) == later(0.5)


def test_an_outage_of_years_does_not_overflow_the_back_off() -> None:
    batches = Batches[int](LIMITS)
    batches.accept([1])

    for _ in range(2_000):
        batches.outcome(Away(text="locked"), NOW)

    assert batches.next_deadline(None) == later(30)


def test_a_dead_letter_that_is_refused_too_is_lost_and_told() -> None:
    batches = Batches[int](LIMITS)
    batches.accept([7])
    batches.outcome(Refused(text="no such run"), NOW)
    assert batches.next_attempt(NOW) == Bury(item=7, text="no such run")

    settled = batches.outcome(Refused(text="no such table"), NOW)

    assert settled is not None
    assert (settled.items, settled.fate, settled.text) == ((7,), Fate.LOST, "no such run")


def test_a_dead_letter_waits_for_a_database_that_is_away() -> None:
    batches = Batches[int](LIMITS)
    batches.accept([7])
    batches.outcome(Refused(text="poison"), NOW)

    assert batches.outcome(Away(text="locked"), NOW) is None

    assert batches.next_attempt(later(0.5)) == Bury(item=7, text="poison")


@given(
    items=st.lists(st.integers(), min_size=1, max_size=200, unique=True),
    poison=st.sets(st.integers(0, 199), max_size=8),
    outages=st.lists(st.booleans(), max_size=50),
)
def test_poison_alone_is_buried_and_everything_else_is_written_once_and_in_order(
    items: list[int], poison: set[int], outages: list[bool]
) -> None:
    bad = {items[index] for index in poison if index < len(items)}
    batches = Batches[int](BatchLimits(items_max=200))
    batches.accept(items)
    good, buried, settled, attempts = list[int](), list[int](), list[int](), 0
    now = NOW
    while batches.busy:
        now = Instant(now + 30 * SECOND_US)
        attempt = batches.next_attempt(now)
        assert attempt is not None
        if outages and outages.pop():
            assert batches.outcome(Away(text="locked"), now) is None
            continue
        attempts += 1
        if isinstance(attempt, Write) and bad.intersection(attempt.items):
            assert batches.outcome(Refused(text="poison"), now) is None
            continue
        found = batches.outcome(Written(inserted=1), now)
        assert found is not None
        settled.extend(found.items)
        (good if found.fate is Fate.WRITTEN else buried).extend(found.items)

    assert settled == items
    assert good == [item for item in items if item not in bad]
    assert sorted(buried) == sorted(bad)
    halvings = math.ceil(math.log2(len(items))) if len(items) > 1 else 0
    assert attempts <= 1 + len(bad) * (2 * halvings + 1)
