"""The chain: each gate alone, stories of scarce coverage and margin, and that nothing avoids it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.config import CloseGate, SidePolicy
from gridcore.events import (
    Event,
    Execution,
    ExecutionsSnapshot,
    HistorySnapshot,
    OrdersSnapshot,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    PositionsSnapshot,
    PositionUpdate,
    SessionStarted,
    TimerFired,
    WalletSnapshot,
    WalletUpdate,
)
from gridcore.instrument import Instrument
from gridcore.session.effects import Approved, CancelOrder, CancelReason, Effects, PlaceOrder
from gridcore.session.gates import (
    ALLOW,
    CHAIN,
    REDUCING,
    Allow,
    CoverageGate,
    Deny,
    DenyReason,
    DuplicateGate,
    LiftedBy,
    ModeGate,
    Proposal,
    SizeGate,
    approve,
    judge,
)
from gridcore.session.modes import Mode
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType, opens

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
LONG_SIDE, SHORT_SIDE = 0, 1
BUYING, SELLING = 0, 1

Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Places = Callable[[Effects], list[PlaceOrder]]
Cancels = Callable[[Effects], list[CancelOrder]]


@pytest.fixture
def wide(make_setup: Setups, started: Runs) -> Callable[..., "Run"]:
    """A run whose nine levels are 9606 9703 9801 9900 (10000) 10100 10201 10303 10406."""

    def make(prompt: bool = True, wallet: str = "10000", **changes: Any) -> "Run":
        grid = {"grid_count": 8} | changes.pop("grid", {})
        setup = make_setup(grid=grid, anchor_price=Decimal(1000), **changes)
        return started(setup, prompt=prompt, wallet=wallet)

    return make


def proposal(run: "Run", price: int, direction: int, side: int) -> Proposal:
    return Proposal(run.session.strategies[BTC], price, direction, side, run.now)


def closes_of(run: "Run", direction: str = "long") -> list[tuple[int, int]]:
    """(price, steps) of the closes that rest."""
    side = "Sell" if direction == "long" else "Buy"
    return [
        (price, steps) for name, way, price, steps in run.book() if (name, way) == (direction, side)
    ]


# -- each gate alone -----------------------------------------------------------------------


def test_the_gates_stand_in_the_order_of_the_architecture_x_5() -> None:
    assert [type(gate).__name__ for gate in CHAIN] == [
        "ModeGate",
        "DuplicateGate",
        "SizeGate",
        "CoverageGate",
        "AffordabilityGate",
        "MaxMarginGate",
        "OpenOrdersGate",
        "NotionalGate",
        "BreakerGate",
        "RateGate",
    ]


@pytest.mark.parametrize(
    ("mode", "opening", "closing"),
    [
        (Mode.NORMAL, True, True),
        (Mode.NO_OPEN, False, True),
        (Mode.CLOSE_ONLY, False, True),
        (Mode.HALT, False, False),
    ],
)
def test_a_mode_denies_opens_and_only_a_halt_denies_closes(
    started: Runs, mode: Mode, opening: bool, closing: bool
) -> None:
    run = started()
    run.session.strategies[BTC].set_mode(LONG_SIDE, mode)
    run.session.strategies[BTC].set_mode(SHORT_SIDE, mode)
    denied = Deny(reason=DenyReason.MODE, lifted_by=LiftedBy.MODE)

    for direction in (LONG_SIDE, SHORT_SIDE):
        for side, allowed in ((direction, opening), (1 - direction, closing)):
            verdict = ModeGate().check(proposal(run, 9900, direction, side))
            assert isinstance(verdict, Allow) if allowed else verdict == denied


def test_gates_that_limit_exposure_let_closes_pass_as_reducing(started: Runs) -> None:
    run = started()

    reducing = [
        type(gate).__name__
        for gate in CHAIN
        if gate.check(proposal(run, 10_100, LONG_SIDE, SELLING)) is REDUCING
    ]

    assert reducing == ["AffordabilityGate", "MaxMarginGate", "OpenOrdersGate", "NotionalGate"]


def test_the_size_gate_gives_an_order_its_quantity_l113(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    asked = proposal(run, 9900, LONG_SIDE, BUYING)
    assert asked.steps == 0

    assert SizeGate().check(asked) is ALLOW

    assert asked.steps == 10


@pytest.mark.parametrize(
    ("wallet", "amount", "instrument", "reason", "lifted_by"),
    [
        ("0", "x0.01", {}, DenyReason.NOTHING_ASKED, LiftedBy.WALLET),
        (
            "10000",
            "b0.1",
            {"min_qty": Decimal(1)},
            DenyReason.BELOW_MINIMUM,
            LiftedBy.BOOKS_CHANGED,
        ),
    ],
)
def test_what_cannot_be_sized_is_denied_with_what_lifts_it(
    make_setup: Setups,
    started: Runs,
    wallet: str,
    amount: str,
    instrument: dict[str, Decimal],
    reason: DenyReason,
    lifted_by: LiftedBy,
) -> None:
    run = started(make_setup(sizing={"amount": amount}, instrument=instrument), wallet=wallet)
    run.tick(10_000)

    denial = judge(proposal(run, 9900, LONG_SIDE, BUYING))

    assert denial == Deny(reason=reason, lifted_by=lifted_by)


def test_without_a_wallet_nothing_can_be_sized(make_run: Runs) -> None:
    run = make_run()
    run.hold(LONG, 10)
    run.tick(10_000)

    verdict = SizeGate().check(proposal(run, 10_100, LONG_SIDE, SELLING))

    assert verdict == Deny(reason=DenyReason.WALLET_UNKNOWN, lifted_by=LiftedBy.WALLET)


def test_only_a_proposal_with_a_size_can_be_approved(started: Runs, places: Places) -> None:
    run = started()
    request = places(run.tick(10_000))[0]

    with pytest.raises(AssertionError, match="must pass the chain"):
        approve(proposal(run, 9900, LONG_SIDE, BUYING), request)


@pytest.mark.parametrize(("direction", "way"), [(LONG_SIDE, LONG), (SHORT_SIDE, SHORT)])
@pytest.mark.parametrize(("side", "order_side"), [(BUYING, BUY), (SELLING, SELL)])
def test_a_proposal_opens_in_the_same_two_of_four_cells_as_an_order_ls_22(
    started: Runs, direction: int, way: DirectionType, side: int, order_side: SideType
) -> None:
    assert proposal(started(), 9900, direction, side).opens is opens(way, order_side)


def test_an_opening_order_needs_no_coverage(started: Runs) -> None:
    run = started()

    assert CoverageGate().check(proposal(run, 9900, LONG_SIDE, BUYING)) is ALLOW


# -- coverage (X-2, X-3) -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("close_gate", "held", "closes"),
    [
        (CloseGate.ALLOW_EQUAL, 0, []),
        (CloseGate.ALLOW_EQUAL, 10, [(10_100, 10)]),
        (CloseGate.ALLOW_EQUAL, 20, [(10_100, 10), (10_201, 10)]),
        (CloseGate.ALLOW_EQUAL, 15, [(10_100, 10), (10_201, 5)]),
        (CloseGate.STRICT, 0, []),
        (CloseGate.STRICT, 10, []),
        (CloseGate.STRICT, 11, [(10_100, 10)]),
        (CloseGate.STRICT, 20, [(10_100, 10)]),
        (CloseGate.STRICT, 21, [(10_100, 10), (10_201, 10)]),
    ],
)
def test_closes_of_one_batch_never_cover_more_than_the_position_ls_24_l13(
    wide: Runs, close_gate: CloseGate, held: int, closes: list[tuple[int, int]]
) -> None:
    run = wide(close_gate=close_gate)
    run.hold(LONG, held)

    run.tick(10_000)

    assert closes_of(run) == closes


def test_short_closes_take_the_highest_buy_levels_first(wide: Runs) -> None:
    run = wide()
    run.hold(SHORT, 15)

    run.tick(10_000)

    assert closes_of(run, "short") == [(9801, 5), (9900, 10)]


def test_a_rest_below_the_minimum_quantity_is_not_offered(wide: Runs) -> None:
    run = wide(instrument={"min_qty": Decimal("0.05")})
    run.hold(LONG, 14)

    run.tick(10_000)

    assert closes_of(run) == [(10_100, 10)]


@pytest.mark.parametrize(
    ("direction", "away", "far", "near"),
    [(LONG, 10_060, 10_201, 10_100), (SHORT, 9940, 9801, 9900)],
)
def test_a_nearer_close_takes_the_coverage_of_the_farthest_one(
    wide: Runs, cancels: Cancels, direction: DirectionType, away: int, far: int, near: int
) -> None:
    run = wide()
    run.hold(direction, 10)
    run.tick(away)  # the near level is within half a step of the market
    assert closes_of(run, direction.value) == [(far, 10)]

    given_up = cancels(run.tick(10_000))
    assert [cancel.reason for cancel in given_up] == [CancelReason.COVERAGE]
    run.tick(10_000)

    assert closes_of(run, direction.value) == [(near, 10)]


def test_a_close_is_not_cut_while_a_farther_one_rests(wide: Runs) -> None:
    run = wide()
    run.hold(LONG, 15)
    run.tick(10_060)
    assert closes_of(run) == [(10_201, 10), (10_303, 5)]

    run.tick(10_000)  # 10100 needs 10: the cut close gives its 5 up
    run.tick(10_000)  # still 5 short: the next farthest gives its 10 up
    run.tick(10_000)

    assert closes_of(run) == [(10_100, 10), (10_201, 5)]


def test_freed_coverage_stays_with_the_nearer_close_even_while_it_is_not_eligible(
    wide: Runs,
) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.tick(10_060)
    run.deliver()
    run.tick(10_000)  # the far close is being given up

    run.deliver()
    run.tick(10_060)
    run.deliver()
    assert closes_of(run) == [], "the far level must not take it back"

    run.tick(10_000)
    assert closes_of(run) == [(10_100, 10)]


def test_freed_coverage_is_free_again_when_the_nearer_level_changes_its_side(wide: Runs) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.tick(10_060)
    run.deliver()
    run.tick(10_000)
    run.deliver()

    run.tick(10_110)

    assert closes_of(run) == [(10_201, 10)]


def test_a_close_that_waited_for_kept_coverage_goes_out_when_it_is_free_again(
    wide: Runs,
) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.tick(10_060)
    run.deliver()
    run.tick(10_000)
    run.deliver()
    run.tick(10_060)
    assert run.session.denials()["coverage_held"] == 1

    run.tick(10_110)

    assert closes_of(run) == [(10_201, 10)]


def test_no_ticker_is_skipped_at_which_freed_coverage_may_become_free(wide: Runs) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.tick(10_060)
    run.deliver()
    run.tick(10_000)
    run.deliver()
    run.tick(10_060)

    band = run.session.quiet_band(BTC)

    assert band is not None
    assert band[1] == 10_100


def test_a_close_on_its_way_is_given_up_once_the_exchange_knows_it(wide: Runs) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.tick(10_060)  # 10201 is sent
    run.tick(10_000)  # 10100 wants its coverage; nothing can be cancelled yet
    assert closes_of(run) == [(10_201, 10)]

    run.deliver()
    run.tick(10_000)
    assert closes_of(run) == [], "given up now"
    run.deliver()
    run.tick(10_000)

    assert closes_of(run) == [(10_100, 10)]


def test_a_close_whose_way_ended_in_a_refusal_leaves_its_coverage_to_the_nearer_one(
    wide: Runs,
) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.exchange.refuse_places.append(10001)
    run.tick(10_060)
    while run.exchange.refuse_places:
        run.deliver(1)
    run.tick(10_000)

    run.deliver()
    run.tick(10_000)

    assert closes_of(run) == [(10_100, 10)]


def test_a_cancel_for_coverage_leaves_before_the_places_of_its_batch_l14(wide: Runs) -> None:
    """The long open at 9900 is approved first, then the short close there wants coverage."""
    run = wide()
    run.hold(SHORT, 10)
    run.tick(9940)

    requests = run.tick(10_000).requests

    kinds = [type(request) for request in requests]
    assert kinds == [CancelOrder, Approved]


def test_more_position_lets_a_denied_close_go_out_and_a_ticker_alone_does_not(
    wide: Runs, places: Places
) -> None:
    run = wide()
    run.hold(LONG, 10)
    run.tick(10_000)
    assert not places(run.tick(10_000))

    run.hold(LONG, 20)
    run.tick(10_000)

    assert closes_of(run) == [(10_100, 10), (10_201, 10)]


# -- margin (X-4, R-12, LS-25, LS-26, L102) --------------------------------------------------


UNLIMITED = {"max_margin": Decimal(1000)}


@pytest.mark.parametrize(("wallet", "orders"), [("9", 0), ("10", 1), ("41", 4), ("10000", 8)])
def test_opens_go_out_nearest_first_as_far_as_the_wallet_carries_them(
    wide: Runs, wallet: str, orders: int
) -> None:
    """Each order is worth about 100 and needs a tenth; four levels open on each side."""
    run = wide(wallet=wallet, risk=UNLIMITED)

    run.tick(10_000)

    assert len(run.book()) == orders
    assert run.session.denials().get("affordability", 0) == (0 if orders == 8 else 2)


def test_orders_of_one_batch_share_the_wallet_between_two_strategies(
    make_setup: Setups, started: Runs
) -> None:
    setups = [make_setup(*names, risk=UNLIMITED) for names in ((BTC, "a"), ("ETHUSDT", "b"))]
    run = started(*setups, wallet="45")

    run.tick(10_000, BTC)
    run.tick(10_000, "ETHUSDT")

    assert len(run.book(BTC)) == 4
    assert len(run.book("ETHUSDT")) == 0


def test_an_unrealised_loss_of_one_symbol_takes_margin_from_the_other(
    make_setup: Setups, started: Runs
) -> None:
    setups = [make_setup(*names, risk=UNLIMITED) for names in ((BTC, "a"), ("ETHUSDT", "b"))]
    run = started(*setups, wallet="100")
    run.exchange.marks["ETHUSDT"] = Decimal(300)
    run.hold(LONG, 10, symbol="ETHUSDT")  # 0.1 coins from 1000 to 300: 70 lost, 3 margin

    run.tick(10_000, BTC)

    assert len(run.book(BTC)) == 2


def test_a_wallet_event_lets_denied_opens_go_out(wide: Runs) -> None:
    run = wide(wallet="9", risk=UNLIMITED)
    run.tick(10_000)
    run.tick(10_000)
    assert run.book() == []

    run.deposit("10000")
    run.tick(10_000)

    assert len(run.book()) == 8


def test_a_cancelled_open_lets_denied_opens_go_out(wide: Runs) -> None:
    run = wide(wallet="10", risk=UNLIMITED)
    run.tick(10_000)
    resting = run.exchange.resting(BTC, LONG, BUY, 9900)

    for event in run.exchange.withdraw(resting):
        run.send(event)
    run.tick(10_000)

    assert len(run.book()) == 1


@pytest.mark.parametrize(
    ("max_margin", "orders"), [("0.005", 0), ("0.01", 1), ("0.03", 3), ("8", 8)]
)
def test_max_margin_is_read_and_limits_the_value_of_everything_on_the_symbol_ls_26(
    wide: Runs, max_margin: str, orders: int
) -> None:
    run = wide(risk={"max_margin": Decimal(max_margin)})

    run.tick(10_000)

    assert len(run.book()) == orders


def test_a_position_counts_for_max_margin_at_its_mark(wide: Runs) -> None:
    run = wide(risk={"max_margin": Decimal("0.05")})
    run.exchange.marks[BTC] = Decimal(1500)
    run.hold(LONG, 20)  # 0.2 coins at 1500: 300 of 500

    run.tick(10_000)

    opening = [row for row in run.book() if row[:2] != ("long", "Sell")]
    assert len(opening) == 2


# -- the breaker ----------------------------------------------------------------------------


def test_a_placement_refused_three_times_waits_for_its_deadline_and_others_go_on_l36(
    wide: Runs, places: Places
) -> None:
    run = wide()
    run.exchange.refuse_places.extend([10001] * 8 + [10001, *[0] * 7, 10001, *[0] * 7])
    for _ in range(3):
        run.tick(10_000)
    stopped = ("long", "Buy", 9900)
    assert len(run.book()) == 7
    assert stopped not in [row[:3] for row in run.book()]

    assert not places(run.tick(10_000))
    assert run.session.denials()["breaker"] == 1
    assert not places(run.tick(10_000, after_us=59 * 1_000_000))
    assert [order.price for order in places(run.tick(10_000, after_us=1_000_000))] == [9900]


# -- duplicates and retries (L05, A07) --------------------------------------------------------


def test_a_level_with_a_live_order_takes_no_second_one_of_either_side(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    denied = Deny(reason=DenyReason.DUPLICATE, lifted_by=LiftedBy.ORDER_GONE)

    for side in (BUYING, SELLING):
        assert judge(proposal(run, 9900, LONG_SIDE, side)) == denied
        assert DuplicateGate().check(proposal(run, 9900, SHORT_SIDE, side)) is ALLOW
        assert DuplicateGate().check(proposal(run, 9899, LONG_SIDE, side)) is ALLOW


@pytest.mark.parametrize("code", [10006, 110072])
def test_a_level_whose_order_may_come_to_rest_is_not_offered(
    wide: Runs, places: Places, code: int
) -> None:
    run = wide(prompt=False)
    run.exchange.refuse_places.append(code)
    run.tick(10_000)
    run.deliver()

    again = [order.price for order in places(run.tick(10_000, after_us=900_000))]

    assert again == []
    assert len(run.book()) == 7


def test_a_placement_to_be_sent_again_is_denied_until_its_second_is_over(
    wide: Runs, places: Places
) -> None:
    run = wide()
    run.exchange.refuse_places.append(10006)
    run.tick(10_000)
    run.tick(10_000)
    assert run.session.denials()["retry_later"] == 1
    assert judge(proposal(run, 9900, LONG_SIDE, BUYING)) == Deny(
        reason=DenyReason.RETRY_LATER, lifted_by=LiftedBy.LEVEL_DEADLINE
    )

    assert not places(run.tick(10_000, after_us=899_999))
    assert [order.price for order in places(run.tick(10_000, after_us=1))] == [9900]


# -- less to close than believed (A20) --------------------------------------------------------


def test_after_110017_the_closes_of_that_direction_wait_for_a_newer_position_report(
    wide: Runs, places: Places
) -> None:
    run = wide(prompt=False)
    for direction in (LONG, SHORT):
        run.hold(direction, 10)
    run.wait(2_000_000)
    run.deliver()
    run.tick(10_000)
    run.waiting.clear()  # the replies come below
    refused = next(order for order in run.exchange.placed if order.side is SELL)
    assert (refused.direction, refused.reduce_only) == (LONG, True)

    run.send(PlaceRejected(symbol=BTC, at=run.now, wire_id=refused.wire_id, code=110017, text="no"))
    run.waiting.clear()
    assert judge(proposal(run, 10_100, LONG_SIDE, SELLING)) == Deny(
        reason=DenyReason.POSITION_UNSURE, lifted_by=LiftedBy.POSITION
    )
    assert CoverageGate().check(proposal(run, 9900, SHORT_SIDE, BUYING)) is ALLOW
    assert not places(run.tick(10_000))
    run.send(replace(run.exchange.position(BTC, LONG), at=Instant(run.now - 200_000)))
    assert not places(run.tick(10_000)), "an older report says nothing"

    run.send(run.exchange.position(BTC, LONG))

    assert [order.price for order in places(run.tick(10_000))] == [refused.price]


# -- caps (C1, C2, C4, W24, W25, A21) ---------------------------------------------------------


@pytest.mark.parametrize(("available", "orders"), [("0", 0), ("-1", 0), ("0.01", 8), (None, 8)])
def test_nothing_available_means_no_opens_and_unknown_is_not_nothing(
    wide: Runs, available: str | None, orders: int
) -> None:
    run = wide()
    run.wait(1000)
    left = None if available is None else Decimal(available)
    run.send(WalletUpdate(at=run.now, balance=Decimal(10_000), available=left))

    run.tick(10_000)

    assert len(run.book()) == orders
    assert run.session.denials().get("nothing_available", 0) == (0 if orders else 2)


def test_with_nothing_available_closes_go_out_and_a_wallet_lets_opens_go(wide: Runs) -> None:
    run = wide()
    run.hold(LONG, 10)
    run.wait(1000)
    run.send(WalletUpdate(at=run.now, balance=Decimal(10_000), available=Decimal(0)))
    run.tick(10_000)
    assert run.book() == [("long", "Sell", 10_100, 10)]

    run.deposit("1")
    run.tick(10_000)

    assert len(run.book()) == 9


@pytest.mark.parametrize(("cap", "opening"), [(1, 1), (3, 2), (5, 3)])
def test_opens_stop_at_the_cap_of_open_orders_and_closes_do_not(
    wide: Runs, cap: int, opening: int
) -> None:
    """Nearest first; closes that went out before count, and none is held back."""
    run = wide(safety={"max_open_orders": cap})
    run.hold(LONG, 20)

    run.tick(10_000)

    assert len(closes_of(run)) == 2
    assert len(run.book()) - 2 == opening
    assert run.session.denials()["open_orders"] > 0


def test_an_open_order_that_ended_makes_room_under_the_cap(wide: Runs, places: Places) -> None:
    run = wide(safety={"max_open_orders": 2})
    run.tick(10_000)
    assert [row[2] for row in run.book()] == [9900, 10_100]
    assert not places(run.tick(10_000))

    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9900)):
        run.send(event)

    assert [order.price for order in places(run.tick(10_000))] == [9900]


@pytest.mark.parametrize(
    ("held", "long_opens"), [(0, 4), (10, 4), (20, 3), (40, 1), (50, 0), (99, 0)]
)
def test_one_direction_is_worth_at_most_1_5_times_its_opens_c1(
    wide: Runs, held: int, long_opens: int
) -> None:
    """Four opens of 0.1 coins a side: at 10000 ticks a direction may hold about 0.6 coins."""
    run = wide()
    run.exchange.marks[BTC] = Decimal(1000)
    run.hold(LONG, held)

    run.tick(10_000)

    book = run.book()
    assert sum(row[:2] == ("long", "Buy") for row in book) == long_opens
    assert sum(row[:2] == ("short", "Sell") for row in book) == 4


def test_a_stated_notional_cap_counts_position_resting_and_candidate(wide: Runs) -> None:
    run = wide(safety={"max_notional": Decimal(300)})
    run.exchange.marks[BTC] = Decimal(1000)
    run.hold(LONG, 10)  # 100 of the 300

    run.tick(10_000)

    assert [row[2] for row in run.book() if row[:2] == ("long", "Buy")] == [9801, 9900]
    assert [row[2] for row in run.book() if row[:2] == ("short", "Sell")] == [10_100, 10_201]


def test_a_pushed_leg_that_has_not_changed_lifts_no_denial_and_an_answer_does(wide: Runs) -> None:
    """The exchange pushes a leg after every order: it must decide like one that does not."""
    run = wide(safety={"max_notional": Decimal(300)})
    run.exchange.marks[BTC] = Decimal(1000)
    run.hold(LONG, 10)
    run.tick(10_000)
    denied = run.session.denials()["notional"]
    run.exchange.marks[BTC] = Decimal(50)

    run.send(run.exchange.position(BTC, LONG))
    run.tick(10_001)
    pushed = [row[2] for row in run.book() if row[:2] == ("long", "Buy")]
    legs = tuple(run.exchange.position(BTC, direction) for direction in (LONG, SHORT))
    run.send(PositionsSnapshot(symbol=BTC, asked_at=run.now, legs=legs))
    run.tick(10_002)

    assert pushed == [9801, 9900]
    assert denied > 0
    assert [row[2] for row in run.book() if row[:2] == ("long", "Buy")] == [9703, 9801, 9900]


def test_placements_of_a_minute_are_capped_and_go_on_by_a_deadline_c4(
    wide: Runs, places: Places
) -> None:
    run = wide(safety={"max_placements_per_minute": 3})
    run.hold(LONG, 10)
    first = places(run.tick(10_000))
    placed_at = run.now
    assert len(first) == 3
    assert run.session.denials()["rate"] > 0

    run.wait(placed_at + 60_000_000 - 200_000 - run.now)
    assert not places(run.tick(10_000)), "a ticker alone lifts nothing"
    run.wait(placed_at + 60_000_000 - run.now)
    second = places(run.tick(10_000, after_us=0))

    assert len(second) == 3
    assert {order.wire_id for order in first}.isdisjoint(order.wire_id for order in second)


def test_closes_count_in_the_window_of_placements_and_wait_with_it(wide: Runs) -> None:
    run = wide(safety={"max_placements_per_minute": 2})
    run.hold(LONG, 40)

    run.tick(10_000)

    assert len(run.book()) == 2
    assert judge(proposal(run, 10_201, LONG_SIDE, SELLING)) == Deny(
        reason=DenyReason.RATE, lifted_by=LiftedBy.RATE_DEADLINE
    )


# -- no path avoids the chain ----------------------------------------------------------------


RETRYABLE = {10002, 10006, 10018, 429, 403}
AMBIGUOUS = {10000, 10014, 10016, 110072, 110079}
BALANCE = {110004, 110007, 110012, 110044, 110045, 110052}
RETRY_DELAYS_S = (1, 2, 4)
Level = tuple[str, DirectionType, SideType, int]


@dataclass
class NaiveLeg:
    """A leg as reported, moved by executions later than the report."""

    at: Instant
    size: int
    entry: Decimal | None
    mark: Decimal | None


@dataclass
class NaiveOrder:
    """An order on its way to its end; `known`: the exchange has it; `uncertain`: nobody knows."""

    place: PlaceOrder
    leaves: int
    sent_at: Instant
    known: bool = False
    uncertain: bool = False
    not_listed: Instant | None = None
    not_recorded: Instant | None = None


@dataclass
class NaiveRetry:
    """A placement that may be sent again with its wire id from `due` to `until`."""

    wire_id: str
    due: Instant
    until: Instant
    refusals: int = 0
    resent: bool = False


class NaiveAccount:
    """Recomputes what every gate asks from the events alone, without running sums."""

    def __init__(self, setups: tuple[StrategySetup, ...]) -> None:
        self.setups = {setup.instrument.symbol: setup for setup in setups}
        self.legs: dict[tuple[str, DirectionType], NaiveLeg] = {}
        self.moved: dict[tuple[str, DirectionType], Instant] = {}
        self.wallet: WalletUpdate | None = None
        self.orders: dict[str, NaiveOrder] = {}
        self.refused: dict[Level, list[Instant]] = {}
        self.blocked: dict[Level, Instant] = {}
        self.retries: dict[Level, NaiveRetry] = {}
        self.unsure: dict[tuple[str, DirectionType], Instant] = {}
        self.poor_since: Instant | None = None
        self.placed: dict[str, list[Instant]] = {symbol: [] for symbol in self.setups}
        self.wire_ids: set[str] = set()
        self.executions: set[str] = set()
        self.cancelling: set[str] = set()

    # -- believing -------------------------------------------------------------------------

    def take(self, event: Event, now: Instant) -> None:
        """Believe an event."""
        match event:
            case PositionUpdate():
                self._position(event, None)
            case PositionsSnapshot():
                for leg in event.legs:
                    self._position(leg, event.asked_at)
            case WalletUpdate():
                self._wallet(event)
            case WalletSnapshot():
                self._wallet(event.wallet)
            case PlaceAccepted():
                self._known(event.wire_id)
            case PlaceUnknown():
                self._uncertain(event.wire_id)
            case PlaceRejected():
                self._rejected(event, now)
            case Execution():
                self._execution(event)
            case OrderUpdate():
                self._update(event, now)
            case OrdersSnapshot() | HistorySnapshot():
                self._listing(event, now)
            case ExecutionsSnapshot():
                for execution in event.executions:
                    if isinstance(execution, Execution):
                        self._execution(execution)
            case SessionStarted():
                for wire_id, order in self.orders.items():
                    if not order.known:
                        self._uncertain(wire_id)
            case TimerFired():
                self.blocked = {key: end for key, end in self.blocked.items() if end > event.at}
            case _:
                pass

    def see(self, effects: Effects) -> None:
        """The session tells of other levels: what was to be sent again is not any more."""
        for notice in effects.notices:
            if notice.event in ("grid_built", "grid_rebuilt", "grid_restored"):
                name = dict(notice.fields)["strat_id"]
                self.retries = {
                    key: retry
                    for key, retry in self.retries.items()
                    if self.setups[key[0]].strat_id != name
                }

    def _position(self, event: PositionUpdate, asked_at: Instant | None) -> None:
        key = (event.symbol, event.direction)
        known = self.legs.get(key)
        moved_at = self.moved.get(key, Instant(-1))
        if event.at >= moved_at and (known is None or event.at >= known.at):
            self.legs[key] = NaiveLeg(event.at, event.size, event.entry, event.mark)
            if key in self.unsure and event.at >= self.unsure[key]:
                del self.unsure[key]
        if asked_at is not None and key in self.unsure and asked_at >= self.unsure[key]:
            del self.unsure[key]

    def _wallet(self, event: WalletUpdate) -> None:
        if self.wallet is None or event.at >= self.wallet.at:
            self.wallet = event

    def _known(self, wire_id: str) -> None:
        order = self.orders.get(wire_id)
        if order is not None and not order.known:
            order.known, order.uncertain = True, False
            self.retries.pop(level_of(order.place), None)

    def _uncertain(self, wire_id: str) -> None:
        order = self.orders.get(wire_id)
        if order is not None and not order.known:
            order.uncertain = True

    def _rejected(self, event: PlaceRejected, now: Instant) -> None:
        order = self.orders.get(event.wire_id)
        if order is None or order.known:
            return
        if event.code in AMBIGUOUS:
            self._uncertain(event.wire_id)
            return
        place = order.place
        if event.code in RETRYABLE and self._retry(place, now):
            del self.orders[event.wire_id]
            return
        if event.code == 110017:
            self.unsure[place.symbol, place.direction] = event.at
        if event.code in BALANCE:
            self.poor_since = now
        self._refusal(event.wire_id, now)
        del self.orders[event.wire_id]

    def _record(self, place: PlaceOrder, now: Instant) -> NaiveRetry:
        key = level_of(place)
        retry = self.retries.get(key)
        if retry is None or retry.wire_id != place.wire_id:
            until = Instant(now + 30 * SECOND_US)
            retry = self.retries[key] = NaiveRetry(place.wire_id, until, until)
        return retry

    def _retry(self, place: PlaceOrder, now: Instant) -> bool:
        retry = self._record(place, now)
        if retry.refusals < 3:
            due = Instant(now + RETRY_DELAYS_S[retry.refusals] * SECOND_US)
            if due <= retry.until:
                retry.due = due
                retry.refusals += 1
                return True
        del self.retries[level_of(place)]
        return False

    def _execution(self, event: Execution) -> None:
        if event.exec_id in self.executions:
            return
        self.executions.add(event.exec_id)
        key = (event.symbol, event.direction)
        self.moved[key] = max(self.moved.get(key, Instant(-1)), event.at)
        leg = self.legs.get(key)
        if leg is not None and event.at > leg.at:
            price = self.setups[event.symbol].instrument.price(event.price)
            if not opens(event.direction, event.side):
                leg.size = max(leg.size - event.qty, 0)
                leg.entry = leg.entry if leg.size else None
            else:
                before = leg.size
                leg.size += event.qty
                if leg.entry is None or not before:
                    leg.entry = price
                else:
                    leg.entry = (leg.entry * before + price * event.qty) / leg.size
        self._known(event.wire_id)
        self._left(event.wire_id, event.leaves)

    def _update(self, event: OrderUpdate, now: Instant) -> None:
        self._known(event.wire_id)
        if event.status is OrderStatus.CANCELLED:
            if event.wire_id not in self.cancelling:
                self._refusal(event.wire_id, now)
            self.orders.pop(event.wire_id, None)
        else:
            self._left(event.wire_id, event.leaves)

    def _listing(self, event: OrdersSnapshot | HistorySnapshot, now: Instant) -> None:
        for row in event.orders:
            self._update(row, now)
        if not event.complete:
            return
        shown = {row.wire_id for row in event.orders}
        for wire_id, order in list(self.orders.items()):
            if order.place.symbol != event.symbol or order.known or wire_id in shown:
                continue
            if not order.uncertain:
                if isinstance(event, OrdersSnapshot):
                    order.uncertain = event.asked_at > order.sent_at + 30 * SECOND_US
                continue
            if isinstance(event, OrdersSnapshot):
                order.not_listed = event.asked_at
            else:
                order.not_recorded = event.asked_at
            sure = order.sent_at + 7 * SECOND_US
            if (order.not_listed or 0) >= sure and (order.not_recorded or 0) >= sure:
                del self.orders[wire_id]
                self._not_landed(order.place, now)

    def _not_landed(self, place: PlaceOrder, now: Instant) -> None:
        retry = self._record(place, now)
        if retry.resent:
            del self.retries[level_of(place)]
            return
        retry.resent = True
        retry.due, retry.until = now, Instant(now + 30 * SECOND_US)

    def _left(self, wire_id: str, leaves: int) -> None:
        order = self.orders.get(wire_id)
        if order is not None:
            order.leaves = min(order.leaves, leaves)
            if leaves == 0:
                del self.orders[wire_id]

    def _refusal(self, wire_id: str, now: Instant) -> None:
        if wire_id not in self.orders:
            return
        key = level_of(self.orders[wire_id].place)
        times = [at for at in self.refused.get(key, []) if now - at < MINUTE_US] + [now]
        self.refused[key] = [] if len(times) >= 3 else times
        if len(times) >= 3:
            self.blocked[key] = Instant(now + MINUTE_US)

    # -- valuing ---------------------------------------------------------------------------

    def _value(self, symbol: str, direction: DirectionType) -> Decimal:
        """Position at mark (at entry while unknown) and opens, in quote currency."""
        instrument = self.setups[symbol].instrument
        leg = self.legs[symbol, direction]
        price = leg.mark if leg.mark is not None else leg.entry
        value = instrument.qty(leg.size) * (price or 0)
        for order in self.orders.values():
            place = order.place
            if (place.symbol, place.direction) == (symbol, direction) and not place.reduce_only:
                value += instrument.price(place.price) * instrument.qty(order.leaves)
        return value

    def _loss(self, symbol: str) -> Decimal:
        total = Decimal(0)
        for direction in (LONG, SHORT):
            leg = self.legs[symbol, direction]
            if leg.size and leg.mark is not None and leg.entry is not None:
                gain = leg.mark - leg.entry if direction is LONG else leg.entry - leg.mark
                total += gain * self.setups[symbol].instrument.qty(leg.size)
        return min(total, Decimal(0))

    def _required(self, symbol: str, direction: DirectionType, added: Decimal) -> Decimal:
        setup = self.setups[symbol]
        return setup.tiers.initial_margin(
            self._value(symbol, direction) + added, setup.sizing.leverage
        )

    # -- judging ---------------------------------------------------------------------------

    def expect_allowed(self, order: PlaceOrder, now: Instant) -> None:
        """Every predicate of the chain holds for an order that is about to leave."""
        setup = self.setups[order.symbol]
        instrument: Instrument = setup.instrument
        self._expect_wire_id(order, now)
        assert level_of(order) not in self.blocked
        assert instrument.min_steps <= order.qty <= instrument.max_steps
        assert order.reduce_only is not opens(order.direction, order.side)
        for other in self.orders.values():
            taken = (other.place.symbol, other.place.direction, other.place.price)
            assert taken != (order.symbol, order.direction, order.price), "one order per level"
        assert self.wallet is not None
        levels = setup.grid.grid_count + 1
        recent = [at for at in self.placed[order.symbol] if now - at < MINUTE_US]
        per_minute = setup.safety.max_placements_per_minute or 4 * levels
        assert len(recent) < per_minute, "at most 4 * levels placements in 60 s (C4)"
        if order.reduce_only:
            assert (order.symbol, order.direction) not in self.unsure, "less to close (A20)"
            self._expect_coverage(order)
            return
        assert self.wallet.available is None or self.wallet.available > 0
        assert self.poor_since is None or now - self.poor_since >= MINUTE_US, "A21"
        live = sum(other.place.symbol == order.symbol for other in self.orders.values())
        at_once = setup.safety.max_open_orders or 2 * levels + 10
        assert live < at_once, "at most 2 * levels + 10 orders (C2)"
        self._expect_margin(order)

    def _expect_wire_id(self, order: PlaceOrder, now: Instant) -> None:
        """A wire id is new, or that of the placement that is sent again, in its time."""
        retry = self.retries.get(level_of(order))
        if retry is not None:
            assert now >= retry.due, "not before its delay is over"
            if now <= retry.until:
                assert order.wire_id == retry.wire_id, "no new wire id before that"
                return
            del self.retries[level_of(order)]
        assert order.wire_id not in self.wire_ids

    def _expect_coverage(self, order: PlaceOrder) -> None:
        covered = sum(
            other.leaves
            for other in self.orders.values()
            if (other.place.symbol, other.place.direction) == (order.symbol, order.direction)
            and other.place.reduce_only
        )
        after, size = covered + order.qty, self.legs[order.symbol, order.direction].size
        strict = self.setups[order.symbol].close_gate is CloseGate.STRICT
        assert after < size if strict else after <= size

    def _expect_margin(self, order: PlaceOrder) -> None:
        assert self.wallet is not None
        setup = self.setups[order.symbol]
        instrument = setup.instrument
        added = instrument.price(order.price) * instrument.qty(order.qty)
        assert added >= instrument.min_notional
        required = added * setup.taker_fee
        free = self.wallet.balance
        for symbol in self.setups:
            free += self._loss(symbol) if (symbol, SHORT) in self.legs else 0
            for direction in (LONG, SHORT):
                mine = (symbol, direction) == (order.symbol, order.direction)
                required += self._required(symbol, direction, added if mine else Decimal(0))
        assert required <= free
        value = sum((self._value(order.symbol, side) for side in (LONG, SHORT)), added)
        assert value <= setup.risk.max_margin * self.wallet.balance
        of_one_order = instrument.price(order.price) * Decimal("0.1")  # the amount is b0.1
        cap = Decimal("1.5") * (setup.grid.grid_count // 2) * of_one_order
        assert self._value(order.symbol, order.direction) + added <= cap, "C1"

    def send(self, order: PlaceOrder, now: Instant) -> None:
        """The order is on its way."""
        assert order.wire_id not in self.orders
        self.orders[order.wire_id] = NaiveOrder(order, order.qty, now)
        self.placed[order.symbol].append(now)
        self.wire_ids.add(order.wire_id)


def level_of(order: PlaceOrder) -> Level:
    return order.symbol, order.direction, order.side, int(order.price)


@pytest.mark.untraced
@given(data=st.data())
def test_every_placement_satisfies_every_gate_recomputed_from_the_events_alone(
    play: Runs, make_setup: Setups, action_names: tuple[str, ...], data: st.DataObject
) -> None:
    actions = data.draw(
        st.lists(
            st.tuples(st.sampled_from(action_names), st.integers(0, 3000)), min_size=30, max_size=80
        )
    )
    grid = {"side_policy": data.draw(st.sampled_from(SidePolicy)), "grid_count": 6}
    close_gate = data.draw(st.sampled_from(CloseGate))
    risk = {"max_margin": data.draw(st.sampled_from([Decimal(8), Decimal("0.06")]))}
    safety = {
        "max_open_orders": data.draw(st.sampled_from([None, 3])),
        "max_placements_per_minute": data.draw(st.sampled_from([None, 4])),
    }
    setups = tuple(
        make_setup(symbol, name, grid=grid, close_gate=close_gate, risk=risk, safety=safety)
        for symbol, name in ((BTC, "grid"), ("ETHUSDT", "other"))
    )
    wallet = data.draw(st.sampled_from(["10000", "150", "60"]))
    legs = data.draw(st.sampled_from([(0, 0), (13, 0), (25, 25), (40, 7)]))
    prompt = data.draw(st.booleans())
    run = play(actions, *setups, wallet=wallet, prompt=prompt, legs=legs)

    naive, session = NaiveAccount(setups), run.fresh_session()
    for event, now, recorded in run.handled:
        naive.take(event, now)
        effects = session.handle(event, now)
        assert effects == recorded
        naive.see(effects)
        worst = {(mode.scope, mode.mode) for mode in session.standing_modes()}
        for request in effects.requests:
            if isinstance(request, CancelOrder):
                naive.cancelling.add(request.wire_id)
            if not isinstance(request, Approved):
                continue
            order = request.request
            scopes = {"", order.symbol, f"{order.symbol}/{order.direction.value}"}
            limit = Mode.NO_OPEN if not order.reduce_only else Mode.HALT
            assert not any(scope in scopes and mode >= limit for scope, mode in worst)
            naive.expect_allowed(order, now)
            naive.send(order, now)


@pytest.mark.untraced
@given(data=st.data())
def test_the_same_ticker_again_asks_for_nothing_and_tells_nothing(
    play: Runs, make_setup: Setups, action_names: tuple[str, ...], data: st.DataObject
) -> None:
    """Denials are lifted by events, never by a ticker alone (L32).

    Under on_fill, which offers closes from far to near, a close that a ticker places may free the
    coverage kept for it, which the next ticker gives to a farther one; then nothing is left to do.
    """
    actions = data.draw(
        st.lists(
            st.tuples(st.sampled_from(action_names), st.integers(0, 3000)), min_size=30, max_size=60
        )
    )
    policy = data.draw(st.sampled_from(SidePolicy))
    grid = {"side_policy": policy, "grid_count": 6}
    wallet = data.draw(st.sampled_from(["10000", "150", "60"]))
    legs = data.draw(st.sampled_from([(0, 0), (13, 0), (25, 25), (40, 7)]))
    run = play(actions, make_setup(grid=grid), wallet=wallet, legs=legs)
    price = data.draw(st.integers(9000, 11_000))
    run.tick(price)
    freed = run.tick(price, after_us=0).requests
    assert policy is SidePolicy.ON_FILL or not freed, freed
    assert all(isinstance(one, Approved) and one.request.reduce_only for one in freed), freed

    for _ in range(3):
        effects = run.tick(price, after_us=0)
        assert not effects, effects
