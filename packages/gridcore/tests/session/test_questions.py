"""Questions to the exchange: put once, put again while nobody answers, and settled by what counts.

Attempts are throttled, not successes (L39).
"""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.saved import Saved
from gridcore.session.effects import AskSnapshot, SnapshotKind
from gridcore.session.questions import Questions

BTC = "BTCUSDT"
T = 1_767_229_200_000_000
ORDERS, HISTORY, WALLET = SnapshotKind.ORDERS, SnapshotKind.HISTORY, SnapshotKind.WALLET
Make = Callable[[], Questions]


def at(seconds: float) -> Instant:
    return Instant(T + round(seconds * SECOND_US))


def since_of(kind: SnapshotKind, symbol: str | None) -> Instant | None:
    """Only executions are asked for from an instant on."""
    return at(-60) if kind is SnapshotKind.EXECUTIONS and symbol == BTC else None


@pytest.fixture(scope="session")
def make() -> Make:
    return lambda: Questions(since_of)


def asked_at(questions: Questions, until: int) -> list[float]:
    """When the questions are put again by their own deadlines, in seconds."""
    times: list[float] = []
    while (deadline := questions.next_deadline()) is not None and deadline <= at(until):
        times += [(deadline - T) / SECOND_US for _ in questions.due(deadline)]
    return times


def test_a_wanted_answer_is_asked_for_at_once_with_its_reason_and_time(make: Make) -> None:
    request = make().want(SnapshotKind.EXECUTIONS, BTC, at(0), "a fill is missing")

    assert request == AskSnapshot(
        kind=SnapshotKind.EXECUTIONS, symbol=BTC, reason="a fill is missing", since=at(-60)
    )


def test_no_answer_is_asked_for_again_after_10_20_and_then_every_30_s(make: Make) -> None:
    questions = make()
    questions.want(ORDERS, BTC, at(0), "start")

    assert asked_at(questions, 130) == [10, 30, 60, 90, 120]


def test_the_same_question_is_not_put_twice_within_a_second_l39(make: Make) -> None:
    questions = make()
    questions.want(ORDERS, BTC, at(0), "one")

    again = [questions.want(ORDERS, BTC, at(tenths / 10), "again") for tenths in range(1, 10)]

    assert again == [None] * 9
    assert questions.next_deadline() == at(1)
    assert len(questions.due(at(1))) == 1


def test_a_second_later_the_same_question_may_be_put_again(make: Make) -> None:
    questions = make()
    questions.want(ORDERS, BTC, at(0), "one")

    assert questions.want(ORDERS, BTC, at(1), "two") is not None


def test_the_throttle_outlives_the_answer(make: Make) -> None:
    questions = make()
    questions.want(ORDERS, BTC, at(0), "one")
    questions.answered(ORDERS, BTC, at(0), at(0.2), complete=True)

    assert questions.want(ORDERS, BTC, at(0.5), "two") is None
    assert questions.next_deadline() == at(1)


def test_questions_of_other_kinds_and_symbols_are_not_throttled(make: Make) -> None:
    questions = make()
    topics = [(ORDERS, BTC), (HISTORY, BTC), (ORDERS, "ETHUSDT"), (WALLET, None)]

    asked = [questions.want(kind, symbol, at(0), "start") for kind, symbol in topics]

    assert None not in asked


def test_an_answer_that_was_asked_too_early_does_not_count(make: Make) -> None:
    questions = make()
    questions.want(ORDERS, BTC, at(0), "one")
    questions.want(ORDERS, BTC, at(0.4), "something happened since")

    early = questions.answered(ORDERS, BTC, at(0), at(0.6), complete=True)

    assert not early
    assert questions.is_open(BTC)
    assert [request.kind for request in questions.due(at(1))] == [ORDERS]
    assert questions.answered(ORDERS, BTC, at(1), at(1.1), complete=True)
    assert not questions.is_open(BTC)


def test_the_answer_to_this_instants_question_counts(make: Make) -> None:
    questions = make()
    questions.want(ORDERS, BTC, at(0), "one")

    assert questions.want(ORDERS, BTC, at(0), "two") is None
    assert questions.next_deadline() == at(10), "it is not put again: the answer is on its way"
    assert questions.answered(ORDERS, BTC, at(0), at(0.3), complete=True)
    assert questions.next_deadline() is None


