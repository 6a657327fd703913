"""on_fill behind the engine's interface: tickers, fills, holds, its memory and its quiet band."""

import json
from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.config import GridConfig, SidePolicy
from gridcore.engine import engine_instrument
from gridcore.events import Ticker
from gridcore.grid import GridError
from gridcore.instrument import Price
from gridcore.intents import CancelCause
from gridcore.policy import BUY_INDEX, SELL_INDEX, ChangeCause, Hold, LevelsChanged, Limits
from gridcore.recorded import OnFillRules
from gridcore.saved import Saved, SavedStateError
from gridcore.sides import BUY, LONG, SELL, SHORT, GridSideType
from gridcore.working import OpenOrder, WorkingBook

TICK = Decimal("0.1")
T0 = 1_767_225_600_000_000
DIRECTIONS = (LONG, SHORT)
SIDES = (BUY, SELL)
B, W, S = GridSideType.BUY, GridSideType.WAIT, GridSideType.SELL
Want = tuple[int, int, int]
"""Price, direction index, side index."""


def config(count: int = 6, step: str = "0.2", threshold: str = "0.3") -> GridConfig:
    return GridConfig(
        grid_count=count,
        grid_step=Decimal(step),
        rebalance_threshold=Decimal(threshold),
        side_policy=SidePolicy.ON_FILL,
    )


class Desk:
    """The rules with a book, and an exchange that does at once what they ask."""

    def __init__(self, grid: GridConfig, anchor: Price | None = None) -> None:
        self.grid = grid
        self.anchor = anchor
        self.rules = OnFillRules(grid, engine_instrument("X", TICK), anchor)
        self.book = WorkingBook(())
        self.limits = Limits()
        self.sequence = 0

    def changes(self, last: Price) -> list[LevelsChanged]:
        return self.rules.observe(
            Ticker(symbol="X", at=Instant(T0), last=last, mark=None), self.book
        )

    def tick(self, last: Price) -> list[ChangeCause]:
        return [change.cause for change in self.changes(last)]

    def wants(self) -> list[Want]:
        places = self.rules.places(self.book, self.limits)
        return [(place.price, place.direction, place.side) for place in places]

    def gives_up(self) -> list[tuple[str, CancelCause]]:
        return [(order.order_id, cause) for order, cause in self.rules.cancels(self.book)]

    def orders(self) -> list[OpenOrder]:
        return list(self.book.orders())

    def add(self, want: Want) -> OpenOrder:
        price, direction, side = want
        self.sequence += 1
        order = OpenOrder(
            order_id=f"o{self.sequence}",
            direction=DIRECTIONS[direction],
            side=SIDES[side],
            price=price,
        )
        self.book.add(order)
        return order

    def settle(self) -> None:
        """Cancel and place everything that the last ticker asked for."""
        wants = self.wants()
        for order, _ in list(self.rules.cancels(self.book)):
            self.book.remove(order)
        for want in wants:
            self.add(want)

    def fill(self, price: Price) -> list[ChangeCause]:
        self.sequence += 1
        changes = self.rules.fill(price, Instant(T0), self.sequence, self.book)
        return [change.cause for change in changes]

    def twin(self) -> "Desk":
        """Another desk in the same state, through what snapshot() gives as JSON."""
        other = Desk(self.grid, self.anchor)
        other.rules.restore(Saved(json.loads(json.dumps(self.rules.snapshot()))), other.book)
        for order in self.orders():
            other.book.add(order)
        other.limits.at = [list(pair) for pair in self.limits.at]
        other.sequence = self.sequence
        return other


def settled(grid: GridConfig | None = None, center: int = 1_000_000) -> Desk:
    desk = Desk(grid or config())
    desk.tick(center)
    desk.settle()
    return desk


# -- tickers -------------------------------------------------------------------------------


def test_the_first_ticker_builds_and_plans_long_before_short_e_2() -> None:
    desk = Desk(config(count=4))
    assert desk.tick(1_000_000) == [ChangeCause.BUILT]
    assert desk.wants() == [
        (998_000, 0, BUY_INDEX),
        (1_002_000, 0, SELL_INDEX),
        (996_004, 0, BUY_INDEX),
        (1_004_004, 0, SELL_INDEX),
        (998_000, 1, BUY_INDEX),
        (1_002_000, 1, SELL_INDEX),
        (996_004, 1, BUY_INDEX),
        (1_004_004, 1, SELL_INDEX),
    ]
    assert desk.gives_up() == []


