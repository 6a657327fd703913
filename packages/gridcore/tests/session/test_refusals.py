"""What each refusal of a placement causes, and what ends it (spec/live.md 1.7)."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.events import (
    AuthenticationFailed,
    CancelRejected,
    PlaceAccepted,
    PlaceRejected,
    PositionsSnapshot,
    QuestionRefused,
)
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    Effects,
    PlaceOrder,
    Severity,
    SnapshotKind,
)
from gridcore.session.orders import OrderState, TrackedOrder
from gridcore.session.refusals import RefusalDesk, key_of
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
Runs = Callable[..., "Run"]
Places = Callable[[Effects], list[PlaceOrder]]
Cancels = Callable[[Effects], list[CancelOrder]]
Asks = Callable[[Effects], list[AskSnapshot]]

HALTED = {("", "authentication", "HALT")}
PROBE = "whether the key works again"
NO_MONEY = {("", "balance", "NO_OPEN")}


def sent_at_9900(run: "Run") -> list[tuple[Instant, str]]:
    """When the long buy at 9900 was sent, and with which wire id."""
    return [
        (now, request.request.wire_id)
        for _, now, effects in run.handled
        for request in effects.requests
        if isinstance(request, Approved)
        and (request.request.direction, request.request.side, request.request.price)
        == (LONG, BUY, 9_900)
    ]


def refuse_at_9900(run: "Run", code: int, times: int) -> None:
    """The first placement of a fresh grid is the long buy at 9900; so are its repetitions."""
    run.exchange.refuse_places.extend([code, 0, 0, 0])
    run.tick(10_000)
    run.exchange.refuse_places.clear()
    run.exchange.refuse_places.extend([code] * (times - 1))


def ticks_for(run: "Run", seconds: int, last: int = 10_000) -> None:
    """A ticker every tenth of a second."""
    for _ in range(seconds * 10):
        run.tick(last)


def seconds_after(first: Instant, later: Instant) -> float:
    return round((later - first) / SECOND_US, 1)


# -- whose placement, which code --------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "side", "key"),
    [
        (LONG, BUY, (0, 0, 9_900)),
        (LONG, SELL, (0, 1, 9_900)),
        (SHORT, BUY, (1, 0, 9_900)),
        (SHORT, SELL, (1, 1, 9_900)),
    ],
)
def test_a_placement_is_its_direction_side_and_price(
    direction: DirectionType, side: SideType, key: tuple[int, int, int]
) -> None:
    order = TrackedOrder(
        order_id="O",
        direction=direction,
        side=side,
        price=9_900,
        symbol=BTC,
        strat_id="grid",
        client_order_id="0" * 16,
        wire_id="w",
        qty=1,
        leaves=1,
        state=OrderState.PENDING,
        opens=True,
        level=0,
        sent_at=Instant(0),
    )

    assert key_of(order) == key


@pytest.mark.parametrize(
    ("code", "ambiguous"),
    [(110072, True), (10016, True), (503, True), (10006, False), (110007, False), (10001, False)],
)
def test_some_codes_leave_open_whether_the_order_exists_a08(code: int, ambiguous: bool) -> None:
    assert RefusalDesk.ambiguous(code) is ambiguous


# -- retryable --------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [10002, 10006, 10018, 429, 403])
def test_a_retryable_refusal_is_sent_again_after_1_2_and_4_s_with_its_wire_id_ls_16(
    started: Runs, code: int
) -> None:
    run = started()

    refuse_at_9900(run, code, times=3)
    ticks_for(run, 10)

    sent = sent_at_9900(run)
    first = sent[0][0]
    assert [seconds_after(first, at) for at, _ in sent] == [0, 1.0, 3.0, 7.0]
    assert len({wire_id for _, wire_id in sent}) == 1
    assert run.session.open_orders == len(run.book()) == 4
    assert run.told("placement_refused") == 0, "it was refused for a moment only"


def test_after_three_repetitions_it_counts_as_a_refusal_and_the_next_order_is_a_new_one(
    started: Runs,
) -> None:
    run = started()

    refuse_at_9900(run, 10006, times=4)
    ticks_for(run, 10)

    sent = sent_at_9900(run)
    assert [seconds_after(sent[0][0], at) for at, _ in sent] == [0, 1.0, 3.0, 7.0, 7.1]
    assert [wire_id == sent[0][1] for _, wire_id in sent] == [True, True, True, True, False]
    assert run.told("placement_refused") == 1


def test_who_refuses_for_ever_is_stopped_by_the_breaker_l36(started: Runs, asks: Asks) -> None:
    run = started()

    refuse_at_9900(run, 10006, times=1000)
    ticks_for(run, 60)

    assert len(sent_at_9900(run)) == 12, "three times four attempts, then 60 s of nothing"
    assert run.told("placement_stopped") == 1
    reasons = [
        ask.kind
        for _, _, effects in run.handled
        for ask in asks(effects)
        if ask.reason == "a placement is refused again and again"
    ]
    assert reasons == [SnapshotKind.ORDERS, SnapshotKind.POSITIONS]


def test_a_level_that_the_engine_no_longer_wants_is_not_sent_again_a07(
    started: Runs,
) -> None:
    run = started()
    refuse_at_9900(run, 10006, times=1)

    ticks_for(run, 10, last=9_900)

    assert len(sent_at_9900(run)) == 1


def test_a_repetition_passes_the_gates_like_any_placement(started: Runs) -> None:
    run = started()
    refuse_at_9900(run, 10006, times=1)

    run.deposit("-9999.5")
    ticks_for(run, 10)

    assert len(sent_at_9900(run)) == 1


# -- the wallet -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [110004, 110007, 110012, 110045, 110052])
def test_opens_stop_for_60_s_at_least_and_until_a_newer_wallet_a21(
    started: Runs, places: Places, code: int
) -> None:
    run = started()

    refuse_at_9900(run, code, times=1)
    refused_at = run.now
    assert run.modes() == NO_MONEY
    ticks_for(run, 59)
    assert run.modes() == NO_MONEY, "60 s are not over"
    ticks_for(run, 8)

    assert run.modes() == set()
    again = sent_at_9900(run)[1:]
    assert len(again) == 1
    assert 60 <= seconds_after(refused_at, again[0][0]) <= 66
    assert again[0][1] != sent_at_9900(run)[0][1], "no retry: a new order"


def test_the_wallet_is_asked_for_at_once_and_one_of_the_same_instant_is_not_newer_a21(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.wait(5 * SECOND_US)
    handled = len(run.handled)

    refuse_at_9900(run, 110007, times=1)
    asked = [ask.kind for _, _, effects in run.handled[handled:] for ask in asks(effects)]
    ticks_for(run, 62)
    assert run.modes() == NO_MONEY
    ticks_for(run, 5)

    assert asked == [SnapshotKind.WALLET]
    assert run.modes() == set()


def test_without_a_newer_wallet_opens_stay_forbidden_and_the_wallet_is_asked_for_a21(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.prompt = False

    run.exchange.refuse_places.append(110007)
    run.tick(10_000)
    run.deliver(1)
    run.waiting.clear()
    ticks_for(run, 100)
    assert run.modes() == NO_MONEY
    assert any(
        ask.kind is SnapshotKind.WALLET for _, _, effects in run.handled for ask in asks(effects)
    )
    run.deposit("1")
    ticks_for(run, 6)

    assert run.modes() == set()


def test_closes_are_unaffected_by_an_empty_wallet_a21(started: Runs) -> None:
    run = started()
    refuse_at_9900(run, 110007, times=1)

    run.hold(LONG, 10)
    run.tick(10_000)

    assert run.modes() == NO_MONEY
    assert ("long", "Sell", 10_100, 10) in run.book()


# -- the position -----------------------------------------------------------------------------


@pytest.fixture
def closing(started: Runs) -> Callable[[], "Run"]:
    """A run with both legs, compared with the exchange, whose closes are not placed yet."""

    def make() -> "Run":
        run = started()
        run.tick(10_000)
        run.hold(LONG, 20)
        run.hold(SHORT, 20)
        run.wait(20 * SECOND_US)
        return run

    return make


def closes_of(effects: list[PlaceOrder], direction: DirectionType) -> list[int]:
    return [
        int(order.price) for order in effects if order.reduce_only and order.direction is direction
    ]


def test_closes_of_a_direction_wait_for_a_position_newer_than_the_refusal_a20(
    closing: Callable[[], "Run"], places: Places, asks: Asks
) -> None:
    run = closing()
    run.prompt = False
    placed = places(run.tick(10_000))
    assert (closes_of(placed, LONG), closes_of(placed, SHORT)) == ([10_100, 10_201], [9_900, 9_801])
    refused = next(order for order in placed if order.reduce_only and order.direction is LONG)
    run.waiting.clear()

    effects = run.send(
        PlaceRejected(symbol=BTC, at=run.now, wire_id=refused.wire_id, code=110017, text="no")
    )
    assert [ask.kind for ask in asks(effects)] == [SnapshotKind.POSITIONS]
    run.waiting.clear()
    assert [closes_of(places(run.tick(10_000)), LONG) for _ in range(5)] == [[]] * 5
    run.send(run.exchange.position(BTC, LONG))

    assert closes_of(places(run.tick(10_000)), LONG) == [10_100]


def test_the_answer_to_the_question_that_110017_asks_lets_closes_go_on_a20(
    closing: Callable[[], "Run"], places: Places
) -> None:
    """However fast it comes: what is asked after the refusal is newer than the refusal."""
    run = closing()
    run.exchange.refuse_places.extend([110017, 110017])

    refused = places(run.tick(10_000))
    again = places(run.tick(10_000))

    assert [order.price for order in refused[:2]] == [9_900, 10_100]
    assert sorted(int(order.price) for order in again) == [9_900, 10_100]


def test_an_older_report_and_one_of_the_other_leg_are_no_answer_to_110017_a20(
    closing: Callable[[], "Run"], places: Places
) -> None:
    run = closing()
    run.prompt = False
    placed = places(run.tick(10_000))
    older = run.exchange.position(BTC, LONG)
    refused = next(order for order in placed if order.reduce_only and order.direction is LONG)
    run.waiting.clear()
    run.wait(SECOND_US)
    run.send(PlaceRejected(symbol=BTC, at=run.now, wire_id=refused.wire_id, code=110017, text="no"))
    run.waiting.clear()

    run.wait(1000)
    run.send(older)
    run.send(run.exchange.position(BTC, SHORT))

    assert closes_of(places(run.tick(10_000)), LONG) == []


def refuse_close(run: "Run", places: Places, refused_at: int) -> None:
    """Of the closes that leave with the next ticker the first long one is refused."""
    placed = places(run.tick(10_000))
    refused = next(order for order in placed if order.reduce_only and order.direction is LONG)
    run.waiting.clear()
    at = Instant(run.now + refused_at)
    run.send(PlaceRejected(symbol=BTC, at=at, wire_id=refused.wire_id, code=110017, text="no"))


def test_a_report_newer_than_the_refusal_at_the_exchange_is_enough_a20(
    closing: Callable[[], "Run"], places: Places
) -> None:
    """The reply travelled for half a second; the report was made while it did."""
    run = closing()
    run.prompt = False
    refuse_close(run, places, refused_at=-500_000)
    report = run.exchange.position(BTC, LONG)

    run.send(replace(report, at=Instant(run.now - 300_000)))

    assert closes_of(places(run.tick(10_000)), LONG) == [10_100]


def test_while_no_answer_is_sure_to_know_the_refusal_positions_are_asked_for_again_a20(
    closing: Callable[[], "Run"], places: Places, asks: Asks
) -> None:
    """An answer may be 2 s old: one asked 2 s after the refusal is sure, whatever it shows."""
    run = closing()
    known = [run.exchange.position(BTC, direction) for direction in (LONG, SHORT)]
    run.wait(SECOND_US)
    run.prompt = False
    refuse_close(run, places, refused_at=0)
    refused_at = run.now
    run.waiting.clear()

    def answer() -> None:
        run.send(PositionsSnapshot(symbol=BTC, asked_at=run.now, legs=tuple(known)))

    answer()
    asked = [ask.kind for effects in run.wait(2 * SECOND_US - 1) for ask in asks(effects)]
    assert SnapshotKind.POSITIONS not in asked
    asked = [ask.kind for effects in run.wait(1) for ask in asks(effects)]
    assert run.now == refused_at + 2 * SECOND_US
    assert asked == [SnapshotKind.POSITIONS]
    assert closes_of(places(run.tick(10_000, after_us=0)), LONG) == []
    answer()

    assert closes_of(places(run.tick(10_000)), LONG) == [10_100]


def test_once_a_report_came_the_position_is_not_asked_for_again_a20(
    closing: Callable[[], "Run"], places: Places, asks: Asks
) -> None:
    run = closing()
    known = [run.exchange.position(BTC, direction) for direction in (LONG, SHORT)]
    run.wait(SECOND_US)
    run.prompt = False
    refuse_close(run, places, refused_at=0)
    run.waiting.clear()
    run.send(PositionsSnapshot(symbol=BTC, asked_at=run.now, legs=tuple(known)))

    run.send(run.exchange.position(BTC, LONG))
    asked = [ask.kind for effects in run.wait(5 * SECOND_US) for ask in asks(effects)]

    assert SnapshotKind.POSITIONS not in asked


def test_closes_of_the_other_direction_and_opens_go_on_a20(
    closing: Callable[[], "Run"], places: Places
) -> None:
    run = closing()
    run.prompt = False
    placed = places(run.tick(10_000))
    first = {
        direction: next(o for o in placed if o.reduce_only and o.direction is direction)
        for direction in (LONG, SHORT)
    }
    run.waiting.clear()

    run.send(
        PlaceRejected(symbol=BTC, at=run.now, wire_id=first[LONG].wire_id, code=110017, text="no")
    )
    run.send(
        PlaceRejected(symbol=BTC, at=run.now, wire_id=first[SHORT].wire_id, code=10001, text="no")
    )
    run.waiting.clear()
    again = places(run.tick(10_000))

    assert (closes_of(again, LONG), closes_of(again, SHORT)) == ([], [9_900])
    assert run.modes() == set()


def test_110017_for_10_minutes_makes_no_storm_a20(closing: Callable[[], "Run"]) -> None:
    """Each refusal waits for a report, the third within 60 s stops the level for 60 s."""
    run = closing()
    run.exchange.refuse_places.extend([110017] * 100_000)

    ticks_for(run, 600)

    assert len(run.exchange.placed) <= 4 + 4 * 3 * 10


# -- our key ----------------------------------------------------------------------------------


def refuse_key(run: "Run", count: int, code: int = 10003) -> None:
    """Cancels of orders that nobody remembers are refused for our key."""
    for number in range(count):
        run.send(
            CancelRejected(symbol=BTC, at=run.now, order_id=f"K{number}", code=code, text="no")
        )


@pytest.mark.parametrize("code", [10003, 10004, 10005, 10007, 10010, 10024, 10027, 33004])
def test_five_refusals_of_our_key_in_a_row_halt_the_account_a23_l115(
    started: Runs, code: int
) -> None:
    run = started()
    run.tick(10_000)

    refuse_key(run, 4, code)
    assert run.modes() == set()
    refuse_key(run, 1, code)

    assert run.modes() == HALTED
    assert run.told("key_refused") == 1


def test_placements_refused_for_our_key_count_too_a23(started: Runs) -> None:
    run = started()
    run.exchange.refuse_places.extend([10003] * 5)

    run.tick(10_000)
    run.tick(10_000)

    assert run.modes() == HALTED
    assert len(run.exchange.placed) <= 8


def test_an_answer_between_them_breaks_the_row_a23(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    placed = run.exchange.placed[0]
    resting = run.exchange.resting(BTC, placed.direction, placed.side, int(placed.price))

    refuse_key(run, 4)
    run.send(
        PlaceAccepted(symbol=BTC, at=run.now, wire_id=placed.wire_id, order_id=resting.order_id)
    )
    refuse_key(run, 4)

    assert run.modes() == set()


def test_a_refusal_for_another_reason_breaks_the_row_a23(started: Runs, places: Places) -> None:
    run = started(prompt=False)
    placed = places(run.tick(10_000))
    run.waiting.clear()
    refuse_key(run, 4)

    run.send(
        PlaceRejected(symbol=BTC, at=run.now, wire_id=placed[0].wire_id, code=10001, text="no")
    )
    refuse_key(run, 4)

    assert run.modes() == set()


def test_one_probe_after_30_min_ends_the_halt_when_it_is_answered_a23(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.tick(10_000)
    refuse_key(run, 5)
    run.prompt = False

    early = [ask for effects in run.wait(30 * MINUTE_US - 1) for ask in asks(effects)]
    run.deliver()
    late = [ask for effects in run.wait(30 * SECOND_US) for ask in asks(effects)]
    assert run.modes() >= HALTED
    run.deliver()

    assert [ask.kind for ask in early if ask.reason == PROBE] == []
    assert {ask.kind for ask in late if ask.reason == PROBE} == {SnapshotKind.WALLET}
    assert not run.modes() & HALTED


def refuse_question(run: "Run") -> None:
    """The exchange answers a question with a refusal of our key."""
    run.send(QuestionRefused(at=run.now, code=10003, text="no"))


def test_questions_refused_for_our_key_count_like_any_request_a23(started: Runs) -> None:
    run = started()
    run.tick(10_000)

    for _ in range(4):
        refuse_question(run)
    assert run.modes() == set()
    refuse_question(run)

    assert run.modes() == HALTED
    assert run.told("key_refused") == 1


def test_a_probe_that_is_refused_begins_another_30_min_a23(started: Runs, asks: Asks) -> None:
    run = started()
    run.tick(10_000)
    refuse_key(run, 5)
    run.prompt = False
    run.wait(30 * MINUTE_US + SECOND_US)
    run.waiting.clear()

    refuse_question(run)
    meanwhile = [ask for effects in run.wait(30 * MINUTE_US - 1) for ask in asks(effects)]
    then = [ask for effects in run.wait(SECOND_US) for ask in asks(effects)]

    assert [ask for ask in meanwhile if ask.reason == PROBE] == []
    assert [ask.kind for ask in then if ask.reason == PROBE] == [SnapshotKind.WALLET]
    assert run.told("key_refused") == 2


def test_while_the_key_is_refused_nothing_is_asked_but_the_probe_a23(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.tick(10_000)
    run.wait(10 * SECOND_US)
    refuse_key(run, 5)
    run.prompt = False
    halted = len(run.handled)

    run.wait(30 * MINUTE_US - 1)

    assert [ask for _, _, effects in run.handled[halted:] for ask in asks(effects)] == []


def test_a_probe_that_is_refused_starts_another_30_min_a23(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    refuse_key(run, 5)
    run.prompt = False
    run.wait(30 * MINUTE_US)
    run.waiting.clear()

    refuse_key(run, 1)

    assert run.told("key_refused") == 2
    run.prompt = True
    run.wait(30 * MINUTE_US - 1)
    assert run.modes() >= HALTED
    run.wait(2 * SECOND_US)
    assert not run.modes() & HALTED


def test_while_the_key_is_refused_cancels_leave_and_placements_do_not_a23(
    started: Runs, places: Places, cancels: Cancels
) -> None:
    run = started()
    run.tick(10_000)
    refuse_key(run, 5)
    placed = len(run.exchange.placed)

    run.tick(9_000)
    run.tick(9_000, after_us=SECOND_US)
    run.hold(LONG, 10)
    run.tick(9_000)

    assert sum(len(cancels(effects)) for _, _, effects in run.handled) == 4
    assert len(run.exchange.placed) == placed
    assert run.book() == []


def test_a_private_stream_refused_for_our_key_halts_at_once_with_an_alert_a38(
    started: Runs,
) -> None:
    run = started()
    run.tick(10_000)

    effects = run.send(AuthenticationFailed(at=run.now, text="10004"))

    assert run.modes() == HALTED
    assert Severity.ALERT in {notice.severity for notice in effects.notices}
    assert run.session.next_deadline() is not None


def test_a_stream_that_is_refused_again_and_again_does_not_put_the_probe_off_a38(
    started: Runs,
) -> None:
    run = started()
    run.tick(10_000)
    run.send(AuthenticationFailed(at=run.now, text="10004"))

    for _ in range(29):
        run.wait(MINUTE_US)
        run.send(AuthenticationFailed(at=run.now, text="10004"))
    assert run.modes() >= HALTED
    run.wait(MINUTE_US + 2 * SECOND_US)

    assert not run.modes() & HALTED
    assert run.told("key_refused") == 1


# -- anything else ----------------------------------------------------------------------------


@pytest.mark.parametrize("code", [10001, 110020, 110021, 30228, 99999])
def test_a_refusal_for_good_is_counted_and_the_third_stops_that_placement_alone_l36(
    started: Runs, places: Places, code: int
) -> None:
    run = started()
    refuse_at_9900(run, code, times=3)

    ticks_for(run, 59)

    assert len(sent_at_9900(run)) == 3
    assert run.told("placement_refused") == 2
    assert run.told("placement_stopped") == 1
    assert len(run.book()) == 3, "the other levels are not concerned"
    assert run.modes() == set()
    assert run.session.denials()["breaker"] >= 1


def test_a_notice_says_which_code_and_which_price(started: Runs) -> None:
    run = started()
    run.exchange.refuse_places.append(10001)

    run.tick(10_000)

    notices = [
        dict(notice.fields)
        for _, _, effects in run.handled
        for notice in effects.notices
        if notice.event == "placement_refused"
    ]
    assert notices == [{"strat_id": "grid", "reason": "10001", "price": "990.0"}]


def test_a_second_refusal_for_the_balance_wants_a_wallet_newer_than_itself_a21(
    started: Runs, places: Places
) -> None:
    """Orders of one batch are refused one after the other; a wallet came between them."""
    run = started()
    run.prompt = False
    first, second, *_ = places(run.tick(10_000))
    run.waiting.clear()

    def refuse(order: PlaceOrder) -> None:
        run.send(
            PlaceRejected(symbol=BTC, at=run.now, wire_id=order.wire_id, code=110007, text="no")
        )

    refuse(first)
    run.deposit("1")
    run.wait(40 * SECOND_US)
    refuse(second)
    run.wait(70 * SECOND_US)
    assert run.modes() >= NO_MONEY
    run.deposit("1")
    run.wait(6 * SECOND_US)

    assert not run.modes() & NO_MONEY
