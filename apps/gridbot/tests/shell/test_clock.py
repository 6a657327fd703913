"""One time: the exchange's, never decreasing; and market time in lockstep."""

from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridbot.shell.clock import Clock, MarketClock, steady_us, wall_us
from gridcore.clock import SECOND_US, Instant

WALL = 1_767_225_600 * SECOND_US


class Machine:
    """A machine's clocks, in a test's hand."""

    def __init__(self) -> None:
        self.steady = 100 * SECOND_US

    def read(self) -> int:
        return self.steady

    def clock(self, speed: int = 1) -> Clock:
        return Clock(speed, steady=self.read, wall=lambda: WALL)


def test_an_unmeasured_clock_is_the_wall_clock_carried_on_evenly() -> None:
    """A30: a step of the wall clock changes nothing."""
    machine = Machine()
    clock = machine.clock()
    machine.steady += 3 * SECOND_US

    assert clock.now() == WALL + 3 * SECOND_US
    assert not clock.synchronised


def test_a_measured_clock_is_the_exchanges() -> None:
    machine = Machine()
    clock = machine.clock()

    clock.synchronise(lambda: Instant(WALL + 5_000))
    machine.steady += 1

    assert clock.now() == WALL + 5_001
    assert clock.synchronised


def test_at_ten_times_speed_a_second_is_ten() -> None:
    machine = Machine()
    clock = machine.clock(speed=10)
    clock.synchronise(lambda: Instant(WALL - 40 * SECOND_US))
    begins = clock.now()
    machine.steady += SECOND_US

    assert begins == WALL - 40 * SECOND_US
    assert clock.now() == begins + 10 * SECOND_US
    assert clock.wait_s(Instant(clock.now() + 5 * SECOND_US)) == 0.5


def test_a_speed_of_less_than_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, found 0"):
        Clock(0)


def test_an_exchange_that_does_not_answer_changes_nothing() -> None:
    clock = Machine().clock()

    assert clock.synchronise(lambda: None) is None
    assert clock.now() == WALL


@given(
    st.lists(
        st.tuples(st.integers(0, 10**7), st.none() | st.integers(-(10**9), 10**9)), max_size=30
    )
)
def test_it_never_goes_back_whatever_is_measured(steps: list[tuple[int, int | None]]) -> None:
    machine = Machine()
    clock = machine.clock()
    seen = [clock.now()]
    for passed, ahead in steps:
        machine.steady += passed
        if ahead is not None:
            clock.synchronise(lambda ahead=ahead: Instant(WALL + ahead))  # type: ignore[misc]
        seen.append(clock.now())

    assert seen == sorted(seen)


def test_a_deadline_that_is_over_is_waited_for_no_longer() -> None:
    clock = Machine().clock()

    assert clock.wait_s(Instant(WALL - 1)) == 0
    assert clock.wait_s(None) is None


def test_signatures_are_made_by_what_was_measured_and_at_another_speed_by_the_wall() -> None:
    real = Clock()
    real.synchronise(lambda: Instant(wall_us() + 60 * SECOND_US))
    fast = Clock(10)
    fast.synchronise(lambda: Instant(wall_us() + 60 * SECOND_US))

    assert abs(real.ahead_us() - 60 * SECOND_US) < SECOND_US
    assert fast.ahead_us() == 0


def test_it_is_the_clock_of_the_stream_clients_too() -> None:
    machine = Machine()
    clock = machine.clock()
    inbox: SimpleQueue[str] = SimpleQueue()
    inbox.put("frame")

    assert clock.take(inbox, machine.steady) == "frame"
    assert clock.take(inbox, machine.steady) is None
    assert clock.moment().steady_us == machine.steady
    assert clock.moment().exchange == WALL


def test_messages_do_not_move_it_and_timers_go_before_them_by_the_time_of_handling() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.heard(Instant(WALL + SECOND_US))

    assert clock.now() == WALL
    assert clock.timers_until(Instant(0)) == WALL
    assert clock.steady_s() == 100


def test_market_time_is_the_newest_that_was_heard() -> None:
    clock = MarketClock(Instant(1_000), steady=lambda: 5 * SECOND_US)
    clock.heard(Instant(3_000))
    clock.heard(Instant(2_000))

    assert clock.now() == 3_000
    assert clock.timers_until(Instant(4_000)) == 4_000
    assert clock.timers_until(Instant(2_000)) == 3_000
    assert clock.wait_s(Instant(9_000)) is None
    assert clock.steady_s() == 5


def test_the_steady_clock_of_this_machine_runs() -> None:
    first, second = steady_us(), steady_us()

    assert first <= second
