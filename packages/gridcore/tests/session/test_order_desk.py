"""Replies, updates, executions and listings: each counts once, whatever its order of arrival."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise, permutations
from typing import TYPE_CHECKING, Any

import pytest

from gridcore.clock import SECOND_US
from gridcore.events import (
    CancelRejected,
    CancelUnknown,
    Event,
    ExecType,
    Execution,
    OperatorAction,
    OperatorCommand,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    SessionStarted,
)
from gridcore.instrument import Steps
from gridcore.position import RiskSeverity
from gridcore.session.effects import (
    AskSnapshot,
    CancelOrder,
    Effects,
    FillRecord,
    LedgerEntry,
    LedgerKind,
    PlaceOrder,
    Severity,
    SnapshotKind,
)
from gridcore.session.orders import OrderState
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, SELL, SHORT

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Resting, Run

BTC = "BTCUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Places = Callable[[Effects], list[PlaceOrder]]
Cancels = Callable[[Effects], list[CancelOrder]]
Asks = Callable[[Effects], list[AskSnapshot]]
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


def books(run: "Run") -> tuple[object, ...]:
    """What the fills of a run come to: cash by kind, legs of ledger and mirror, orders."""
    ledger, pair = run.session.ledger, run.session.strategies[BTC].pair
    orders: Any = run.session.snapshot()["state"]
    return (
        ledger.balance,
        dict(ledger.totals),
        [(ledger.leg_size(BTC, way), ledger.leg_entry(BTC, way)) for way in (LONG, SHORT)],
        [leg.size for leg in pair.legs],
        sorted(
            (row["price"], row["state"], row["leaves"], row["filled"], row["executed"])
            for row in (*orders["orders"]["live"], *orders["orders"]["recent"])
        ),
        run.session.open_orders,
    )


@pytest.mark.parametrize("arrival", list(permutations(range(4))))
def test_fills_that_arrive_in_any_order_end_in_the_same_books(
    started: Runs, arrival: tuple[int, ...]
) -> None:
    def after(order: tuple[int, ...]) -> tuple[object, ...]:
        run = started()
        run.tick(10_000)
        run.wait(1000)
        resting = run.exchange.resting(BTC, LONG, BUY, 9900)
        events = [*run.exchange.execute(resting, 4)[:2], *run.exchange.execute(resting, 6)[:2]]
        for index in order:
            run.send(events[index])
        assert run.session.balance == run.exchange.wallet
        assert run.session.open_orders == 3
        return books(run)

    assert after(arrival) == after((0, 1, 2, 3))


@pytest.mark.parametrize("arrival", list(permutations(range(4))))
def test_opens_and_closes_of_one_leg_in_any_order_end_in_the_same_books_a16(
    make_run: Runs, arrival: tuple[int, ...]
) -> None:
    """Entry and profit depend on the exchange's order of executions, never on the arrival's."""

    def after(order: tuple[int, ...]) -> tuple[object, ...]:
        run = make_run()
        run.exchange.legs[BTC, LONG] = (Decimal("0.1"), Decimal(980))
        run.start()
        run.tick(10_000)
        opening = run.exchange.resting(BTC, LONG, BUY, 9900)
        closing = run.exchange.resting(BTC, LONG, SELL, 10_100)
        events = []
        for resting, steps in ((closing, 4), (opening, 5), (closing, 6), (opening, 5)):
            run.wait(1000)
            events.append(run.exchange.execute(resting, steps)[0])
        for index in order:
            run.send(events[index])
        assert run.session.balance == run.exchange.wallet
        assert run.exchange.legs[BTC, LONG] == (
            run.session.ledger.leg_size(BTC, LONG),
            run.session.ledger.leg_entry(BTC, LONG),
        )
        return books(run)

    assert after(arrival) == after((0, 1, 2, 3))


def test_a_late_partial_fill_never_gives_quantity_back(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    resting = run.exchange.resting(BTC, LONG, BUY, 9900)
    first, second = (run.exchange.execute(resting, steps)[0] for steps in (4, 3))

    run.send(second)
    run.send(first)

    assert [
        (order.leaves, order.filled) for order in run.session.live_orders() if order.filled
    ] == [(3, 7)]


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


RECONCILE = (BTC, "reconcile", "NO_OPEN")


@pytest.mark.parametrize("kind", [ExecType.ADL, ExecType.BUST, ExecType.SETTLE, ExecType.DELIVERY])
def test_an_execution_by_the_exchange_is_booked_with_an_alarm_and_a_comparison(
    started: Runs, kind: ExecType
) -> None:
    run = started()
    run.tick(10_000)
    run.fill(LONG, BUY, 9900)
    run.prompt = False
    run.wait(1000)
    last = next(event for event, _, _ in run.handled[::-1] if isinstance(event, Execution))
    event = replace(
        last, at=run.now, exec_id="A1", kind=kind, side=SELL, order_id="AX", wire_id="", price=9910
    )

    effects = run.send(event)

    assert [record.kind for record in effects.records if isinstance(record, LedgerEntry)] == [
        LedgerKind.FEE,
        LedgerKind.REALISED,
    ]
    assert [(notice.event, notice.severity) for notice in effects.notices] == [
        ("foreign_execution", Severity.ALERT),
        ("mode_asked", Severity.WARNING),
        ("reconcile_begun", Severity.WARNING),
    ]
    assert run.session.strategies[BTC].pair.legs[0].size == 0
    assert run.modes() == {RECONCILE}


def test_an_execution_of_a_foreign_order_is_booked_with_an_alarm_and_a_comparison(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.tick(10_000)
    run.prompt = False
    run.wait(2 * SECOND_US)
    event = replace(execution_of(run, 4), order_id="MANUAL", wire_id="hand-made")

    effects = run.send(event)

    assert [notice.event for notice in effects.notices] == [
        "foreign_execution",
        "mode_asked",
        "reconcile_begun",
    ]
    assert [type(record) for record in effects.records] == [LedgerEntry]
    assert run.session.strategies[BTC].pair.legs[0].size == 4
    assert run.session.open_orders == 4
    assert [(ask.kind, ask.symbol) for ask in asks(effects)] == [
        (SnapshotKind.ORDERS, BTC),
        (SnapshotKind.HISTORY, BTC),
        (SnapshotKind.EXECUTIONS, BTC),
        (SnapshotKind.POSITIONS, BTC),
        (SnapshotKind.WALLET, None),
    ]
    assert run.modes() == {RECONCILE}


def test_a_foreign_execution_forbids_opens_until_belief_and_exchange_agree(
    started: Runs,
) -> None:
    run = started()
    run.tick(10_000)
    run.wait(2 * SECOND_US)
    run.exchange.trade_by_another(BTC, LONG, 5, "1000")
    run.exchange.legs[BTC, LONG] = (Decimal("0.05"), Decimal(1000))

    run.send(run.exchange.executions[-1])

    assert run.modes() == set(), "all answers came at once, and both sides agree"
    assert run.session.ledger.leg_size(BTC, LONG) == Decimal("0.05")
    assert run.told("reconciled") == 2, "after the start, and now"


@pytest.mark.parametrize("kind", [ExecType.UNKNOWN, ExecType.FUNDING])
def test_an_execution_that_is_no_fill_moves_no_leg_and_raises_an_alarm(
    started: Runs, kind: ExecType
) -> None:
    run = started()
    run.tick(10_000)
    before = books(run)

    effects = run.send(replace(execution_of(run, 10), kind=kind))

    assert effects.records == ()
    assert [(notice.event, notice.severity) for notice in effects.notices] == [
        ("quarantined_execution", Severity.ALERT)
    ]
    assert books(run) == before


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


@pytest.mark.parametrize(
    ("said", "told"),
    [("EC_PostOnlyWillTakeLiquidity", "EC_PostOnlyWillTakeLiquidity"), ("", "Cancelled")],
)
def test_why_the_exchange_cancelled_an_order_is_told_in_its_own_words(
    started: Runs, said: str, told: str
) -> None:
    run = started()
    run.tick(10_000)

    for event in run.exchange.withdraw(run.exchange.resting(BTC, LONG, BUY, 9900), said):
        run.send(event)

    notices = [notice for _, _, effects in run.handled for notice in effects.notices]
    refused = [notice for notice in notices if notice.event == "placement_refused"]
    assert [dict(notice.fields)["reason"] for notice in refused] == [told]


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


def test_a_cancel_of_an_order_that_is_gone_110001_looks_up_how_it_ended_a13(
    leaving: Callable[..., "Run"], cancels: Cancels, asks: Asks
) -> None:
    run = leaving()
    orders = run.session.open_orders
    cancel = cancels(run.handled[-1][2])[0]

    effects = run.send(
        CancelRejected(
            symbol=BTC, at=run.now, order_id=cancel.order_id, code=110001, text="not exists"
        )
    )

    assert [ask.kind for ask in asks(effects)] == [SnapshotKind.HISTORY, SnapshotKind.EXECUTIONS]
    assert run.session.open_orders == orders, "no quantity is guessed"
    assert not cancels(run.tick(9001))


def test_an_order_that_was_gone_before_its_cancel_ends_as_history_says(
    leaving: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = leaving()
    cancel = cancels(run.handled[-1][2])[0]
    run.deliver()
    orders = run.session.open_orders
    ended = next(row for row in run.exchange.ended if row.order_id == cancel.order_id)
    assert ended.status is OrderStatus.CANCELLED

    run.send(
        CancelRejected(symbol=BTC, at=run.now, order_id=cancel.order_id, code=110001, text="gone")
    )

    assert run.session.open_orders == orders
    assert not any(order.order_id == cancel.order_id for order in run.session.live_orders())


def test_a_refused_cancel_is_asked_again_after_1_2_4_8_16_30_s_while_it_is_wanted_a14(
    make_setup: Setups, started: Runs, cancels: Cancels
) -> None:
    run = started(make_setup())
    run.tick(10_000)
    run.tick(9000)
    run.exchange.refuse_cancels.extend([10029] * 4 * 8)
    asked: dict[str, list[int]] = {}
    run.wait(900_000)
    for _ in range(200):
        effects = run.tick(9000, after_us=SECOND_US // 2)
        for cancel in cancels(effects):
            asked.setdefault(cancel.order_id, []).append(run.now)

    assert len(asked) == 4
    for times in asked.values():
        gaps = [(after - before) / SECOND_US for before, after in pairwise(times)]
        assert gaps[:7] == [1, 2, 4, 8, 16, 30, 30]


def test_a_cancel_without_an_answer_is_asked_again_and_only_one_is_in_flight(
    leaving: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = leaving()
    cancel = cancels(run.handled[-1][2])[0]

    run.send(CancelUnknown(symbol=BTC, at=run.now, order_id=cancel.order_id, text="timeout"))
    assert not cancels(run.tick(9001, after_us=900_000))

    again = cancels(run.tick(9001, after_us=200_000))
    assert [one.order_id for one in again] == [cancel.order_id]
    assert not cancels(run.tick(9001))


def test_a_refused_cancel_that_is_not_wanted_any_more_is_not_asked_again(
    started: Runs, cancels: Cancels
) -> None:
    run = started()
    run.tick(10_000)
    run.exchange.refuse_cancels.append(10029)
    run.hold(LONG, 10, liquidation=Decimal(950))
    assert len(cancels(run.tick(10_000))) == 2

    run.hold(LONG, 10, liquidation=Decimal(100))
    run.tick(10_000)
    run.wait(61 * SECOND_US)
    later = [cancel for _ in range(3) for cancel in cancels(run.tick(10_000, after_us=SECOND_US))]

    assert run.modes() == set()
    assert later == []
    assert len(run.session.live_orders()) == len(run.book())


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


def vanish(run: "Run", price: int = 9900) -> "Resting":
    """An order disappears from the exchange, which says nothing of it."""
    resting = run.exchange.resting(BTC, LONG, BUY, price)
    del run.exchange.orders[resting.order_id]
    return resting


def test_a_vanished_order_keeps_its_level_until_history_says_how_it_ended_l30(
    started: Runs,
) -> None:
    run = started()
    run.tick(10_000)
    run.wait(2 * SECOND_US)
    resting = vanish(run)
    run.send(run.exchange.listing(BTC))
    run.tick(10_000)
    assert LOWER_BUY not in rows(run)
    assert run.session.open_orders == 4

    run.exchange.ended.append(run.exchange.update(resting, OrderStatus.CANCELLED))
    run.send(run.exchange.history(BTC))
    assert run.session.open_orders == 3
    run.tick(10_000)

    assert LOWER_BUY in rows(run)


def test_of_a_vanished_order_that_history_never_knows_the_executions_decide_l21(
    started: Runs,
) -> None:
    """Two listings, two histories, then its executions: the rest is gone, with an alert."""
    run = started()
    run.tick(10_000)
    run.wait(2 * SECOND_US)
    resting = run.exchange.resting(BTC, LONG, BUY, 9900)
    run.exchange.execute(resting, 4)  # nothing of it reaches us
    vanish(run)

    run.send(run.exchange.listing(BTC))
    run.wait(SECOND_US)
    assert any(order.price == 9900 for order in run.session.live_orders())
    run.wait(30 * SECOND_US)

    assert run.told("order_vanished") == 1
    assert run.session.open_orders == 3
    assert run.session.strategies[BTC].pair.legs[0].size == 4
    assert run.session.balance == run.exchange.wallet
    assert run.modes() == set()


def test_a_vanished_order_that_is_listed_again_never_ended(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    run.wait(2 * SECOND_US)
    resting = vanish(run)
    run.send(run.exchange.listing(BTC))

    run.exchange.orders[resting.order_id] = resting
    run.wait(60 * SECOND_US)
    run.tick(10_000)

    assert run.told("order_vanished") == 0
    assert [order.unlisted for order in run.session.live_orders()] == [0, 0, 0, 0]
    assert len(rows(run)) == run.session.open_orders == 4


@pytest.mark.parametrize(("age_us", "missing"), [(2 * SECOND_US - 1, 0), (2 * SECOND_US, 1)])
def test_a_listing_is_evidence_only_of_orders_known_2_s_before_it_was_asked(
    started: Runs, age_us: int, missing: int
) -> None:
    run = started()
    run.tick(10_000)
    run.prompt = False
    run.wait(age_us)
    vanish(run)

    run.send(run.exchange.listing(BTC))

    assert sum(order.unlisted for order in run.session.live_orders()) == missing


def test_a_foreign_order_in_a_listing_is_told_once_and_left_alone(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    listing = run.exchange.listing(BTC)
    stranger = replace(listing.orders[0], order_id="MANUAL", wire_id="hand-made")
    listing = replace(listing, orders=(*listing.orders, stranger))

    first, second = run.send(listing), run.send(listing)

    assert [(notice.event, dict(notice.fields)["order_id"]) for notice in first.notices] == [
        ("foreign_order", "MANUAL")
    ]
    assert not second
    assert run.modes() == set()
    assert run.session.open_orders == 4


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


def test_while_an_order_is_in_doubt_its_level_waits_and_all_others_go_on(make_run: Runs) -> None:
    run = make_run()
    run.exchange.legs[BTC, SHORT] = (Decimal("0.1"), Decimal(1000))
    run.start()
    run.tick(10_000)
    run.wait(2 * SECOND_US)
    vanish(run, 9801)
    run.send(run.exchange.listing(BTC, complete=True))

    for direction, side, price in ((LONG, BUY, 9900), (SHORT, BUY, 9900)):
        for event in run.exchange.withdraw(run.exchange.resting(BTC, direction, side, price)):
            run.send(event)
    run.tick(10_000)

    assert ("short", "Buy", 9900) in rows(run)
    assert LOWER_BUY in rows(run)
    assert ("long", "Buy", 9801) not in rows(run)


def test_the_clock_of_an_order_is_the_time_at_which_it_was_sent(started: Runs) -> None:
    run = started()
    run.tick(10_000)

    assert {order.sent_at for order in run.session.live_orders()} == {run.now}


# -- unknown outcomes (A06, A07, L05) ---------------------------------------------------------


def unknown(run: "Run", price: int = 9900, *, landed: bool) -> str:
    """The reply to one placement is lost; whether the order rests is the exchange's secret."""
    run.prompt = False
    run.tick(10_000, after_us=2 * SECOND_US)
    placed = next(order for order in run.exchange.placed if order.price == price)
    resting = run.exchange.resting(BTC, placed.direction, placed.side, price)
    if not landed:
        del run.exchange.orders[resting.order_id]
        run.exchange.landed.discard(placed.wire_id)
    run.waiting = deque(
        event for event in run.waiting if getattr(event, "wire_id", "") != placed.wire_id
    )
    run.deliver()
    run.prompt = True
    run.send(PlaceUnknown(symbol=BTC, at=run.now, wire_id=placed.wire_id, text="timeout"))
    return placed.wire_id


