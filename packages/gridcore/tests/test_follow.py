"""side_policy follow: sides follow the market, a bad print moves nothing, quiet is quiet."""

import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.config import GridConfig, SafetyConfig
from gridcore.engine import engine_instrument
from gridcore.events import Ticker
from gridcore.follow import FollowRules
from gridcore.grid import GridError
from gridcore.instrument import Price
from gridcore.intents import CancelCause
from gridcore.policy import BUY_INDEX, SELL_INDEX, ChangeCause, Hold, LevelsChanged, Limits
from gridcore.saved import Saved
from gridcore.sides import BUY, LONG, SELL, SHORT
from gridcore.working import OpenOrder, WorkingBook

TICK = Decimal("0.1")
SECOND = 1_000_000
T0 = 1_767_225_600 * SECOND
DIRECTIONS = (LONG, SHORT)
SIDES = (BUY, SELL)
Want = tuple[int, int, int]
"""Price, direction index, side index."""


def config(
    count: int = 6, step: str = "0.2", threshold: str = "0.3", gap_pct: str = "1"
) -> GridConfig:
    return GridConfig(
        grid_count=count,
        grid_step=Decimal(step),
        rebalance_threshold=Decimal(threshold),
        max_last_mark_gap_pct=Decimal(gap_pct),
    )


class Desk:
    """The rules with a book, and an exchange that does at once what they ask."""

    def __init__(self, grid: GridConfig, anchor: Price | None = None) -> None:
        self.grid = grid
        self.anchor = anchor
        self.rules = FollowRules(grid, engine_instrument("X", TICK), anchor, SafetyConfig())
        self.book = WorkingBook(())
        self.limits = Limits()
        self.now = T0
        self.sequence = 0

    def tick(
        self, last: Price, after_us: int = 0, mark: Decimal | None = None
    ) -> list[ChangeCause]:
        return [change.cause for change in self.changes(last, after_us, mark)]

    def changes(
        self, last: Price, after_us: int = 0, mark: Decimal | None = None
    ) -> list[LevelsChanged]:
        self.now += after_us
        ticker = Ticker(symbol="X", at=Instant(self.now), last=last, mark=mark)
        return self.rules.observe(ticker, self.book)

    def wants(self) -> list[Want]:
        places = self.rules.places(self.book, self.limits)
        return [(place.price, place.direction, place.side) for place in places]

    def gives_up(self) -> list[tuple[str, CancelCause]]:
        return [(order.order_id, cause) for order, cause in self.rules.cancels(self.book)]

    def orders(self) -> list[OpenOrder]:
        return list(self.book.orders())

    def add(self, want: Want) -> None:
        price, direction, side = want
        self.sequence += 1
        self.book.add(
            OpenOrder(
                order_id=f"o{self.sequence}",
                direction=DIRECTIONS[direction],
                side=SIDES[side],
                price=price,
            )
        )

    def settle(self) -> None:
        """Cancel and place everything asked for, each place as it comes."""
        for order, _ in list(self.rules.cancels(self.book)):
            self.book.remove(order)
        wants = self.wants()
        for place in self.rules.places(self.book, self.limits):
            self.add((place.price, place.direction, place.side))
            assert (place.price, place.direction, place.side) == wants.pop(0)
        assert wants == []

    def fill(self, order: OpenOrder, after_us: int = 1) -> None:
        self.now += after_us
        self.sequence += 1
        self.book.remove(order)
        assert self.rules.fill(order.price, Instant(self.now), self.sequence, self.book) == []

    def twin(self) -> "Desk":
        """Another desk in the same state, through what snapshot() gives as JSON."""
        other = Desk(self.grid, self.anchor)
        other.rules.restore(Saved(json.loads(json.dumps(self.rules.snapshot()))), other.book)
        for order in self.orders():
            other.book.add(order)
        other.limits.at = [list(pair) for pair in self.limits.at]
        other.now, other.sequence = self.now, self.sequence
        return other


def prices_of(wants: Sequence[Want], direction: int, side: int) -> list[int]:
    return sorted(price for price, of, way in wants if (of, way) == (direction, side))


def counts(desk: Desk, last: Price, levels: list[int] | None = None) -> tuple[int, int]:
    """Buys and sells by the plain definition: a waiting level and one at the market count not."""
    fill = desk.rules.last_fill
    quarter = Fraction(desk.grid.grid_step) / 400
    active = [
        level
        for level in levels or desk.rules.grid.levels
        if fill is None or abs(Fraction(level) - fill) / level >= quarter
    ]
    return sum(level < last for level in active), sum(level > last for level in active)


