from enum import StrEnum

import pytest

from grid_db import words

SETS = [
    value
    for value in vars(words).values()
    if isinstance(value, type) and issubclass(value, StrEnum) and value is not StrEnum
]


@pytest.mark.parametrize("closed_set", SETS, ids=lambda closed_set: closed_set.__name__)
def test_every_word_is_lower_case_and_short(closed_set: type[StrEnum]) -> None:
    for word in closed_set:
        assert word.value == word.value.lower()
        assert 0 < len(word.value) <= 20


def test_the_words_of_earlier_recordings_are_still_known() -> None:
    """live.md 2.2: rows of earlier systems hold these."""
    assert [words.RunType(word) for word in ("live", "backtest", "shadow", "recording")]
    assert [words.RunStatus(word) for word in ("running", "completed", "failed")]
    assert [words.SnapshotSource(word) for word in ("live", "backtest")]
