"""Replies, updates, executions and listings: each counts once, whatever its order of arrival."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    CancelRejected,
    Event,
    ExecType,
    Execution,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
)
from gridcore.instrument import Steps
from gridcore.session.effects import (
    CancelOrder,
    Effects,
    FillRecord,
    LedgerEntry,
    LedgerKind,
    PlaceOrder,
    Severity,
)
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, SELL, SHORT

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Places = Callable[[Effects], list[PlaceOrder]]
Cancels = Callable[[Effects], list[CancelOrder]]
LOWER_BUY = ("long", "Buy", 9900)


def rows(run: "Run") -> list[tuple[str, str, int]]:
    return [row[:3] for row in run.book()]


def execution_of(run: "Run", steps: int) -> Execution:
    """An execution of the long order at 9900, without its companions."""
    event = run.exchange.execute(run.exchange.resting(BTC, LONG, BUY, 9900), steps)[0]
    assert isinstance(event, Execution)
    return event


# -- executions -------------------------------------------------------------------------------


def test_an_execution_is_recorded_with_everything_that_identifies_it(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    placed = run.exchange.resting(BTC, LONG, BUY, 9900).request

    event = execution_of(run, 10)
    effects = run.send(event)

    assert effects.records == (
        LedgerEntry(
            at=event.at,
            kind=LedgerKind.FEE,
            symbol=BTC,
            direction=LONG,
            amount=-event.fee,
            reference=event.exec_id,
        ),
        FillRecord(
            at=event.at,
            symbol=BTC,
            strat_id="grid",
            direction=LONG,
            side=BUY,
            price=9900,
            qty=Steps(10),
            fee=event.fee,
            realised=run.session.balance * 0,
            client_order_id=placed.client_order_id,
            wire_id=placed.wire_id,
            order_id=event.order_id,
            exec_id=event.exec_id,
            level=1,
        ),
    )


def test_48_copies_of_an_execution_count_once_ls_34(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    event = execution_of(run, 4)
    run.send(event)
    before = run.session.snapshot()

    repeated = [run.send(event) for _ in range(47)]

    assert not any(repeated)
    assert run.session.snapshot() == before


def test_a_better_price_than_asked_is_the_price_of_the_record(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    event = replace(execution_of(run, 10), price=9890)

    effects = run.send(event)

    fill = effects.records[-1]
    assert isinstance(fill, FillRecord)
    assert (fill.price, fill.level) == (9890, 1)


def test_a_partial_fill_keeps_the_order_and_its_level_l20_ec_07(
    started: Runs, places: Places
) -> None:
    run = started()
    run.tick(10_000)

    run.fill(LONG, BUY, 9900, 4)
    effects = [run.tick(price) for price in (9950, 10_000)]

    assert ("long", "Buy", 9900, 6) in run.book()
    assert all(order.price != 9900 or order.side is not BUY for order in places(effects[1]))
    assert run.session.open_orders == len(run.book())


def test_an_order_leaves_the_book_with_its_last_part(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    orders = run.session.open_orders

    for steps in (4, 5):
        run.fill(LONG, BUY, 9900, steps)
        assert run.session.open_orders == orders
    run.fill(LONG, BUY, 9900, 1)

    assert run.session.open_orders == orders - 1


@pytest.mark.parametrize("arrival", list(permutations(range(4))))
def test_fills_that_arrive_in_any_order_end_in_the_same_books(
    started: Runs, arrival: tuple[int, ...]
) -> None:
    def memory(order: tuple[int, ...]) -> tuple[object, ...]:
        run = started()
        run.tick(10_000)
        resting = run.exchange.resting(BTC, LONG, BUY, 9900)
        events = [*run.exchange.execute(resting, 4)[:2], *run.exchange.execute(resting, 6)[:2]]
        for index in order:
            run.send(events[index])
        after = run.session.snapshot()
        return after["ledger"], run.session.open_orders, run.session.balance

    assert memory(arrival) == memory((0, 1, 2, 3))


def test_a_late_partial_fill_never_gives_quantity_back(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    resting = run.exchange.resting(BTC, LONG, BUY, 9900)
    first, second = (run.exchange.execute(resting, steps)[0] for steps in (4, 3))

    run.send(second)
    run.send(first)

    orders: Any = run.session.snapshot()["orders"]
    assert [(order["leaves"], order["filled"]) for order in orders["live"] if order["filled"]] == [
        (3, 7)
    ]


def test_an_execution_that_overtakes_the_reply_settles_the_order(started: Runs) -> None:
    run = started(prompt=False)
    run.tick(10_000)
    late = list(run.waiting)
    run.waiting.clear()
    before = run.session.open_orders

    for event in run.exchange.execute(run.exchange.resting(BTC, LONG, BUY, 9900), 10):
        run.send(event)
    for event in late:
        run.send(event)

    assert run.session.open_orders == before - 1


def test_an_execution_after_the_cancel_is_booked_and_its_level_counts_as_filled(
    started: Runs, places: Places
) -> None:
    run = started()
    run.tick(10_000)
    resting = run.exchange.resting(BTC, LONG, BUY, 9900)
    run.wait(1000)
    fill = run.exchange.execute(resting, 10)
    cancelled = replace(run.exchange.update(resting, OrderStatus.CANCELLED), filled=Steps(0))

    run.send(cancelled)
    effects = run.send(fill[0])

    assert isinstance(effects.records[-1], FillRecord)
    assert all(order.price != 9900 for order in places(run.tick(10_000))), "it waits"


@pytest.mark.parametrize("kind", [ExecType.ADL, ExecType.BUST, ExecType.SETTLE, ExecType.DELIVERY])
def test_an_execution_by_the_exchange_is_booked_with_an_alarm(
    started: Runs, kind: ExecType
) -> None:
    run = started()
    run.tick(10_000)
    run.fill(LONG, BUY, 9900)
    last = next(event for event, _, _ in run.handled[::-1] if isinstance(event, Execution))
    event = replace(last, exec_id="A1", kind=kind, side=SELL, order_id="AX", wire_id="", price=9910)

    effects = run.send(event)

    assert [record.kind for record in effects.records if isinstance(record, LedgerEntry)] == [
        LedgerKind.FEE,
        LedgerKind.REALISED,
    ]
    assert [notice.severity for notice in effects.notices] == [Severity.ALERT]


def test_an_execution_of_a_foreign_order_is_booked_with_an_alarm(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    event = replace(execution_of(run, 4), order_id="MANUAL", wire_id="hand-made")

    effects = run.send(event)

    assert [notice.event for notice in effects.notices] == ["foreign_execution"]
    assert [type(record) for record in effects.records] == [LedgerEntry]
    assert run.session.open_orders == 4


@pytest.mark.parametrize("kind", [ExecType.UNKNOWN, ExecType.FUNDING])
def test_an_execution_that_is_no_fill_moves_no_leg_and_raises_an_alarm(
    started: Runs, kind: ExecType
) -> None:
    run = started()
    run.tick(10_000)
    before = run.session.snapshot()["ledger"]

    effects = run.send(replace(execution_of(run, 10), kind=kind))

    assert effects.records == ()
    assert [notice.severity for notice in effects.notices] == [Severity.ALERT]
    assert run.session.snapshot()["ledger"] == before
    assert run.session.open_orders == 4


def test_executions_of_other_symbols_are_ignored(started: Runs) -> None:
    run = started()
    run.tick(10_000)

    assert not run.send(replace(execution_of(run, 4), symbol="DOGEUSDT"))


# -- order updates and replies ----------------------------------------------------------------


def test_a_foreign_order_raises_an_alarm_and_is_left_alone(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    event = replace(
        run.exchange.update(run.exchange.resting(BTC, LONG, BUY, 9900), OrderStatus.NEW),
        order_id="MANUAL",
        wire_id="hand-made",
    )

    first = run.send(event)
    gone = run.send(replace(event, status=OrderStatus.CANCELLED))

    assert [notice.event for notice in first.notices] == ["foreign_order"]
    assert not gone
    assert not run.send(replace(event, symbol="DOGEUSDT"))
    assert len(rows(run)) == 4


def test_a_push_that_overtakes_the_reply_makes_the_order_known_and_cancellable(
    started: Runs, cancels: Cancels
) -> None:
    run = started(prompt=False)
    run.tick(10_000)
    replies = [event for event in run.waiting if isinstance(event, PlaceAccepted)]
    pushes = [event for event in run.waiting if isinstance(event, OrderUpdate)]
    run.waiting.clear()

    overtaken: list[Event] = [*pushes, *replies]
    for event in overtaken:
        assert not run.send(event)
    run.tick(9000)

    assert len(cancels(run.tick(9000, after_us=SECOND_US))) == 4


def test_a_fill_told_by_the_order_update_alone_frees_the_order(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    update = run.exchange.execute(run.exchange.resting(BTC, LONG, BUY, 9900), 10)[1]

    run.send(update)

    assert run.session.open_orders == 3


def test_an_order_cancelled_by_the_exchange_frees_its_level(started: Runs) -> None:
    run = started()
    run.tick(10_000)

    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9900)):
        run.send(event)
    assert LOWER_BUY not in rows(run)
    run.tick(10_000)

    assert LOWER_BUY in rows(run)


def test_a_post_only_order_that_would_take_is_planned_again_until_the_breaker_stops_it(
    started: Runs, places: Places
) -> None:
    run = started()
    run.tick(10_000)
    sent = 1
    for _ in range(5):
        orders = [order for order in run.exchange.orders.values() if order.request.price == 9900]
        for resting in orders:
            for event in run.exchange.withdraw(resting, "EC_PostOnlyWillTakeLiquidity"):
                run.send(event)
        sent += sum(order.price == 9900 for order in places(run.tick(10_000)))

    assert sent == 3
    assert run.told("placement_stopped") == 1


def test_cancelled_and_then_filled_happens_and_is_taken(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    resting = run.exchange.resting(BTC, LONG, BUY, 9900)
    fill = run.exchange.execute(resting, 10)

    run.send(run.exchange.update(resting, OrderStatus.CANCELLED))
    run.send(fill[1])
    run.send(fill[0])
    run.send(run.exchange.update(resting, OrderStatus.CANCELLED))

    assert run.session.open_orders == 3


def test_a_refused_placement_frees_the_slot_and_is_tried_again(started: Runs) -> None:
    run = started()
    run.exchange.refuse_places.append(10001)

    run.tick(10_000)
    assert len(rows(run)) == run.session.open_orders == 3
    run.tick(10_000)

    assert len(rows(run)) == 4
    assert run.told("placement_refused") == 1


def test_three_refusals_in_60_s_stop_the_placement_for_60_s_by_a_deadline_l36(
    started: Runs, places: Places
) -> None:
    run = started()
    run.exchange.refuse_places.extend([10001, 0, 0, 0, 10001, 10001])
    for _ in range(3):
        run.tick(10_000)
    assert run.told("placement_stopped") == 1
    stopped_at = run.now

    assert not places(run.tick(10_000))
    run.wait(stopped_at + 60 * SECOND_US - run.now - 200_000)
    assert not places(run.tick(10_000))
    placed = places(run.tick(10_000))

    assert [(order.direction, order.side, order.price) for order in placed] == [(LONG, BUY, 9900)]


def test_a_retried_level_gets_a_new_wire_id_and_keeps_its_identity(
    started: Runs,
) -> None:
    run = started()
    run.exchange.refuse_places.append(10001)
    run.tick(10_000)
    run.tick(10_000)

    first, second = (order for order in run.exchange.placed if order.price == 9900)

    assert first.client_order_id == second.client_order_id
    assert first.wire_id < second.wire_id


def test_replies_about_orders_nobody_knows_change_nothing(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    before = run.session.snapshot()

    for event in (
        PlaceAccepted(symbol=BTC, at=run.now, wire_id="w", order_id="X"),
        PlaceRejected(symbol=BTC, at=run.now, wire_id="w", code=10001, text="no"),
        CancelRejected(symbol=BTC, at=run.now, order_id="X", code=10001, text="no"),
    ):
        assert not run.send(event)

    assert run.session.snapshot() == before


# -- cancels ----------------------------------------------------------------------------------


@pytest.fixture
def leaving(make_setup: Setups, started: Runs) -> Callable[..., "Run"]:
    """A run in which a jump out of the grid has made its orders obsolete, answers waiting."""

    def make() -> "Run":
        run = started(make_setup())
        run.tick(10_000)
        run.prompt = False
        run.tick(9000)
        run.tick(9000, after_us=SECOND_US)
        return run

    return make


def test_a_rebuild_cancels_before_it_places_and_asks_for_each_cancel_once_l14_l22(
    leaving: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = leaving()
    rebuilt = run.handled[-1][2]
    kinds = [isinstance(request, CancelOrder) for request in rebuilt.requests]
    rebuilt_at = run.session.open_orders

    assert kinds == sorted(kinds, reverse=True)
    assert len(cancels(rebuilt)) == 4
    assert not cancels(run.tick(9001)), "one cancel in flight per order"
    run.deliver()
    assert run.session.open_orders == rebuilt_at - 4
    assert run.told("placement_refused") == 0, "what we cancelled was not refused"


def test_a_cancel_of_an_order_that_is_gone_110001_waits_for_its_last_message(
    leaving: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = leaving()
    orders = run.session.open_orders
    cancel = cancels(run.handled[-1][2])[0]

    run.send(
        CancelRejected(
            symbol=BTC, at=run.now, order_id=cancel.order_id, code=110001, text="not exists"
        )
    )

    assert run.session.open_orders == orders
    assert not cancels(run.tick(9001))


def test_a_cancel_refused_for_another_reason_is_asked_again(
    leaving: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = leaving()
    cancel = cancels(run.handled[-1][2])[0]
    refused = CancelRejected(
        symbol=BTC, at=run.now, order_id=cancel.order_id, code=10016, text="busy"
    )

    effects = run.send(refused)

    assert [notice.event for notice in effects.notices] == ["cancel_refused"]
    assert [again.order_id for again in cancels(run.tick(9001))] == [cancel.order_id]


def test_a_fill_that_wins_the_race_against_the_cancel_counts(
    leaving: Callable[..., "Run"],
) -> None:
    run = leaving()
    run.waiting.clear()
    orders = run.session.open_orders
    # The exchange had filled the order before the cancel arrived.
    cancelled = run.handled[-1][2].requests[0]
    assert isinstance(cancelled, CancelOrder)
    filled = next(
        event
        for event, _, _ in run.handled
        if isinstance(event, OrderUpdate) and event.order_id == cancelled.order_id
    )

    run.send(replace(filled, status=OrderStatus.FILLED, leaves=Steps(0), filled=filled.qty))

    assert run.session.open_orders == orders - 1


def test_an_order_still_on_its_way_is_cancelled_once_the_exchange_knows_it(
    make_setup: Setups, started: Runs, cancels: Cancels
) -> None:
    run = started(make_setup(), prompt=False)
    run.tick(10_000)
    run.tick(9000)
    run.tick(9000, after_us=SECOND_US)
    assert not any(cancels(effects) for _, _, effects in run.handled)
    assert run.session.quiet_band(BTC) is None, "the next ticker may have to cancel"

    run.deliver(8)

    assert len(cancels(run.tick(9000))) == 4


# -- listings ---------------------------------------------------------------------------------


def test_a_listing_that_agrees_changes_nothing(started: Runs) -> None:
    run = started()
    run.tick(10_000)

    assert not run.send(run.exchange.listing(BTC))
    assert run.modes() == set()


def test_a_vanished_order_stops_opening_until_a_listing_agrees(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.wait(SECOND_US)
    resting = run.exchange.resting(BTC, LONG, BUY, 9900)
    del run.exchange.orders[resting.order_id]

    effects = run.send(run.exchange.listing(BTC))
    assert [notice.event for notice in effects.notices] == ["mode_asked", "book_differs"]
    assert run.modes() == {(BTC, "reconcile", "NO_OPEN")}
    assert not run.send(run.exchange.listing(BTC)), "told once"

    run.exchange.orders[resting.order_id] = resting
    run.send(run.exchange.listing(BTC))

    assert run.modes() == set()


def test_a_foreign_order_in_a_listing_stops_opening(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    listing = run.exchange.listing(BTC)
    stranger = replace(listing.orders[0], order_id="MANUAL", wire_id="hand-made")

    effects = run.send(replace(listing, orders=(*listing.orders, stranger)))

    assert dict(effects.notices[-1].fields)["foreign"] == "MANUAL"
    assert run.modes() == {(BTC, "reconcile", "NO_OPEN")}


def test_an_order_that_ended_while_the_listing_travelled_is_not_foreign(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.wait(SECOND_US)
    listing = run.exchange.listing(BTC)
    run.fill(LONG, BUY, 9900)

    run.send(listing)

    assert run.modes() == set()


def test_an_order_listed_before_its_acceptance_arrived_is_not_foreign(started: Runs) -> None:
    run = started(prompt=False)
    run.tick(10_000)

    run.send(run.exchange.listing(BTC))

    assert run.modes() == set()


def test_a_listing_says_nothing_of_orders_sent_after_it_was_asked(started: Runs) -> None:
    run = started()
    listing = run.exchange.listing(BTC)
    run.tick(10_000)

    run.send(listing)

    assert run.modes() == set()


def test_an_incomplete_listing_and_one_of_another_symbol_say_nothing(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.wait(SECOND_US)
    run.exchange.orders.clear()

    assert not run.send(run.exchange.listing(BTC, complete=False))
    assert not run.send(replace(run.exchange.listing(BTC), symbol="DOGEUSDT"))
    assert run.modes() == set()


def test_opening_stops_while_the_book_differs_and_closes_go_on(started: Runs) -> None:
    run = started()
    run.hold(SHORT, 10)
    run.tick(10_000)
    run.wait(SECOND_US)
    resting = run.exchange.resting(BTC, LONG, BUY, 9801)
    del run.exchange.orders[resting.order_id]
    run.send(run.exchange.listing(BTC))

    for direction, side, price in ((LONG, BUY, 9900), (SHORT, BUY, 9900)):
        for event in run.exchange.withdraw(run.exchange.resting(BTC, direction, side, price)):
            run.send(event)
    run.tick(10_000)

    assert ("short", "Buy", 9900) in rows(run)
    assert LOWER_BUY not in rows(run)


def test_the_clock_of_an_order_is_the_time_at_which_it_was_sent(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    orders = run.session.snapshot()["orders"]
    assert isinstance(orders, dict)

    assert {order["sent_at"] for order in orders["live"]} == {Instant(run.now)}