def balanced(desk: Desk, last: Price, levels: list[int] | None = None) -> bool:
    buys, sells = counts(desk, last, levels)
    threshold = Fraction(desk.grid.rebalance_threshold)
    return abs(buys - sells) <= max(threshold * (buys + sells), Fraction(1))


# -- first build ---------------------------------------------------------------------------


def test_the_first_ticker_builds_around_its_price() -> None:
    desk = Desk(config())
    assert desk.tick(1_000_000) == [ChangeCause.BUILT]
    assert desk.rules.grid.levels == [
        *(994_012, 996_004, 998_000, 1_000_000, 1_002_000, 1_004_004, 1_006_012)
    ]
    assert desk.rules.last_fill == 1_000_000
    assert desk.rules.waits == [1_000_000]
    assert desk.rules.hold is None


def test_the_anchor_is_the_centre_of_the_first_build_only() -> None:
    desk = Desk(config(), anchor=1_000_000)
    assert desk.tick(1_000_500) == [ChangeCause.BUILT]
    assert desk.rules.grid.anchor == 1_000_000
    desk.tick(2_000_000)
    assert desk.tick(2_000_000, after_us=SECOND) == [ChangeCause.REBUILT]
    assert desk.rules.grid.anchor == 2_000_000


def test_a_first_build_around_a_lopsided_anchor_shifts_at_once() -> None:
    desk = Desk(config(), anchor=1_000_000)
    changes = desk.changes(1_005_000)
    assert [change.cause for change in changes] == [ChangeCause.BUILT, ChangeCause.SHIFTED]
    assert changes[1].detail == "levels=2"
    assert counts(desk, 1_005_000) == (3, 3)


def test_a_first_build_around_an_anchor_far_from_the_market_starts_the_rebuild_guard() -> None:
    desk = Desk(config(), anchor=1_000_000)
    assert desk.tick(1_100_000) == [ChangeCause.BUILT]
    assert desk.rules.hold is Hold.OUT_OF_BOUNDS
    assert desk.rules.quiet_band(desk.book, desk.limits) is None
    assert desk.tick(1_100_000, after_us=SECOND) == [ChangeCause.REBUILT]
    assert desk.rules.hold is None


def test_a_last_price_far_from_the_mark_does_not_build() -> None:
    desk = Desk(config())
    assert desk.tick(1_000_000, mark=Decimal(90_000)) == []
    assert desk.rules.hold is Hold.LAST_MARK_GAP
    assert desk.rules.grid.levels == []
    assert desk.wants() == []
    assert desk.rules.quiet_band(desk.book, desk.limits) is None
    assert desk.tick(1_000_000, mark=Decimal(100_000)) == [ChangeCause.BUILT]
    assert desk.rules.hold is None


def test_before_the_first_build_resting_orders_stay() -> None:
    desk = Desk(config())
    desk.add((998_000, 0, BUY_INDEX))
    desk.add((998_000, 0, BUY_INDEX))
    desk.tick(1_000_000, mark=Decimal(90_000))
    assert desk.gives_up() == []
    desk.tick(1_000_000)
    assert desk.gives_up() == [("o2", CancelCause.DUPLICATE)]


def test_a_build_with_levels_too_close_asks_hold_and_is_tried_again() -> None:
    desk = Desk(config())
    assert desk.tick(500) == []
    assert desk.rules.hold is Hold.SPACING
    assert desk.rules.grid.levels == []
    assert desk.tick(1_000_000) == [ChangeCause.BUILT]
    assert desk.rules.hold is None


# -- rebuild guard -------------------------------------------------------------------------


def settled(grid: GridConfig | None = None, center: int = 1_000_000) -> Desk:
    desk = Desk(grid or config())
    desk.tick(center)
    desk.settle()
    return desk


def test_one_bad_print_never_moves_the_grid() -> None:
    desk = settled()
    levels = list(desk.rules.grid.levels)
    assert desk.tick(5_000_000, after_us=3600 * SECOND) == []
    assert desk.rules.hold is Hold.OUT_OF_BOUNDS
    assert desk.tick(1_000_100, after_us=3600 * SECOND) == []
    assert desk.rules.hold is None
    assert desk.rules.grid.levels == levels
    assert desk.gives_up() == []


def test_a_run_out_of_bounds_of_a_second_rebuilds_at_the_last_price() -> None:
    desk = settled()
    assert desk.tick(1_100_000) == []
    assert desk.tick(1_150_000, after_us=SECOND - 1) == []
    assert desk.rules.hold is Hold.OUT_OF_BOUNDS
    assert desk.tick(1_200_000, after_us=1) == [ChangeCause.REBUILT]
    assert desk.rules.hold is None
    assert desk.rules.grid.anchor == 1_200_000
    assert desk.rules.last_fill == 1_200_000
    assert {cause for _, cause in desk.gives_up()} == {CancelCause.OUTSIDE_GRID}
    assert len(desk.gives_up()) == 12


