"""How much of a journal is kept."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.journals.files import JournalFile
from gridbot.journal.retention import Retention, surplus
from gridcore.clock import DAY_US, Instant

Row = tuple[JournalFile, int]


def row(day: int, size: int) -> Row:
    """A file that began on a day, of a size."""
    return JournalFile(path=Path(f"{day}.jsonl"), first_seq=day, began=Instant(day * DAY_US)), size


def days(files: list[JournalFile]) -> list[int]:
    """The days on which files began."""
    return [file.first_seq for file in files]


def test_a_file_goes_when_its_end_is_older_than_the_days_that_are_kept() -> None:
    rows = [row(day, 1) for day in range(10)]

    gone = surplus(rows, Retention(days_max=3, bytes_max=1000), Instant(10 * DAY_US))

    # The file of day 6 ended where that of day 7 began: three days ago.
    assert days(gone) == [0, 1, 2, 3, 4, 5]


def test_the_oldest_files_go_until_the_rest_fits() -> None:
    rows = [row(0, 500), row(1, 10), row(2, 500), row(3, 400)]

    gone = surplus(rows, Retention(days_max=90, bytes_max=910), Instant(4 * DAY_US))

    assert days(gone) == [0]


def test_the_file_that_is_being_written_stays_however_large_it_is() -> None:
    kept = Retention(days_max=1, bytes_max=1)

    assert days(surplus([row(0, 9), row(1, 9)], kept, Instant(50 * DAY_US))) == [0]
    assert surplus([row(0, 9)], kept, Instant(50 * DAY_US)) == []
    assert surplus([], kept, Instant(0)) == []


@given(
    sizes=st.lists(st.integers(0, 100), min_size=1, max_size=12),
    days_max=st.integers(1, 12),
    bytes_max=st.integers(1, 400),
)
def test_what_stays_is_the_end_of_the_journal_and_within_both_bounds(
    sizes: list[int], days_max: int, bytes_max: int
) -> None:
    rows = [row(day, size) for day, size in enumerate(sizes)]
    now = Instant(len(sizes) * DAY_US)

    gone = surplus(rows, Retention(days_max=days_max, bytes_max=bytes_max), now)
    stays = rows[len(gone) :]

    assert gone == [file for file, _ in rows[: len(gone)]]
    assert len(stays) == 1 or sum(size for _, size in stays) <= bytes_max
    assert len(stays) == 1 or now - stays[1][0].began <= days_max * DAY_US


@pytest.mark.parametrize("name", ["days_max", "bytes_max"])
def test_a_bound_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"journal {name}: expected a whole number above 0"):
        Retention(**{name: 0})
