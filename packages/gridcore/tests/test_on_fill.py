"""The recorded side policy: vectors of G-5 to G-8 and the planner of E-5 to E-7."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.config import GridConfig, SidePolicy
from gridcore.grid import GridError, is_grid_correct
from gridcore.instrument import Price
from gridcore.intents import CancelCause
from gridcore.on_fill import OnFillGrid, bucket_of, eligible, plan, side_of, too_many
from gridcore.sides import BUY, LONG, SELL, GridSideType, SideType
from gridcore.working import OpenOrder

TICK = Decimal("0.1")
LETTERS = {"B": GridSideType.BUY, "W": GridSideType.WAIT, "S": GridSideType.SELL}


def config(count: int, step: str, threshold: str = "0.3") -> GridConfig:
    return GridConfig(
        grid_count=count,
        grid_step=Decimal(step),
        rebalance_threshold=Decimal(threshold),
        side_policy=SidePolicy.ON_FILL,
    )


def built(count: int, step: str, center: Price) -> OnFillGrid:
    grid = OnFillGrid(config(count, step))
    grid.build(center)
    return grid


def tags(letters: str) -> list[GridSideType]:
    return [LETTERS[letter] for letter in letters]


def text(grid: OnFillGrid) -> str:
    return "".join(side.value[0] for side in grid.sides)


def order(order_id: str, price: Price, side: SideType = BUY, filled: int = 0) -> OpenOrder:
    return OpenOrder(order_id=order_id, direction=LONG, side=side, price=price, filled=filled)


# -- sides and shifts ----------------------------------------------------------------------


def test_a_build_tags_buys_below_one_wait_and_sells_above_g_2() -> None:
    assert text(built(10, "0.2", 1_000_000)) == "BBBBBWSSSSS"


def test_a_fill_waits_and_the_old_middle_sells_g_6() -> None:
    grid = built(10, "0.2", 1_000_000)
    levels = list(grid.levels)
    assert grid.update(998_000, 997_950) is False
    assert text(grid) == "BBBBWSSSSSS"
    assert grid.levels == levels


def test_fills_on_the_way_down_shift_one_level_each_g_7() -> None:
    grid = built(10, "0.4", 5421)
    story = []
    for fill, last in ((5399, 5398), (5377, 5376), (5355, 5354), (5334, 5333)):
        grid.update(fill, last)
        assert is_grid_correct(grid.levels, grid.sides)
        story.append((grid.levels[0], grid.levels[-1]))
    assert story == [(5313, 5531), (5292, 5509), (5271, 5487), (5250, 5465)]
    assert grid.anchor == 5421


def test_a_fill_at_the_bottom_drops_the_top_g_8() -> None:
    grid = built(6, "0.2", 1_000_000)
    grid.update(994_012, 994_020)
    assert grid.levels == [992_024, 994_012, 996_004, 998_000, 1_000_000, 1_002_000, 1_004_004]
    assert text(grid) == "BWSSSSS"


def test_a_fill_at_the_top_extends_the_top_and_never_to_zero_g_8() -> None:
    grid = built(6, "0.2", 1_000_000)
    grid.update(1_006_012, 1_006_000)
    assert grid.levels == [996_004, 998_000, 1_000_000, 1_002_000, 1_004_004, 1_006_012, 1_008_024]
    assert text(grid) == "BBBBBWS"


def test_a_level_exactly_at_the_market_keeps_its_tag_g_6() -> None:
    grid = built(4, "1", 1000)
    grid.update(1010, 990)
    assert text(grid) == "BBSWS"


def test_only_the_latest_fill_waits_g_6() -> None:
    grid = built(6, "0.2", 1_000_000)
    grid.update(998_000, 997_990)
    grid.update(996_004, 996_000)
    assert [
        level
        for level, side in zip(grid.levels, grid.sides, strict=True)
        if side is GridSideType.WAIT
    ] == [996_004]


def test_an_imbalance_of_exactly_the_threshold_does_not_shift_g_7() -> None:
    grid = OnFillGrid(config(10, "1", threshold="0.2"))
    grid.build(1000)
    levels = list(grid.levels)
    grid.update(990, 985)  # six sells, four buys: 2 of 10
    assert (grid.sides.count(GridSideType.SELL), grid.sides.count(GridSideType.BUY)) == (6, 4)
    assert grid.levels == levels


def test_with_every_level_waiting_nothing_shifts_g_7() -> None:
    grid = OnFillGrid(config(1, "1"))
    grid.build(1000)
    grid.update(1000, 1000)
    assert (grid.levels, text(grid)) == ([1000], "W")


@pytest.mark.parametrize("last", [994_012, 1_006_012, 990_000, 1_100_000])
def test_a_fill_with_the_market_at_or_beyond_an_end_rebuilds_g_5(last: int) -> None:
    grid = built(6, "0.2", 1_000_000)
    assert grid.update(998_000, last) is True
    assert grid.anchor == last


def test_a_fill_into_an_empty_grid_builds_it_g_5() -> None:
    grid = OnFillGrid(config(6, "0.2"))
    assert grid.update(998_000, 1_000_000) is True
    assert text(grid) == "BBWWSSS"  # the fill waits; the middle is at the market and keeps its tag


@pytest.mark.parametrize(("fill", "last"), [(None, 1000), (1000, None), (None, None)])
def test_without_a_fill_or_a_market_nothing_happens_g_5(fill: int | None, last: int | None) -> None:
    grid = built(6, "0.2", 1_000_000)
    assert grid.update(fill, last) is False
    assert text(grid) == "BBBWSSS"


def test_a_refused_rebuild_leaves_levels_and_tags_as_they_were() -> None:
    grid = built(6, "0.2", 1_000_000)
    levels = list(grid.levels)
    with pytest.raises(GridError):
        grid.update(998_000, 50)
    assert grid.levels == levels
    assert text(grid) == "BBBWSSS"


def test_a_refused_shift_leaves_the_levels_and_still_marks_the_fill() -> None:
    grid = built(4, "2", 78)  # 74 to 82; the next level down, 73, is too near
    levels = list(grid.levels)
    with pytest.raises(GridError):
        grid.update(76, 75)
    assert grid.levels == levels
    assert text(grid) == "BWSSS"


@given(
    count=st.integers(1, 14),
    step=st.sampled_from(["0.5", "1", "3"]),
    center=st.integers(400, 3000),
    moves=st.lists(st.tuples(st.integers(-80, 80), st.integers(-80, 80)), max_size=30),
)
def test_the_invariants_hold_after_any_fills_a_02(
    count: int, step: str, center: int, moves: list[tuple[int, int]]
) -> None:
    grid = OnFillGrid(config(count, step))
    try:
        grid.build(center)
    except GridError:
        return
    last = center
    for move, lag in moves:
        last = max(last + move, 1)
        fill = max(last + lag, 1)
        before = list(grid.levels)
        try:
            rebuilt = grid.update(fill, last)
        except GridError:
            assert grid.levels == before or grid.anchor == last
            continue
        assert len(grid.levels) == len(grid.sides) == grid.config.level_count
        assert grid.levels[0] > 0
        assert all(upper - lower >= 2 for lower, upper in pairwise(grid.levels))
        near = grid.near(fill)
        for level, side in zip(grid.levels[1:-1], grid.sides[1:-1], strict=True):
            if level in near:
                assert side is GridSideType.WAIT
            elif level != last:
                assert side is (GridSideType.SELL if level > last else GridSideType.BUY)
        if not rebuilt:
            # At most one level is shifted per fill.
            assert (
                grid.levels in (before, [*before[1:], grid.levels[-1]])
                or grid.levels[1:] == (before[:-1])
            )


# -- eligibility ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "side", "last", "expected"),
    [
        (998, BUY, 1000, False),  # exactly half of 0.4 % of the last price
        (998, BUY, Fraction(1_000_000_001, 10**6), True),
        (997, BUY, 1000, True),
        (1000, BUY, 1000, False),
        (1003, BUY, 1000, False),
        (1002, SELL, 1000, False),
        (1002, SELL, Fraction(999_999_999, 10**6), True),
        (1003, SELL, 1000, True),
        (1000, SELL, 1000, False),
        (997, SELL, 1000, False),
    ],
)
def test_an_order_must_stand_more_than_half_a_step_away_on_its_side_a_06(
    level: int, side: SideType, last: Price, expected: bool
) -> None:
    assert eligible(level, side, last, (2, 5)) is expected


# -- buckets and survivors -----------------------------------------------------------------


def test_prices_are_bucketed_at_eight_decimals_e_6() -> None:
    tick = Decimal("0.01")
    assert bucket_of(500, tick) == 500
    just_above = Fraction(Decimal("5.000000004")) / Fraction(tick)
    assert bucket_of(just_above, tick) == 500
    assert isinstance(bucket_of(just_above, tick), int)
    half = Fraction(Decimal("5.000000015")) / Fraction(tick)
    assert bucket_of(half, tick) == Fraction(Decimal("5.00000002")) / Fraction(tick)
    apart = Fraction(Decimal("5.00000001")) / Fraction(tick)
    assert bucket_of(apart, tick) == apart


def planned(
    grid: OnFillGrid, orders: list[OpenOrder], last: Price = 1000
) -> tuple[list[tuple[str, CancelCause]], list[tuple[int, SideType]]]:
    cancels, places = plan(grid, last, orders, TICK)
    return (
        [(row.order_id, cause) for row, cause in cancels],
        [(place.price, place.side) for place in places],
    )


def tagged(levels: list[int], letters: str, step: str = "1") -> OnFillGrid:
    grid = OnFillGrid(config(len(levels), step))
    grid.restore(levels, levels[len(levels) // 2])
    grid.sides = tags(letters)
    return grid


FIVE = [980, 990, 1000, 1010, 1020]
ALL_FIVE = [(990, BUY), (1010, SELL), (980, BUY), (1020, SELL)]


def test_without_orders_every_side_is_placed_from_the_centre_outwards_e_6() -> None:
    assert planned(tagged(FIVE, "BBWSS"), []) == ([], ALL_FIVE)
    _, places = plan(tagged(FIVE, "BBWSS"), 1000, [], TICK)
    assert [place.index for place in places] == [1, 3, 0, 4]


def test_the_centre_is_the_middle_of_the_waits_or_of_the_levels_e_6() -> None:
    # The waits at 3 and 4 have their middle at index 3; without a wait it is index 5 // 2.
    assert planned(tagged(FIVE, "BBBWW"), [], last=1100) == (
        [],
        [(1000, BUY), (990, BUY), (980, BUY)],
    )
    assert [price for price, _ in planned(tagged(FIVE, "BBBSS"), [], last=1003)[1]] == [
        990,
        1010,
        980,
        1020,
    ]


def test_a_full_book_wants_nothing_a_05() -> None:
    book = [order("a", 980), order("b", 990), order("c", 1010, SELL), order("d", 1020, SELL)]
    assert planned(tagged(FIVE, "BBWSS"), book) == ([], [])


def test_a_missing_order_is_the_one_place_a_05() -> None:
    book = [order("a", 980), order("c", 1010, SELL), order("d", 1020, SELL)]
    assert planned(tagged(FIVE, "BBWSS"), book) == ([], [(990, BUY)])


def test_an_order_of_the_wrong_side_is_cancelled_and_placed_anew_a_05() -> None:
    book = [order("a", 980), order("b", 990, SELL), order("c", 1010, SELL), order("d", 1020, SELL)]
    assert planned(tagged(FIVE, "BBWSS"), book) == (
        [("b", CancelCause.SIDE_MISMATCH)],
        [(990, BUY)],
    )


def test_a_mismatch_near_the_market_is_cancelled_without_a_place_e_6() -> None:
    cancels, places = planned(tagged(FIVE, "BBWSS"), [order("b", 990, SELL)], last=992)
    assert cancels == [("b", CancelCause.SIDE_MISMATCH)]
    assert (990, BUY) not in places


def test_orders_off_the_grid_are_cancelled_in_ascending_order_e_6() -> None:
    book = [order("high", 1030, SELL), order("low", 985), order("odd", Fraction(9855, 10))]
    cancels, _ = planned(tagged(FIVE, "BBWSS"), book)
    assert cancels == [
        ("low", CancelCause.OUTSIDE_GRID),
        ("odd", CancelCause.OUTSIDE_GRID),
        ("high", CancelCause.OUTSIDE_GRID),
    ]


def test_an_order_on_a_waiting_level_is_neither_cancelled_nor_placed_e_6() -> None:
    assert planned(tagged(FIVE, "BBWSS"), [order("w", 1000)]) == ([], ALL_FIVE)


def test_of_several_orders_the_one_of_the_levels_side_survives_e_6() -> None:
    book = [order("s", 990, SELL, filled=5), order("b1", 990), order("b2", 990)]
    cancels, places = planned(tagged(FIVE, "BBWSS"), book)
    assert cancels == [("s", CancelCause.DUPLICATE), ("b2", CancelCause.DUPLICATE)]
    assert (990, BUY) not in places


def test_of_several_orders_of_the_right_side_the_executed_one_survives_e_6() -> None:
    book = [order("b1", 990), order("b2", 990, filled=2), order("b3", 990, filled=3)]
    cancels, _ = planned(tagged(FIVE, "BBWSS"), book)
    assert cancels == [("b1", CancelCause.DUPLICATE), ("b3", CancelCause.DUPLICATE)]


def test_of_several_orders_of_the_wrong_side_one_is_a_mismatch_and_the_others_duplicates() -> None:
    book = [order("s1", 990, SELL), order("s2", 990, SELL)]
    cancels, places = planned(tagged(FIVE, "BBWSS"), book)
    assert cancels == [("s2", CancelCause.DUPLICATE), ("s1", CancelCause.SIDE_MISMATCH)]
    assert (990, BUY) in places


def test_off_the_grid_the_first_or_executed_one_survives_and_is_cancelled_too_e_6() -> None:
    book = [order("x", 985), order("y", 985, filled=1)]
    cancels, _ = planned(tagged(FIVE, "BBWSS"), book)
    assert cancels == [("x", CancelCause.DUPLICATE), ("y", CancelCause.OUTSIDE_GRID)]


def test_an_order_a_hair_off_its_level_counts_as_there_in_the_recordings_e_6() -> None:
    hair = Fraction(990) + Fraction(1, 10**8)
    assert bucket_of(hair, TICK) == 990
    _, places = planned(tagged(FIVE, "BBWSS"), [order("b", hair)])
    assert (990, BUY) not in places


def test_an_empty_grid_wants_no_orders_at_all() -> None:
    assert planned(OnFillGrid(config(4, "1")), [order("a", 990)]) == (
        [("a", CancelCause.OUTSIDE_GRID)],
        [],
    )


def test_without_a_market_nothing_is_placed_e_7() -> None:
    cancels, places = plan(tagged(FIVE, "BBWSS"), None, [], TICK)
    assert (cancels, places) == ([], [])


@given(
    letters=st.lists(st.sampled_from("BWS"), min_size=5, max_size=5).map("".join),
    orders=st.lists(
        st.tuples(
            st.sampled_from([980, 985, 990, 1000, 1010, 1020, 1025]),
            st.sampled_from([BUY, SELL]),
            st.integers(0, 2),
        ),
        max_size=12,
    ),
    last=st.integers(960, 1040),
)
def test_every_order_is_cancelled_at_most_once_and_doing_it_all_leaves_nothing_a_05(
    letters: str, orders: list[tuple[int, SideType, int]], last: int
) -> None:
    grid = tagged(FIVE, letters)
    book = [order(f"o{n}", price, side, filled) for n, (price, side, filled) in enumerate(orders)]
    cancels, places = plan(grid, last, book, TICK)
    gone = [row.order_id for row, _ in cancels]
    assert len(gone) == len(set(gone))
    rest = [row for row in book if row.order_id not in gone]
    assert len({row.price for row in rest}) == len(rest)
    placed = [order(f"p{place.index}", place.price, place.side) for place in places]
    again = plan(grid, last, rest + placed, TICK)
    assert again == ([], [])


# -- too many orders -----------------------------------------------------------------------


def test_more_than_ten_orders_above_the_levels_are_too_many_e_5() -> None:
    resting = [order(f"o{n}", 900 + n) for n in range(15)]
    assert not too_many(resting, 5)
    assert too_many([*resting, order("one more", 899)], 5)


def test_orders_on_their_way_out_do_not_count_as_too_many() -> None:
    resting = [order(f"o{n}", 900 + n) for n in range(16)]
    resting[3].cancelling = True
    assert not too_many(resting, 5)


def test_a_tag_names_the_side_of_its_orders() -> None:
    assert [side_of(tag) for tag in tags("BWS")] == [BUY, None, SELL]