def test_a_ticker_back_in_bounds_breaks_the_run() -> None:
    desk = settled()
    desk.tick(1_100_000)
    desk.tick(1_000_100, after_us=SECOND)
    assert desk.tick(1_100_000, after_us=SECOND) == []
    assert desk.tick(1_100_000, after_us=SECOND) == [ChangeCause.REBUILT]


def test_the_ends_of_the_grid_are_in_bounds_and_a_tick_beyond_is_not_a_03() -> None:
    for at_end, beyond in ((994_012, 994_011), (1_006_012, 1_006_013)):
        desk = settled()
        at_the_end = desk.twin()
        at_the_end.tick(at_end)
        assert at_the_end.rules.hold is None
        desk.tick(beyond)
        assert desk.rules.hold is Hold.OUT_OF_BOUNDS


def test_a_gap_between_last_and_mark_blocks_the_rebuild_until_it_closes() -> None:
    desk = settled()
    far = Decimal(100_000)
    desk.tick(1_100_000, mark=far)
    assert desk.tick(1_100_000, after_us=SECOND, mark=far) == []
    assert desk.tick(1_100_000, after_us=60 * SECOND, mark=far) == []
    assert desk.rules.hold is Hold.OUT_OF_BOUNDS
    assert desk.tick(1_100_000, mark=Decimal("109500")) == [ChangeCause.REBUILT]


def test_a_rebuild_with_levels_too_close_keeps_the_grid_and_asks_hold() -> None:
    desk = settled()
    levels = list(desk.rules.grid.levels)
    desk.tick(500)
    assert desk.tick(500, after_us=SECOND) == []
    assert desk.rules.hold is Hold.SPACING
    assert desk.rules.grid.levels == levels
    assert desk.tick(500) == []
    assert desk.rules.hold is Hold.SPACING
    assert desk.rules.quiet_band(desk.book, desk.limits) is None
    assert desk.tick(1_000_100) == []
    assert desk.rules.hold is None
    assert desk.gives_up() == []


def test_a_refused_shift_keeps_the_grid_and_asks_hold_until_none_is_needed() -> None:
    desk = settled(config(count=4, step="2"), center=80)
    assert desk.rules.grid.levels == [76, 78, 80, 82, 84]
    assert desk.tick(76) == [ChangeCause.SHIFTED]
    assert desk.rules.grid.levels == [74, 76, 78, 80, 82]
    assert desk.tick(74) == []  # three sells against no buy; the new level, 73, is too near to 74
    assert desk.rules.hold is Hold.SPACING
    assert desk.rules.grid.levels == [74, 76, 78, 80, 82]
    assert desk.rules.quiet_band(desk.book, desk.limits) is None
    desk.tick(74)
    assert desk.rules.hold is Hold.SPACING
    desk.tick(79)
    assert desk.rules.hold is None
    assert desk.rules.quiet_band(desk.book, desk.limits) is not None


# -- rebalancing ---------------------------------------------------------------------------


@given(
    count=st.integers(2, 14),
    step=st.sampled_from(["0.5", "1", "2.5", "7"]),
    threshold=st.sampled_from(["0.05", "0.3", "0.5", "0.9"]),
    center=st.integers(500, 3000),
    moves=st.lists(
        st.tuples(
            st.one_of(
                st.integers(-120, 120),
                st.fractions(-60, 60, max_denominator=4),
                st.sampled_from(["to a level"]),
            ),
            st.integers(0, 99),
            st.booleans(),
        ),
        min_size=1,
        max_size=25,
    ),
)
def test_after_every_ticker_in_bounds_the_sides_are_in_balance(
    count: int,
    step: str,
    threshold: str,
    center: int,
    moves: list[tuple[Price | str, int, bool]],
) -> None:
    desk = Desk(config(count, step, threshold))
    last: Price = center
    for move, which, fills in moves:
        desk.settle()
        if fills and desk.orders():
            desk.fill(desk.orders()[which % len(desk.orders())])
        before = list(desk.rules.grid.levels)
        if not isinstance(move, str):
            moved: Fraction = max(Fraction(1), Fraction(last) + Fraction(move))
            last = moved.numerator if moved.denominator == 1 else moved
        elif before:
            last = before[which % len(before)]
        changes = desk.changes(last, after_us=300_000)
        levels = desk.rules.grid.levels
        if not levels:
            assert desk.rules.hold is Hold.SPACING
            continue
        assert len(levels) == desk.grid.level_count
        assert levels[0] > 0
        assert all(upper - lower >= 2 for lower, upper in pairwise(levels))
        if not levels[0] <= last <= levels[-1]:
            assert levels == before
            assert desk.rules.hold in (Hold.OUT_OF_BOUNDS, Hold.SPACING)
            continue
        assert balanced(desk, last) or desk.rules.hold is Hold.SPACING
        if [change.cause for change in changes] == [ChangeCause.SHIFTED]:
            shifts = int(changes[0].detail.removeprefix("levels="))
            assert 1 <= abs(shifts) <= len(levels)
            kept = before[shifts:] if shifts > 0 else before[:shifts]
            assert kept == (levels[:-shifts] if shifts > 0 else levels[-shifts:])
            walk = before + levels[-shifts:] if shifts > 0 else levels[:-shifts] + before
            for done in range(abs(shifts)):  # no shift was made that was not called for
                start = done if shifts > 0 else -shifts - done
                assert not balanced(desk, last, walk[start : start + len(levels)])
        elif not changes:
            assert levels == before


