"""Survivors are explained, or said not to be."""

from pathlib import Path

from tools.mutation.command import session_candidates
from tools.mutation.survivors import NO_REASON, SURVIVORS, reason_of

ROOT = Path(__file__).resolve().parents[3]


def test_a_survivor_that_nobody_explained_says_so() -> None:
    assert reason_of("session/none.py:f:00000000") == NO_REASON


def test_every_explained_mutant_can_still_be_made() -> None:
    known = {mutant.identity for mutant in session_candidates(ROOT)}

    assert sorted(set(SURVIVORS) - known) == []


def test_every_reason_is_a_sentence() -> None:
    assert [identity for identity, reason in SURVIVORS.items() if len(reason.split()) < 4] == []
