"""One strategy's story: when it may open, what it offers, how it recovers from danger."""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.config import SidePolicy
from gridcore.events import (
    ExecutionsSnapshot,
    HistorySnapshot,
    OrdersSnapshot,
    PositionsSnapshot,
    SessionStarted,
    Ticker,
    WalletSnapshot,
)
from gridcore.instrument import Ticks
from gridcore.policy import Hold
from gridcore.session.effects import CancelOrder, CancelReason, Effects, PlaceOrder, Severity
from gridcore.session.modes import Mode
from gridcore.session.orders import OrderState, TrackedOrder
from gridcore.session.setup import StrategySetup
from gridcore.session.strategy import Strategy
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
ETH = "ETHUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Places = Callable[[Effects], list[PlaceOrder]]
Cancels = Callable[[Effects], list[CancelOrder]]

LADDER = [
    ("long", "Buy", 9801, 10),
    ("long", "Buy", 9900, 10),
    ("short", "Sell", 10_100, 10),
    ("short", "Sell", 10_201, 10),
]


# -- the first state (L50) --------------------------------------------------------------------


@pytest.mark.parametrize(
    "missing",
    [OrdersSnapshot, HistorySnapshot, ExecutionsSnapshot, PositionsSnapshot, WalletSnapshot],
)
def test_nothing_is_placed_until_every_answer_of_the_start_is_there_l50(
    make_run: Runs, places: Places, missing: type
) -> None:
    """Start-up is recovery: orders, history, executions, both legs and wallet, then trading."""
    run = make_run(prompt=False)
    run.send(SessionStarted(at=run.now))
    answers = list(run.waiting)
    run.waiting.clear()
    assert len({type(answer) for answer in answers}) == 5

    for answer in answers:
        if not isinstance(answer, missing):
            run.send(answer)
        assert not places(run.tick(10_000, after_us=1000))
    assert run.session.denials().keys() <= {"mode", "wallet_unknown", "coverage"}
    assert run.session.denials()["mode"] == 2
    for answer in answers:
        if isinstance(answer, missing):
            run.send(answer)

    assert run.modes() == set()
    run.tick(10_000)
    assert run.book() == LADDER


def test_without_a_start_positions_and_wallet_alone_open_nothing(
    make_run: Runs, places: Places
) -> None:
    """The book of orders is as unknown as everything else until it was asked for."""
    run = make_run()
    for event in (
        run.exchange.position(BTC, LONG),
        run.exchange.position(BTC, SHORT),
        run.exchange.wallet_update(),
    ):
        run.send(event)

    assert not places(run.tick(10_000))

    assert run.modes() == {(BTC, "unknown_book", "NO_OPEN")}


def test_without_a_ticker_nothing_is_placed_l49(started: Runs) -> None:
    run = started()

    run.wait(600 * SECOND_US)

    assert run.book() == []


def test_the_first_ticker_builds_the_grid_and_places_the_whole_ladder(
    started: Runs, places: Places
) -> None:
    run = started()

    effects = run.tick(10_000)

    assert run.book() == LADDER
    assert run.told("grid_built") == 1
    assert [order.level for order in places(effects)] == [1, 3, 0, 4]


def test_places_go_out_by_distance_to_the_market_directions_interleaved(
    started: Runs, places: Places
) -> None:
    distances = [abs(order.price - 10_000) for order in places(started().tick(10_000))]

    assert distances == sorted(distances) == [100, 100, 199, 201]


def test_opens_are_not_reduce_only_and_closes_are_ls_22(started: Runs, places: Places) -> None:
    run = started()
    run.hold(LONG, 10)
    run.hold(SHORT, 10)

    placed = places(run.tick(10_000))

    assert {(order.direction, order.side, order.reduce_only) for order in placed} == {
        (LONG, BUY, False),
        (LONG, SELL, True),
        (SHORT, SELL, False),
        (SHORT, BUY, True),
    }