def live(run: "Run", wire_id: str) -> list[OrderState]:
    return [order.state for order in run.session.live_orders() if order.wire_id == wire_id]


def test_a_timeout_asks_for_listing_and_history_at_once_and_frees_nothing(
    started: Runs, asks: Asks
) -> None:
    run = started()
    wire_id = unknown(run, landed=False)

    asked = [ask.kind for _, _, effects in run.handled[-5:] for ask in asks(effects)]
    assert asked == [SnapshotKind.ORDERS, SnapshotKind.HISTORY]
    assert live(run, wire_id) == [OrderState.UNCERTAIN]
    run.wait(3 * SECOND_US)
    run.tick(10_000)

    assert [int(order.price) for order in run.exchange.placed].count(9900) == 1


def test_an_order_whose_reply_was_lost_is_adopted_once_a_listing_shows_it(started: Runs) -> None:
    run = started()

    wire_id = unknown(run, landed=True)

    assert live(run, wire_id) == [OrderState.OPEN]
    run.wait(60 * SECOND_US)
    run.tick(10_000)
    assert [int(order.price) for order in run.exchange.placed].count(9900) == 1
    assert len(rows(run)) == run.session.open_orders == 4


def test_a_create_is_settled_as_not_landed_7_s_after_it_was_sent_and_not_before(
    started: Runs,
) -> None:
    run = started()
    wire_id = unknown(run, landed=False)
    sent_at = next(o.sent_at for o in run.session.live_orders() if o.wire_id == wire_id)

    run.wait(sent_at + 7 * SECOND_US - 1 - run.now)
    assert live(run, wire_id) == [OrderState.UNCERTAIN]
    run.wait(5 * SECOND_US)

    assert live(run, wire_id) == []
    assert run.told("order_did_not_land") == 1
    assert run.modes() == set()


