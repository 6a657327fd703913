"""Levels: laws, and the vectors of spec/strategy.md 1.12 (G-1 to G-13; golden README rule 14)."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.config import GridConfig
from gridcore.engine import engine_instrument
from gridcore.grid import (
    MIN_SPACING_TICKS,
    Grid,
    GridError,
    build_levels,
    is_grid_correct,
    parse_rows,
    step_ratio,
    wait_center,
)
from gridcore.instrument import Price
from gridcore.sides import GridSideType

B, W, S = GridSideType.BUY, GridSideType.WAIT, GridSideType.SELL
LTC = engine_instrument("LTCUSDT", Decimal("0.1"))


def config(count: int, step: str) -> GridConfig:
    return GridConfig(grid_count=count, grid_step=Decimal(step))


def built(count: int, step: str, center: Price) -> Grid:
    grid = Grid(config(count, step))
    grid.build(center)
    return grid


def assert_invariants(grid: Grid) -> None:
    if grid.levels:
        assert len(grid.levels) == grid.config.level_count
    assert all(isinstance(level, int) and level > 0 for level in grid.levels)
    assert all(upper - lower >= MIN_SPACING_TICKS for lower, upper in pairwise(grid.levels))


configs = st.builds(
    config,
    st.integers(1, 24),
    st.decimals("0.05", "20", places=2).map(str),
)
centers = st.one_of(
    st.integers(1, 2_000_000),
    st.fractions(1, 200_000, max_denominator=1000),
)


# -- building ------------------------------------------------------------------------------


def test_a_build_at_a_hundred_thousand_gives_the_recorded_levels_g_2() -> None:
    grid = built(10, "0.2", 1_000_000)
    assert grid.levels == [
        *(990_040, 992_024, 994_012, 996_004, 998_000),
        1_000_000,
        *(1_002_000, 1_004_004, 1_006_012, 1_008_024, 1_010_040),
    ]
    assert grid.anchor == 1_000_000


def test_a_build_at_a_low_price_gives_the_recorded_levels_g_2() -> None:
    expected = [5313, 5334, 5355, 5377, 5399, 5421, 5443, 5465, 5487, 5509, 5531]
    assert built(10, "0.4", 5421).levels == expected


def test_fifty_gives_fifty_one_levels_and_an_odd_count_gives_itself_g_2() -> None:
    assert len(built(50, "0.2", 1_000_000).levels) == 51
    assert len(built(7, "0.2", 1_000_000).levels) == 7
    assert built(1, "0.2", 1_000_000).levels == [1_000_000]


def test_the_first_neighbours_compound_from_the_unrounded_centre_g_2() -> None:
    # 100.4 * 1.02 = 102.408 and 100.4 * 0.98 = 98.392; from 100 both would be 102 and 98, too,
    # but 100.49 * 1.02 = 102.4998 and 100.6 * 1.02 = 102.612 part them.
    assert built(2, "2", Fraction("100.49")).levels == [98, 100, 102]
    assert built(2, "2", Fraction("100.6")).levels == [99, 101, 103]
    assert built(2, "2", Fraction("100.6")).anchor == 101


def test_exact_halves_round_to_the_even_tick_g_1() -> None:
    assert built(2, "50", 5).levels == [2, 5, 8]  # 2.5 and 7.5
    assert built(2, "50", 7).levels == [4, 7, 10]  # 3.5 and 10.5
    assert built(1, "50", Fraction(5, 2)).levels == [2]
    assert built(1, "50", Fraction(7, 2)).levels == [4]


def decimal_oracle(center: Decimal, count: int, step: Decimal) -> list[int]:
    """G-2 in decimals of 60 digits, which hold every product here exactly."""
    with localcontext() as context:
        context.prec = 60
        one = Decimal(1)
        up, down = one + step / 100, one - step / 100
        above = below = center
        levels = [center.quantize(one, ROUND_HALF_EVEN)]
        for _ in range(count // 2):
            above = (above * up).quantize(one, ROUND_HALF_EVEN)
            below = (below * down).quantize(one, ROUND_HALF_EVEN)
            levels = [below, *levels, above]
        return [int(level) for level in levels]


@given(
    center=st.decimals("0.001", "900000", places=3),
    count=st.integers(1, 16),
    step=st.decimals("0.001", "30", places=3),
)
def test_a_build_equals_the_formula_in_exact_decimals(
    center: Decimal, count: int, step: Decimal
) -> None:
    expected = decimal_oracle(center, count, step)
    spaced = all(upper - lower >= MIN_SPACING_TICKS for lower, upper in pairwise(expected))
    if spaced and expected[0] > 0:
        assert build_levels(Fraction(center), config(count, str(step))) == expected
    else:
        with pytest.raises(GridError):
            build_levels(Fraction(center), config(count, str(step)))


def test_equal_neighbours_are_refused_and_leave_no_levels_g_3() -> None:
    grid = Grid(config(4, "0.1"))
    with pytest.raises(GridError, match="raise grid_step"):
        grid.build(500)
    assert grid.levels == []
    assert grid.anchor is None


@pytest.mark.parametrize("step", ["0.2", "0.3"])
def test_a_step_of_one_tick_is_refused_ls_11(step: str) -> None:
    with pytest.raises(GridError, match="at least 2 ticks apart"):
        build_levels(440, config(20, step))


def test_a_step_of_two_ticks_is_accepted_g_4() -> None:
    levels = build_levels(440, config(20, "0.4"))
    assert levels == list(range(420, 461, 2))


@pytest.mark.parametrize("center", [0, -1, Fraction(-1, 3)])
def test_a_centre_at_or_below_zero_is_refused(center: Price) -> None:
    with pytest.raises(GridError, match="centre price above 0"):
        build_levels(center, config(10, "0.2"))


def test_a_centre_that_rounds_to_zero_is_refused() -> None:
    with pytest.raises(GridError, match="prices above 0"):
        build_levels(Fraction(1, 3), config(1, "0.2"))


def test_a_failed_build_leaves_levels_and_anchor_as_they_were() -> None:
    grid = built(4, "1", 1000)
    before = list(grid.levels)
    with pytest.raises(GridError):
        grid.build(50)
    assert grid.levels == before
    assert grid.anchor == 1000


def test_a_second_build_replaces_the_levels_ls_09() -> None:
    grid = built(4, "1", 1000)
    grid.build(2000)
    assert grid.levels == build_levels(2000, config(4, "1"))
    assert grid.anchor == 2000


def test_the_step_is_an_exact_ratio_of_percent() -> None:
    assert step_ratio(config(4, "0.2")) == (1, 5)


# -- shifting ------------------------------------------------------------------------------


def test_a_shift_up_drops_the_lowest_and_compounds_from_the_highest_g_7() -> None:
    grid = built(6, "0.2", 1_000_000)
    assert grid.shift_up() == (994_012, 1_008_024)
    assert grid.levels == [
        996_004,
        998_000,
        1_000_000,
        1_002_000,
        1_004_004,
        1_006_012,
        1_008_024,
    ]
    assert grid.anchor == 1_000_000


def test_a_shift_down_drops_the_highest_and_compounds_from_the_lowest_g_7() -> None:
    grid = built(10, "0.4", 5421)
    assert grid.shift_down() == (5531, 5292)
    assert grid.levels[:2] == [5292, 5313]
    assert grid.levels[-1] == 5509


def test_a_shift_down_into_the_ticks_is_refused_and_changes_nothing() -> None:
    grid = built(2, "2", 78)
    assert grid.levels == [76, 78, 80]
    assert grid.shift_down() == (80, 74)
    with pytest.raises(GridError, match="new bottom level below 74, found 73"):
        grid.shift_down()
    assert grid.levels == [74, 76, 78]


def test_a_shift_down_to_zero_is_refused_and_changes_nothing() -> None:
    grid = built(2, "90", 30)
    with pytest.raises(GridError, match="new bottom level below 3"):
        grid.shift_down()
    assert grid.levels == [3, 30, 57]


def test_a_shift_up_that_does_not_clear_two_ticks_is_refused_and_changes_nothing() -> None:
    grid = Grid(config(2, "2"))
    grid.restore([10, 12, 14], 12)
    with pytest.raises(GridError, match="new top level above 14"):
        grid.shift_up()
    assert grid.levels == [10, 12, 14]


@given(
    settings=configs,
    moves=st.lists(st.one_of(centers, st.sampled_from(["up", "down"])), min_size=1, max_size=40),
)
def test_the_invariants_hold_after_any_moves_and_a_refused_move_changes_nothing_a_02(
    settings: GridConfig, moves: list[Price | str]
) -> None:
    grid = Grid(settings)
    for move in moves:
        before, anchor = list(grid.levels), grid.anchor
        try:
            if not isinstance(move, str):
                grid.build(move)
                assert grid.anchor == round(move)
            elif not before:
                continue
            elif move == "up":
                dropped, added = grid.shift_up()
                assert grid.levels == [*before[1:], added]
                assert dropped == before[0]
            else:
                dropped, added = grid.shift_down()
                assert grid.levels == [added, *before[:-1]]
                assert dropped == before[-1]
        except GridError:
            assert (grid.levels, grid.anchor) == (before, anchor)
        if isinstance(move, str):
            assert grid.anchor == anchor
        assert_invariants(grid)


@pytest.mark.parametrize(("level", "below", "above"), [(5, 2, 8), (9, 4, 14), (7, 4, 10)])
def test_a_new_edge_level_on_exactly_half_a_tick_is_even_g_1(
    level: int, below: int, above: int
) -> None:
    grid = Grid(config(1, "50"))
    grid.restore([level], None)
    assert grid.shift_up() == (level, above)
    grid.restore([level], None)
    assert grid.shift_down() == (level, below)


@given(level=st.integers(2, 2_000_000), step=st.decimals("0.01", "60", places=2))
def test_a_new_edge_level_is_the_half_even_rounding_of_the_exact_value(
    level: int, step: Decimal
) -> None:
    ratio = Fraction(step) / 100
    up, down = round(level * (1 + ratio)), round(level * (1 - ratio))
    if up - level >= MIN_SPACING_TICKS:
        grid = Grid(config(1, str(step)))
        grid.restore([level], None)
        assert grid.shift_up() == (level, up)
    if down > 0 and level - down >= MIN_SPACING_TICKS:
        grid = Grid(config(1, str(step)))
        grid.restore([level], None)
        assert grid.shift_down() == (level, down)


# -- restoring and bounds ------------------------------------------------------------------


def test_a_restored_grid_is_a_copy_with_the_saved_anchor() -> None:
    grid = Grid(config(2, "1"))
    saved = [990, 1000, 1010]
    grid.restore(saved, 1001)
    saved.append(0)
    assert grid.levels == [990, 1000, 1010]
    assert grid.anchor == 1001


@pytest.mark.parametrize(
    "levels",
    [[990, 1000], [], [0, 1000, 1010], [990, 1010, 1000], [990, 990, 1000]],
)
def test_saved_levels_that_break_an_invariant_are_refused(levels: list[int]) -> None:
    grid = built(2, "1", 2000)
    with pytest.raises(GridError):
        grid.restore(levels, 1000)
    assert grid.levels == [1980, 2000, 2020]
    assert grid.anchor == 2000


def test_bounds_are_the_lowest_and_the_highest_level_g_13() -> None:
    assert built(10, "0.4", 5421).bounds == (5313, 5531)
    with pytest.raises(GridError, match="empty"):
        _ = Grid(config(2, "1")).bounds


# -- near ----------------------------------------------------------------------------------


def test_exactly_a_quarter_step_from_the_level_is_not_near_g_6() -> None:
    grid = Grid(config(2, "0.4"))  # a quarter step is 0.1 % of the level
    grid.restore([1000, 2000, 3000], None)
    assert grid.near(1001) == []
    assert grid.near(1001 - Fraction(1, 10**9)) == [1000]
    assert grid.near(999) == []
    assert grid.near(999 + Fraction(1, 10**9)) == [1000]
    assert grid.near(2001) == [2000]  # the level is the denominator: 0.05 % of 2000
    assert grid.near(2000) == [2000]


def test_a_price_far_off_is_near_to_nothing() -> None:
    grid = built(4, "1", 1000)
    assert grid.near(1) == []
    assert grid.near(10**9) == []
    assert Grid(config(4, "1")).near(1000) == []


@given(
    levels=st.lists(st.integers(1, 3000), min_size=1, max_size=12, unique=True).map(sorted),
    price=st.one_of(st.integers(1, 3000), st.fractions(1, 3000, max_denominator=20)),
    step=st.decimals("0.1", "99", places=1),
)
def test_near_levels_are_those_within_a_quarter_step_in_exact_numbers(
    levels: list[int], price: Price, step: Decimal
) -> None:
    grid = Grid(config(2, str(step)))
    grid.levels = levels
    expected = [
        level for level in levels if abs(Fraction(level) - price) / level * 100 < Fraction(step) / 4
    ]
    assert grid.near(price) == expected


# -- sides of saved grids ------------------------------------------------------------------


def test_the_wait_centre_lies_between_the_outer_waiting_levels_g_12() -> None:
    assert wait_center([10, 20, 30, 40], [B, W, W, S]) == 25
    assert wait_center([10, 20, 31, 40], [B, W, W, S]) == Fraction(51, 2)
    assert wait_center([10, 20, 30], [B, W, S]) == 20


def test_without_a_waiting_level_the_centre_is_the_median_g_12() -> None:
    assert wait_center([10, 20, 40], [B, B, S]) == 20
    assert wait_center([10, 20, 31, 40], [B, B, S, S]) == Fraction(51, 2)
    with pytest.raises(GridError):
        wait_center([], [])


@pytest.mark.parametrize(
    ("sides", "correct"),
    [
        ([B, W, S], True),
        ([B, B, W, W, S, S], True),
        ([B, S], True),
        ([W, B, S], False),
        ([W, S], False),
        ([S, S], False),
        ([B, W], False),
        ([B, B], False),
        ([B, S, B, S], False),
        ([B, S, W, S], False),
        ([B, W, B, S], False),
    ],
)
def test_tags_are_correct_as_buys_then_waits_then_sells_g_10(
    sides: list[GridSideType], correct: bool
) -> None:
    assert is_grid_correct(list(range(10, 10 + len(sides))), sides) is correct


def test_prices_must_ascend_strictly_and_exist_g_10() -> None:
    assert not is_grid_correct([], [])
    assert not is_grid_correct([10, 10, 11], [B, W, S])
    assert not is_grid_correct([10, 12, 11], [B, W, S])


# -- saved rows ----------------------------------------------------------------------------


def rows(*pairs: tuple[object, object]) -> list[dict[str, object]]:
    return [{"side": side, "price": price} for side, price in pairs]


def test_saved_rows_are_taken_whatever_the_order_of_their_sides_rule_14() -> None:
    saved = rows(("Sell", 99.0), ("Buy", "100"), ("Wait", Decimal("101.50")))
    assert parse_rows(saved, config(2, "1"), LTC) == ([990, 1000, 1015], [S, B, W])


def test_saved_levels_one_tick_apart_are_taken_and_only_new_ones_are_refused_rule_14() -> None:
    settings = config(2, "0.1")
    levels, _ = parse_rows(rows(("Buy", 99.9), ("Wait", 100.0), ("Sell", 100.1)), settings, LTC)
    grid = Grid(settings)
    grid.restore(levels, 1000)
    assert grid.levels == [999, 1000, 1001]
    with pytest.raises(GridError):
        grid.shift_up()
    assert grid.levels == [999, 1000, 1001]


GOOD = (("Buy", 99.0), ("Wait", 100.0), ("Sell", 101.0))


@pytest.mark.parametrize(
    ("saved", "reason"),
    [
        (None, "list of levels"),
        ("Buy", "list of levels"),
        ({"side": "Buy", "price": 1}, "list of levels"),
        ([], "found none"),
        ([1, 2, 3], "side and price"),
        ([{"side": "Buy"}, {"side": "Wait"}, {"side": "Sell"}], "side and price"),
        (rows(GOOD[0], GOOD[1]), "expected 3 levels, found 2"),
        (rows(*GOOD, ("Sell", 102.0)), "expected 3 levels, found 4"),
        (rows(("buy", 99.0), *GOOD[1:]), "'buy'"),
        (rows((None, 99.0), *GOOD[1:]), "None"),
        (rows(([], 99.0), *GOOD[1:]), r"\[\]"),
        (rows(("Buy", None), *GOOD[1:]), "None"),
        (rows(("Buy", "cheap"), *GOOD[1:]), "cheap"),
        (rows(("Buy", float("nan")), *GOOD[1:]), "finite"),
        (rows(("Buy", True), *GOOD[1:]), "True"),
        (rows(("Buy", 0.0), *GOOD[1:]), "above 0"),
        (rows(("Buy", -99.0), *GOOD[1:]), "above 0"),
        (rows(("Buy", 99.05), *GOOD[1:]), "not a multiple"),
        (rows(GOOD[1], GOOD[0], GOOD[2]), "ascending"),
        (rows(GOOD[0], GOOD[0], GOOD[2]), "ascending"),
    ],
)
def test_saved_rows_that_cannot_be_a_grid_are_refused_with_the_reason_rule_14(
    saved: object, reason: str
) -> None:
    with pytest.raises(GridError, match=reason):
        parse_rows(saved, config(2, "1"), LTC)
