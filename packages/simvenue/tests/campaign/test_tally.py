"""Tallies: sums, their way to JSON and back, and what was reached too rarely."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.saved import SavedStateError
from gridcore.session.gates import DenyReason
from simvenue.campaign.tally import EVERY_ROW, Failure, Tally, merged

COUNTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 1000))


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    tally = Tally()
    tally.seeds = [(draw(st.integers(0, 100)), draw(st.integers(1, 100)))]
    tally.events = draw(st.integers(0, 10**9))
    tally.restarts = draw(st.integers(0, 100))
    tally.microseconds = draw(st.integers(0, 10**9))
    for name in ("faults", "survived", "rows", "denials", "causes"):
        setattr(tally, name, draw(COUNTS))
    if draw(st.booleans()):
        tally.failures.append(
            Failure(seed=draw(st.integers(0, 9)), law="x", what="y", faults=("{}",))
        )
    return tally


@given(tallies())
def test_json_and_back_is_the_same_tally(tally: Tally) -> None:
    text = json.dumps(tally.to_json())
    assert Tally.from_json(json.loads(text)).to_json() == tally.to_json()


@given(tallies(), tallies(), tallies())
def test_pieces_add_up_whatever_the_grouping(one: Tally, two: Tally, three: Tally) -> None:
    assert merged([merged([one, two]), three]).to_json() == merged([one, two, three]).to_json()
    assert merged([one, two]).events == one.events + two.events
    assert merged([one, two]).seed_count() == one.seed_count() + two.seed_count()


def test_what_was_never_or_too_rarely_reached_is_named() -> None:
    tally = Tally()
    tally.rows = dict.fromkeys(EVERY_ROW, 100)
    tally.denials = {reason.value: 100 for reason in DenyReason}
    assert tally.below(100) == []
    tally.rows["PENDING+ACCEPTED"] = 99
    del tally.denials["coverage"]
    assert tally.below(100) == ["transition PENDING+ACCEPTED", "denial coverage"]


def test_what_is_no_tally_is_refused() -> None:
    with pytest.raises(SavedStateError):
        Tally.from_json({"format": 1})