def test_what_did_not_land_is_sent_once_more_with_the_same_wire_id(started: Runs) -> None:
    run = started()
    wire_id = unknown(run, landed=False)
    run.wait(12 * SECOND_US)

    run.tick(10_000)

    again = [order.wire_id for order in run.exchange.placed if order.price == 9900]
    assert again == [wire_id, wire_id]
    assert LOWER_BUY in rows(run)


@pytest.mark.parametrize("code", [110072, 10014, 10000, 10016, 503])
def test_a_refusal_that_may_mean_that_it_landed_is_looked_up_and_mints_no_new_id_a08(
    started: Runs, code: int
) -> None:
    run = started(prompt=False)
    run.exchange.refuse_places.append(code)
    run.tick(10_000)
    wire_id = run.exchange.placed[0].wire_id

    run.deliver()
    run.tick(10_000)

    assert live(run, wire_id) == [OrderState.UNCERTAIN]
    assert [int(order.price) for order in run.exchange.placed].count(9900) == 1
    assert run.told("placement_refused") == 0


def test_what_comes_late_about_a_refused_placement_changes_nothing(started: Runs) -> None:
    run = started()
    run.exchange.refuse_places.append(10001)
    run.tick(10_000)
    wire_id = next(order.wire_id for order in run.exchange.placed if order.price == 9900)
    before = run.session.snapshot()

    for event in (
        PlaceRejected(symbol=BTC, at=run.now, wire_id=wire_id, code=10001, text="no"),
        PlaceUnknown(symbol=BTC, at=run.now, wire_id=wire_id, text="timeout"),
    ):
        assert not run.send(event)

    assert run.session.snapshot() == before