def test_the_anchor_is_the_centre_of_the_first_build_only_e_2() -> None:
    desk = Desk(config(), anchor=1_000_000)
    desk.tick(1_001_000)
    assert desk.rules.grid.anchor == 1_000_000
    assert desk.tick(1_100_000) == [ChangeCause.REBUILT]
    assert desk.rules.grid.anchor == 1_100_000


def test_a_ticker_at_an_end_keeps_the_grid_and_one_beyond_rebuilds_at_once_a_03() -> None:
    desk = settled()
    assert desk.tick(1_006_012) == []
    assert desk.tick(994_012) == []
    assert desk.tick(994_011) == [ChangeCause.REBUILT]
    assert {cause for _, cause in desk.gives_up()} == {CancelCause.OUTSIDE_GRID}
    assert desk.rules.grid.anchor == 994_011


def test_sides_do_not_follow_the_market_without_fills_ls_06() -> None:
    # The demonstration of spec/strategy.md 1.11: a hole of six levels that nothing repairs.
    desk = Desk(config(count=20))
    desk.tick(10_000)
    desk.tick(10_100)
    longs = [price for price, direction, _ in desk.wants() if direction == 0]
    assert sorted(longs) == [
        *(9_800, 9_820, 9_840, 9_860, 9_880, 9_900, 9_920, 9_940, 9_960, 9_980),
        *(10_120, 10_140, 10_160, 10_180, 10_200),
    ]


def test_denied_levels_are_left_out() -> None:
    desk = Desk(config(count=4))
    desk.limits.deny_from(0, BUY_INDEX, 998_000)
    desk.limits.deny_from(1, SELL_INDEX, 1_004_004)
    desk.tick(1_000_000)
    assert [want for want in desk.wants() if want[1:] == (0, BUY_INDEX)] == []
    assert [want for want in desk.wants() if want[1:] == (1, SELL_INDEX)] == [
        (1_002_000, 1, SELL_INDEX)
    ]


# -- fills ---------------------------------------------------------------------------------


def test_a_fill_waits_at_its_price_and_the_next_ticker_offers_the_old_middle_e_3() -> None:
    desk = settled(config(count=10))
    desk.tick(997_950)
    order = next(order for order in desk.orders() if order.price == 998_000)
    desk.book.remove(order)
    assert desk.fill(998_000) == []
    desk.tick(997_950)
    assert desk.rules.grid.sides == [B, B, B, B, W, S, S, S, S, S, S]
    # Its twin in the other direction stays on the waiting level; 1_000_000 is offered again.
    assert desk.gives_up() == []
    assert desk.wants() == [(1_000_000, 0, SELL_INDEX), (1_000_000, 1, SELL_INDEX)]


def test_a_fill_that_shifts_reports_it_and_moves_the_book() -> None:
    desk = settled(config(count=4))
    desk.tick(997_000)
    assert desk.fill(998_000) == [ChangeCause.SHIFTED]
    assert desk.rules.grid.levels == [994_012, 996_004, 998_000, 1_000_000, 1_002_000]
    assert 994_012 in desk.book.missing[0]
    assert 1_004_004 not in desk.book.level_set


def test_a_fill_out_of_bounds_rebuilds_g_5() -> None:
    desk = settled()
    desk.tick(1_006_012)
    assert desk.fill(1_006_012) == [ChangeCause.REBUILT]
    assert desk.rules.grid.anchor == 1_006_012
    assert 1_006_012 in desk.book.level_set


def test_the_last_of_several_early_fills_is_applied_with_the_first_ticker_a_04() -> None:
    desk = Desk(config())
    assert desk.fill(998_000) == []
    assert desk.fill(1_002_000) == []
    desk.tick(1_000_000)
    assert desk.rules.grid.sides == [B, B, B, W, W, S, S]
    desk.tick(1_000_100)
    assert desk.rules.grid.sides == [B, B, B, W, W, S, S]


def test_an_early_fill_on_a_restored_grid_waits_with_the_first_ticker_a_04() -> None:
    desk = Desk(config(count=4, step="1"))
    desk.rules.adopt([980, 990, 1000, 1010, 1020], [B, B, W, S, S], 1000, desk.book)
    desk.fill(990)
    assert desk.rules.quiet_band(desk.book, desk.limits) is None
    desk.tick(995)
    assert desk.rules.grid.levels == [970, 980, 990, 1000, 1010]
    assert desk.rules.grid.sides == [B, B, W, S, S]


def test_a_restart_between_a_fill_and_the_next_ticker_keeps_the_wait_a_04() -> None:
    desk = settled(config(count=10))
    desk.fill(998_000)
    twin = desk.twin()
    twin.tick(998_010)
    assert twin.rules.grid.sides[4] is W
    early = Desk(config())
    early.fill(998_000)
    again = early.twin()
    again.tick(1_000_000)
    assert again.rules.grid.sides[2] is W