def test_an_incomplete_answer_is_asked_for_again_a_second_later_l30(make: Make) -> None:
    questions = make()
    questions.want(ORDERS, BTC, at(0), "one")

    assert not questions.answered(ORDERS, BTC, at(0), at(0.5), complete=False)

    assert questions.is_open(BTC)
    assert questions.next_deadline() == at(1.5)
    assert len(questions.due(at(1.5))) == 1


def test_an_early_incomplete_answer_does_not_put_the_question_off(make: Make) -> None:
    questions = make()
    questions.want(ORDERS, BTC, at(0), "one")
    questions.want(ORDERS, BTC, at(5), "two")

    questions.answered(ORDERS, BTC, at(0), at(6), complete=False)

    assert questions.next_deadline() == at(25), "the second attempt waits 20 s"


def test_an_answer_that_nobody_asked_for_settles_nothing(make: Make) -> None:
    questions = make()
    questions.want(ORDERS, BTC, at(0), "one")

    assert not questions.answered(HISTORY, BTC, at(0), at(0.1), complete=True)
    assert not questions.answered(ORDERS, "ETHUSDT", at(0), at(0.1), complete=True)
    assert not questions.answered(WALLET, None, at(0), at(0.1), complete=True)
    assert questions.is_open(BTC)


def test_open_questions_are_told_apart_by_symbol(make: Make) -> None:
    questions = make()
    questions.want(WALLET, None, at(0), "one")

    assert questions.is_open(None)
    assert not questions.is_open(BTC)


def test_questions_are_put_again_in_the_order_of_their_first_time(make: Make) -> None:
    questions = make()
    for second, kind in enumerate((HISTORY, WALLET, ORDERS)):
        questions.want(kind, None if kind is WALLET else BTC, at(second), "start")

    assert [request.kind for request in questions.due(at(12))] == [HISTORY, WALLET, ORDERS]


def test_a_question_whose_time_has_not_come_is_not_put(make: Make) -> None:
    questions = make()
    questions.want(ORDERS, BTC, at(0), "one")

    assert questions.due(Instant(at(10) - 1)) == []


TOPICS = st.sampled_from([(ORDERS, BTC), (HISTORY, BTC), (ORDERS, "ETHUSDT"), (WALLET, None)])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["want", "answer", "partial", "due"]), TOPICS, st.integers(0, 4_000_000)
    ),
    max_size=40,
)


def play(
    questions: Questions, steps: list[tuple[str, tuple[SnapshotKind, str | None], int]]
) -> int:
    """Play random steps; gives the time at the end, and checks the spacing of every question."""
    now, last = T, dict[tuple[SnapshotKind, str | None], int]()
    for name, (kind, symbol), after in steps:
        now += after
        asked: list[AskSnapshot] = []
        if name == "want":
            request = questions.want(kind, symbol, Instant(now), "why")
            asked = [] if request is None else [request]
        elif name == "due":
            asked = questions.due(Instant(now))
        else:
            before = last.get((kind, symbol), now)
            questions.answered(
                kind, symbol, Instant(before), Instant(now), complete=name == "answer"
            )
        for request in asked:
            topic = (request.kind, request.symbol)
            assert topic not in last or now - last[topic] >= SECOND_US
            last[topic] = now
    return now


@given(STEPS)
def test_no_question_is_ever_put_twice_within_a_second_l39(
    make: Make, steps: list[tuple[str, tuple[SnapshotKind, str | None], int]]
) -> None:
    play(make(), steps)


@given(STEPS)
def test_an_open_question_always_has_a_deadline_within_30_s(
    make: Make, steps: list[tuple[str, tuple[SnapshotKind, str | None], int]]
) -> None:
    questions = make()

    now = play(questions, steps)

    deadline = questions.next_deadline()
    is_open = any(questions.is_open(symbol) for symbol in (BTC, "ETHUSDT", None))
    assert (deadline is not None) is is_open
    assert deadline is None or deadline <= now + 30 * SECOND_US


@given(STEPS)
def test_restore_is_the_inverse_of_snapshot(
    make: Make, steps: list[tuple[str, tuple[SnapshotKind, str | None], int]]
) -> None:
    questions, again = make(), make()
    now = play(questions, steps)

    again.restore(Saved(json.loads(json.dumps(questions.snapshot()))))

    assert again.snapshot() == questions.snapshot()
    later = Instant(now + SECOND_US)
    assert again.due(later) == questions.due(later)
    assert again.snapshot() == questions.snapshot()
