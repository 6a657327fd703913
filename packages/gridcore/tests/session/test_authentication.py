"""A refused key: five in a row, 30 min of quiet, one probe (A23, A38, L115; spec/live.md 4.20)."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.saved import Saved
from gridcore.session.authentication import AuthenticationWatch


def at(minute: float) -> Instant:
    return Instant(int(minute * MINUTE_US))


def tripped(minute: float = 0) -> AuthenticationWatch:
    watch = AuthenticationWatch()
    assert watch.failed_for_good(at(minute))
    return watch


def test_the_fifth_refusal_in_a_row_starts_a_cooldown_of_30_minutes_a23_l115() -> None:
    watch = AuthenticationWatch()

    assert [watch.refused(at(0)) for _ in range(4)] == [False] * 4
    assert not watch.cooling
    assert watch.refused(at(1))

    assert watch.cooling
    assert watch.cooldowns == 1
    assert watch.next_deadline() == at(31)


def test_a_success_or_another_refusal_between_them_breaks_the_row() -> None:
    watch = AuthenticationWatch()
    for broken_by_success in (True, False):
        for _ in range(4):
            assert not watch.refused(at(0))
        if broken_by_success:
            assert not watch.succeeded()
        else:
            watch.refused_otherwise()

    assert [watch.refused(at(0)) for _ in range(5)] == [False] * 4 + [True]


def test_a_refused_private_stream_starts_a_cooldown_at_once_a38() -> None:
    watch = AuthenticationWatch()
    watch.refused(at(0))

    assert watch.failed_for_good(at(1))

    assert watch.cooling
    assert watch.next_deadline() == at(31)


def test_one_probe_is_due_after_the_cooldown_and_not_before_a23() -> None:
    watch = tripped()

    assert not watch.probe_due(Instant(at(30) - 1))
    assert watch.probe_due(at(30))
    assert not watch.probe_due(at(30))
    assert watch.cooling, "until the probe is answered"


def test_a_successful_probe_ends_the_cooldown_a23() -> None:
    watch = tripped()
    watch.probe_due(at(30))

    assert watch.succeeded()

    assert not watch.cooling
    assert watch.cooldowns == 0
    assert watch.next_deadline() is None
    assert not watch.probe_due(at(99))
    assert not watch.succeeded(), "an ordinary success"
    assert [watch.refused(at(40)) for _ in range(5)] == [False] * 4 + [True]


def test_a_refused_probe_starts_another_cooldown_and_counts_it() -> None:
    watch = tripped()
    watch.probe_due(at(30))

    assert watch.refused(at(30.5))

    assert watch.cooldowns == 2
    assert watch.next_deadline() == at(60.5)
    assert not watch.probe_due(at(60))
    assert watch.probe_due(at(60.5))
    assert watch.failed_for_good(at(61)), "a stream refused while the probe is out counts as well"
    assert watch.cooldowns == 3


def test_after_a_refused_probe_only_the_next_probe_ends_the_cooldown() -> None:
    watch = tripped()
    watch.probe_due(at(30))
    watch.refused(at(30))

    assert not watch.succeeded()
    assert not watch.refused(at(31))
    assert watch.next_deadline() == at(60)
    watch.probe_due(at(60))
    assert watch.succeeded()


def test_a_probe_that_nobody_answers_is_asked_again_after_a_minute() -> None:
    watch = tripped()
    watch.probe_due(at(30))

    assert watch.next_deadline() == at(31)
    assert not watch.probe_due(Instant(at(31) - 1))
    assert watch.probe_due(at(31))
    assert watch.cooldowns == 1
    assert watch.succeeded()


def test_a_probe_refused_for_another_reason_leaves_the_cooldown() -> None:
    watch = tripped()
    watch.probe_due(at(30))

    watch.refused_otherwise()

    assert watch.cooling
    assert watch.next_deadline() == at(31)


def test_what_was_in_flight_when_the_cooldown_began_neither_ends_nor_prolongs_it() -> None:
    watch = tripped()

    assert not watch.succeeded()
    assert [watch.refused(at(0.1)) for _ in range(9)] == [False] * 9
    assert not watch.failed_for_good(at(5)), "a stream refused at each reconnection"

    assert watch.cooling
    assert watch.cooldowns == 1
    assert watch.next_deadline() == at(30)


def test_after_a_cooldown_the_row_starts_from_nothing() -> None:
    watch = AuthenticationWatch()
    for _ in range(4):
        watch.refused(at(0))
    watch.failed_for_good(at(0))
    watch.probe_due(at(30))
    watch.succeeded()

    assert not watch.refused(at(31))


STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 40)), max_size=30)


@given(STEPS)
def test_a_cooldown_always_comes_to_a_probe_and_its_success_to_trading(
    steps: list[tuple[int, int]],
) -> None:
    """Whatever happened, following the deadlines leads out (L29: every latch has an end)."""
    watch, now = AuthenticationWatch(), 0
    for kind, by in steps:
        now += by * SECOND_US * 30
        act(watch, kind, Instant(now))
        assert watch.cooling is (watch.next_deadline() is not None)

    deadline = watch.next_deadline()
    if deadline is not None:
        assert watch.probe_due(Instant(max(now, deadline)))
        assert watch.succeeded()
    assert not watch.cooling


@given(STEPS, STEPS)
def test_a_restored_watch_answers_as_the_original(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    watch, restored, now = AuthenticationWatch(), tripped(99), 0
    for kind, by in before:
        now += by * SECOND_US * 30
        act(watch, kind, Instant(now))

    restored.restore(Saved(json.loads(json.dumps(watch.snapshot()))))

    assert restored.snapshot() == watch.snapshot()
    for kind, by in after:
        now += by * SECOND_US * 30
        assert act(restored, kind, Instant(now)) is act(watch, kind, Instant(now))
        assert restored.next_deadline() == watch.next_deadline()
        assert restored.cooldowns == watch.cooldowns


def act(watch: AuthenticationWatch, kind: int, now: Instant) -> bool:
    if kind == 0:
        return watch.succeeded()
    if kind == 1:
        return watch.failed_for_good(now)
    if kind == 2:
        return watch.probe_due(now)
    if kind == 3:
        watch.refused_otherwise()
        return False
    return watch.refused(now)