def test_a_restored_grid_keeps_its_tags_rule_14() -> None:
    desk = Desk(config(count=4, step="1"))
    desk.rules.adopt([980, 990, 1000, 1010, 1020], [S, B, W, B, S], 1000, desk.book)
    desk.tick(1000)
    assert desk.rules.grid.sides == [S, B, W, B, S]
    assert desk.rules.grid.anchor == 1000
    # A Sell below the market and a Buy above it are not eligible.
    assert [price for price, direction, _ in desk.wants() if direction == 0] == [990, 1020]


# -- refusals ------------------------------------------------------------------------------


def test_a_refused_first_build_asks_hold_and_is_tried_again() -> None:
    desk = Desk(config())
    assert desk.tick(50) == []
    assert desk.rules.hold is Hold.SPACING
    assert desk.rules.quiet_band(desk.book, desk.limits) is None
    assert desk.tick(1_000_000) == [ChangeCause.BUILT]
    assert desk.rules.hold is None


def test_a_refused_rebuild_keeps_the_grid_and_holds_until_the_market_is_back() -> None:
    desk = settled()
    levels = list(desk.rules.grid.levels)
    assert desk.tick(50) == []
    assert desk.rules.hold is Hold.SPACING
    assert desk.rules.quiet_band(desk.book, desk.limits) is None
    assert desk.tick(51) == []
    assert desk.rules.hold is Hold.SPACING
    assert desk.fill(994_012) == []
    assert desk.rules.hold is Hold.SPACING
    assert desk.tick(1_000_000) == []
    assert desk.rules.hold is None
    assert desk.rules.grid.levels == levels


def test_a_refused_shift_keeps_the_levels_and_holds_until_a_fill_needs_none() -> None:
    desk = settled(config(count=4, step="2"), center=78)
    levels = list(desk.rules.grid.levels)
    desk.tick(75)
    assert desk.fill(76) == []
    assert desk.rules.hold is Hold.SPACING
    assert desk.rules.grid.levels == levels
    assert desk.rules.grid.sides == [B, W, S, S, S]
    for last in (82, 80, 74, 78):  # both ends of the grid are in bounds
        assert desk.tick(last) == []
        assert desk.rules.hold is Hold.SPACING
    assert desk.fill(78) == []
    assert desk.rules.hold is None


def test_a_rebuild_before_a_refused_shift_still_reaches_the_book() -> None:
    # With the fill at the bottom of the new grid one sell stands against no buy; 73 is too near.
    desk = Desk(config(count=2, step="2"))
    desk.rules.adopt([56, 66, 76], [B, W, S], 66, desk.book)
    desk.tick(76)
    assert desk.fill(74) == [ChangeCause.REBUILT]
    assert desk.rules.hold is Hold.SPACING
    assert desk.rules.grid.levels == [74, 76, 78]
    assert desk.book.level_set == {74, 76, 78}


# -- too many orders -----------------------------------------------------------------------


def crowd(desk: Desk, direction: int, count: int) -> list[OpenOrder]:
    return [desk.add((500_000 + n, direction, BUY_INDEX)) for n in range(count)]


def test_too_many_orders_of_one_direction_rebuild_and_cancel_all_of_it_e_5() -> None:
    desk = Desk(config(count=4))
    desk.tick(1_000_000)
    crowd(desk, 1, 16)
    kept = desk.add((998_000, 0, BUY_INDEX))
    assert desk.tick(1_001_000) == [ChangeCause.REBUILT]
    assert desk.rules.grid.anchor == 1_001_000
    assert len(desk.gives_up()) == 16
    assert {cause for _, cause in desk.gives_up()} == {CancelCause.REBUILD}
    # Long was planned first, by the grid that the rebuild then replaced.
    assert kept.order_id not in {order_id for order_id, _ in desk.gives_up()}
    assert {direction for _, direction, _ in desk.wants()} == {0}


def test_the_second_direction_is_planned_on_the_grid_that_the_first_rebuilt_ec_04() -> None:
    desk = Desk(config(count=4))
    desk.tick(1_000_000)
    crowd(desk, 0, 16)
    desk.add((998_000, 1, BUY_INDEX))
    assert desk.tick(1_001_000) == [ChangeCause.REBUILT]
    causes = [cause for _, cause in desk.gives_up()]
    assert causes == [CancelCause.REBUILD] * 16 + [CancelCause.OUTSIDE_GRID]
    assert sorted(price for price, _, _ in desk.wants()) == [
        price for price in desk.rules.grid.levels if price != 1_001_000
    ]