def test_with_the_book_as_desired_nothing_is_asked_again(started: Runs) -> None:
    run = started()
    run.tick(10_000)

    assert not any(run.tick(price) for price in (10_000, 10_010, 9990, 10_049, 9951))


def test_only_a_ticker_makes_orders(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.fill(LONG, BUY, 9900)
    run.deposit("5")
    run.wait(100 * SECOND_US)

    requests = [request for event, _, effects in run.handled for request in effects.requests]
    ticked = [
        request
        for event, _, effects in run.handled
        if isinstance(event, Ticker)
        for request in effects.requests
    ]

    assert [item for item in requests if item not in ticked] == [
        item for item in requests if type(item).__name__ == "AskSnapshot"
    ]


# -- fills ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "side", "price", "close_side", "close_price"),
    [(LONG, BUY, 9900, SELL, 10_000), (SHORT, SELL, 10_100, BUY, 10_000)],
)
def test_a_fill_makes_its_level_wait_and_the_level_that_waited_is_offered_again(
    started: Runs,
    direction: DirectionType,
    side: SideType,
    price: int,
    close_side: SideType,
    close_price: int,
) -> None:
    run = started()
    run.tick(10_000)

    run.tick(price)
    run.fill(direction, side, price)
    run.tick(price)

    offered = [row[:3] for row in run.book()]
    assert (direction.value, close_side.value, close_price) in offered
    assert all(row[2] != price for row in offered), "the filled level waits"


