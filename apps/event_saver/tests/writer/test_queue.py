"""Queues: order, bounds, and nothing lost that may not be."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_saver.journal import Journal
from event_saver.writer.queue import DroppingQueue, JournalQueue


def journaled(folder: Path, items_max: int = 100) -> JournalQueue[int]:
    return JournalQueue(
        Journal(folder, "private", segment_bytes_max=64),
        encode=lambda item: b"%d" % item,
        decode=int,
        items_max=items_max,
    )


def test_a_bounded_queue_drops_its_oldest_and_says_which() -> None:
    queue = DroppingQueue[int](3)
    assert queue.put([1, 2, 3]) == []

    assert queue.put([4, 5]) == [1, 2]

    assert len(queue) == 3
    assert queue.take(10) == [3, 4, 5]


def test_what_was_taken_is_never_dropped_and_counts_until_it_is_settled() -> None:
    queue = DroppingQueue[int](3)
    queue.put([1, 2, 3])
    assert queue.take(2) == [1, 2]

    assert queue.put([4]) == [3]
    assert (len(queue), queue.waiting) == (3, 1)

    queue.settle(2)
    assert queue.put([5, 6]) == []
    assert queue.take(10) == [4, 5, 6]


def test_a_full_queue_of_taken_items_lets_new_ones_pass_by() -> None:
    queue = DroppingQueue[int](2)
    queue.put([1, 2])
    queue.take(2)

    assert queue.put([3]) == [3]


@pytest.mark.parametrize("items_max", [0, -1])
def test_a_queue_without_room_is_refused(tmp_path: Path, items_max: int) -> None:
    with pytest.raises(ValueError, match="room for at least one item"):
        DroppingQueue[int](items_max)
    with pytest.raises(ValueError, match="room for at least one item"):
        journaled(tmp_path, items_max)


def test_a_memory_queue_has_nothing_to_synchronise() -> None:
    queue = DroppingQueue[int](2)
    queue.put([1])

    queue.sync()

    assert not queue.unsynced


def test_a_journaled_queue_keeps_what_memory_cannot_hold(tmp_path: Path) -> None:
    queue = journaled(tmp_path, items_max=2)

    assert queue.put([1, 2]) == ()
    assert queue.put([3, 4, 5]) == ()
    assert queue.unsynced
    queue.sync()

    assert not queue.unsynced
    assert (len(queue), queue.waiting) == (5, 5)
    assert queue.take(4) == [1, 2, 3, 4]
    assert (len(queue), queue.waiting) == (5, 1)
    queue.settle(4)
    assert (len(queue), queue.waiting) == (1, 1)


def test_the_next_process_begins_with_what_was_left(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "private")
    journal.append([b"1", b"2", b"3"])
    journal.close()
    queue = journaled(tmp_path)

    queue.put([4])

    assert queue.take(10) == [1, 2, 3, 4]


operations = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 7)),
        st.tuples(st.just("take"), st.integers(1, 7)),
        st.tuples(st.just("settle"), st.integers(1, 7)),
    ),
    max_size=40,
)


@given(steps=operations, items_max=st.integers(1, 6))
def test_a_journaled_queue_hands_out_everything_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], items_max: int
) -> None:
    queue = journaled(tmp_path_factory.mktemp("law"), items_max)
    put, taken, settled = 0, list[int](), 0
    for step, count in steps:
        if step == "put":
            queue.put(range(put, put + count))
            put += count
        elif step == "take":
            taken.extend(queue.take(count))
        else:
            count = min(count, len(taken) - settled)
            queue.settle(count)
            settled += count
        assert len(queue) == put - settled
        assert queue.waiting == put - len(taken)

    taken.extend(queue.take(put))

    assert taken == list(range(put))


@given(steps=operations, items_max=st.integers(1, 6))
def test_a_bounded_queue_hands_out_or_drops_everything_once_and_in_order(
    steps: list[tuple[str, int]], items_max: int
) -> None:
    queue = DroppingQueue[int](items_max)
    put, taken, dropped, settled = 0, list[int](), list[int](), 0
    for step, count in steps:
        if step == "put":
            dropped.extend(queue.put(range(put, put + count)))
            put += count
        elif step == "take":
            taken.extend(queue.take(count))
        else:
            count = min(count, len(taken) - settled)
            queue.settle(count)
            settled += count
        assert len(queue) <= items_max
    taken.extend(queue.take(put))

    assert sorted(taken + dropped) == list(range(put))
    assert taken == sorted(taken)
    assert dropped == sorted(dropped)
