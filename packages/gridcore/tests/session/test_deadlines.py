"""Named deadlines: one instant per name, the earliest first, each due once."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.saved import Saved
from gridcore.session.deadlines import Deadlines

NAMES = st.sampled_from(["audit", "breaker/BTCUSDT", "emergency/ETHUSDT", "z"])
INSTANTS = st.integers(0, 50).map(Instant)


def test_without_deadlines_nothing_is_next_and_nothing_is_due() -> None:
    deadlines = Deadlines()

    assert deadlines.next() is None
    assert deadlines.due(Instant(10**18)) == []


def test_a_name_set_again_moves_and_none_drops_it() -> None:
    deadlines = Deadlines()
    deadlines.set("a", Instant(5))
    deadlines.set("a", Instant(9))
    assert deadlines.next() == 9

    deadlines.set("a", None)
    deadlines.set("never set", None)

    assert deadlines.next() is None


def test_due_names_come_earliest_first_and_equal_ones_by_name() -> None:
    deadlines = Deadlines()
    for name, at in (("c", 3), ("b", 3), ("a", 7), ("d", 1), ("later", 8)):
        deadlines.set(name, Instant(at))

    assert deadlines.due(Instant(7)) == ["d", "b", "c", "a"]
    assert deadlines.due(Instant(7)) == []
    assert deadlines.next() == 8


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("set"), NAMES, st.one_of(st.none(), INSTANTS)),
            st.tuples(st.just("due"), st.just(""), INSTANTS),
        )
    )
)
def test_next_is_always_the_minimum_of_a_plain_dict(
    steps: list[tuple[str, str, Instant | None]],
) -> None:
    deadlines, plain = Deadlines(), dict[str, int]()
    for action, name, at in steps:
        if action == "set" and at is None:
            deadlines.set(name, None)
            plain.pop(name, None)
        elif action == "set" and at is not None:
            deadlines.set(name, at)
            plain[name] = at
        elif at is not None:
            due = deadlines.due(at)
            assert sorted(due) == sorted(key for key, value in plain.items() if value <= at)
            plain = {key: value for key, value in plain.items() if value > at}
        assert deadlines.next() == (min(plain.values()) if plain else None)


@given(st.dictionaries(NAMES, INSTANTS))
def test_restore_is_the_inverse_of_snapshot(at: dict[str, Instant]) -> None:
    deadlines, restored = Deadlines(), Deadlines()
    restored.set("stale", Instant(0))
    for name, instant in at.items():
        deadlines.set(name, instant)

    restored.restore(Saved(json.loads(json.dumps(deadlines.snapshot()))))

    assert restored.snapshot() == deadlines.snapshot()
    assert restored.next() == deadlines.next()