def test_a_round_trip_earns_the_step_and_leaves_the_ladder_standing(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.tick(9900)
    run.fill(LONG, BUY, 9900)
    run.tick(9900)
    run.tick(10_000)
    assert ("long", "Sell", 10_000, 10) in run.book()

    run.fill(LONG, SELL, 10_000)
    run.tick(10_000)

    assert run.session.balance == run.exchange.wallet
    assert run.session.ledger.balance > 10_000
    assert set(LADDER) <= set(run.book())


def test_the_books_agree_with_the_exchange_after_every_fill(started: Runs) -> None:
    run = started()
    prices = [10_000, 9900, 9801, 9900, 10_000, 10_100, 10_000, 9900]
    for before, price in pairwise(prices):
        run.tick(before)
        low, high = sorted((before, price))
        for name, way, at, _ in run.book():
            if low <= at <= high and at != before:
                run.fill(DirectionType(name), SideType(way), at)
                assert run.session.balance == run.exchange.wallet


# -- the grid moves ---------------------------------------------------------------------------


def test_one_price_out_of_bounds_moves_nothing_and_stops_opening_until_it_is_back(
    started: Runs,
) -> None:
    run = started()
    run.tick(10_000)

    run.tick(12_000)
    assert run.modes() == {(BTC, "grid_hold", "NO_OPEN")}
    assert run.book() == LADDER
    run.tick(10_000)

    assert run.modes() == set()
    assert run.book() == LADDER


def test_a_price_that_stays_out_of_bounds_rebuilds_the_grid_around_it(
    started: Runs, cancels: Cancels
) -> None:
    run = started()
    run.tick(10_000)
    run.tick(12_000)

    effects = run.tick(12_000, after_us=SECOND_US)

    assert {cancel.reason for cancel in cancels(effects)} == {CancelReason.OUTSIDE_GRID}
    assert [row[2] for row in run.book()] == [11_880, 12_120], "the old orders hold the rest (C1)"
    run.tick(12_000)
    assert [row[2] for row in run.book()] == [11_761, 11_880, 12_120, 12_241]
    assert run.told("grid_rebuilt") == 1
    assert run.modes() == set()


def test_a_last_price_far_from_its_mark_builds_no_grid(started: Runs) -> None:
    run = started()

    run.tick(10_000, mark=Decimal(1100))
    assert run.book() == []
    assert run.modes() == {(BTC, "grid_hold", "NO_OPEN")}

    run.tick(10_000, mark=Decimal(1001))
    assert run.book() == LADDER


def test_under_on_fill_a_rebuild_keeps_the_recorded_order_and_reasons(
    make_setup: Setups, started: Runs, places: Places, cancels: Cancels
) -> None:
    run = started(make_setup(grid={"side_policy": SidePolicy.ON_FILL}))
    first = run.tick(10_000)
    assert [order.direction for order in places(first)] == [LONG, LONG, SHORT, SHORT]

    effects = run.tick(12_000)

    assert len(cancels(effects)) == 4
    run.tick(12_000)
    assert [row[2] for row in run.book()] == [11_761, 11_880, 12_120, 12_241]


def test_under_on_fill_orders_that_leave_are_not_too_many_and_rebuild_nothing_e_5(
    make_setup: Setups, started: Runs
) -> None:
    """Cancels take time: the old grid and the new one stand side by side for a while."""
    grid = {"side_policy": SidePolicy.ON_FILL, "grid_count": 40, "grid_step": Decimal("0.2")}
    run = started(make_setup(grid=grid), wallet="100000")
    run.tick(10_000)
    run.prompt = False
    for price in (9000, 9001, 9002, 9003):
        run.tick(price)
        assert run.told("grid_rebuilt") == 1
    run.deliver()
    run.tick(9003)

    assert run.told("grid_rebuilt") == 1
    assert len(run.book()) == 40


def test_under_on_fill_more_orders_than_levels_and_ten_rebuild_the_grid_e_5(
    make_setup: Setups, started: Runs, cancels: Cancels
) -> None:
    """Before the exchange knows them, orders of three grids rest in one direction."""
    grid = {"side_policy": SidePolicy.ON_FILL, "grid_count": 40, "grid_step": Decimal("0.2")}
    safety = {
        "max_open_orders": 1000,
        "max_placements_per_minute": 1000,
        "notional_factor": Decimal(10),
    }
    run = started(make_setup(grid=grid, safety=safety), wallet="100000", prompt=False)
    for price in (10_000, 9000, 8000):
        run.tick(price)
    assert run.told("grid_rebuilt") == 2

    effects = run.tick(7900)

    assert run.told("grid_rebuilt") == 3
    assert not cancels(effects), "nothing that can be cancelled yet"
    assert run.session.quiet_band(BTC) is None
    assert not run.tick(7900).notices, "the same grid again is no news"


# -- emergencies ------------------------------------------------------------------------------


def test_an_emergency_cancels_the_opens_of_its_direction_and_no_others(
    started: Runs, cancels: Cancels
) -> None:
    run = started()
    run.tick(10_000)
    run.hold(SHORT, 10, liquidation=Decimal(1050))

    effects = run.tick(10_000)

    assert run.modes() == {(f"{BTC}/short", "emergency", "CLOSE_ONLY")}
    assert {cancel.reason for cancel in cancels(effects)} == {CancelReason.MODE}
    offered = {row[:2] for row in run.book()}
    assert ("short", "Sell") not in offered
    assert ("short", "Buy") in offered, "closes are still placed"
    assert ("long", "Buy") in offered


def test_an_emergency_ends_60_s_after_the_severity_fell_by_a_deadline(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.hold(SHORT, 10, liquidation=Decimal(1050))
    run.tick(10_000)
    emergency = (f"{BTC}/short", "emergency", "CLOSE_ONLY")

    run.wait(300 * SECOND_US)
    assert emergency in run.modes(), "it stands as long as the severity"
    run.hold(SHORT, 10, liquidation=Decimal(3000))
    run.tick(10_000)
    fell_at = run.now
    run.wait(59 * SECOND_US)
    assert emergency in run.modes()
    run.wait(fell_at + 60 * SECOND_US - run.now)

    assert run.modes() == set()
    run.tick(10_000)
    assert ("short", "Sell", 10_100, 10) in run.book()


def test_an_emergency_that_comes_back_keeps_the_mode(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    for seconds, liquidation in ((30, 1050), (30, 3000), (50, 1050), (100, 3000)):
        run.hold(SHORT, 10, liquidation=Decimal(liquidation))
        run.tick(10_000)
        run.wait(seconds * SECOND_US)
        if seconds < 100:
            assert (f"{BTC}/short", "emergency", "CLOSE_ONLY") in run.modes()

    assert run.modes() == set()


def test_opens_may_be_left_resting_in_an_emergency(make_setup: Setups, started: Runs) -> None:
    run = started(make_setup(risk={"emergency_cancels_opens": False}))
    run.tick(10_000)
    run.hold(LONG, 10, liquidation=Decimal(950))

    run.tick(10_000)

    assert run.modes() == {(f"{BTC}/long", "emergency", "NO_OPEN")}
    assert ("long", "Buy", 9900, 10) in run.book()


def test_every_open_is_cancelled_in_ascending_price_whatever_its_age(
    started: Runs, cancels: Cancels
) -> None:
    run = started()
    run.tick(10_000)
    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9801)):
        run.send(event)
    run.tick(10_000)
    run.hold(LONG, 10, liquidation=Decimal(950))

    given_up = cancels(run.tick(10_000))

    prices = {order.wire_id: order.price for order in run.exchange.placed}
    assert [prices[cancel.wire_id] for cancel in given_up] == [9801, 9900]


# -- sizes ------------------------------------------------------------------------------------


def test_the_amount_and_the_early_imbalance_multiplier_size_an_order_q_6(
    make_setup: Setups, started: Runs
) -> None:
    run = started(
        make_setup(
            sizing={"early_imbalance_multiplier": Decimal(2)},
            risk={"enabled": False},
            anchor_price=Decimal(1000),
        )
    )
    run.hold(LONG, 15)
    run.hold(SHORT, 10)

    run.tick(10_000)

    assert ("long", "Buy", 9900, 20) in run.book()
    assert ("short", "Sell", 10_100, 20) in run.book()


def test_risk_multipliers_are_evaluated_when_an_order_is_sized(
    make_setup: Setups, started: Runs
) -> None:
    """Equal legs with a tiny total margin grow by 2; resting orders keep their size (EC-08)."""
    setup = make_setup(
        risk={"increase_same_position_on_low_margin": True}, safety={"notional_factor": Decimal(9)}
    )
    run = started(setup, wallet="100000")
    run.tick(10_000)
    run.hold(LONG, 10)
    run.hold(SHORT, 10)
    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9900)):
        run.send(event)

    run.tick(10_000)

    sizes = {row[:3]: row[3] for row in run.book()}
    assert sizes["long", "Buy", 9801] == 10
    assert sizes["long", "Buy", 9900] == 20


