"""Placements tried again: same wire id, three times at most, within 30 s (L05, L08, L11, LS-16)."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.saved import Saved
from gridcore.session.retries import RetryBook

DELAYS = (1 * SECOND_US, 2 * SECOND_US, 4 * SECOND_US)
WINDOW = 30 * SECOND_US
KEY = (0, 0, 9900)
OTHER = (1, 1, 10100)
ID = "00112233445566aa-1"
NEW_ID = "00112233445566aa-2"


def at(second: float) -> Instant:
    return Instant(int(second * SECOND_US))


def book(limit: int = 200) -> RetryBook:
    return RetryBook(DELAYS, WINDOW, limit)


def test_three_retries_come_after_1_2_and_4_seconds_with_the_same_wire_id_ls_16_l05() -> None:
    retries = book()
    sent = []

    assert retries.refused(KEY, ID, at(0)) == at(1)
    sent.append(retries.take(KEY, at(1)))
    assert retries.refused(KEY, ID, at(1.5)) == at(3.5)
    sent.append(retries.take(KEY, at(3.5)))
    assert retries.refused(KEY, ID, at(4)) == at(8)
    sent.append(retries.take(KEY, at(8)))

    assert sent == [ID, ID, ID]
    assert retries.refused(KEY, ID, at(8.5)) is None
    assert len(retries) == 0
    assert retries.take(KEY, at(9)) is None


def test_a_retry_that_would_come_after_the_window_is_given_up_and_forgotten_l11() -> None:
    """What is reported as given up is gone: the book does not keep it."""
    retries = book()
    retries.refused(KEY, ID, at(0))
    retries.take(KEY, at(1))

    assert retries.refused(KEY, ID, at(28.1)) is None

    assert len(retries) == 0
    assert retries.next_deadline() is None
    assert retries.due(at(40)) == []


def test_a_retry_exactly_at_the_end_of_the_window_still_leaves() -> None:
    retries = book()
    retries.refused(KEY, ID, at(0))

    assert retries.refused(KEY, ID, at(28)) == at(30)
    assert retries.take(KEY, at(30)) == ID


def test_a_ticker_after_the_window_finds_nothing_to_send_again() -> None:
    retries = book()
    retries.refused(KEY, ID, at(0))

    assert retries.take(KEY, at(30.000001)) is None

    assert len(retries) == 0
    assert not retries.waits(KEY, at(31))


def test_while_the_delay_runs_the_level_waits_and_nothing_can_be_taken() -> None:
    retries = book()
    retries.refused(KEY, ID, at(0))

    assert retries.waits(KEY, at(0.999999))
    assert retries.take(KEY, at(0.999999)) is None
    assert not retries.waits(OTHER, at(0.5))
    assert not retries.waits(KEY, at(1))


def test_a_retry_denied_by_a_gate_may_be_taken_again_without_costing_an_attempt_l08() -> None:
    """The book only lends an id; whether it is sent is decided by the same chain as ever."""
    retries = book()
    retries.refused(KEY, ID, at(0))

    assert [retries.take(KEY, at(second)) for second in (1, 1.2, 5)] == [ID, ID, ID]
    assert retries.refused(KEY, ID, at(6)) == at(8)


def test_a_settled_placement_is_not_sent_again() -> None:
    retries = book()
    retries.refused(KEY, ID, at(0))
    retries.refused(OTHER, NEW_ID, at(0))

    retries.settled(KEY)
    retries.settled(KEY)

    assert retries.take(KEY, at(1)) is None
    assert retries.take(OTHER, at(1)) == NEW_ID


def test_when_the_levels_are_rebuilt_everything_is_forgotten() -> None:
    retries = book()
    retries.refused(KEY, ID, at(0))
    retries.not_landed(OTHER, NEW_ID, at(0))

    retries.forget_all()

    assert len(retries) == 0
    assert retries.next_deadline() is None


def test_a_new_wire_id_at_a_level_has_attempts_of_its_own() -> None:
    retries = book()
    retries.refused(KEY, ID, at(0))
    retries.refused(KEY, ID, at(1))

    assert retries.refused(KEY, NEW_ID, at(2)) == at(3)
    assert retries.take(KEY, at(3)) == NEW_ID
    assert len(retries) == 1


def test_a_create_that_did_not_land_is_sent_again_once_at_once_with_the_same_id_a07() -> None:
    retries = book()

    assert retries.not_landed(KEY, ID, at(7))
    assert retries.next_deadline() == at(7)
    assert retries.due(at(7)) == [KEY]
    assert retries.take(KEY, at(7)) == ID

    assert not retries.not_landed(KEY, ID, at(14))
    assert len(retries) == 0
    assert retries.take(KEY, at(14)) is None


def test_learning_late_that_a_retry_did_not_land_opens_a_new_window_but_no_new_attempts_a07() -> (
    None
):
    retries = book()
    for second in (0, 1, 3):
        retries.refused(KEY, ID, at(second))

    assert retries.not_landed(KEY, ID, at(40))

    assert retries.take(KEY, at(69)) == ID
    assert retries.refused(KEY, ID, at(69)) is None, "its three attempts are used up"


def test_a_resent_create_may_still_be_refused_and_retried_l08() -> None:
    retries = book()
    retries.not_landed(KEY, ID, at(0))
    retries.take(KEY, at(0))

    assert retries.refused(KEY, ID, at(1)) == at(2)
    assert not retries.not_landed(KEY, ID, at(9)), "once per wire id"


def test_the_earliest_delay_is_the_deadline_and_each_is_told_once() -> None:
    retries = book()
    retries.refused(OTHER, NEW_ID, at(0.5))
    retries.refused(KEY, ID, at(0))
    assert retries.next_deadline() == at(1)
    assert retries.due(at(0.9)) == []

    assert retries.due(at(1)) == [KEY]
    assert retries.next_deadline() == at(1.5)
    assert retries.due(at(2)) == [OTHER]

    assert retries.next_deadline() is None
    assert retries.due(at(3)) == []
    assert retries.take(KEY, at(3)) == ID, "told, not taken"


def test_levels_due_together_come_in_the_order_of_their_deadlines_then_of_their_keys() -> None:
    retries = book()
    for key, second in ((OTHER, 0.2), (KEY, 0.2), ((1, 0, 1), 0.1)):
        retries.refused(key, ID, at(second))

    assert retries.due(at(5)) == [(1, 0, 1), KEY, OTHER]


def test_taking_a_retry_ends_its_deadline() -> None:
    retries = book()
    retries.refused(KEY, ID, at(0))

    retries.take(KEY, at(1))

    assert retries.next_deadline() is None
    assert retries.due(at(2)) == []


def test_a_new_delay_is_told_of_again() -> None:
    retries = book()
    retries.refused(KEY, ID, at(0))
    retries.due(at(1))

    retries.refused(KEY, ID, at(1))

    assert retries.next_deadline() == at(3)
    assert retries.due(at(3)) == [KEY]


def test_a_full_book_gives_up_the_newcomer_until_an_old_record_is_over() -> None:
    retries = book(limit=2)
    retries.refused((0, 0, 1), ID, at(0))
    retries.refused((0, 0, 2), ID, at(10))

    assert retries.refused((0, 0, 3), ID, at(20)) is None
    assert not retries.not_landed((0, 0, 3), ID, at(30))
    assert retries.refused((0, 0, 2), NEW_ID, at(30)) == at(31), "a known level is no newcomer"
    assert len(retries) == 2

    assert retries.refused((0, 0, 3), ID, at(30.1)) == at(31.1)
    assert len(retries) == 2


def test_it_holds_200_levels() -> None:
    retries = RetryBook(DELAYS, WINDOW)

    kept = [retries.refused((0, 0, price), ID, at(0)) is not None for price in range(201)]

    assert kept == [True] * 200 + [False]


def test_without_delays_nothing_is_retried() -> None:
    retries = RetryBook((), WINDOW)

    assert retries.refused(KEY, ID, at(0)) is None
    assert len(retries) == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=6, max_size=12))
def test_no_wire_id_is_sent_more_than_five_times(answers: list[tuple[bool, int]]) -> None:
    """The first time, three retries, and once more when it is known not to have landed."""
    retries, now, sent = book(), 0, 0
    for landed_not, after_s in answers:
        sent += 1
        now += after_s
        if landed_not:
            retries.not_landed(KEY, ID, at(now))
        else:
            retries.refused(KEY, ID, at(now))
        now += 4
        if retries.take(KEY, at(now)) is None:
            break

    assert sent <= 5
    assert len(retries) == 0


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 9)), max_size=30),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 9)), max_size=30),
)
def test_a_restored_book_answers_as_the_original(
    before: list[tuple[int, int, int]], after: list[tuple[int, int, int]]
) -> None:
    retries, restored = book(3), book(3)
    restored.refused((9, 9, 9), "stale", at(0))
    now = 0
    for kind, price, by in before:
        now += by
        act(retries, kind, (0, 0, price), at(now))

    restored.restore(Saved(json.loads(json.dumps(retries.snapshot()))))

    assert restored.snapshot() == retries.snapshot()
    for kind, price, by in after:
        now += by
        key = (0, 0, price)
        assert act(restored, kind, key, at(now)) == act(retries, kind, key, at(now))
        assert restored.next_deadline() == retries.next_deadline()
        assert restored.waits(key, at(now)) is retries.waits(key, at(now))
    assert restored.snapshot() == retries.snapshot()


def act(retries: RetryBook, kind: int, key: tuple[int, int, int], now: Instant) -> object:
    if kind == 0:
        return retries.refused(key, ID, now)
    if kind == 1:
        return retries.not_landed(key, ID, now)
    if kind == 2:
        return retries.take(key, now)
    if kind == 3:
        return retries.due(now)
    retries.settled(key)
    return None


def test_a_repetition_that_did_not_land_is_told_of_again_a07() -> None:
    retries = book()
    retries.refused(KEY, ID, at(0))
    retries.take(KEY, at(1))
    assert retries.next_deadline() is None

    retries.not_landed(KEY, ID, at(9))

    assert retries.next_deadline() == at(9)
    assert retries.due(at(9)) == [KEY]