def test_a_market_that_climbs_without_fills_drags_the_grid_along() -> None:
    desk = settled(config(count=50))
    for last in range(1_000_000, 1_030_000, 100):
        assert ChangeCause.REBUILT not in desk.tick(last, after_us=SECOND)
        desk.settle()
        assert balanced(desk, last)
    assert desk.rules.grid.anchor == 1_000_000


def test_a_market_exactly_at_the_level_that_tips_the_balance_shifts_g_9() -> None:
    # 25 to 25 with the middle waiting. At the 33rd level from below the market has 32 buys and 17
    # sells: 15 of 49, more than 0.3; one tick before it there are 32 and 18: 14 of 50.
    levels = settled(config(count=50)).rules.grid.levels
    for at, toward in ((levels[33], 1), (levels[17], -1)):
        assert settled(config(count=50)).tick(at - toward) == []
        assert settled(config(count=50)).tick(at) == [ChangeCause.SHIFTED]


def test_a_grid_tips_at_its_very_end_when_the_threshold_is_high() -> None:
    levels = settled(config(threshold="0.9")).rules.grid.levels
    for at, toward in ((levels[-1], 1), (levels[0], -1)):
        assert settled(config(threshold="0.9")).tick(at - toward) == []
        assert settled(config(threshold="0.9")).tick(at) == [ChangeCause.SHIFTED]


# -- the last fill -------------------------------------------------------------------------


def test_the_last_fill_is_the_one_with_the_greatest_time_and_sequence_since_the_build() -> None:
    desk = settled()
    rules, book = desk.rules, desk.book

    def waits_after(price: int, at: int, sequence: int) -> list[int]:
        rules.fill(price, Instant(at), sequence, book)
        return rules.waits

    assert waits_after(998_000, T0, 9) == [1_000_000]  # not later than the build
    assert waits_after(998_000, T0 + 10, 5) == [998_000]
    assert waits_after(1_002_000, T0 + 10, 4) == [998_000]
    assert waits_after(1_002_000, T0 + 10, 5) == [998_000]
    assert waits_after(1_002_000, T0 + 9, 99) == [998_000]
    assert waits_after(1_002_000, T0 + 10, 6) == [1_002_000]
    assert waits_after(996_004, T0 + 11, 1) == [996_004]


def test_a_rebuild_forgets_earlier_fills() -> None:
    desk = settled()
    desk.fill(desk.orders()[0], after_us=10 * SECOND)
    desk.tick(1_100_000)
    desk.tick(1_100_000, after_us=SECOND)
    assert desk.rules.last_fill == 1_100_000
    desk.rules.fill(998_000, Instant(T0 + 10 * SECOND), 99, desk.book)
    assert desk.rules.last_fill == 1_100_000


def test_a_fill_before_the_first_build_is_not_of_this_grid_a_04() -> None:
    desk = Desk(config())
    assert desk.rules.fill(998_000, Instant(T0), 1, desk.book) == []
    assert desk.rules.last_fill is None
    desk.tick(1_000_000)
    assert desk.rules.waits == [1_000_000]