def test_a_size_raised_to_the_minimum_notional_is_told_once(
    make_setup: Setups, started: Runs
) -> None:
    run = started(make_setup(sizing={"amount": "b0.01"}, instrument={"min_notional": Decimal(50)}))

    effects = run.tick(10_000)

    assert {row[3] for row in run.book()} == {5, 6}
    raised = [notice for notice in effects.notices if notice.event == "size_raised_to_minimum"]
    assert [notice.severity for notice in raised] == [Severity.WARNING]


# -- two strategies ---------------------------------------------------------------------------


def test_a_fill_of_one_strategy_leaves_the_other_alone(make_setup: Setups, started: Runs) -> None:
    run = started(make_setup(), make_setup(ETH, "other"))
    run.tick(10_000, BTC)
    run.tick(10_000, ETH)
    before = run.session.snapshot()["strategies"]

    run.tick(9900, BTC)
    run.fill(LONG, BUY, 9900)

    after = run.session.snapshot()["strategies"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    stirred = {"stirred": True} | {name: before[ETH][name] for name in before[ETH]}
    assert {**after[ETH], "stirred": stirred["stirred"]} == stirred
    assert after[BTC] != before[BTC]


# -- what the gates ask -----------------------------------------------------------------------


def test_uncovered_is_the_position_less_what_closes_cover(started: Runs) -> None:
    run = started()
    run.hold(LONG, 25)
    strategy = run.session.strategies[BTC]
    assert strategy.means.uncovered(0) == 25

    run.tick(10_000)

    assert strategy.means.uncovered(0) == 5
    assert strategy.means.uncovered(1) == 0


def test_a_mode_that_is_in_force_already_stirs_nothing(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    strategy = run.session.strategies[BTC]
    assert run.session.quiet_band(BTC) is None or not strategy.stirred
    run.tick(10_000)
    assert not strategy.stirred

    strategy.set_mode(0, Mode.NORMAL)
    assert not strategy.stirred
    strategy.set_mode(0, Mode.NO_OPEN)

    assert strategy.stirred


def twin_of(order: TrackedOrder) -> TrackedOrder:
    """Another order at the same level."""
    return TrackedOrder(
        order_id="TWIN",
        direction=order.direction,
        side=order.side,
        price=order.price,
        symbol=order.symbol,
        strat_id=order.strat_id,
        client_order_id=order.client_order_id,
        wire_id="twin",
        qty=order.qty,
        leaves=order.leaves,
        state=OrderState.OPEN,
        opens=order.opens,
        level=order.level,
        sent_at=order.sent_at,
    )


def first_order(strategy: Strategy) -> TrackedOrder:
    """The long open at 9900."""
    order = strategy.book.at[0][9900]
    assert isinstance(order, TrackedOrder)
    return order


def unknown_to_the_exchange(strategy: Strategy) -> TrackedOrder:
    """An order whose acknowledgement is on its way."""
    order = twin_of(first_order(strategy))
    order.order_id = ""
    return order


def doubted(strategy: Strategy) -> None:
    """110017 came for the long leg, and then a newer report of it."""
    strategy.brakes.unsure[0] = Instant(7)
    strategy.position_sure(0, Instant(8))


CHANGES: dict[str, Callable[[Strategy], object]] = {
    "an order was found": lambda one: one.adopt(twin_of(first_order(one))),
    "an order is gone": lambda one: one.order_gone(first_order(one)),
    "an order filled": lambda one: one.filled_at(9900, Instant(2**50), 1, Instant(2**50)),
    "a leg moved": lambda one: one.leg_moved(1),
    "a leg is sure again": doubted,
    "a mode began": lambda one: one.set_mode(1, Mode.HALT),
    "a cancel has to wait": lambda one: one.cancel(
        unknown_to_the_exchange(one), CancelReason.MODE, Instant(2**50)
    ),
}
NO_CHANGES: dict[str, Callable[[Strategy], object]] = {
    "a leg that nobody doubted is sure": lambda one: one.position_sure(0, Instant(8)),
    "a deadline that releases nothing": lambda one: one.brakes_due(Instant(2**50)),
    "the id of an order nobody waits for": lambda one: one.order_known(),
    "a cancel that leaves": lambda one: one.cancel(
        first_order(one), CancelReason.MODE, Instant(2**50)
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_anything_the_next_ticker_may_act_upon_no_ticker_is_skipped(
    started: Runs, change: str
) -> None:
    run = started()
    for _ in range(3):
        run.tick(10_000)
    strategy = run.session.strategies[BTC]
    assert strategy.quiet_band() is not None

    CHANGES[change](strategy)

    assert strategy.quiet_band() is None


@pytest.mark.parametrize("change", NO_CHANGES)
def test_after_what_no_ticker_acts_upon_tickers_are_skipped_as_before(
    started: Runs, change: str
) -> None:
    run = started()
    for _ in range(3):
        run.tick(10_000)
    strategy = run.session.strategies[BTC]

    NO_CHANGES[change](strategy)

    assert strategy.quiet_band() is not None


def test_the_quiet_band_reaches_to_where_a_missing_level_becomes_eligible(
    started: Runs, places: Places
) -> None:
    run = started()
    run.tick(10_000)
    run.tick(9900)
    run.fill(LONG, BUY, 9900)
    run.tick(9900)
    run.tick(9900)
    band = run.session.quiet_band(BTC)
    assert band is not None
    low, high = band
    assert low is not None
    assert high is not None

    inside = [places(run.tick(Ticks(price))) for price in (low + 1, high - 1)]

    assert inside == [[], []]
    assert low < 9900 < high


@pytest.mark.parametrize(
    ("direction", "liquidation", "last", "end", "turn"),
    [(LONG, 804, 10_060, 0, 10_050), (SHORT, 1194, 9940, 1, 9950)],
)
def test_the_quiet_band_ends_where_the_severity_turns(
    started: Runs, direction: DirectionType, liquidation: int, last: int, end: int, turn: int
) -> None:
    """A long's danger turns at liquidation / 0.8, a short's at liquidation / 1.2."""
    run = started()
    run.tick(10_000)
    run.hold(direction, 10, liquidation=Decimal(liquidation))
    for _ in range(3):
        run.tick(last)

    band = run.session.quiet_band(BTC)

    assert band is not None
    assert band[end] == turn


def test_a_symbol_without_a_strategy_is_always_quiet(started: Runs) -> None:
    assert started().session.quiet_band("DOGEUSDT") == (None, None)


def test_a_hold_that_a_fill_lifts_between_two_tickers_is_told_to_the_account(
    started: Runs,
) -> None:
    """The mode GRID_HOLD must not outlive its hold, whatever event ended it."""
    run = started()
    run.tick(10_000)
    strategy = run.session.strategies[BTC]
    strategy.told_hold = Hold.SPACING  # the account was told of a hold that is over by now

    ticker = Ticker(symbol=BTC, at=Instant(2**50), last=10_000, mark=None)
    told = [strategy.observe(ticker, ticker.at) for _ in range(2)]

    assert told == [True, False]


def test_an_order_sent_again_after_a_refusal_for_the_moment_is_the_same_order_ls_16(
    started: Runs, places: Places
) -> None:
    run = started()
    run.exchange.refuse_places.append(10006)

    refused = places(run.tick(10_000))[0]
    run.wait(SECOND_US)
    again = places(run.tick(10_000))

    assert again == [refused]


@pytest.mark.parametrize(
    ("direction", "away", "near", "within", "band"),
    [
        (LONG, 10_060, 10_100, (None, None), (None, 10_100)),
        (LONG, 10_060, 10_100, (10_055, 10_080), (10_055, 10_080)),
        (SHORT, 9940, 9900, (None, None), (9900, None)),
        (SHORT, 9940, 9900, (9920, 9945), (9920, 9945)),
    ],
)
def test_the_quiet_band_ends_where_coverage_kept_for_a_close_may_become_free(
    make_setup: Setups,
    started: Runs,
    direction: DirectionType,
    away: int,
    near: int,
    within: tuple[int | None, int | None],
    band: tuple[int | None, int | None],
) -> None:
    """The far close was given up for the near one, which cannot be placed at this price."""
    run = started(make_setup(grid={"grid_count": 8}, anchor_price=Decimal(1000)), prompt=False)
    run.hold(direction, 10)
    run.tick(away)
    run.deliver()
    run.tick(10_000)
    run.deliver()
    run.tick(away)
    strategy = run.session.strategies[BTC]
    assert strategy.reserved.held_for == ([near, None] if direction is LONG else [None, near])

    found = strategy.quiet_band(within)

    assert found is not None
    assert [end for end, told in zip(found, band, strict=True) if told is not None] == [
        told for told in band if told is not None
    ]
