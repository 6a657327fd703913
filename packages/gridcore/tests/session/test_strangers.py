"""Orders that nobody remembers: ours are adopted, orphans and foreign ones go by policy (A03)."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    HostCondition,
    HostReport,
    OperatorAction,
    OperatorCommand,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
)
from gridcore.instrument import Steps, Ticks
from gridcore.intents import client_order_id, encode_wire_id
from gridcore.session.account import AccountSession
from gridcore.session.effects import (
    CancelOrder,
    CancelReason,
    Effects,
    PlaceOrder,
    Severity,
    TimeInForce,
)
from gridcore.session.orders import OrderState
from gridcore.session.ownership import ForeignOrders, OrphanOrders
from gridcore.session.setup import AccountPolicies, StrategySetup
from gridcore.sides import BUY, LONG, SELL, DirectionType, SideType

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Resting, Run

BTC = "BTCUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Places = Callable[[Effects], list[PlaceOrder]]
Cancels = Callable[[Effects], list[CancelOrder]]
Rest = Callable[..., OrderUpdate]

BY_HAND = "bought in the app"
OF_ANOTHER_STRATEGY = "0123456789abcdef-1"
NO_OPENS_ORPHAN = (BTC, "orphans", "NO_OPEN")
NO_OPENS_FOREIGN = (BTC, "foreign_orders", "NO_OPEN")
KINDS = [(BY_HAND, "foreign"), (OF_ANOTHER_STRATEGY, "orphan")]


def policies_of(
    orphans: OrphanOrders = OrphanOrders.REFUSE, foreign: ForeignOrders = ForeignOrders.IGNORE
) -> AccountPolicies:
    return AccountPolicies(orphan_orders=orphans, foreign_orders=foreign)


@pytest.fixture(scope="session")
def open_run(make_run: Runs) -> Runs:
    """Builds a run whose account is known, with policies, and one ticker at 10000."""

    def make(policies: AccountPolicies | None = None) -> "Run":
        run = make_run()
        run.session = AccountSession("account", run.setups, run.safety, policies or policies_of())
        run.start()
        run.tick(10_000)
        return run

    return make


def rest(
    run: "Run",
    order_id: str,
    wire_id: str,
    price: int = 9_850,
    *,
    direction: DirectionType = LONG,
    side: SideType = BUY,
    filled: int = 0,
) -> "Resting":
    """An order of 10 steps comes to rest on the exchange that this session did not send."""
    template = next(iter(run.exchange.orders.values()))
    resting = replace(
        template,
        request=PlaceOrder(
            symbol=BTC,
            strat_id="",
            client_order_id="",
            wire_id=wire_id,
            direction=direction,
            side=side,
            price=Ticks(price),
            qty=Steps(10),
            reduce_only=False,
            time_in_force=TimeInForce.GTC,
            level=0,
        ),
        order_id=order_id,
        leaves=10 - filled,
        filled=filled,
    )
    run.exchange.orders[order_id] = resting
    return resting


def push(run: "Run", resting: "Resting") -> Effects:
    """The exchange tells of an order, and answers what that causes."""
    run.exchange.now = run.now
    status = OrderStatus.PARTIALLY_FILLED if resting.filled else OrderStatus.NEW
    return run.send(run.exchange.update(resting, status))


def command(run: "Run", action: OperatorAction, symbol: str | None = None) -> Effects:
    return run.send(OperatorCommand(at=run.now, action=action, symbol=symbol))


def own_wire_id(run: "Run", price: int, suffix: int = 77) -> str:
    """What our own earlier process would have sent for a long buy."""
    instrument = run.setups[0].instrument
    text = instrument.price_text(Ticks(price))
    return encode_wire_id(client_order_id("grid", BTC, BUY, text, LONG), suffix)


def order_ids(run: "Run") -> list[str]:
    return [order.order_id for order in run.session.live_orders()]


# -- by policy --------------------------------------------------------------------------------


@pytest.mark.parametrize(("wire_id", "kind"), KINDS)
@pytest.mark.parametrize("route", ["push", "listing"])
def test_by_default_a_foreign_order_is_left_alone_and_an_orphan_stops_opens_with_one_alert_a03(
    open_run: Runs, places: Places, wire_id: str, kind: str, route: str
) -> None:
    run = open_run()
    stranger = rest(run, "S", wire_id)

    for _ in range(3):
        run.wait(61 * SECOND_US) if route == "listing" else push(run, stranger)
    run.fill(LONG, BUY, 9_900)
    run.tick(9_990)
    run.tick(9_980)

    alerts = [
        notice
        for _, _, effects in run.handled
        for notice in effects.notices
        if notice.event == f"{kind}_order"
    ]
    assert [(notice.severity, dict(notice.fields)["order_id"]) for notice in alerts] == [
        (Severity.ALERT, "S")
    ]
    assert run.modes() == ({NO_OPENS_ORPHAN} if kind == "orphan" else set())
    assert "S" in run.exchange.orders
    assert "S" not in order_ids(run)


@pytest.mark.parametrize(("wire_id", "kind"), KINDS)
def test_a_refused_stranger_forbids_opens_and_lets_closes_pass_a03(
    open_run: Runs, wire_id: str, kind: str
) -> None:
    run = open_run(policies_of(foreign=ForeignOrders.REFUSE))
    push(run, rest(run, "S", wire_id))

    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9_900)):
        run.send(event)
    run.hold(LONG, 10)
    run.tick(10_000)

    assert run.modes() == {NO_OPENS_ORPHAN if kind == "orphan" else NO_OPENS_FOREIGN}
    rows = [row[:3] for row in run.book()]
    assert ("long", "Buy", 9_900) not in rows
    assert ("long", "Sell", 10_100) in rows


@pytest.mark.parametrize(("wire_id", "kind"), KINDS)
def test_a_stranger_to_be_cancelled_is_cancelled_and_forbids_nothing_a03(
    open_run: Runs, cancels: Cancels, wire_id: str, kind: str
) -> None:
    run = open_run(policies_of(OrphanOrders.CANCEL, ForeignOrders.CANCEL))

    effects = push(run, rest(run, "S", wire_id))

    reason = CancelReason.ORPHAN if kind == "orphan" else CancelReason.FOREIGN
    assert [(cancel.order_id, cancel.reason) for cancel in cancels(effects)] == [("S", reason)]
    assert "S" not in run.exchange.orders
    assert run.modes() == set()


def test_a_cancel_of_a_stranger_that_was_lost_is_sent_again_at_most_every_10_s(
    open_run: Runs, cancels: Cancels
) -> None:
    run = open_run(policies_of(foreign=ForeignOrders.CANCEL))
    run.prompt = False
    stranger = rest(run, "S", BY_HAND)

    sent = []
    for _ in range(21):
        run.waiting.clear()
        sent.append(len(cancels(push(run, stranger))))
        run.now = run.exchange.now = Instant(run.now + SECOND_US)

    assert [second for second, count in enumerate(sent) if count] == [0, 10, 20]


def test_a_process_that_lost_its_lease_cancels_no_stranger_until_it_is_back(
    open_run: Runs, cancels: Cancels
) -> None:
    run = open_run(policies_of(foreign=ForeignOrders.CANCEL))
    run.send(HostReport(at=run.now, condition=HostCondition.LEASE_LOST, stands=True))

    stranger = rest(run, "S", BY_HAND)
    silent = cancels(push(run, stranger))
    run.send(HostReport(at=run.now, condition=HostCondition.LEASE_LOST, stands=False))

    assert (silent, [one.order_id for one in cancels(push(run, stranger))]) == ([], ["S"])


@pytest.mark.parametrize(("wire_id", "kind"), KINDS)
def test_an_adopted_stranger_is_an_order_of_the_strategy_a03(
    open_run: Runs, cancels: Cancels, wire_id: str, kind: str
) -> None:
    """Off the grid it goes like any order off the grid: by the engine, at the next ticker."""
    run = open_run(policies_of(OrphanOrders.ADOPT, ForeignOrders.ADOPT))

    push(run, rest(run, "S", wire_id, filled=4))
    adopted = run.session.live_orders()[-1]
    assert (adopted.order_id, adopted.state, adopted.qty, adopted.leaves, adopted.filled) == (
        "S",
        OrderState.PARTIAL,
        10,
        6,
        4,
    )
    effects = run.tick(10_000)

    assert [(cancel.order_id, cancel.reason) for cancel in cancels(effects)] == [
        ("S", CancelReason.OUTSIDE_GRID)
    ]
    assert "S" not in order_ids(run)
    assert run.modes() == set()


def test_an_adopted_order_on_a_level_stands_for_the_level_a03(
    open_run: Runs, places: Places
) -> None:
    run = open_run(policies_of(foreign=ForeignOrders.ADOPT))
    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9_900)):
        run.send(event)

    push(run, rest(run, "S", BY_HAND, 9_900))

    assert places(run.tick(10_000)) == []
    assert "S" in order_ids(run)


# -- what ends it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", [OrderStatus.CANCELLED, OrderStatus.FILLED, OrderStatus.REJECTED]
)
def test_the_end_of_the_last_refused_order_ends_the_mode(
    open_run: Runs, status: OrderStatus
) -> None:
    run = open_run()
    first, second = rest(run, "S1", OF_ANOTHER_STRATEGY), rest(run, "S2", "0123456789abcdef-2")
    push(run, first)
    push(run, second)

    run.send(run.exchange.update(first, status))
    assert run.modes() == {NO_OPENS_ORPHAN}
    run.send(run.exchange.update(second, status))

    assert run.modes() == set()


def test_a_complete_listing_that_does_not_show_it_ends_the_mode_an_incomplete_one_does_not_l30(
    open_run: Runs,
) -> None:
    run = open_run()
    push(run, rest(run, "S", OF_ANOTHER_STRATEGY))
    del run.exchange.orders["S"]
    run.wait(3 * SECOND_US)

    run.send(run.exchange.listing(BTC, complete=False))
    assert run.modes() == {NO_OPENS_ORPHAN}
    run.send(run.exchange.listing(BTC))

    assert run.modes() == set()


@pytest.mark.parametrize(("age_s", "gone"), [(-1, False), (0, False), (1.9, False), (2, True)])
def test_a_listing_that_need_not_know_it_yet_does_not_end_the_mode_l30(
    open_run: Runs, age_s: float, gone: bool
) -> None:
    """An answer may lag behind its question by up to 2 s."""
    run = open_run()
    run.wait(5 * SECOND_US)
    listing = run.exchange.listing(BTC)
    push(run, rest(run, "S", OF_ANOTHER_STRATEGY))
    seen_at = run.now

    run.send(replace(listing, asked_at=Instant(seen_at + int(age_s * SECOND_US))))

    assert run.modes() == (set() if gone else {NO_OPENS_ORPHAN})
    assert run.told("orphan_order") == 1


def test_orphans_and_foreign_orders_are_counted_apart(open_run: Runs) -> None:
    run = open_run(policies_of(foreign=ForeignOrders.REFUSE))
    orphan, foreign = rest(run, "S1", OF_ANOTHER_STRATEGY), rest(run, "S2", BY_HAND)
    push(run, orphan)
    push(run, foreign)
    assert run.modes() == {NO_OPENS_ORPHAN, NO_OPENS_FOREIGN}

    run.send(run.exchange.update(orphan, OrderStatus.CANCELLED))

    assert run.modes() == {NO_OPENS_FOREIGN}


# -- the operator -----------------------------------------------------------------------------


def test_the_operator_adopts_orphans_and_opens_go_on(open_run: Runs) -> None:
    run = open_run()
    push(run, rest(run, "S", OF_ANOTHER_STRATEGY))

    command(run, OperatorAction.ORPHANS_ADOPT)

    assert run.modes() == set()
    assert "S" in order_ids(run)


def test_an_orphan_is_adopted_as_it_was_last_told_of(open_run: Runs) -> None:
    run = open_run()
    push(run, rest(run, "S", OF_ANOTHER_STRATEGY))
    push(run, rest(run, "S", OF_ANOTHER_STRATEGY, filled=4))

    command(run, OperatorAction.ORPHANS_ADOPT)

    (adopted,) = [order for order in run.session.live_orders() if order.order_id == "S"]
    assert (adopted.filled, adopted.leaves) == (4, 6)


def test_the_operator_cancels_orphans_and_opens_go_on_when_they_are_gone(
    open_run: Runs, cancels: Cancels
) -> None:
    run = open_run()
    run.prompt = False
    push(run, rest(run, "S", OF_ANOTHER_STRATEGY))

    effects = command(run, OperatorAction.ORPHANS_CANCEL, BTC)
    assert [cancel.order_id for cancel in cancels(effects)] == ["S"]
    assert run.modes() == {NO_OPENS_ORPHAN}
    run.deliver()

    assert run.modes() == set()


@pytest.mark.parametrize("action", [OperatorAction.ORPHANS_ADOPT, OperatorAction.ORPHANS_CANCEL])
def test_an_ignored_foreign_order_is_not_the_operators_to_decide_here(
    open_run: Runs, action: OperatorAction
) -> None:
    run = open_run()
    push(run, rest(run, "S", BY_HAND))

    effects = command(run, action)

    assert not effects
    assert "S" in run.exchange.orders
    assert "S" not in order_ids(run)


def test_a_refused_foreign_order_is_the_operators_to_decide(open_run: Runs) -> None:
    run = open_run(policies_of(foreign=ForeignOrders.REFUSE))
    push(run, rest(run, "S", BY_HAND))

    command(run, OperatorAction.ORPHANS_CANCEL)

    assert "S" not in run.exchange.orders
    assert run.modes() == set()


def test_a_command_for_another_symbol_concerns_its_orders_only(
    started: Runs, make_setup: Setups
) -> None:
    run = started(make_setup(), make_setup("ETHUSDT", "other"))
    run.tick(10_000)
    push(run, rest(run, "S", OF_ANOTHER_STRATEGY))

    command(run, OperatorAction.ORPHANS_CANCEL, "ETHUSDT")

    assert "S" in run.exchange.orders
    assert run.modes() == {NO_OPENS_ORPHAN}


# -- restart ----------------------------------------------------------------------------------


def test_a_restart_remembers_strangers_and_alerts_no_second_time_a03(open_run: Runs) -> None:
    run = open_run()
    push(run, rest(run, "S", OF_ANOTHER_STRATEGY))
    saved: dict[str, Any] = json.loads(json.dumps(run.session.snapshot()))

    run.session = run.fresh_session()
    run.session.restore(saved)
    assert run.session.snapshot() == saved
    run.start()

    assert run.told("orphan_order") == 1
    assert NO_OPENS_ORPHAN in run.modes()
    command(run, OperatorAction.ORPHANS_CANCEL)
    assert NO_OPENS_ORPHAN not in run.modes()


def test_a_start_without_memory_finds_one_foreign_order_and_trades_beside_it_a03(
    open_run: Runs, make_run: Runs
) -> None:
    before = open_run()
    stranger = rest(before, "S", BY_HAND)
    run = make_run()
    run.exchange.orders["S"] = stranger

    run.start()
    run.tick(10_000)

    assert run.told("foreign_order") == 1
    assert run.modes() == set()
    assert len(run.book()) == 5


def test_a_start_without_memory_takes_its_own_orders_over_with_their_quantities_l18(
    open_run: Runs, make_run: Runs, places: Places
) -> None:
    before = open_run()
    before.fill(LONG, BUY, 9_900, 4)
    run = make_run()
    run.exchange.orders = before.exchange.orders
    run.exchange.legs = before.exchange.legs

    run.start()

    assert run.told("order_adopted") == 4
    assert run.told("orphan_order") == run.told("foreign_order") == 0
    adopted = {
        (order.direction, int(order.price)): (order.state, order.qty, order.leaves, order.filled)
        for order in run.session.live_orders()
    }
    assert adopted[LONG, 9_900] == (OrderState.PARTIAL, 10, 6, 4)
    assert adopted[LONG, 9_801] == (OrderState.OPEN, 10, 10, 0)
    opens = [order for order in places(run.tick(10_000)) if not order.reduce_only]
    assert opens == []


# -- our own ----------------------------------------------------------------------------------


def test_a_twin_at_one_level_is_adopted_and_cancelled_as_duplicate_at_the_next_ticker_a17(
    open_run: Runs, cancels: Cancels
) -> None:
    run = open_run()
    push(run, rest(run, "TWIN", own_wire_id(run, 9_900), 9_900))
    assert run.told("order_adopted") == 1

    effects = run.tick(10_000)

    assert [(cancel.order_id, cancel.reason) for cancel in cancels(effects)] == [
        ("TWIN", CancelReason.DUPLICATE)
    ]
    assert [row[:3] for row in run.book()].count(("long", "Buy", 9_900)) == 1
    assert run.session.open_orders == 4


def test_of_two_twins_the_one_with_executions_stays_a17_e_6_1(
    open_run: Runs, cancels: Cancels
) -> None:
    run = open_run()
    first = run.exchange.resting(BTC, LONG, BUY, 9_900)
    push(run, rest(run, "TWIN", own_wire_id(run, 9_900), 9_900, filled=4))

    effects = run.tick(10_000)

    assert [cancel.order_id for cancel in cancels(effects)] == [first.order_id]
    assert "TWIN" in order_ids(run)


def test_a_twin_is_cancelled_while_placements_are_forbidden_a17(
    open_run: Runs, cancels: Cancels
) -> None:
    run = open_run()
    command(run, OperatorAction.HALT)
    push(run, rest(run, "TWIN", own_wire_id(run, 9_900), 9_900))

    effects = run.tick(10_000)

    first = cancels(effects)[0]
    assert (first.order_id, first.reason) == ("TWIN", CancelReason.DUPLICATE)


def test_a_twin_that_carries_the_same_wire_id_is_an_order_of_its_own_a17(
    open_run: Runs, cancels: Cancels
) -> None:
    run = open_run()
    first = run.exchange.resting(BTC, LONG, BUY, 9_900)
    twin = rest(run, "TWIN", first.request.wire_id, 9_900)

    push(run, twin)
    effects = run.tick(10_000)

    assert [cancel.order_id for cancel in cancels(effects)] == ["TWIN"]
    assert run.session.open_orders == len(run.book()) == 4


def test_what_nobody_remembers_and_is_over_is_nobodys_business(open_run: Runs) -> None:
    run = open_run()
    stranger = rest(run, "S", own_wire_id(run, 9_900), 9_900)

    effects = run.send(run.exchange.update(stranger, OrderStatus.CANCELLED))

    assert not effects
    assert "S" not in order_ids(run)


def test_an_order_at_another_price_than_its_id_says_is_an_orphan_l18(open_run: Runs) -> None:
    run = open_run()

    push(run, rest(run, "S", own_wire_id(run, 9_900), 9_850))
    push(run, rest(run, "T", own_wire_id(run, 9_900), 9_900, side=SELL))

    assert run.told("orphan_order") == 2
    assert run.told("order_adopted") == 0


def test_an_order_that_was_refused_and_is_there_after_all_lives_again_a06(
    open_run: Runs,
) -> None:
    run = open_run()
    run.exchange.refuse_places.append(10001)
    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9_900)):
        run.send(event)
    run.tick(10_000)
    refused = run.exchange.placed[-1]
    assert run.session.open_orders == 3

    landed = rest(run, "LATE", refused.wire_id, 9_900)
    run.send(PlaceAccepted(symbol=BTC, at=run.now, wire_id=refused.wire_id, order_id="LATE"))
    push(run, landed)

    assert run.told("order_landed_after_all") == 1
    assert run.told("order_adopted") == 0
    assert "LATE" in order_ids(run)
    assert run.session.open_orders == len(run.book()) == 4


def test_an_order_that_lived_again_and_its_successor_that_rested_beside_it_halt_a06_l29(
    open_run: Runs,
) -> None:
    """The level was given to another order meanwhile; when both fill, one of them was too many."""
    run = open_run()
    run.exchange.refuse_places.append(10001)
    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9_900)):
        run.send(event)
    run.tick(10_000)
    refused = run.exchange.placed[-1]
    run.tick(10_000)
    successor = run.exchange.resting(BTC, LONG, BUY, 9_900)
    run.send(PlaceAccepted(symbol=BTC, at=run.now, wire_id=refused.wire_id, order_id="LATE"))
    late = rest(run, "LATE", refused.wire_id, 9_900)
    run.wait(SECOND_US)

    for resting in (successor, late):
        for event in run.exchange.execute(resting, resting.leaves):
            run.send(event)

    assert run.told("duplicate_fills") == 1


def test_what_landed_after_all_is_not_sent_again_when_it_is_gone_a06_a07(
    open_run: Runs,
) -> None:
    """Its wire id is used up: the level's next order is a new one."""
    run = open_run()
    run.exchange.refuse_places.append(10006)
    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9_900)):
        run.send(event)
    run.tick(10_000)
    refused = run.exchange.placed[-1]
    run.send(PlaceAccepted(symbol=BTC, at=run.now, wire_id=refused.wire_id, order_id="LATE"))
    late = rest(run, "LATE", refused.wire_id, 9_900)
    for event in run.exchange.withdraw(late):
        run.send(event)

    run.wait(2 * SECOND_US)
    run.tick(10_000)

    successor = run.exchange.resting(BTC, LONG, BUY, 9_900).request
    assert successor.wire_id != refused.wire_id


def test_no_more_than_1000_strangers_are_remembered_and_told_of(open_run: Runs) -> None:
    run = open_run()
    foreign = rest(run, "F", "by hand", 9_850)
    update = run.exchange.update(foreign, OrderStatus.NEW)

    for number in range(1002):
        run.send(replace(update, order_id=f"F{number}"))

    assert run.told("foreign_order") == 1000