@settings(max_examples=60)
@given(
    grid=st.builds(config, st.integers(4, 12), st.sampled_from(["0.5", "1", "2"])),
    moves=st.lists(st.tuples(st.integers(-60, 60), st.integers(0, 99)), max_size=40),
)
def test_a_filled_level_is_not_offered_again_before_another_level_fills_ls_05(
    grid: GridConfig, moves: list[tuple[int, int]]
) -> None:
    desk = settled(grid, center=5000)
    last, filled = 5000, None
    for move, which in moves:
        last = max(last + move, 1)
        if ChangeCause.REBUILT in desk.tick(last, after_us=400_000):
            filled = None
        assert filled not in {price for price, _, _ in desk.wants()}
        desk.settle()
        touched = [
            order
            for order in desk.orders()
            if (order.side is BUY and order.price > last)
            or (order.side is SELL and order.price < last)
        ]
        if touched:
            order = touched[which % len(touched)]
            desk.fill(order)
            filled = order.price


# -- sides follow the market ---------------------------------------------------------------


def test_levels_that_lost_their_orders_are_offered_on_the_other_side_ls_06() -> None:
    # The demonstration of spec/strategy.md 1.11: built at 100, the next ticker at 101, no fills.
    desk = Desk(config(count=20))
    desk.tick(10_000)
    desk.tick(10_100)
    wanted = {price for price, _, _ in desk.wants()}
    band = {level for level in desk.rules.grid.levels if abs(level - 10_100) * 1000 <= 10_100}
    assert set(desk.rules.grid.levels) - wanted == band | {10_000}
    assert prices_of(desk.wants(), 0, BUY_INDEX)[-4:] == [10_020, 10_040, 10_060, 10_080]
    assert prices_of(desk.wants(), 0, SELL_INDEX)[0] == 10_120


def test_a_resting_order_stays_when_the_market_passes_its_level() -> None:
    desk = settled(config(count=20))
    desk.tick(1_003_000)
    assert desk.gives_up() == []
    assert all(price != 1_002_000 for price, _, _ in desk.wants())


@given(
    unsorted=st.lists(st.integers(50, 400), min_size=5, max_size=5, unique=True),
    last=st.one_of(st.integers(40, 420), st.fractions(40, 420, max_denominator=8)),
    center=st.integers(50, 400),
    step=st.sampled_from(["0.4", "2", "10", "33.3"]),
    occupied=st.sets(st.tuples(st.integers(0, 4), st.integers(0, 1))),
)
def test_what_is_asked_equals_the_plain_definition_in_exact_numbers_e_7(
    unsorted: list[int],
    last: Price,
    center: int,
    step: str,
    occupied: set[tuple[int, int]],
) -> None:
    levels = sorted(unsorted)
    desk = Desk(config(4, step, threshold="0.999"))
    desk.rules.adopt(levels, center, Instant(T0), desk.book)
    for index, direction in sorted(occupied):
        desk.add((levels[index], direction, BUY_INDEX))
    desk.tick(last)
    assume(desk.rules.grid.levels == levels)
    half, quarter = Fraction(step) / 2, Fraction(step) / 4
    expected = []
    for index, level in enumerate(levels):
        away = abs(Fraction(level) - last)
        waiting = abs(Fraction(level) - center) / level * 100 < quarter
        if away / last * 100 <= half or waiting:
            continue
        side = BUY_INDEX if level < last else SELL_INDEX
        for direction in (0, 1):
            if (index, direction) not in occupied:
                expected.append((away, level, direction, side))
    assert desk.wants() == [
        (level, direction, side) for _, level, direction, side in sorted(expected)
    ]


@pytest.mark.parametrize(
    ("last", "wanted"),
    [
        (1000, False),  # 0.2 % away, half a step exactly
        (Fraction(1_000_000_001, 10**6), True),
        (Fraction(999_999_999, 10**6), False),
    ],
)
def test_a_buy_exactly_half_a_step_away_is_not_placed_a_06(last: Price, wanted: bool) -> None:
    desk = Desk(config(2, "0.4"))
    desk.rules.adopt([998, 1100, 1200], 1200, Instant(T0), desk.book)
    desk.tick(last)
    assert ((998, 0, BUY_INDEX) in desk.wants()) is wanted


@pytest.mark.parametrize(
    ("last", "wanted"),
    [
        (1000, False),
        (Fraction(999_999_999, 10**6), True),
        (Fraction(1_000_000_001, 10**6), False),
        (1002, False),  # at the market a level has no side
    ],
)
def test_a_sell_exactly_half_a_step_away_is_not_placed_a_06(last: Price, wanted: bool) -> None:
    desk = Desk(config(2, "0.4"))
    desk.rules.adopt([800, 900, 1002], 800, Instant(T0), desk.book)
    desk.tick(last)
    assert ((1002, 1, SELL_INDEX) in desk.wants()) is wanted


