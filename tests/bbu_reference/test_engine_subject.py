"""gridcore's engine as the traces drive it."""

from fractions import Fraction
from typing import Any

import pytest

from bbu_reference.engine_model import BookOrder
from bbu_reference.engine_subject import EngineState, EngineSubject
from bbu_reference.grid_rules import GridState

CASE: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "tick": "0.1",
    "n": 6,
    "step": "0.2",
    "threshold": "0.3",
    "strat_id": "s1",
    "anchor_price": None,
    "restored_grid": None,
}
TICKER = {"e": "T", "t": 1000, "x": "100000.0"}
FILL = {"e": "X", "t": 2000, "x": "99800.0", "side": "Buy", "oid": "1", "link": ""}


def test_a_ticker_gives_intents_and_a_state() -> None:
    subject = EngineSubject(CASE)

    wanted, raised = subject.take(TICKER, [])

    assert not raised
    assert wanted.places[0] == ("B", 998000, "l", False, 2, "63c523903aa877f5")
    assert subject.state().grid.sides == "BBBWSSS"


def test_an_execution_and_an_order_update_give_none() -> None:
    subject = EngineSubject(CASE)
    subject.take(TICKER, [])

    filled, _ = subject.take(FILL, [])
    updated, _ = subject.take({"e": "O", "t": 3000, "oid": "1", "link": "", "st": "Filled"}, [])

    assert (filled.places, updated.places) == ((), ())
    assert subject.state().fill == 998000


def test_a_place_keeps_the_level_of_the_grid_it_was_planned_on() -> None:
    """E-5, EC-04: too many shorts rebuild the grid after the long side was planned."""
    subject = EngineSubject(CASE)
    subject.take(TICKER, [])
    crowd = [
        BookOrder(
            order_id=str(number), direction="s", side="B", price=Fraction(number + 1), filled=False
        )
        for number in range(18)
    ]

    wanted, _ = subject.take({**TICKER, "t": 2000, "x": "100300.0"}, crowd)

    assert subject.state().grid.anchor == 1003000
    assert {place[4] for place in wanted.places if place[1] == 998000} == {2}


def test_a_refused_event_is_told() -> None:
    assert EngineSubject(CASE).take({**TICKER, "x": "0"}, [])[1]


def test_an_unknown_kind_of_event_cannot_be_judged() -> None:
    with pytest.raises(KeyError, match="unknown kind"):
        EngineSubject(CASE).take({**TICKER, "e": "Z"}, [])


def test_a_zero_anchor_is_refused_and_a_bad_grid_not_taken() -> None:
    anchored = EngineSubject({**CASE, "anchor_price": "0.0"})
    restored = EngineSubject({**CASE, "restored_grid": [["Buy", "x"]]})

    assert anchored.refused_anchor
    assert restored.state().grid.levels == ()


def test_an_engine_goes_on_from_a_recorded_state() -> None:
    grid = GridState(
        raised=False,
        sides="BBBWSSS",
        levels=(994012, 996004, 998000, 1000000, 1002000, 1004004, 1006012),
        anchor=1000000,
    )
    subject = EngineSubject(CASE)

    subject.adopt(EngineState(grid=grid, last=1000000, fill=None))
    wanted, _ = subject.take(TICKER, [])

    assert subject.state().grid == grid
    assert len(wanted.places) == 12
