"""The two grids without gridcore: the vectors of strategy.md 1.12, and the recorded defects."""

from fractions import Fraction

import pytest

from bbu_reference.grid_model import RecordedGrid, RightGrid, RightRefusal, check, is_correct


def prices(grid: RightGrid, tick: str) -> list[float]:
    return [float(level * Fraction(tick)) for level in grid.levels]


def test_both_build_the_same_levels() -> None:
    right, old = RightGrid(10, "0.2", "0.3"), RecordedGrid("0.1", 10, "0.2", "0.3")

    right.build(Fraction(1000000))
    old.build(100000.0)

    expected = [99004.0, 99202.4, 99401.2, 99600.4, 99800.0, 100000.0]
    assert prices(right, "0.1")[:6] == old.prices[:6] == expected
    assert right.sides == old.sides


def test_a_fill_on_the_top_level_appends_a_level_at_zero_in_the_recorded_grid_only() -> None:
    """G-8, golden/README.md 1."""
    right, old = RightGrid(6, "0.2", "0.3"), RecordedGrid("0.1", 6, "0.2", "0.3")
    right.build(Fraction(1000000))
    old.build(100000.0)

    right.update(Fraction(1006012), Fraction(1006000))
    old.update(100601.2, 100600.0)

    assert old.prices[-1] == 0.0
    assert prices(right, "0.1")[-1] == 100802.4
    assert right.sides == old.sides == ["B", "B", "B", "B", "B", "W", "S"]


def test_too_fine_a_step_is_refused_before_anything_changes() -> None:
    """G-3, golden/README.md 3 and 18."""
    right, old = RightGrid(4, "0.1", "0.3"), RecordedGrid("0.1", 4, "0.1", "0.3")

    with pytest.raises(RightRefusal, match="spacing"):
        right.build(Fraction(500))
    with pytest.raises(ValueError, match="duplicate"):
        old.build(50.0)

    assert right.levels == []
    assert old.prices != []


@pytest.mark.parametrize(
    ("levels", "kind"), [([0, 5], "positive"), ([-1, 5], "positive"), ([5, 6], "spacing")]
)
def test_what_no_grid_may_be(levels: list[int], kind: str) -> None:
    with pytest.raises(RightRefusal) as refusal:
        check(levels)

    assert refusal.value.kind == kind


def test_a_centre_of_zero_is_refused_by_one_and_passed_over_by_the_other() -> None:
    right, old = RightGrid(4, "0.1", "0.3"), RecordedGrid("0.1", 4, "0.1", "0.3")

    with pytest.raises(RightRefusal, match="centre"):
        right.build(Fraction(0))
    old.build(0.0)
    old.build(None)

    assert old.prices == []


def test_without_fill_or_price_nothing_happens() -> None:
    right, old = RightGrid(4, "1", "0.3"), RecordedGrid("0.1", 4, "1", "0.3")

    right.update(None, Fraction(5))
    old.update(1.0, None)

    assert right.levels == old.prices == []


def test_nearness_to_half_a_tick_is_noticed() -> None:
    grid = RightGrid(0, "1", "0.3")

    grid.build(Fraction(201, 2))

    assert grid.near


@pytest.mark.parametrize(
    ("sides", "correct"),
    [
        ("BWS", True),
        ("BS", True),
        ("BBWWSS", True),
        ("", False),
        ("WS", False),
        ("BW", False),
        ("BSB", False),
    ],
)
def test_the_recorded_predicate(sides: str, correct: bool) -> None:
    """G-10."""
    assert is_correct([Fraction(number) for number in range(len(sides))], sides) is correct


def test_the_recorded_predicate_needs_ascending_prices() -> None:
    assert not is_correct([Fraction(1), Fraction(1)], "BS")
