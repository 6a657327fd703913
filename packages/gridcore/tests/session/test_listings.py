"""Listings, histories and executions on request: what they prove, and what they do not.

Absence is evidence only in complete answers that had to know (L30).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    CancelAccepted,
    CancelRejected,
    Event,
    ExecutionsSnapshot,
    HistorySnapshot,
    OperatorAction,
    OperatorCommand,
    OrdersSnapshot,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PlaceUnknown,
    SessionStarted,
    StreamLost,
    StreamRestored,
)
from gridcore.instrument import Steps
from gridcore.session.effects import (
    AskSnapshot,
    CancelOrder,
    Effects,
    FillRecord,
    PlaceOrder,
    SnapshotKind,
)
from gridcore.session.orders import OrderState
from gridcore.sides import BUY, LONG

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Resting, Run

BTC = "BTCUSDT"
Runs = Callable[..., "Run"]
Asks = Callable[[Effects], list[AskSnapshot]]
Places = Callable[[Effects], list[PlaceOrder]]
Cancels = Callable[[Effects], list[CancelOrder]]
ORDERS, HISTORY, EXECUTIONS = (
    SnapshotKind.ORDERS,
    SnapshotKind.HISTORY,
    SnapshotKind.EXECUTIONS,
)
LEVEL = ("long", "Buy", 9900)


@pytest.fixture(scope="session")
def ladder(started: Runs) -> Callable[[], "Run"]:
    """A grid whose orders were acknowledged; from now on answers wait for the test."""

    def make() -> "Run":
        run = started()
        run.wait(SECOND_US)  # the questions of the start are behind us
        run.tick(10_000)
        run.prompt = False
        return run

    return make


@pytest.fixture(scope="session")
def unknown(started: Runs) -> Callable[..., "tuple[Run, Resting]"]:
    """A grid of whose order at 9900 nobody replied; it landed or it did not."""

    def make(*, landed: bool, told: bool = True) -> "tuple[Run, Resting]":
        run = started()
        run.wait(SECOND_US)
        run.prompt = False
        run.tick(10_000)
        order = lower_buy(run)
        for event in list(run.waiting):
            if isinstance(event, PlaceAccepted | OrderUpdate) and event.order_id == order.order_id:
                run.waiting.remove(event)
        run.deliver()
        if not landed:
            del run.exchange.orders[order.order_id]
        wire_id = order.request.wire_id
        if told:
            run.send(PlaceUnknown(symbol=BTC, at=run.now, wire_id=wire_id, text="no reply"))
        return run, order

    return make


def lower_buy(run: "Run") -> "Resting":
    return run.exchange.resting(BTC, LONG, BUY, 9900)


def lived(run: "Run", order: "Resting") -> bool:
    """Whether the session still counts with the order."""
    return order.request.wire_id in [known.wire_id for known in run.session.live_orders()]


def state_of(run: "Run", order: "Resting") -> OrderState:
    (known,) = [one for one in run.session.live_orders() if one.wire_id == order.request.wire_id]
    return known.state


def levels(run: "Run") -> list[tuple[str, str, int]]:
    return [row[:3] for row in run.book()]


def answer(
    run: "Run", kind: SnapshotKind, asked_at: Instant, *, complete: bool = True, since: int = 0
) -> Effects:
    """One answer, asked when the test says so, arrives; all other answers are lost."""
    if run.now < asked_at:
        run.wait(asked_at - run.now)
    run.waiting.clear()
    event: OrdersSnapshot | HistorySnapshot | ExecutionsSnapshot
    if kind is ORDERS:
        event = run.exchange.listing(BTC)
    elif kind is HISTORY:
        event = run.exchange.history(BTC)
    else:
        event = run.exchange.executed(BTC, Instant(since))
    return run.send(replace(event, asked_at=asked_at, complete=complete))


# -- outcomes that nobody knows ---------------------------------------------------------------


def test_an_unknown_outcome_asks_for_the_open_and_the_ended_orders_at_once_l05(
    unknown: Callable[..., Any], asks: Asks
) -> None:
    run, order = unknown(landed=True)

    _, _, effects = run.handled[-1]

    assert [request.kind for request in asks(effects)] == [ORDERS, HISTORY]
    assert lived(run, order), "a timeout is not a failure"


def test_it_is_asked_again_while_nothing_is_known(unknown: Callable[..., Any], asks: Asks) -> None:
    run, _ = unknown(landed=False)

    fired = run.wait(4 * SECOND_US)

    assert {request.kind for effects in fired for request in asks(effects)} == {ORDERS, HISTORY}


def test_a_create_that_landed_is_found_and_no_second_one_is_sent_a06(
    unknown: Callable[..., Any],
) -> None:
    run, order = unknown(landed=True)

    run.deliver()
    run.tick(10_000)
    run.deliver()

    assert state_of(run, order) is OrderState.OPEN
    assert levels(run).count(LEVEL) == 1


def test_a_create_that_landed_and_filled_is_found_in_the_history(
    unknown: Callable[..., Any],
) -> None:
    run, order = unknown(landed=True)
    run.waiting.clear()
    run.exchange.execute(order, 10)

    answer(run, HISTORY, run.now)
    answer(run, EXECUTIONS, run.now)

    assert not lived(run, order)
    assert run.session.ledger.leg_size(BTC, LONG) == run.exchange.legs[BTC, LONG][0]


@pytest.mark.parametrize(
    ("listing_s", "history_s", "settled"),
    [(7, 7, True), (8, 30, True), (30, 8, True), (6.9, 30, False), (30, 6.9, False)],
)
def test_it_is_settled_only_when_listing_and_history_were_both_asked_7_s_after_it_was_sent(
    unknown: Callable[..., Any], listing_s: float, history_s: float, settled: bool
) -> None:
    run, order = unknown(landed=False)
    sent_at = run.now

    for seconds, kind in sorted([(listing_s, ORDERS), (history_s, HISTORY)]):
        answer(run, kind, Instant(sent_at + round(seconds * SECOND_US)))

    assert lived(run, order) is not settled
    assert run.told("order_did_not_land") == settled


@pytest.mark.parametrize("kind", [ORDERS, HISTORY])
def test_an_incomplete_answer_settles_no_unknown_outcome_l30(
    unknown: Callable[..., Any], kind: SnapshotKind
) -> None:
    run, order = unknown(landed=False)
    sent_at = run.now

    for one in (ORDERS, HISTORY):
        answer(run, one, Instant(sent_at + 8 * SECOND_US), complete=one is not kind)

    assert lived(run, order)


def test_a_create_that_did_not_land_is_sent_once_more_with_the_same_id_a07(
    unknown: Callable[..., Any], places: Places
) -> None:
    run, order = unknown(landed=False)
    later = Instant(run.now + 8 * SECOND_US)
    answer(run, ORDERS, later)
    answer(run, HISTORY, later)

    effects = [run.tick(10_000), run.tick(10_000)]

    again = [place.wire_id for one in effects for place in places(one)]
    assert again == [order.request.wire_id]


def test_an_order_that_was_settled_as_not_landed_and_is_listed_after_all_lives_on(
    unknown: Callable[..., Any],
) -> None:
    run, order = unknown(landed=False)
    later = Instant(run.now + 8 * SECOND_US)
    answer(run, ORDERS, later)
    answer(run, HISTORY, later)
    run.exchange.orders[order.order_id] = order

    answer(run, ORDERS, Instant(later + 2 * SECOND_US))

    assert run.told("order_lives_on") == 1
    assert order.order_id in [known.order_id for known in run.session.live_orders()]
    assert run.session.open_orders == len(run.book())


def test_a_request_without_any_reply_is_unknown_after_30_s(unknown: Callable[..., Any]) -> None:
    run, order = unknown(landed=False, told=False)
    sent_at = run.now

    answer(run, ORDERS, Instant(sent_at + 30 * SECOND_US))
    answer(run, HISTORY, Instant(sent_at + 30 * SECOND_US))
    assert state_of(run, order) is OrderState.PENDING
    answer(run, ORDERS, Instant(sent_at + 31 * SECOND_US))

    assert state_of(run, order) is OrderState.UNCERTAIN


# -- orders that are not listed ---------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "asked"), [(1.9, []), (2, [HISTORY, EXECUTIONS])])
def test_a_listing_counts_when_it_was_asked_2_s_after_the_acknowledgement(
    ladder: Callable[[], "Run"], asks: Asks, seconds: float, asked: list[SnapshotKind]
) -> None:
    run = ladder()
    acknowledged_at = run.now
    del run.exchange.orders[lower_buy(run).order_id]

    effects = answer(run, ORDERS, Instant(acknowledged_at + round(seconds * SECOND_US)))

    assert [request.kind for request in asks(effects)] == asked


Answer = tuple[SnapshotKind, float]
_VANISHED: list[Answer] = [(ORDERS, 2), (HISTORY, 2), (ORDERS, 4), (HISTORY, 4), (EXECUTIONS, 4)]


def vanish(run: "Run", answers: list[Answer], *, partial: int | None = None) -> "Resting":
    """An order is gone from the exchange without a trace; then answers come."""
    order = lower_buy(run)
    acknowledged_at = run.now
    del run.exchange.orders[order.order_id]
    for number, (kind, seconds) in enumerate(answers):
        asked_at = Instant(acknowledged_at + round(seconds * SECOND_US))
        answer(run, kind, asked_at, complete=number != partial)
    return order


def test_a_vanished_order_with_a_silent_history_is_settled_by_its_executions_with_an_alert_l21(
    ladder: Callable[[], "Run"],
) -> None:
    run = ladder()

    order = vanish(run, _VANISHED)

    assert not lived(run, order)
    assert run.told("order_vanished") == 1
    assert run.session.open_orders == len(run.book())


@pytest.mark.parametrize("partial", range(5))
def test_an_incomplete_answer_proves_no_absence_l30(
    ladder: Callable[[], "Run"], partial: int
) -> None:
    run = ladder()

    order = vanish(run, _VANISHED, partial=partial)

    assert lived(run, order)
    assert run.told("order_vanished") == 0


@pytest.mark.parametrize(
    "answers",
    [
        [(ORDERS, 1.9), (HISTORY, 2), (ORDERS, 4), (HISTORY, 4), (EXECUTIONS, 4)],
        [(ORDERS, 2), (HISTORY, 2), (ORDERS, 3.9), (HISTORY, 4), (EXECUTIONS, 4)],
        [(ORDERS, 2), (HISTORY, 2), (HISTORY, 4), (EXECUTIONS, 4)],
        [(ORDERS, 2), (ORDERS, 4), (HISTORY, 4), (EXECUTIONS, 4)],
        [(ORDERS, 2), (ORDERS, 4), (HISTORY, 4), (HISTORY, 5.9), (EXECUTIONS, 6)],
        [(ORDERS, 2), (HISTORY, 2), (ORDERS, 4), (EXECUTIONS, 4), (HISTORY, 4)],
    ],
    ids=[
        "first listing too early",
        "listings too close",
        "one listing",
        "one history",
        "histories too close",
        "executions before the history",
    ],
)
def test_less_than_two_listings_two_histories_and_executions_settle_nothing(
    ladder: Callable[[], "Run"], answers: list[Answer]
) -> None:
    run = ladder()

    order = vanish(run, answers)

    assert lived(run, order)


def test_executions_that_begin_after_the_order_was_sent_prove_nothing_about_it(
    ladder: Callable[[], "Run"],
) -> None:
    run = ladder()
    sent_at = run.now
    order = vanish(run, _VANISHED[:-1])

    answer(run, EXECUTIONS, run.now, since=sent_at + 1)
    assert lived(run, order)
    answer(run, EXECUTIONS, run.now, since=sent_at)

    assert not lived(run, order)


def test_what_a_vanished_order_filled_is_booked_before_it_is_settled_l21(
    ladder: Callable[[], "Run"],
) -> None:
    run = ladder()
    run.exchange.execute(lower_buy(run), 4)

    vanish(run, _VANISHED)

    assert run.session.ledger.leg_size(BTC, LONG) == run.exchange.legs[BTC, LONG][0]
    assert run.session.balance == run.exchange.wallet


def test_a_listed_order_starts_its_absence_anew(ladder: Callable[[], "Run"]) -> None:
    run = ladder()
    acknowledged_at = run.now
    order = vanish(run, _VANISHED[:2])
    run.exchange.orders[order.order_id] = order
    answer(run, ORDERS, Instant(acknowledged_at + 3 * SECOND_US))
    del run.exchange.orders[order.order_id]

    for kind in (ORDERS, HISTORY, EXECUTIONS):
        answer(run, kind, Instant(acknowledged_at + 5 * SECOND_US))

    assert lived(run, order)


def test_the_history_ends_an_order_at_once_whatever_was_listed(
    ladder: Callable[[], "Run"],
) -> None:
    run = ladder()
    order = lower_buy(run)
    run.exchange.withdraw(order)

    answer(run, HISTORY, run.now)

    assert not lived(run, order)
    assert run.told("order_vanished") == 0


def test_the_session_asks_by_itself_until_a_vanished_order_is_settled(
    ladder: Callable[[], "Run"],
) -> None:
    run = ladder()
    order = lower_buy(run)
    del run.exchange.orders[order.order_id]
    run.prompt = True

    run.wait(90 * SECOND_US)

    assert not lived(run, order)
    assert run.told("order_vanished") == 1
    run.tick(10_000)
    assert levels(run).count(LEVEL) == 1


# -- stale and repeated answers ---------------------------------------------------------------


def test_a_listing_from_before_an_orders_end_does_not_bring_it_back_l46(
    ladder: Callable[[], "Run"],
) -> None:
    run = ladder()
    run.wait(10 * SECOND_US)
    run.waiting.clear()
    stale = run.exchange.listing(BTC)
    order = lower_buy(run)
    run.fill(LONG, BUY, 9900)
    before = run.session.open_orders

    run.send(replace(stale, asked_at=Instant(run.now + SECOND_US)))

    assert not lived(run, order)
    assert run.session.open_orders == before


def test_an_order_that_we_settled_and_that_is_still_listed_2_s_later_lives_on(
    ladder: Callable[[], "Run"],
) -> None:
    run = ladder()
    order = vanish(run, _VANISHED)
    run.exchange.orders[order.order_id] = order

    answer(run, ORDERS, Instant(run.now + 2 * SECOND_US))

    assert run.told("order_lives_on") == 1
    assert run.session.open_orders == len(run.book())


def test_a_listing_that_is_too_old_to_know_an_order_changes_nothing(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.wait(SECOND_US)
    run.prompt = False
    empty = run.exchange.listing(BTC)
    run.tick(10_000)
    run.deliver()
    before = run.session.open_orders

    effects = run.send(replace(empty, asked_at=run.now))

    assert not asks(effects)
    assert run.session.open_orders == before


def test_an_incomplete_listing_does_not_make_the_book_known_l50(make_run: Runs) -> None:
    unknown_book = (BTC, "unknown_book", "NO_OPEN")
    run = make_run(prompt=False)
    run.send(SessionStarted(at=run.now))
    run.waiting.clear()

    run.send(run.exchange.listing(BTC, complete=False))
    assert unknown_book in run.modes()
    run.send(run.exchange.listing(BTC))

    assert unknown_book not in run.modes()


def test_answers_about_symbols_that_nobody_trades_change_nothing(
    ladder: Callable[[], "Run"],
) -> None:
    run = ladder()
    before = run.session.snapshot()
    snapshots: list[Event] = [
        replace(run.exchange.listing(BTC), symbol="XRPUSDT"),
        replace(run.exchange.history(BTC), symbol="XRPUSDT"),
        replace(run.exchange.executed(BTC, None), symbol="XRPUSDT"),
    ]

    effects = [run.send(event) for event in snapshots]

    assert not any(effects)
    assert run.session.snapshot() == before


@given(st.data())
def test_executions_count_once_however_often_and_by_whatever_way_they_arrive_l33_a15(
    ladder: Callable[[], "Run"], data: st.DataObject
) -> None:
    run = ladder()
    order = lower_buy(run)
    parts = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4), label="parts")
    pushed: list[Event] = []
    for steps in parts:
        run.wait(1000)
        run.exchange.now = run.now
        pushed += run.exchange.execute(order, min(steps, order.leaves))[:1]
        if not order.leaves:
            break
    run.waiting.clear()

    arrivals = data.draw(st.lists(st.sampled_from([*range(len(pushed)), -1]), max_size=8))
    for number in [*arrivals, -1]:
        if number < 0:
            answer(run, EXECUTIONS, run.now)
        else:
            run.send(pushed[number])

    fills = [
        record.exec_id
        for _, _, effects in run.handled
        for record in effects.records
        if isinstance(record, FillRecord)
    ]
    assert len(fills) == len(set(fills)) == len(pushed)
    assert run.session.balance == run.exchange.wallet


# -- while the stream was down ----------------------------------------------------------------


def test_an_order_that_filled_while_the_stream_was_down_is_seen_and_not_placed_again_a11_l42(
    started: Runs,
) -> None:
    run = started()
    run.tick(10_000)
    run.send(StreamLost(at=run.now, symbol=None, reason="closed"))
    run.wait(5 * SECOND_US)
    run.exchange.execute(lower_buy(run), 10)

    run.wait(5 * SECOND_US)
    run.send(StreamRestored(at=run.now, symbol=None))
    run.tick(10_000)

    assert run.modes() == set()
    assert LEVEL not in levels(run), "the level waits"
    assert run.session.balance == run.exchange.wallet
    assert run.session.strategies[BTC].pair.legs[0].size == 10


def test_an_order_cancelled_by_hand_while_the_stream_was_down_is_placed_again_once_a12(
    started: Runs,
) -> None:
    run = started()
    run.tick(10_000)
    placed = len(run.exchange.placed)
    run.send(StreamLost(at=run.now, symbol=None, reason="closed"))
    run.wait(5 * SECOND_US)
    run.exchange.withdraw(lower_buy(run))

    run.wait(5 * SECOND_US)
    run.send(StreamRestored(at=run.now, symbol=None))
    run.tick(10_000)
    run.tick(10_000)

    assert levels(run).count(LEVEL) == 1
    assert len(run.exchange.placed) == placed + 1


# -- executions that are missing --------------------------------------------------------------


def test_a_fill_whose_execution_was_lost_is_asked_for_after_2_s_and_booked_once_l21(
    ladder: Callable[[], "Run"], asks: Asks
) -> None:
    run = ladder()
    run.wait(1000)
    run.exchange.now = run.now
    update = run.exchange.execute(lower_buy(run), 10)[1]
    run.send(update)
    assert run.session.balance != run.exchange.wallet
    run.prompt = True

    fired = run.wait(2 * SECOND_US)

    asked = [request.kind for effects in fired for request in asks(effects)]
    assert EXECUTIONS in asked
    assert run.session.balance == run.exchange.wallet


def test_executions_that_nobody_knows_after_30_s_are_given_up_with_an_alert(
    ladder: Callable[[], "Run"],
) -> None:
    run = ladder()
    update = run.exchange.execute(lower_buy(run), 10)[1]
    run.send(update)
    run.exchange.executions.clear()
    run.prompt = True

    run.wait(30 * SECOND_US)
    assert run.told("executions_missing") == 0
    run.wait(10 * SECOND_US)

    assert run.told("executions_missing") == 1
    run.wait(300 * SECOND_US)
    assert run.told("executions_missing") == 1


# -- cancels ----------------------------------------------------------------------------------


def halted(run: "Run") -> "Resting":
    """The operator wants every order gone; the cancel of the one at 9900 is lost on its way."""
    order = lower_buy(run)
    run.send(OperatorCommand(at=run.now, action=OperatorAction.CANCEL_ALL, symbol=None))
    run.waiting.clear()
    run.exchange.ended.clear()
    run.exchange.orders[order.order_id] = order
    return order


def test_an_order_that_is_gone_when_it_is_to_be_cancelled_is_looked_up_in_the_history_a13(
    ladder: Callable[[], "Run"], asks: Asks
) -> None:
    run = ladder()
    order = halted(run)
    run.wait(SECOND_US)
    run.exchange.execute(order, 10)

    effects = run.send(
        CancelRejected(symbol=BTC, at=run.now, order_id=order.order_id, code=110001, text="gone")
    )
    assert {request.kind for request in asks(effects)} == {HISTORY, EXECUTIONS}
    answer(run, HISTORY, run.now)

    (ended,) = [row for row in run.exchange.ended if row.order_id == order.order_id]
    assert ended.status is OrderStatus.FILLED
    assert not lived(run, order)


def test_a_cancel_that_nobody_answered_for_30_s_is_asked_for_again(
    ladder: Callable[[], "Run"], cancels: Cancels
) -> None:
    run = ladder()
    order = halted(run)
    sent_at = run.now

    for seconds in (30, 31, 40):
        run.exchange.orders[order.order_id] = order
        answer(run, ORDERS, Instant(sent_at + seconds * SECOND_US))

    asked_at = [
        at - sent_at
        for _, at, effects in run.handled
        for cancel in cancels(effects)
        if cancel.order_id == order.order_id
    ]
    assert asked_at == [0, 35 * SECOND_US]


def test_a_partly_filled_order_that_is_listed_takes_over_what_is_left(
    ladder: Callable[[], "Run"],
) -> None:
    run = ladder()
    order = lower_buy(run)
    run.exchange.execute(order, 4)

    answer(run, ORDERS, run.now)

    (known,) = [one for one in run.session.live_orders() if one.order_id == order.order_id]
    assert (known.filled, known.leaves) == (Steps(4), Steps(6))


def test_an_accepted_cancel_alone_ends_no_order(ladder: Callable[[], "Run"]) -> None:
    run = ladder()
    order = halted(run)

    run.send(CancelAccepted(symbol=BTC, at=run.now, order_id=order.order_id))

    assert lived(run, order), "how it ended is not known yet: a fill may have won the race"