def test_fifteen_orders_on_five_levels_are_not_too_many_e_5() -> None:
    desk = Desk(config(count=4))
    desk.tick(1_000_000)
    crowd(desk, 0, 15)
    assert desk.tick(1_001_000) == []


def test_after_too_many_orders_the_next_ticker_matters_and_survives_a_restart() -> None:
    desk = Desk(config(count=4))
    desk.tick(1_000_000)
    orders = crowd(desk, 0, 16)
    desk.tick(1_000_000)
    for order in orders:
        order.cancelling = True
    # Nothing was placed in that direction; the next ticker will, wherever it is.
    assert desk.rules.quiet_band(desk.book, desk.limits) is None
    twin = desk.twin()
    assert twin.rules.quiet_band(twin.book, twin.limits) is None
    assert desk.tick(1_000_000) == []
    assert {direction for _, direction, _ in desk.wants()} == {0, 1}
    assert desk.rules.quiet_band(desk.book, desk.limits) is not None


# -- memory --------------------------------------------------------------------------------


def test_a_memory_whose_tags_do_not_fit_its_levels_is_refused() -> None:
    memory = settled().rules.snapshot() | {"sides": ["Buy"]}
    fresh = Desk(config())
    with pytest.raises(SavedStateError, match="expected 7 tags, found 1"):
        fresh.rules.restore(Saved(memory), fresh.book)


def test_a_memory_without_levels_leaves_the_grid_empty() -> None:
    twin = Desk(config()).twin()
    assert twin.rules.grid.levels == []
    assert twin.tick(1_000_000) == [ChangeCause.BUILT]


def test_levels_that_break_an_invariant_are_not_adopted() -> None:
    desk = Desk(config(count=4))
    with pytest.raises(GridError):
        desk.rules.adopt([980, 990], [B, S], 985, desk.book)


