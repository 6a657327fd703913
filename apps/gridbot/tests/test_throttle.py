"""What repeats is told once in a window, and counted (L32)."""

from hypothesis import given
from hypothesis import strategies as st

from gridbot.throttle import Throttle
from gridcore.clock import Instant

WINDOW_US = 60


def test_a_key_is_told_once_in_a_window_and_the_rest_is_counted_at_its_end() -> None:
    throttle: Throttle[str] = Throttle(WINDOW_US)

    told = [throttle.admit("one", Instant(at)) for at in (0, 1, 59)]

    assert told == [True, False, False]
    assert throttle.ended(Instant(59)) == []
    assert throttle.ended(Instant(60)) == [("one", 2)]
    assert throttle.ended(Instant(61)) == []
    assert throttle.admit("one", Instant(61))


def test_what_came_once_is_not_told_again() -> None:
    throttle: Throttle[str] = Throttle(WINDOW_US)
    throttle.admit("one", Instant(0))

    assert throttle.ended(Instant(1_000)) == []


def test_beyond_the_most_keys_the_oldest_window_ends_early() -> None:
    throttle: Throttle[str] = Throttle(WINDOW_US, keys_max=2)
    for key in ("one", "one", "two", "three"):
        throttle.admit(key, Instant(0))

    assert throttle.ended(Instant(0)) == [("one", 1)]
    assert throttle.admit("one", Instant(1))


def test_counts_that_nobody_asks_for_are_bounded() -> None:
    throttle: Throttle[int] = Throttle(WINDOW_US, keys_max=2)
    for turn in range(10):
        throttle.admit(turn, Instant(turn * 100))
        throttle.admit(turn, Instant(turn * 100))

    assert throttle.ended(Instant(10_000)) == [(8, 1), (9, 1)]


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), max_size=60))
def test_nothing_is_lost_told_and_counted_are_all(steps: list[tuple[int, str]]) -> None:
    throttle: Throttle[str] = Throttle(WINDOW_US)
    now, told = 0, 0
    for step, key in steps:
        now += step
        told += throttle.admit(key, Instant(now))

    held = sum(times for _, times in throttle.ended(Instant(now + WINDOW_US)))
    assert told + held == len(steps)