def test_an_order_that_lands_after_it_was_given_up_lives_again(started: Runs) -> None:
    run = started()
    wire_id = unknown(run, landed=False)
    run.wait(12 * SECOND_US)
    assert live(run, wire_id) == []

    run.send(PlaceAccepted(symbol=BTC, at=run.now, wire_id=wire_id, order_id="LATE"))

    assert live(run, wire_id) == [OrderState.OPEN]
    assert run.told("order_landed_after_all") == 1
    run.tick(10_000)
    assert [int(order.price) for order in run.exchange.placed].count(9900) == 1


@pytest.mark.parametrize("code", [10002, 10006, 10018, 429, 403])
def test_a_retryable_refusal_is_sent_again_after_1_2_4_s_with_the_same_wire_id_ls_16(
    started: Runs, places: Places, code: int
) -> None:
    run = started()
    run.exchange.refuse_places.extend([code, 0, 0, 0, code, code, code])
    sent = []
    for _ in range(30):
        for order in places(run.tick(10_000, after_us=SECOND_US // 2)):
            if order.price == 9900:
                sent.append((run.now, order.wire_id))

    assert [(at - sent[0][0]) / SECOND_US for at, _ in sent[:4]] == [0, 1, 3, 7]
    assert len({wire_id for _, wire_id in sent[:4]}) == 1
    assert len({wire_id for _, wire_id in sent}) == 2, "then it is a new placement"
    assert LOWER_BUY in rows(run)


def test_a_restart_makes_placements_in_flight_unknown_and_asks_for_everything(
    started: Runs, asks: Asks
) -> None:
    run = started(prompt=False)
    run.tick(10_000)
    run.waiting.clear()
    memory = json.loads(json.dumps(run.session.snapshot()))
    run.session = run.fresh_session()
    run.session.restore(memory)
    run.wait(2 * SECOND_US)

    effects = run.send(SessionStarted(at=run.now))

    assert {order.state for order in run.session.live_orders()} == {OrderState.UNCERTAIN}
    assert {ask.kind for ask in asks(effects)} == set(SnapshotKind)
    assert not [item for item in run.tick(10_000).requests if not isinstance(item, AskSnapshot)]
    run.deliver()
    assert {order.state for order in run.session.live_orders()} == {OrderState.OPEN}
    assert run.modes() == set()


# -- what executions lack ---------------------------------------------------------------------


def test_executions_that_an_order_update_promises_are_asked_for_after_2_s(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.tick(10_000)
    run.wait(1000)
    update = run.exchange.execute(run.exchange.resting(BTC, LONG, BUY, 9900), 10)[1]
    run.send(update)
    assert run.session.balance != run.exchange.wallet

    before = [ask for effects in run.wait(2 * SECOND_US - 1) for ask in asks(effects)]
    after = [ask.kind for effects in run.wait(1) for ask in asks(effects)]

    assert before == []
    assert after == [SnapshotKind.EXECUTIONS, SnapshotKind.HISTORY]
    assert run.session.balance == run.exchange.wallet
    assert run.session.strategies[BTC].pair.legs[0].size == 10


# -- two orders of one level ------------------------------------------------------------------


def test_two_orders_of_one_level_that_rested_together_and_filled_halt_the_symbol_l29(
    started: Runs,
) -> None:
    """The twin comes by adoption: it carries our hash, and we do not remember it."""
    run = started()
    run.tick(10_000)
    run.wait(1000)
    ours = run.exchange.update(run.exchange.resting(BTC, LONG, BUY, 9900), OrderStatus.NEW)
    twin = replace(ours, order_id="TWIN", wire_id=f"{ours.wire_id}0")
    run.prompt = False
    run.send(twin)
    assert run.session.open_orders == 5
    run.wait(1000)

    for number, order in enumerate((ours, twin)):
        effects = run.send(
            Execution(
                symbol=BTC,
                at=run.now,
                sequence=number,
                exec_id=f"T{number}",
                order_id=order.order_id,
                wire_id=order.wire_id,
                direction=LONG,
                side=BUY,
                price=9900,
                qty=order.qty,
                leaves=Steps(0),
                closed=Steps(0),
                fee=Decimal(0),
                kind=ExecType.TRADE,
                is_maker=True,
            )
        )

    assert "duplicate_fills" in [notice.event for notice in effects.notices]
    assert (BTC, "duplicate_fills", "HALT") in run.modes()


def test_what_an_execution_opened_may_be_closed_before_any_position_report_l47(
    started: Runs, places: Places
) -> None:
    run = started()
    run.tick(10_000)
    run.tick(10_000)
    assert run.session.denials()["coverage"] > 0, "there was nothing to close"
    run.wait(1000)
    resting = run.exchange.resting(BTC, LONG, BUY, 9900)
    executed, *_ = run.exchange.execute(resting, 4)

    run.send(executed)

    closes = [order for order in places(run.tick(10_000)) if order.reduce_only]
    assert [(order.direction, order.price, order.qty) for order in closes] == [(LONG, 10_100, 4)]


def test_a_position_that_an_execution_closed_endangers_nothing_before_any_report_l47(
    started: Runs,
) -> None:
    run = started()
    run.tick(10_000)
    run.hold(LONG, 10, liquidation=Decimal(950))
    run.tick(10_000)
    severity = run.session.strategies[BTC].risk.severity
    assert severity[0] is RiskSeverity.EMERGENCY
    run.wait(1000)
    executed, *_ = run.exchange.execute(run.exchange.resting(BTC, LONG, SELL, 10_100), 10)

    run.send(executed)
    run.tick(10_000)

    assert run.session.strategies[BTC].risk.severity[0] is RiskSeverity.NONE


def test_a_close_that_the_exchange_cut_frees_the_coverage_it_no_longer_takes(
    started: Runs,
) -> None:
    run = started()
    run.hold(LONG, 10)
    for _ in range(3):
        run.tick(10_000)
    strategy = run.session.strategies[BTC]
    close = run.exchange.resting(BTC, LONG, SELL, 10_100)
    update = run.exchange.update(close, OrderStatus.NEW)
    assert (strategy.means.uncovered(0), run.session.quiet_band(BTC) is None) == (0, False)

    run.send(replace(update, qty=Steps(4), leaves=Steps(4)))

    assert strategy.means.uncovered(0) == 6
    assert run.session.quiet_band(BTC) is None


def test_a_report_that_says_nothing_new_of_an_order_changes_nothing(started: Runs) -> None:
    run = started()
    for _ in range(3):
        run.tick(10_000)
    before = run.session.snapshot()
    resting = run.exchange.resting(BTC, LONG, BUY, 9900)

    effects = run.send(run.exchange.update(resting, OrderStatus.NEW))

    assert not effects
    assert run.session.snapshot() == before
    assert run.session.quiet_band(BTC) is not None


def test_a_cancel_in_flight_at_a_restart_is_asked_for_again_after_3_s(
    started: Runs, cancels: Cancels
) -> None:
    run = started(prompt=False)
    run.tick(10_000)
    run.deliver()
    run.wait(5 * SECOND_US)
    run.deliver()
    resting = dict(run.exchange.orders)
    run.send(OperatorCommand(at=run.now, action=OperatorAction.CLOSE_ONLY, symbol=None))
    assert len(cancels(run.tick(10_000))) == 4
    run.waiting.clear()
    run.exchange.orders.update(resting)
    run.exchange.ended.clear()

    memory = json.loads(json.dumps(run.session.snapshot()))
    run.session = run.fresh_session()
    run.session.restore(memory)
    run.start()
    run.wait(2_800_000)
    run.deliver()
    assert not cancels(run.tick(10_000))
    run.wait(100_000)

    assert len(cancels(run.tick(10_000))) == 4


def test_an_order_of_unknown_outcome_is_looked_at_again_after_3_s(started: Runs) -> None:
    run = started(prompt=False)
    run.wait(20 * SECOND_US)
    run.tick(10_000)
    first = run.exchange.placed[0]

    run.send(PlaceUnknown(symbol=BTC, at=run.now, wire_id=first.wire_id, text="timeout"))

    assert run.session.next_deadline() == run.now + 3 * SECOND_US