grids = st.builds(
    config,
    st.integers(2, 12),
    st.sampled_from(["0.5", "1", "2", "3.7"]),
    st.sampled_from(["0.1", "0.3", "0.7"]),
)
denials = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(-60, 60)), max_size=4
)
lives = st.lists(
    st.tuples(
        st.sampled_from(["tick", "tick", "fill", "early", "lose", "stray"]),
        st.integers(-50, 50),
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
        if what in ("fill", "lose") and orders:
            order = orders[seed % len(orders)]
            desk.book.remove(order)
            if what == "fill":
                desk.fill(order.price)
        elif what == "stray":
            desk.add((max(last + move, 1), seed % 2, seed // 2 % 2))
        last = max(last + move, 1)
        desk.tick(last)
        desk.settle()
    return desk, last


@given(grid=grids, center=st.integers(300, 2500), denied=denials, life=lives)
def test_with_everything_asked_for_done_nothing_is_left_to_ask(
    grid: GridConfig,
    center: int,
    denied: list[tuple[int, int, int]],
    life: list[tuple[str, int, int]],
) -> None:
    desk, last = lived(grid, center, denied, life)
    if desk.rules.hold is None:
        assert desk.tick(last) == []
        assert desk.wants() == []
        assert desk.gives_up() == []


@given(
    grid=grids,
    center=st.integers(300, 2500),
    denied=denials,
    life=lives,
    later=st.lists(st.tuples(st.integers(-60, 60), st.booleans()), max_size=8),
)
def test_a_restored_policy_decides_as_the_one_that_was_saved(
    grid: GridConfig,
    center: int,
    denied: list[tuple[int, int, int]],
    life: list[tuple[str, int, int]],
    later: list[tuple[int, bool]],
) -> None:
    desk, last = lived(grid, center, denied, life)
    twin = desk.twin()
    for move, fills in later:
        last = max(last + move, 1)
        if fills:
            assert desk.fill(last) == twin.fill(last)
        assert desk.changes(last) == twin.changes(last)
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


@pytest.mark.untraced
@settings(max_examples=200)
@given(
    grid=grids,
    center=st.integers(300, 2500),
    denied=denials,
    life=lives,
    unsettled=st.lists(
        st.tuples(st.sampled_from(["lose", "stray", "twin", "fill"]), st.integers(0, 10**6)),
        max_size=4,
    ),
    later=st.lists(st.tuples(st.integers(-90, 90), st.booleans()), max_size=4),
    seed=st.integers(0, 10**6),
)
def test_a_ticker_inside_the_quiet_band_does_nothing_and_leaves_no_trace(
    grid: GridConfig,
    center: int,
    denied: list[tuple[int, int, int]],
    life: list[tuple[str, int, int]],
    unsettled: list[tuple[str, int]],
    later: list[tuple[int, bool]],
    seed: int,
) -> None:
    desk, last = lived(grid, center, denied, life)
    for what, which in unsettled:
        orders = desk.orders()
        if what == "stray":
            desk.add((max(last + which % 50 - 25, 1), which % 2, which // 2 % 2))
        elif orders:
            order = orders[which % len(orders)]
            if what == "twin":
                assert isinstance(order.price, int)
                desk.add((order.price, which % 2, which // 2 % 2))
                continue
            desk.book.remove(order)
            if what == "fill":
                desk.fill(order.price)
    desk.tick(last)  # whatever it asks for stands; the band is about what comes on top
    band = desk.rules.quiet_band(desk.book, desk.limits)
    if band is None:
        event("no band")
        return
    standing, standing_cancels = set(desk.wants()), desk.gives_up()
    quiet = inside(band, seed)
    event("wide band" if len(quiet) > 2 else "narrow band")
    visitor, stranger = desk.twin(), desk.twin()
    for price in quiet:
        assert visitor.changes(price) == []
        assert set(visitor.wants()) <= standing
        assert visitor.gives_up() == standing_cancels
        assert visitor.rules.hold is None
    for move, fills in later:
        last = max(last + move, 1)
        assert visitor.changes(last) == stranger.changes(last)
        if fills:
            assert visitor.fill(last) == stranger.fill(last)
        assert visitor.wants() == stranger.wants()
        assert visitor.gives_up() == stranger.gives_up()
        assert visitor.rules.snapshot() == stranger.rules.snapshot()


def test_a_settled_grid_is_quiet_from_end_to_end() -> None:
    desk = settled()
    assert desk.rules.quiet_band(desk.book, desk.limits) == (994_011, 1_006_013)


def test_the_band_ends_where_a_missing_order_becomes_eligible() -> None:
    desk = settled()
    desk.tick(999_000)
    buy = next(o for o in desk.orders() if o.price == 998_000 and o.direction is LONG)
    sell = next(o for o in desk.orders() if o.price == 1_002_000 and o.direction is SHORT)
    desk.book.remove(buy)
    desk.book.remove(sell)
    desk.tick(998_500)
    assert desk.wants() == [(1_002_000, 1, SELL_INDEX)]
    band = desk.rules.quiet_band(desk.book, desk.limits)
    # The Buy at 998_000 needs 998_000 * 1000 / 999 = 998_998.998...; the Sell stands already.
    assert band == (994_011, 998_999)
    desk.tick(998_998)
    assert (998_000, 0, BUY_INDEX) not in desk.wants()
    desk.tick(998_999)
    assert (998_000, 0, BUY_INDEX) in desk.wants()


def test_the_band_ends_where_a_missing_sell_becomes_eligible() -> None:
    desk = settled()
    desk.tick(1_001_500)
    sell = next(o for o in desk.orders() if o.price == 1_002_000 and o.direction is SHORT)
    desk.book.remove(sell)
    desk.tick(1_001_500)
    assert desk.wants() == []
    # It needs a price below 1_002_000 * 1000 / 1001 = 1_000_999.0009...
    assert desk.rules.quiet_band(desk.book, desk.limits) == (1_000_999, 1_006_013)
    desk.tick(1_001_000)
    assert desk.wants() == []
    desk.tick(1_000_999)
    assert desk.wants() == [(1_002_000, 1, SELL_INDEX)]


def test_the_band_is_exact_where_a_level_lies_exactly_half_a_step_away() -> None:
    # 1_001_000 sells below 1_000_000 exactly, and 999_000 buys above 1_000_000 exactly.
    desk = Desk(config(count=2))
    desk.rules.adopt([999_000, 1_000_000, 1_001_000], [B, W, S], 1_000_000, desk.book)
    assert desk.rules.quiet_band(desk.book, desk.limits) is None
    desk.tick(1_000_000)
    assert desk.wants() == []
    assert desk.rules.quiet_band(desk.book, desk.limits) == (999_999, 1_000_001)
    desk.tick(999_999)
    assert desk.wants() == [(1_001_000, 0, SELL_INDEX), (1_001_000, 1, SELL_INDEX)]
    assert desk.rules.quiet_band(desk.book, desk.limits) == (998_999, 1_000_001)
    desk.tick(1_000_001)
    assert desk.wants() == [(999_000, 0, BUY_INDEX), (999_000, 1, BUY_INDEX)]
    assert desk.rules.quiet_band(desk.book, desk.limits) == (999_999, 1_001_001)