def test_levels_are_asked_for_by_distance_and_the_directions_in_turn() -> None:
    desk = Desk(config())
    desk.tick(1_000_000)
    assert desk.wants() == [
        (998_000, 0, BUY_INDEX),
        (998_000, 1, BUY_INDEX),
        (1_002_000, 0, SELL_INDEX),
        (1_002_000, 1, SELL_INDEX),
        (996_004, 0, BUY_INDEX),
        (996_004, 1, BUY_INDEX),
        (1_004_004, 0, SELL_INDEX),
        (1_004_004, 1, SELL_INDEX),
        (994_012, 0, BUY_INDEX),
        (994_012, 1, BUY_INDEX),
        (1_006_012, 0, SELL_INDEX),
        (1_006_012, 1, SELL_INDEX),
    ]


def test_denied_levels_and_those_beyond_are_not_asked_for() -> None:
    desk = Desk(config())
    desk.limits.deny_from(0, SELL_INDEX, 1_004_004)
    desk.limits.deny_from(0, BUY_INDEX, 996_004)
    desk.limits.deny_from(1, BUY_INDEX, 998_000)
    desk.limits.deny_from(1, SELL_INDEX, 1_002_000)
    desk.tick(1_000_000)
    assert desk.wants() == [(998_000, 0, BUY_INDEX), (1_002_000, 0, SELL_INDEX)]


def test_a_denial_while_the_levels_are_asked_for_ends_the_walk_of_its_side() -> None:
    desk = Desk(config())
    desk.tick(1_000_000)
    asked = []
    for place in desk.rules.places(desk.book, desk.limits):
        asked.append(place.price)
        if place.direction == 0 and place.side == SELL_INDEX:
            desk.limits.deny_from(0, SELL_INDEX, place.price)
        else:
            desk.add((place.price, place.direction, place.side))
    assert asked == [
        *(998_000, 998_000, 1_002_000, 1_002_000, 996_004, 996_004, 1_004_004, 994_012, 994_012),
        1_006_012,
    ]


def test_orders_off_the_grid_and_twins_are_given_up_long_first_by_price() -> None:
    desk = settled(config(count=2))
    desk.add((999_000, 1, BUY_INDEX))
    desk.add((1_001_000, 0, SELL_INDEX))
    desk.add((998_000, 0, BUY_INDEX))
    assert desk.gives_up() == [
        ("o7", CancelCause.DUPLICATE),
        ("o6", CancelCause.OUTSIDE_GRID),
        ("o5", CancelCause.OUTSIDE_GRID),
    ]


def test_before_any_ticker_nothing_is_asked() -> None:
    desk = Desk(config())
    assert desk.wants() == []
    assert desk.rules.quiet_band(desk.book, desk.limits) is None
    desk.rules.adopt([990, 995, 1000, 1005, 1010, 1015, 1020], 1000, Instant(T0), desk.book)
    assert desk.wants() == []
    assert desk.rules.quiet_band(desk.book, desk.limits) is None


# -- random lives --------------------------------------------------------------------------

grids = st.builds(
    config,
    st.integers(2, 12),
    st.sampled_from(["0.5", "1", "2", "3.7"]),
    st.sampled_from(["0.1", "0.3", "0.7"]),
)
limits = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(-60, 60)), max_size=4)
lives = st.lists(
    st.tuples(
        st.sampled_from(["tick", "tick", "fill", "lose", "stray"]),
        st.integers(-70, 70),
        st.integers(0, 10**6),
    ),
    max_size=25,
)


