"""What the engine should want, worked out without gridcore."""

from fractions import Fraction

import pytest

from bbu_reference.engine_model import (
    BookOrder,
    RightEngine,
    book_order,
    grid_hash,
    identity_of,
    text_of,
)
from bbu_reference.grid_model import RightGrid


@pytest.fixture
def engine() -> RightEngine:
    return RightEngine(RightGrid(6, "0.2", "0.3"), "BTCUSDT", "s1", Fraction("0.1"))


def order(order_id: str, side: str, price: int, filled: bool = False) -> BookOrder:
    return BookOrder(
        order_id=order_id, direction="l", side=side, price=Fraction(price), filled=filled
    )


def test_the_first_ticker_wants_what_the_specification_says(engine: RightEngine) -> None:
    """strategy.md 1.12: strategy s1 on BTCUSDT."""
    wanted = engine.ticked(Fraction(1000000), [])

    assert wanted.cancels == ()
    assert wanted.places[0] == ("B", 998000, "l", False, 2, "63c523903aa877f5")
    assert wanted.places[1] == ("S", 1002000, "l", True, 4, "c8b9f6e1cb09d9a5")
    assert wanted.places[6] == ("B", 998000, "s", True, 2, "6a9c4849ec6551e9")
    assert len(wanted.places) == 12


def test_a_level_within_half_a_step_of_the_market_waits_its_turn(engine: RightEngine) -> None:
    engine.ticked(Fraction(1000000), [])

    wanted = engine.ticked(Fraction(1001000), [])

    assert 1002000 not in [place[1] for place in wanted.places]


def test_duplicates_mismatches_and_strays_are_cancelled(engine: RightEngine) -> None:
    """E-6: the one with executions stays, then the first."""
    engine.ticked(Fraction(1000000), [])

    wanted = engine.ticked(
        Fraction(1000000),
        [
            order("a", "B", 998000),
            order("b", "B", 998000, filled=True),
            order("c", "B", 1002000),
            order("d", "S", 1005000),
        ],
    )

    assert wanted.cancels == (("a", "duplicate"), ("c", "side_mismatch"), ("d", "outside_grid"))


def test_too_many_orders_of_a_direction_rebuild(engine: RightEngine) -> None:
    """E-5."""
    engine.ticked(Fraction(1000000), [])
    crowd = [order(str(number), "B", 900000 + number) for number in range(18)]

    wanted = engine.ticked(Fraction(1000500), crowd)

    assert [cause for _, cause in wanted.cancels] == ["rebuild"] * 18
    assert engine.grid.anchor == 1000500


def test_an_early_execution_waits_for_the_first_ticker(engine: RightEngine) -> None:
    """E-3."""
    engine.executed(Fraction(998000))
    assert engine.grid.levels == []

    engine.ticked(Fraction(1000000), [])

    assert engine.grid.sides[engine.grid.levels.index(998000)] == "W"


def test_a_refused_build_is_remembered_and_changes_nothing() -> None:
    engine = RightEngine(RightGrid(20, "0.2", "0.3"), "X", "s1", Fraction(1))

    wanted = engine.ticked(Fraction(120), [])

    assert engine.refusal is not None
    assert engine.refusal.kind == "spacing"
    assert wanted.places == ()


def test_texts_and_hashes_are_those_of_the_recordings() -> None:
    assert text_of(998000, Fraction("0.1")) == "99800.0"
    assert identity_of(None, "BTCUSDT", "Buy", "99800.0", "long") == "61bf525ec34a5d86"
    assert grid_hash([], "") == "e3b0c44298fc1c14"


def test_rows_of_a_trace_become_orders() -> None:
    filled = book_order(["l", "o1", "Buy", "249.51", "id", "0.5"], "0.01")
    bad = book_order(["s", "o2", "Sell", "249.515", "id", "bad"], "0.01")

    assert filled == BookOrder(
        order_id="o1", direction="l", side="B", price=Fraction(24951), filled=True
    )
    assert (bad.filled, bad.price) == (False, Fraction(49903, 2))
