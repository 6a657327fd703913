"""GridEngine: the vectors of spec/strategy.md 1.12, the planner list A-05, and what it refuses."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.config import GridConfig, IdentitySalt, SafetyConfig, SidePolicy
from gridcore.engine import EventError, GridEngine, engine_instrument
from gridcore.events import (
    Event,
    ExecType,
    Execution,
    OrderStatus,
    OrderUpdate,
    PublicTrade,
    StreamLost,
    Ticker,
)
from gridcore.grid import GridError
from gridcore.instrument import InstrumentError, Price, Steps
from gridcore.intents import CancelCause, CancelIntent, Intent, PlaceIntent
from gridcore.policy import ChangeCause, Limits
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, GridSideType, SideType
from gridcore.working import OpenOrder, WorkingBook

SYMBOL = "BTCUSDT"
TICK = Decimal("0.1")
T0 = 1_767_225_600_000_000
SECOND = 1_000_000
B, W, S = GridSideType.BUY, GridSideType.WAIT, GridSideType.SELL
policies = pytest.mark.parametrize("policy", [SidePolicy.FOLLOW, SidePolicy.ON_FILL])
Orders = dict[DirectionType, list[OpenOrder]]


def config(policy: SidePolicy = SidePolicy.FOLLOW, count: int = 6, step: str = "0.2") -> GridConfig:
    return GridConfig(grid_count=count, grid_step=Decimal(step), side_policy=policy)


def engine(
    policy: SidePolicy = SidePolicy.FOLLOW,
    *,
    count: int = 6,
    step: str = "0.2",
    anchor: Decimal | None = None,
    restored: object = None,
) -> GridEngine:
    return GridEngine(SYMBOL, TICK, config(policy, count, step), "s1", anchor, restored)


def ticker(last: Price, at: int = T0, mark: Decimal | None = None, symbol: str = SYMBOL) -> Ticker:
    return Ticker(symbol=symbol, at=Instant(at), last=last, mark=mark)


def execution(
    price: Price,
    at: int = T0 + 1,
    sequence: int = 1,
    symbol: str = SYMBOL,
    kind: ExecType = ExecType.TRADE,
) -> Execution:
    return Execution(
        symbol=symbol,
        at=Instant(at),
        sequence=sequence,
        exec_id=f"e{sequence}",
        order_id="o1",
        wire_id="w1",
        direction=LONG,
        side=BUY,
        price=price,
        qty=Steps(1),
        leaves=Steps(0),
        closed=Steps(0),
        fee=Decimal(0),
        kind=kind,
        is_maker=True,
    )


def order(
    order_id: str, price: Price, side: SideType, direction: DirectionType = LONG, filled: int = 0
) -> OpenOrder:
    return OpenOrder(order_id=order_id, direction=direction, side=side, price=price, filled=filled)


def book_of(intents: list[Intent]) -> Orders:
    """The orders that rest once every place has been made."""
    orders: Orders = {LONG: [], SHORT: []}
    for number, place in enumerate(places(intents)):
        orders[place.direction].append(
            order(f"o{number}", place.price, place.side, place.direction)
        )
    return orders


def places(intents: list[Intent]) -> list[PlaceIntent]:
    return [intent for intent in intents if isinstance(intent, PlaceIntent)]


def cancels(intents: list[Intent]) -> list[tuple[str, CancelCause]]:
    return [
        (intent.order_id, intent.cause) for intent in intents if isinstance(intent, CancelIntent)
    ]


def brief(intents: list[Intent]) -> list[tuple[DirectionType, SideType, int, int, bool]]:
    return [
        (place.direction, place.side, place.price, place.level, place.reduce_only)
        for place in places(intents)
    ]


# -- the vector of 1.12 --------------------------------------------------------------------

VECTOR = [
    (BUY, 998_000, 2),
    (SELL, 1_002_000, 4),
    (BUY, 996_004, 1),
    (SELL, 1_004_004, 5),
    (BUY, 994_012, 0),
    (SELL, 1_006_012, 6),
]


def test_the_first_tick_on_fill_gives_the_recorded_intents_1_12() -> None:
    intents = engine(SidePolicy.ON_FILL).on_event(ticker(1_000_000))
    assert brief(intents) == [
        *((LONG, side, price, level, side is SELL) for side, price, level in VECTOR),
        *((SHORT, side, price, level, side is BUY) for side, price, level in VECTOR),
    ]
    assert len(intents) == 12


@policies
def test_the_first_tick_gives_the_recorded_identities_1_12(policy: SidePolicy) -> None:
    identities: dict[tuple[DirectionType, SideType, int], str] = {
        (place.direction, place.side, place.price): place.client_order_id
        for place in places(engine(policy).on_event(ticker(1_000_000)))
    }
    assert identities[LONG, BUY, 998_000] == "63c523903aa877f5"
    assert identities[LONG, SELL, 1_002_000] == "c8b9f6e1cb09d9a5"
    assert identities[SHORT, BUY, 998_000] == "6a9c4849ec6551e9"
    assert len(identities) == len(set(identities.values())) == 12


def test_the_next_tick_on_fill_skips_what_is_within_half_a_step_1_12() -> None:
    subject = engine(SidePolicy.ON_FILL)
    subject.on_event(ticker(1_000_000))
    again = brief(subject.on_event(ticker(1_001_000)))
    assert [row[:3] for row in again] == [
        (direction, side, price)
        for direction in (LONG, SHORT)
        for side, price, _ in VECTOR
        if price != 1_002_000
    ]


def test_the_first_tick_under_follow_interleaves_the_directions_by_distance() -> None:
    intents = engine().on_event(ticker(1_000_000))
    assert brief(intents)[:4] == [
        (LONG, BUY, 998_000, 2, False),
        (SHORT, BUY, 998_000, 2, True),
        (LONG, SELL, 1_002_000, 4, True),
        (SHORT, SELL, 1_002_000, 4, False),
    ]
    assert len(intents) == 12


def test_identities_without_salt_are_those_of_the_oldest_recordings_i_4() -> None:
    subject = GridEngine(SYMBOL, TICK, config(), "btcusdt_main", salt=IdentitySalt.NONE)
    salted = GridEngine(SYMBOL, TICK, config(), "btcusdt_main")
    assert subject.identity(998_000, 0, 0) == "61bf525ec34a5d86"
    assert salted.identity(998_000, 0, 0) == "47e181af212d1bae"
    assert salted.identity(998_000, 0, 0) == "47e181af212d1bae"


# -- the planner (A-05) --------------------------------------------------------------------


@policies
def test_with_the_book_as_desired_there_are_no_intents(policy: SidePolicy) -> None:
    subject = engine(policy)
    orders = book_of(subject.on_event(ticker(1_000_000)))
    assert subject.on_event(ticker(1_000_000), orders) == []
    assert subject.on_event(ticker(1_000_300), orders) == []


@policies
def test_one_missing_order_is_one_place(policy: SidePolicy) -> None:
    subject = engine(policy)
    orders = book_of(subject.on_event(ticker(1_000_000)))
    gone = next(row for row in orders[SHORT] if row.price == 1_004_004)
    orders[SHORT].remove(gone)
    assert brief(subject.on_event(ticker(1_000_000), orders)) == [
        (SHORT, SELL, 1_004_004, 5, False)
    ]


@policies
def test_an_order_off_the_grid_is_cancelled(policy: SidePolicy) -> None:
    subject = engine(policy)
    orders = book_of(subject.on_event(ticker(1_000_000)))
    orders[LONG].append(order("stray", 999_000, BUY))
    orders[SHORT].append(order("between ticks", Fraction(19_980_001, 20), SELL, SHORT))
    intents = subject.on_event(ticker(1_000_000), orders)
    assert cancels(intents) == [
        ("stray", CancelCause.OUTSIDE_GRID),
        ("between ticks", CancelCause.OUTSIDE_GRID),
    ]
    assert len(intents) == 2


@policies
def test_of_several_orders_at_a_level_all_but_one_are_cancelled_once(policy: SidePolicy) -> None:
    subject = engine(policy)
    orders = book_of(subject.on_event(ticker(1_000_000)))
    orders[LONG] += [order("twin", 998_000, BUY), order("third", 998_000, BUY, filled=1)]
    kept = next(row for row in orders[LONG] if row.price == 998_000)
    intents = subject.on_event(ticker(1_000_000), orders)
    assert sorted(cancels(intents)) == sorted(
        [(kept.order_id, CancelCause.DUPLICATE), ("twin", CancelCause.DUPLICATE)]
    )
    assert len(intents) == 2


def test_an_order_of_the_wrong_side_is_replaced_on_fill_only() -> None:
    for policy, expected in ((SidePolicy.FOLLOW, 0), (SidePolicy.ON_FILL, 2)):
        subject = engine(policy)
        orders = book_of(subject.on_event(ticker(1_000_000)))
        row = next(row for row in orders[LONG] if row.price == 998_000)
        row.side = SELL
        intents = subject.on_event(ticker(1_000_000), orders)
        assert len(intents) == expected
        if intents:
            assert cancels(intents) == [(row.order_id, CancelCause.SIDE_MISMATCH)]
            assert brief(intents) == [(LONG, BUY, 998_000, 2, False)]


def test_too_many_orders_of_a_direction_are_all_cancelled_on_fill_e_5() -> None:
    subject = engine(SidePolicy.ON_FILL)
    orders = book_of(subject.on_event(ticker(1_000_000)))
    orders[LONG] += [order(f"x{n}", 500_000 + n, BUY) for n in range(12)]
    intents = subject.on_event(ticker(1_000_000), orders)
    assert len(orders[LONG]) == 18
    assert cancels(intents) == [(row.order_id, CancelCause.REBUILD) for row in orders[LONG]]
    assert places(intents) == []


def test_too_many_orders_never_rebuild_under_follow_wk_37() -> None:
    subject = engine()
    orders = book_of(subject.on_event(ticker(1_000_000)))
    orders[LONG] += [order(f"x{n}", 500_000 + n, BUY) for n in range(12)]
    levels = list(subject.levels)
    intents = subject.on_event(ticker(1_000_500), orders)
    assert subject.levels == levels
    assert [order_id for order_id, _ in cancels(intents)] == [f"x{n}" for n in range(12)]


@policies
def test_orders_as_the_caller_lists_them_decide_which_of_two_is_the_first(
    policy: SidePolicy,
) -> None:
    subject = engine(policy)
    subject.on_event(ticker(1_000_000))
    pair = [order("a", 998_000, BUY), order("b", 998_000, BUY)]
    assert cancels(subject.on_event(ticker(1_000_000), {LONG: pair})) == [
        ("b", CancelCause.DUPLICATE)
    ]
    assert cancels(subject.on_event(ticker(1_000_000), {LONG: pair[::-1]})) == [
        ("a", CancelCause.DUPLICATE)
    ]


@given(
    policy=st.sampled_from(list(SidePolicy)),
    moves=st.lists(
        st.tuples(st.integers(-4_000, 4_000), st.integers(0, 3), st.integers(0, 10**6)),
        max_size=20,
    ),
)
def test_cancels_come_before_places_and_doing_them_all_leaves_nothing_to_do(
    policy: SidePolicy, moves: list[tuple[int, int, int]]
) -> None:
    subject = engine(policy)
    orders: Orders = {LONG: [], SHORT: []}
    last, at, made = 1_000_000, T0, 0
    for move, what, seed in moves:
        last, at = last + move, at + 700_000
        rows = orders[LONG if seed % 2 else SHORT]
        if what == 1 and rows:
            filled = rows.pop(seed // 2 % len(rows))
            subject.on_event(execution(filled.price, at, seed), orders)
        elif what == 2:
            direction = LONG if seed % 2 else SHORT
            rows.append(order(f"stray{at}", last - move // 2, BUY, direction))
        intents = subject.on_event(ticker(last, at), orders)
        kinds = [isinstance(intent, PlaceIntent) for intent in intents]
        assert kinds == sorted(kinds)
        gone = {order_id for order_id, _ in cancels(intents)}
        assert len(gone) == len(cancels(intents))
        for direction in (LONG, SHORT):
            orders[direction] = [row for row in orders[direction] if row.order_id not in gone]
        for place in places(intents):
            assert subject.levels[place.level] == place.price
            made += 1
            orders[place.direction].append(
                order(f"p{made}", place.price, place.side, place.direction)
            )
        if subject.rules.hold is None:
            assert subject.on_event(ticker(last, at), orders) == []


# -- what it refuses and ignores -----------------------------------------------------------


@policies
@pytest.mark.parametrize("price", [0, -5, Fraction(-1, 2)])
def test_a_price_at_or_below_zero_is_refused_and_changes_nothing_ec_01(
    policy: SidePolicy, price: Price
) -> None:
    subject = engine(policy)
    orders = book_of(subject.on_event(ticker(1_000_000)))
    before = subject.rules.snapshot()
    with pytest.raises(EventError, match="price above 0"):
        subject.on_event(ticker(price), orders)
    with pytest.raises(EventError, match="price above 0"):
        subject.on_event(execution(price), orders)
    with pytest.raises(EventError):
        subject.observe(ticker(price), WorkingBook(subject.levels))
    assert subject.rules.snapshot() == before


@policies
@pytest.mark.parametrize("anchor", ["0", "-1"])
def test_an_anchor_at_or_below_zero_is_refused_ec_02(policy: SidePolicy, anchor: str) -> None:
    with pytest.raises(EventError, match="anchor_price"):
        engine(policy, anchor=Decimal(anchor))


def test_an_anchor_without_end_is_refused_ec_03() -> None:
    with pytest.raises(InstrumentError):
        engine(anchor=Decimal("NaN"))


FOREIGN: list[Event] = [
    PublicTrade(symbol=SYMBOL, at=Instant(T0), price=5, qty=Steps(1), side=None),
    OrderUpdate(
        symbol=SYMBOL,
        at=Instant(T0),
        order_id="o1",
        wire_id="w1",
        direction=LONG,
        side=BUY,
        price=998_000,
        qty=Steps(1),
        leaves=Steps(0),
        filled=Steps(1),
        status=OrderStatus.FILLED,
        reduce_only=False,
    ),
    StreamLost(at=Instant(T0), symbol=SYMBOL, reason="test"),
    ticker(2_000_000, symbol="ETHUSDT"),
    execution(998_000, symbol="ETHUSDT"),
    execution(998_000, kind=ExecType.FUNDING),
    execution(998_000, kind=ExecType.BUST),
]


@policies
@pytest.mark.parametrize("event", FOREIGN)
def test_other_events_symbols_and_kinds_of_execution_change_nothing_e_1(
    policy: SidePolicy, event: Event
) -> None:
    subject = engine(policy)
    orders = book_of(subject.on_event(ticker(1_000_000)))
    before = subject.rules.snapshot()
    assert subject.on_event(event, orders) == []
    assert subject.rules.snapshot() == before


@policies
def test_an_execution_gives_no_intents_and_the_next_ticker_acts_on_it_e_3(
    policy: SidePolicy,
) -> None:
    subject = engine(policy, count=10)
    orders = book_of(subject.on_event(ticker(1_000_000)))
    subject.on_event(ticker(997_950, T0 + 1), orders)
    orders[LONG] = [row for row in orders[LONG] if row.price != 998_000]
    assert subject.on_event(execution(998_000, T0 + 2), orders) == []
    intents = subject.on_event(ticker(997_950, T0 + 3), orders)
    # The filled level waits in both directions, its other order stays; the old middle is offered.
    assert brief(intents) == [
        (LONG, SELL, 1_000_000, 5, True),
        (SHORT, SELL, 1_000_000, 5, False),
    ]
    assert cancels(intents) == []


# -- anchor and restored grids -------------------------------------------------------------


@policies
def test_the_anchor_is_used_for_the_first_build_only_e_2(policy: SidePolicy) -> None:
    subject = engine(policy, anchor=Decimal("100000"))
    assert subject.get_anchor_price() is None
    subject.on_event(ticker(1_000_900))
    assert subject.get_anchor_price() == Decimal("100000.0")
    subject.on_event(ticker(1_100_000, T0 + SECOND))
    subject.on_event(ticker(1_100_000, T0 + 2 * SECOND))
    assert subject.get_anchor_price() == Decimal("110000.0")


@policies
def test_the_anchor_price_stands_through_fills_and_shifts_ls_07(policy: SidePolicy) -> None:
    subject = engine(policy, count=10, step="0.4")
    subject.on_event(ticker(54_210))
    first = subject.levels[0]
    for number, price in enumerate((53_993, 53_777, 53_562, 53_348)):
        at = T0 + 10 * (number + 1)
        subject.on_event(ticker(price - 10, at))
        subject.on_event(execution(price, at + 1, number))
    subject.on_event(ticker(53_300, T0 + 100))
    assert subject.levels[0] < first
    assert subject.get_anchor_price() == Decimal("5421.0")


ROWS = [
    {"side": "Buy", "price": 99.0},
    {"side": "Buy", "price": "99.5"},
    {"side": "Wait", "price": 100.0},
    {"side": "Sell", "price": 100.5},
    {"side": "Sell", "price": 101.0},
]


@policies
def test_a_restored_grid_is_used_as_it_was_saved_rule_14(policy: SidePolicy) -> None:
    subject = engine(policy, count=4, step="0.5", restored=ROWS)
    assert subject.levels == [990, 995, 1000, 1005, 1010]
    assert subject.get_anchor_price() == Decimal("100.0")
    intents = subject.on_event(ticker(1000))
    assert sorted({place.price for place in places(intents)}) == [990, 995, 1005, 1010]
    assert subject.get_anchor_price() == Decimal("100.0")


def test_the_anchor_of_a_restored_grid_may_lie_between_ticks_g_12() -> None:
    rows = [*ROWS[:2], {"side": "Wait", "price": "99.8"}, {"side": "Wait", "price": "100.1"}]
    rows += ROWS[3:4]
    subject = engine(count=4, step="0.5", restored=rows)
    assert subject.get_anchor_price() == Decimal("99.95")


@policies
def test_a_restored_grid_that_cannot_be_used_is_refused(policy: SidePolicy) -> None:
    for rows in (ROWS[:4], [], ROWS[::-1], "grid"):
        with pytest.raises(GridError):
            engine(policy, count=4, step="0.5", restored=rows)


def test_a_restored_grid_needs_no_first_build_and_no_anchor() -> None:
    subject = engine(count=4, step="0.5", anchor=Decimal(200), restored=ROWS)
    subject.on_event(ticker(1001))
    assert subject.levels == [990, 995, 1000, 1005, 1010]


# -- what a caller may look at -------------------------------------------------------------


def test_tags_under_follow_are_derived_from_market_and_last_fill() -> None:
    subject = engine(count=4)
    assert subject.side_tags() == []
    subject.on_event(ticker(1_000_000))
    assert subject.side_tags() == [B, B, W, S, S]
    subject.on_event(ticker(1_002_000, T0 + 1))
    assert subject.side_tags() == [B, B, W, W, S]
    subject.on_event(execution(998_000, T0 + 2))
    assert subject.side_tags() == [B, W, B, W, S]


def test_tags_of_an_adopted_grid_wait_for_a_market() -> None:
    assert engine(count=4, step="0.5", restored=ROWS).side_tags() == [W] * 5


def test_tags_on_fill_are_those_kept() -> None:
    subject = engine(SidePolicy.ON_FILL, count=4)
    subject.on_event(ticker(1_000_000))
    assert subject.side_tags() == [B, B, W, S, S]
    subject.on_event(ticker(1_003_000, T0 + 1))
    assert subject.side_tags() == [B, B, W, S, S]


@policies
def test_a_book_kept_outside_gives_the_same_decisions_as_the_public_face(
    policy: SidePolicy,
) -> None:
    listed, kept = engine(policy), engine(policy)
    book = WorkingBook(())
    orders: Orders = {LONG: [], SHORT: []}
    limits = Limits()
    for number, last in enumerate((1_000_000, 1_000_900, 1_004_500, 999_000, 1_001_500)):
        event = ticker(last, T0 + number)
        intents = listed.on_event(event, orders)
        changes = kept.observe(event, book)
        assert (ChangeCause.BUILT in [change.cause for change in changes]) is (number == 0)
        assert cancels(intents) == [
            (row.order_id, cause) for row, cause in kept.rules.cancels(book)
        ]
        wanted = [kept.intent(place) for place in kept.rules.places(book, limits)]
        assert places(intents) == wanted
        for row, _ in list(kept.rules.cancels(book)):
            book.remove(row)
            orders[row.direction].remove(row)
        for place in wanted:
            fresh = order(f"{number}/{place.client_order_id}", place.price, place.side)
            fresh.direction = place.direction
            book.add(fresh)
            orders[place.direction].append(fresh)
        assert kept.quiet_band(book, limits) == kept.rules.quiet_band(book, limits)


def test_a_level_has_its_position_from_the_lowest() -> None:
    subject = engine()
    subject.on_event(ticker(1_000_000))
    assert [subject.level_index(level) for level in subject.levels] == list(range(7))


def test_an_engine_takes_a_whole_instrument_and_its_own_safety() -> None:
    instrument = engine_instrument("LTCUSDT", Decimal("0.01"))
    subject = GridEngine(
        "LTCUSDT",
        instrument,
        config(),
        "ltc",
        safety=SafetyConfig(rebuild_run_s=5),
    )
    assert subject.instrument is instrument
    subject.on_event(ticker(10_000, symbol="LTCUSDT"))
    subject.on_event(ticker(12_000, T0, symbol="LTCUSDT"))
    subject.on_event(ticker(12_000, T0 + 4 * SECOND, symbol="LTCUSDT"))
    assert subject.get_anchor_price() == Decimal("100.00")
    subject.on_event(ticker(12_000, T0 + 5 * SECOND, symbol="LTCUSDT"))
    assert subject.get_anchor_price() == Decimal("120.00")
