"""Ids count once (LS-34, L33): first in, first out, without expiry by time."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from gridcore.session.recent_ids import RecentIds

IDS = st.lists(st.integers(0, 12).map(str))


def test_48_identical_ids_in_one_second_count_once_ls_34() -> None:
    ids = RecentIds(100)

    assert sum(ids.add("X1") for _ in range(48)) == 1
    assert len(ids) == 1


def test_beyond_the_limit_the_oldest_id_is_forgotten() -> None:
    ids = RecentIds(2)
    for identity in ("a", "b", "a", "c"):
        ids.add(identity)

    assert ids.snapshot() == ["b", "c"]
    assert ids.add("a"), "forgotten, so it is new again"


@given(IDS, st.integers(1, 6))
def test_it_behaves_as_a_bounded_queue(added: list[str], limit: int) -> None:
    ids, plain = RecentIds(limit), deque[str](maxlen=limit)

    for identity in added:
        assert ids.add(identity) is (identity not in plain)
        if identity not in plain:
            plain.append(identity)

    assert ids.snapshot() == list(plain)
    assert len(ids) <= limit


@given(IDS, IDS, st.integers(1, 6))
def test_a_restored_set_answers_as_the_original(
    before: list[str], after: list[str], limit: int
) -> None:
    ids, restored = RecentIds(limit), RecentIds(limit)
    restored.add("stale")
    for identity in before:
        ids.add(identity)

    restored.restore(ids.snapshot())

    assert [restored.add(identity) for identity in after] == [ids.add(item) for item in after]
    assert restored.snapshot() == ids.snapshot()