def lived(
    grid: GridConfig,
    center: int,
    denied: list[tuple[int, int, int]],
    life: list[tuple[str, int, int]],
) -> tuple[Desk, int]:
    """A desk after a random life, with what it asks for done, and its last price."""
    desk = Desk(grid)
    for direction, side, offset in denied:
        desk.limits.deny_from(direction, side, center + offset)
    last = center
    desk.tick(last)
    desk.settle()
    for what, move, seed in life:
        orders = desk.orders()
        if what == "fill" and orders:
            desk.fill(orders[seed % len(orders)])
        elif what == "lose" and orders:
            desk.book.remove(orders[seed % len(orders)])
        elif what == "stray":
            desk.add((max(last + move, 1), seed % 2, seed // 2 % 2))
        last = max(last + move, 1)
        desk.tick(last, after_us=seed)
        desk.settle()
    return desk, last


@given(grid=grids, center=st.integers(300, 2500), denied=limits, life=lives)
def test_with_everything_asked_for_done_nothing_is_left_to_ask(
    grid: GridConfig,
    center: int,
    denied: list[tuple[int, int, int]],
    life: list[tuple[str, int, int]],
) -> None:
    desk, last = lived(grid, center, denied, life)
    assert desk.wants() == []
    assert desk.gives_up() == []
    in_bounds = bool(desk.rules.grid.levels) and desk.rules.hold is None
    if in_bounds:
        assert desk.tick(last) == []
        assert desk.wants() == []
        assert desk.gives_up() == []


@given(
    grid=grids,
    center=st.integers(300, 2500),
    denied=limits,
    life=lives,
    later=st.lists(st.tuples(st.integers(-90, 90), st.integers(0, 2 * SECOND)), max_size=8),
)
def test_a_restored_policy_decides_as_the_one_that_was_saved(
    grid: GridConfig,
    center: int,
    denied: list[tuple[int, int, int]],
    life: list[tuple[str, int, int]],
    later: list[tuple[int, int]],
) -> None:
    desk, last = lived(grid, center, denied, life)
    twin = desk.twin()
    for move, after_us in later:
        last = max(last + move, 1)
        assert desk.changes(last, after_us) == twin.changes(last, after_us)
        assert desk.wants() == twin.wants()
        assert desk.gives_up() == twin.gives_up()
        assert desk.rules.quiet_band(desk.book, desk.limits) == twin.rules.quiet_band(
            twin.book, twin.limits
        )
    assert desk.rules.snapshot() == twin.rules.snapshot()


# -- quiet band ----------------------------------------------------------------------------


def inside(band: tuple[int | None, int | None], seed: int) -> list[int]:
    """Every whole price strictly inside a narrow band; of a wide one its edges and some others."""
    low, high = band
    assert low is not None
    assert high is not None
    quiet = range(max(low, 0) + 1, high)
    if len(quiet) <= 80:
        return list(quiet)
    return sorted({*quiet[:20], *quiet[-20:], *quiet[seed % 40 :: len(quiet) // 30]})


@settings(max_examples=200)
@given(
    grid=grids,
    center=st.integers(300, 2500),
    denied=limits,
    life=lives,
    unsettled=st.lists(
        st.tuples(st.sampled_from(["lose", "stray", "fill"]), st.integers(0, 10**6)), max_size=4
    ),
    later=st.lists(st.tuples(st.integers(-150, 150), st.integers(0, 2 * SECOND)), max_size=4),
    seed=st.integers(0, 10**6),
)
def test_a_ticker_inside_the_quiet_band_does_nothing_and_leaves_no_trace(
    grid: GridConfig,
    center: int,
    denied: list[tuple[int, int, int]],
    life: list[tuple[str, int, int]],
    unsettled: list[tuple[str, int]],
    later: list[tuple[int, int]],
    seed: int,
) -> None:
    desk, last = lived(grid, center, denied, life)
    for what, which in unsettled:
        orders = desk.orders()
        if what == "stray":
            desk.add((max(last + which % 50 - 25, 1), which % 2, which // 2 % 2))
        elif orders and what == "lose":
            desk.book.remove(orders[which % len(orders)])
        elif orders:
            desk.fill(orders[which % len(orders)])
    if unsettled:
        desk.tick(last)  # whatever it asks for stands; the band is about what comes on top
    band = desk.rules.quiet_band(desk.book, desk.limits)
    if band is None:
        event("no band")
        return
    standing, standing_cancels = set(desk.wants()), desk.gives_up()
    quiet = inside(band, seed)
    event("wide band" if len(quiet) > 2 else "narrow band")
    visitor = desk.twin()
    for price in quiet:
        assert visitor.changes(price, after_us=1000) == []
        assert set(visitor.wants()) <= standing
        assert visitor.gives_up() == standing_cancels
        assert visitor.rules.hold is None
    stranger = desk.twin()
    stranger.now = visitor.now
    for move, after_us in later:
        last = max(last + move, 1)
        assert visitor.changes(last, after_us) == stranger.changes(last, after_us)
        assert visitor.wants() == stranger.wants()
        assert visitor.gives_up() == stranger.gives_up()
        assert visitor.rules.snapshot() == stranger.rules.snapshot()


@given(
    grid=grids,
    center=st.integers(300, 2500),
    life=lives,
)
def test_outside_a_bound_of_the_quiet_band_lies_something_to_do(
    grid: GridConfig, center: int, life: list[tuple[str, int, int]]
) -> None:
    """The band is not narrower than it must be when nothing is denied."""
    desk, _ = lived(grid, center, [], life)
    band = desk.rules.quiet_band(desk.book, desk.limits)
    if band is None:
        return
    low, high = band
    assert low is not None
    assert high is not None
    for edge in (low, high):
        if edge < 1:
            continue
        twin = desk.twin()
        changed = twin.changes(edge) != []
        stirred = changed or twin.wants() != [] or twin.rules.hold is not None
        buys, sells = counts(twin, edge)
        on_a_level = edge in twin.rules.grid.levels
        assert stirred or (on_a_level and abs(buys - sells) > 0)


def test_a_settled_grid_is_quiet_up_to_its_next_rebalance() -> None:
    desk = settled(config(count=50))
    levels = desk.rules.grid.levels
    # The middle level waits; 25 to 25. 33 to 17 is the first excess beyond 0.3 * 50 = 15 (G-9).
    assert desk.rules.quiet_band(desk.book, desk.limits) == (levels[17], levels[33])


def test_after_a_fill_the_band_ends_where_a_level_is_offered_again() -> None:
    desk = settled(config(count=50))
    desk.tick(997_000)
    for order in [order for order in desk.orders() if order.price == 998_000]:
        desk.fill(order)
    desk.tick(997_000)
    # 1_000_000 waits no longer and is offered at once: a Sell more than half a step away.
    assert desk.wants() == [(1_000_000, 0, SELL_INDEX), (1_000_000, 1, SELL_INDEX)]
    desk.settle()
    for order in [order for order in desk.orders() if order.price == 996_004]:
        desk.fill(order)
    desk.tick(997_000)
    # 998_000 is missing: a Sell at 0.1 % below it, a Buy at 0.1 % above it.
    band = desk.rules.quiet_band(desk.book, desk.limits)
    assert desk.wants() == [(998_000, 0, SELL_INDEX), (998_000, 1, SELL_INDEX)]
    assert band is not None
    desk.tick(997_500)
    assert desk.wants() == []
    assert desk.rules.quiet_band(desk.book, desk.limits) == (997_002, 998_999)


def test_the_band_is_exact_where_a_level_lies_exactly_half_a_step_away() -> None:
    # 1_001_000 sells below 1_000_000 exactly, and 999_000 buys above 1_000_000 exactly.
    desk = Desk(config(count=2))
    desk.rules.adopt([999_000, 1_000_000, 1_001_000], 1_000_000, Instant(T0), desk.book)
    desk.tick(1_000_000)
    assert desk.wants() == []
    assert desk.rules.quiet_band(desk.book, desk.limits) == (999_999, 1_000_001)
    desk.tick(999_999)
    assert prices_of(desk.wants(), 0, SELL_INDEX) == [1_001_000]
    assert desk.rules.quiet_band(desk.book, desk.limits) == (999_000, 1_000_001)
    desk.tick(1_000_001)
    assert prices_of(desk.wants(), 0, BUY_INDEX) == [999_000]
    assert desk.rules.quiet_band(desk.book, desk.limits) == (999_999, 1_001_000)


def test_the_band_is_exact_for_a_level_that_the_market_has_just_passed() -> None:
    desk = Desk(config(count=4, threshold="0.9"))
    levels = [998_000, 999_000, 1_000_000, 1_001_000, 1_002_000]
    desk.rules.adopt(levels, 1_000_000, Instant(T0), desk.book)
    for direction in (0, 1):
        desk.add((998_000, direction, BUY_INDEX))
        desk.add((1_002_000, direction, SELL_INDEX))
    desk.tick(1_001_500)
    assert desk.rules.quiet_band(desk.book, desk.limits) == (999_999, 1_002_000)
    desk.tick(998_500)
    assert desk.rules.quiet_band(desk.book, desk.limits) == (998_001, 1_000_001)


def test_a_band_reaches_to_the_ends_of_the_grid_and_no_farther() -> None:
    desk = settled(config(count=1))
    assert desk.rules.quiet_band(desk.book, desk.limits) == (999_999, 1_000_001)


# -- taking over saved levels --------------------------------------------------------------


def test_adopted_levels_wait_around_their_centre_and_derive_their_sides() -> None:
    desk = Desk(config(4, "1", threshold="0.6"))
    desk.rules.adopt([980, 990, 1000, 1010, 1020], 1010, Instant(0), desk.book)
    assert desk.rules.waits == [1010]
    assert desk.tick(1002) == []
    assert prices_of(desk.wants(), 0, SELL_INDEX) == [1020]
    assert prices_of(desk.wants(), 0, BUY_INDEX) == [980, 990]
    desk.fill(OpenOrder(order_id="x", direction=LONG, side=BUY, price=990))
    assert desk.rules.waits == [990]


def test_levels_that_break_an_invariant_are_not_adopted() -> None:
    desk = Desk(config(4, "1"))
    with pytest.raises(GridError):
        desk.rules.adopt([980, 990, 1000], 990, Instant(0), desk.book)
    assert desk.rules.grid.levels == []
