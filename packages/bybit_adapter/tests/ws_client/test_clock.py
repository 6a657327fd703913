"""The exchange's time from this machine's clocks."""

import time
from queue import SimpleQueue

from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.ws_client.clock import Offset, SystemClock, measured_offset, sharper
from gridcore.clock import SECOND_US, Instant


def test_the_offset_of_the_shortest_round_trip_is_kept() -> None:
    readings = iter([0, 100, 1_000, 1_010, 2_000, 2_500])
    answers = iter([Instant(5_050), Instant(6_105), Instant(9_000)])

    offset = measured_offset(answers.__next__, readings.__next__)

    assert offset == Offset(ahead_us=5_100, round_trip_us=10)


def test_samples_that_failed_do_not_count() -> None:
    readings = iter([0, 1, 1_000, 1_200, 2_000, 2_001])
    answers = iter([None, Instant(500), None])

    offset = measured_offset(answers.__next__, readings.__next__)

    assert offset == Offset(ahead_us=-600, round_trip_us=200)


def test_without_an_answer_nothing_is_measured() -> None:
    assert measured_offset(lambda: None, lambda: 0) is None


@given(
    ahead=st.integers(-(10**9), 10**9),
    delays=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1),
)
def test_the_error_is_at_most_half_the_round_trip(
    ahead: int, delays: list[tuple[int, int]]
) -> None:
    moments: list[int] = []
    answers: list[Instant] = []
    now = 10**12
    for there, back in delays:
        moments += [now, now + there + back]
        answers.append(Instant(now + there + ahead))
        now += there + back

    offset = measured_offset(iter(answers).__next__, iter(moments).__next__, len(delays))

    assert offset is not None
    assert abs(offset.ahead_us - ahead) <= offset.round_trip_us / 2 + 1


def test_a_slow_link_does_not_move_a_clock_that_was_measured_well() -> None:
    known = Offset(ahead_us=1_000, round_trip_us=200)

    assert sharper(known, Offset(ahead_us=-3_000_000, round_trip_us=8_000_000)) == known
    assert sharper(None, Offset(ahead_us=5, round_trip_us=9)) == Offset(ahead_us=5, round_trip_us=9)


@given(
    truth=st.integers(-(10**9), 10**9),
    errors=st.tuples(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6)),
    slack=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    moved=st.integers(-(10**9), 10**9),
)
def test_the_measurement_that_is_followed_is_never_contradicted_by_the_newest(
    truth: int, errors: tuple[int, int], slack: tuple[int, int], moved: int
) -> None:
    """Whether or not the exchange's clock has moved between the two."""
    known = Offset(ahead_us=truth + errors[0], round_trip_us=2 * abs(errors[0]) + slack[0])
    found = Offset(ahead_us=truth + moved + errors[1], round_trip_us=2 * abs(errors[1]) + slack[1])

    chosen = sharper(known, found)

    assert chosen in (known, found)
    apart = 2 * abs(chosen.ahead_us - found.ahead_us)
    assert apart <= chosen.round_trip_us + found.round_trip_us
    if not moved:
        assert abs(chosen.ahead_us - truth) <= min(known.round_trip_us, found.round_trip_us) / 2


def test_the_exchanges_time_is_followed_from_the_measurement_on() -> None:
    clock = SystemClock()

    offset = clock.synchronise(lambda: Instant(clock.own_us() + 3_600 * SECOND_US))

    assert offset is not None
    assert abs(offset.ahead_us - 3_600 * SECOND_US) <= offset.round_trip_us
    assert abs(clock.ahead_us() - 3_600 * SECOND_US) < SECOND_US
    assert abs(clock.now() - time.time_ns() // 1_000 - 3_600 * SECOND_US) < SECOND_US


def test_a_failed_measurement_changes_nothing() -> None:
    clock = SystemClock()
    clock.synchronise(lambda: Instant(clock.own_us() + 3_600 * SECOND_US))

    assert clock.synchronise(lambda: None) is None

    assert clock.ahead_us() > 3_500 * SECOND_US


def test_time_holds_still_where_the_offset_falls() -> None:
    clock = SystemClock()
    clock.synchronise(lambda: Instant(clock.own_us() + 3_600 * SECOND_US))
    before = clock.now()

    clock.synchronise(lambda: Instant(clock.own_us()))

    assert clock.now() == before
    assert clock.now() == before


def test_an_item_is_taken_before_the_moment_has_come() -> None:
    clock = SystemClock()
    inbox: SimpleQueue[str] = SimpleQueue()
    inbox.put("event")

    assert clock.take(inbox, clock.own_us() + 3_600 * SECOND_US) == "event"


def test_nothing_is_taken_from_an_empty_inbox_once_the_moment_has_come() -> None:
    clock = SystemClock()
    inbox: SimpleQueue[str] = SimpleQueue()
    until_us = clock.own_us() + 1_000

    assert clock.take(inbox, clock.own_us() - SECOND_US) is None
    assert clock.take(inbox, until_us) is None
    assert clock.own_us() >= until_us


def test_limits_do_not_notice_what_is_learnt_about_the_exchange() -> None:
    clock = SystemClock()
    before = clock.moment()

    clock.synchronise(lambda: Instant(clock.own_us() + 3_600 * SECOND_US))

    after = clock.moment()
    assert after.steady_us - before.steady_us < 60 * SECOND_US
    assert after.exchange - before.exchange >= 3_599 * SECOND_US


def test_signatures_follow_an_exchange_far_behind_while_the_time_holds_still() -> None:
    clock = SystemClock()
    before = clock.now()
    year_us = 365 * 24 * 3_600 * SECOND_US

    clock.synchronise(lambda: Instant(clock.own_us() - year_us))

    assert clock.now() == before
    assert abs(clock.ahead_us() + year_us) < SECOND_US
