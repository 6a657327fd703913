"""Subscribe, ask, merge: the newest of each key wins, wherever it came from."""

from hypothesis import given
from hypothesis import strategies as st

from event_saver.merge import Merge
from gridcore.clock import Instant

Row = tuple[str, int, str]


def merge() -> Merge[Row]:
    return Merge(key=lambda row: row[0], at=lambda row: Instant(row[1]))


def test_a_snapshot_tells_what_the_stream_has_not_told() -> None:
    merged = merge()

    assert merged.admit([("a", 5, "New"), ("b", 6, "New")]) == [("a", 5, "New"), ("b", 6, "New")]


def test_what_the_stream_told_while_the_snapshot_was_on_its_way_wins() -> None:
    merged = merge()
    merged.saw(("a", 7, "Filled"))

    assert merged.admit([("a", 5, "New"), ("b", 6, "New")]) == [("b", 6, "New")]


def test_a_state_that_the_stream_has_told_already_is_not_stored_twice() -> None:
    merged = merge()
    merged.saw(("a", 5, "New"))

    assert merged.admit([("a", 5, "New")]) == []


def test_a_snapshot_that_knows_more_than_the_stream_is_taken() -> None:
    merged = merge()
    merged.saw(("a", 5, "New"))

    assert merged.admit([("a", 8, "Cancelled")]) == [("a", 8, "Cancelled")]


def test_a_snapshot_that_was_not_stored_is_let_through_again() -> None:
    """A gap is tried again when the database was away: what it brings must not shrink (L72)."""
    merged = merge()
    row = ("a", 8, "Cancelled")

    assert merged.admit([row]) == merged.admit([row]) == [row]

    merged.saw(row)
    assert merged.admit([row]) == []


def test_a_late_row_of_the_stream_does_not_make_an_old_snapshot_new() -> None:
    merged = merge()
    merged.saw(("a", 9, "Filled"))
    merged.saw(("a", 4, "New"))

    assert merged.admit([("a", 8, "PartiallyFilled")]) == []


def test_what_was_told_long_ago_can_be_forgotten() -> None:
    merged = merge()
    merged.saw(("a", 4, "Filled"))
    merged.saw(("b", 9, "New"))

    merged.forget(Instant(5))

    assert merged.admit([("a", 3, "New"), ("b", 9, "New")]) == [("a", 3, "New")]


rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.sampled_from(["stream"])), max_size=12
)


@given(told=rows, asked=rows)
def test_the_newest_state_of_every_key_is_stored(told: list[Row], asked: list[Row]) -> None:
    merged = merge()
    for row in told:
        merged.saw(row)

    stored = told + merged.admit(asked)

    for key in "abc":
        newest = max((row[1] for row in told + asked if row[0] == key), default=None)
        assert max((row[1] for row in stored if row[0] == key), default=None) == newest
