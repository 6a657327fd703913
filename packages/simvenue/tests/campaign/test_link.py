"""A link that misbehaves: one story per kind of fault that strikes messages.

The requester is this file: it sends what it likes and notes what comes back.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event, OrdersSnapshot, OrderUpdate, PlaceAccepted, WalletSnapshot
from gridcore.instrument import Steps, Ticks
from gridcore.session.effects import AskSnapshot, CancelOrder, PlaceOrder, SnapshotKind
from gridcore.sides import BUY, LONG
from simvenue.campaign.board import FaultBoard
from simvenue.campaign.link import Link
from simvenue.campaign.words import Fault, FaultKind, Scenario
from simvenue.other_hands import OtherHands
from simvenue.records import Records
from simvenue.venue import SimVenue

Scenarios = Callable[..., Scenario]
Faults = Callable[..., Fault]
Placing = Callable[..., PlaceOrder]
Cancelling = Callable[..., CancelOrder]
Times = Callable[[float], Instant]
BTC = "BTCUSDT"
K = FaultKind
ORDERS = AskSnapshot(kind=SnapshotKind.ORDERS, symbol=BTC, reason="test")
WALLET = AskSnapshot(kind=SnapshotKind.WALLET, symbol=None, reason="test")


class Requester:
    """The process at the near end; every fault of the scenario is in its window."""

    def __init__(self, scenario: Scenario) -> None:
        self.venue = SimVenue(scenario.venue, scenario.symbols, scenario.start)
        self.hands = OtherHands(self.venue)
        self.records = Records([BTC])
        self.board = FaultBoard(scenario.seed, scenario.faults)
        self.link = Link(scenario, self.venue, self.records, self.board)
        for live in self.board.faults:
            self.board.begin(live)
        self.now = scenario.start
        self.start = scenario.start
        self.got: list[tuple[int, Event]] = []

    def send(self, request: PlaceOrder | CancelOrder | AskSnapshot) -> None:
        self.link.send(request, self.now)

    def play(self, until: Instant) -> None:
        """Let everything arrive that is due until then."""
        while (due := self.link.next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            event = self.link.step(self.now)
            if event is not None:
                self.got.append((self.now - self.start, event))
        self.now = until

    def names(self) -> list[str]:
        return [type(event).__name__ for _, event in self.got]

    def times(self) -> list[int]:
        return [at for at, _ in self.got]

    def find(self, kind: type) -> Any:
        """The one event of a kind that came."""
        (event,) = [event for _, event in self.got if isinstance(event, kind)]
        return event


@pytest.fixture(scope="session")
def requester(make_scenario: Scenarios, rows: Callable[..., Any]) -> Callable[..., Requester]:
    """A requester at BTCUSDT 100,000 under the given faults; latency 1 ms."""

    def make(*faults: Fault, **changes: Any) -> Requester:
        made = Requester(make_scenario(*faults, **changes))
        (row,) = rows([0])
        made.venue.on_ticker(BTC, made.start, row.last, row.mark, row.bid, row.ask, None)
        return made

    return make


Requesters = Callable[..., Requester]


def test_a_request_and_what_comes_of_it_take_the_latency_each_way(
    requester: Requesters, raw_place: Placing, at: Times
) -> None:
    run = requester()

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    assert sorted(run.names()) == ["OrderUpdate", "PlaceAccepted"]
    assert run.times() == [2_000, 2_000]
    assert run.find(PlaceAccepted).at == run.start + 1_000


def test_reply_and_push_of_one_request_overtake_each_other(
    requester: Requesters, raw_place: Placing, at: Times
) -> None:
    run = requester()

    for number in range(40):
        run.send(raw_place(f"n{number}", 990_000 + number, 1))
    run.play(at(60))

    pairs = set(zip(run.names()[::2], run.names()[1::2], strict=True))
    assert pairs == {("PlaceAccepted", "OrderUpdate"), ("OrderUpdate", "PlaceAccepted")}


def test_a_lost_request_is_unknown_after_10_seconds_and_did_nothing_a07(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.REQUEST_LOST, 0, 9))

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    assert run.names() == ["PlaceUnknown"]
    assert run.times() == [10 * SECOND_US]
    assert run.venue.open_orders(BTC) == []


def test_a_lost_reply_is_unknown_after_10_seconds_though_the_venue_acted_a06(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.REPLY_LOST, 0, 9))

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    assert run.names() == ["OrderUpdate", "PlaceUnknown"]
    assert len(run.venue.open_orders(BTC)) == 1


@pytest.mark.parametrize(("kind", "resting"), [(K.REQUEST_LOST, 0), (K.REPLY_LOST, 1)])
def test_a_broken_connection_leaves_the_outcome_unknown_at_once(
    requester: Requesters,
    raw_place: Placing,
    fault: Faults,
    at: Times,
    kind: FaultKind,
    resting: int,
) -> None:
    run = requester(fault(kind, 0, 9, number=500))

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    assert len(run.venue.open_orders(BTC)) == resting
    assert "PlaceAccepted" not in run.names()
    first = run.got[0]
    assert (first[0], type(first[1]).__name__) == (500 + 1_000 * resting, "PlaceUnknown")
    assert run.names().count("PlaceUnknown") == 1


def test_a_cancel_without_a_reply_is_unknown_too(
    requester: Requesters, raw_place: Placing, cancel: Cancelling, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.REPLY_LOST, 0, 9))
    run.send(raw_place("a", 990_000))
    run.play(at(1))

    run.send(cancel("O00000001"))
    run.play(at(60))

    assert run.names() == ["OrderUpdate", "OrderUpdate", "PlaceUnknown", "CancelUnknown"]
    assert run.times()[2:] == [10 * SECOND_US, 11 * SECOND_US]


def test_a_request_that_arrives_within_the_receive_window_still_acts(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.REQUEST_DELAYED, 0, 9, number=5 * SECOND_US - 1_000))

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    assert sorted(run.names()) == ["OrderUpdate", "PlaceAccepted"]


def test_a_request_that_arrives_after_the_receive_window_is_refused_with_10002(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.REQUEST_DELAYED, 0, 9, number=6 * SECOND_US))

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    ((_, refused),) = run.got
    assert refused.code == 10_002  # type: ignore[union-attr]
    assert run.venue.open_orders(BTC) == []


def test_a_reply_after_the_shell_gave_up_finds_nobody(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.REPLY_DELAYED, 0, 9, number=10 * SECOND_US))

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    assert run.names() == ["OrderUpdate", "PlaceUnknown"]


def test_of_a_repeated_place_either_answer_or_both_are_heard_and_one_order_rests_a08(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    heard = set()
    for seed in range(20):
        run = requester(fault(K.REQUEST_REPEATED, 0, 9, number=50_000), seed=seed)
        run.send(raw_place("a", 990_000))
        run.play(at(60))
        assert len(run.venue.open_orders(BTC)) == 1
        heard.add(tuple(name for name in run.names() if name != "OrderUpdate"))
        codes = [event.code for _, event in run.got if hasattr(event, "code")]
        assert set(codes) <= {110_072}

    assert heard == {
        ("PlaceAccepted",),
        ("PlaceRejected",),
        ("PlaceAccepted", "PlaceRejected"),
    }


def test_a_repeated_cancel_finds_the_order_gone_a13(
    requester: Requesters, raw_place: Placing, cancel: Cancelling, fault: Faults, at: Times
) -> None:
    codes = set()
    for seed in range(10):
        run = requester(fault(K.REQUEST_REPEATED, 0, 9, number=50_000), seed=seed)
        run.hands.order(BTC, "manual-1", LONG, BUY, Ticks(990_000), Steps(10), run.now)
        run.send(cancel("O00000001"))
        run.play(at(60))
        codes |= {event.code for _, event in run.got if hasattr(event, "code")}

    assert codes == {110_001}


def test_a_repeated_reply_is_heard_twice(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.REPLY_REPEATED, 0, 9, number=1_000_000))

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    assert sorted(run.names()) == ["OrderUpdate", "PlaceAccepted", "PlaceAccepted"]


def test_a_lost_push_is_known_to_the_exchange_alone(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.PUSH_LOST, 0, 9))

    run.send(raw_place("a", 990_000))
    run.send(ORDERS)
    run.play(at(5))

    assert run.names() == ["PlaceAccepted", "OrdersSnapshot"]
    assert len(run.find(OrdersSnapshot).orders) == 1
    assert (run.link.told, run.link.delivered, run.link.lost) == (0, 0, 0)
    assert run.board.counts[K.PUSH_LOST] == 1


def test_a_delayed_push_comes_so_much_later(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.PUSH_DELAYED, 0, 9, number=3 * SECOND_US))

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    assert run.got[-1][0] == 3 * SECOND_US + 2_000
    assert isinstance(run.got[-1][1], OrderUpdate)


def test_reordered_pushes_overtake_each_other_and_none_is_missing(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.PUSH_REORDERED, 0, 9, number=SECOND_US))

    for number in range(20):
        run.send(raw_place(f"n{number:02d}", 990_000 + number, 1))
    run.play(at(60))

    told = [event.wire_id for _, event in run.got if isinstance(event, OrderUpdate)]
    assert told != sorted(told)
    assert sorted(told) == [f"n{number:02d}" for number in range(20)]


def test_pushes_keep_their_order_when_nothing_goes_wrong(
    requester: Requesters, raw_place: Placing, at: Times
) -> None:
    run = requester()

    for number in range(20):
        run.send(raw_place(f"n{number:02d}", 990_000 + number, 1))
    run.play(at(60))

    told = [event.wire_id for _, event in run.got if isinstance(event, OrderUpdate)]
    assert told == sorted(told)


def test_a_repeated_push_is_the_same_push_a15(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.PUSH_REPEATED, 0, 9))

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    first, second = (event for _, event in run.got if isinstance(event, OrderUpdate))
    assert first == second


@pytest.mark.parametrize(
    ("kind", "code"),
    [(K.PLACE_REFUSED, 10_006), (K.PLACE_REFUSED, 110_017), (K.AUTHENTICATION_REFUSED, 10_003)],
)
def test_a_place_is_refused_with_the_fault_s_code(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times, kind: FaultKind, code: int
) -> None:
    run = requester(fault(kind, 0, 9, number=code))

    run.send(raw_place("a", 990_000))
    run.play(at(60))

    ((_, refused),) = run.got
    assert refused.code == code  # type: ignore[union-attr]
    assert run.venue.open_orders(BTC) == []


def test_a_cancel_is_refused_with_the_fault_s_code_and_the_order_rests_a14(
    requester: Requesters, raw_place: Placing, cancel: Cancelling, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.CANCEL_REFUSED, 0, 9, number=10_016))
    run.send(raw_place("a", 990_000))
    run.play(at(1))

    run.send(cancel("O00000001"))
    run.play(at(60))

    assert run.names()[-1] == "CancelRejected"
    assert len(run.venue.open_orders(BTC)) == 1


@pytest.mark.parametrize("kind", [K.SNAPSHOT_LOST, K.AUTHENTICATION_REFUSED])
def test_a_question_may_get_no_answer_at_all(
    requester: Requesters, fault: Faults, at: Times, kind: FaultKind
) -> None:
    run = requester(fault(kind, 0, 9))

    run.send(ORDERS)
    run.send(WALLET)
    run.play(at(60))

    assert run.got == []


def test_a_late_answer_still_says_when_it_was_asked(
    requester: Requesters, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.SNAPSHOT_DELAYED, 0, 9, number=9 * SECOND_US))

    run.send(ORDERS)
    run.play(at(60))

    assert run.times() == [9 * SECOND_US + 2_000]
    assert run.find(OrdersSnapshot).asked_at == run.start


def test_an_answer_after_10_seconds_finds_nobody(
    requester: Requesters, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.SNAPSHOT_DELAYED, 0, 9, number=10 * SECOND_US))

    run.send(ORDERS)
    run.play(at(60))

    assert run.got == []


def test_a_stale_answer_does_not_show_the_order_that_was_placed_before_it_was_asked(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.SNAPSHOT_STALE, 0, 9, number=2 * SECOND_US))
    run.link.answers.remember(run.now)
    run.play(at(5))
    run.send(raw_place("a", 990_000))
    run.play(at(5.01))

    run.send(ORDERS)
    run.play(at(6))

    assert run.find(OrdersSnapshot).orders == ()
    assert run.find(OrdersSnapshot).asked_at == at(5.01)


def test_an_incomplete_listing_says_so(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.SNAPSHOT_INCOMPLETE, 0, 9))
    for number in range(30):
        run.send(raw_place(f"n{number}", 990_000 + number, 1))
    run.play(at(1))

    run.send(ORDERS)
    run.play(at(2))

    listed = run.find(OrdersSnapshot)
    assert not listed.complete
    assert 0 < len(listed.orders) < 30


def test_a_fault_of_one_symbol_spares_the_account(
    requester: Requesters, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.SNAPSHOT_LOST, 0, 9, symbol=BTC))

    run.send(ORDERS)
    run.send(WALLET)
    run.play(at(60))

    assert run.names() == ["WalletSnapshot"]
    assert run.find(WalletSnapshot).wallet.balance == Decimal(10_000)


def test_a_lost_private_stream_loses_what_is_on_its_way_and_what_comes(
    requester: Requesters, raw_place: Placing, at: Times
) -> None:
    run = requester()
    run.send(raw_place("a", 990_000))
    run.play(Instant(run.start + 1_500))
    run.link.lose_private()
    run.link.lose_private()
    run.send(raw_place("b", 980_000))
    run.play(at(1))

    run.link.regain_private()
    still_down = run.link.private_down
    run.link.regain_private()
    run.send(raw_place("c", 970_000))
    run.play(at(2))

    told = [event.wire_id for _, event in run.got if isinstance(event, OrderUpdate)]
    assert told == ["c"]
    assert still_down
    assert not run.link.private_down
    assert run.names().count("PlaceAccepted") == 3
    assert (run.link.told, run.link.delivered, run.link.lost) == (3, 1, 2)


def test_a_push_of_a_lost_stream_does_not_come_later(
    requester: Requesters, raw_place: Placing, at: Times
) -> None:
    run = requester()
    run.send(raw_place("a", 990_000))
    run.link.lose_private()
    run.play(Instant(run.start + 1_500))

    run.link.regain_private()
    run.play(at(60))

    assert run.names() == ["PlaceAccepted"]


def test_a_dead_process_hears_nothing_and_its_requests_still_arrive(
    requester: Requesters, raw_place: Placing, at: Times
) -> None:
    run = requester()
    run.send(raw_place("landed", 990_000))
    run.play(Instant(run.start + 1_500))
    run.send(raw_place("on its way", 980_000))

    run.link.cut()
    run.play(at(30))
    run.link.join()
    run.send(raw_place("of the new one", 970_000))
    run.play(at(60))

    assert [order.wire_id for order in run.venue.open_orders(BTC)] == [
        "landed",
        "on its way",
        "of the new one",
    ]
    assert {event.wire_id for _, event in run.got} == {  # type: ignore[union-attr]
        "of the new one"
    }


def test_a_repeated_reply_to_a_dead_process_is_not_heard_by_the_new_one(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times
) -> None:
    run = requester(fault(K.REPLY_REPEATED, 0, 9, number=SECOND_US))
    run.send(raw_place("a", 990_000))

    run.link.cut()
    run.link.join()
    run.play(at(60))

    assert "PlaceAccepted" not in run.names()


def test_a_word_of_the_shell_needs_no_stream_but_a_process(
    requester: Requesters, at: Times
) -> None:
    run = requester()
    words = [run.venue.wallet_update(at(second)) for second in (1, 2)]
    run.link.lose_private()

    run.link.report(words[0], at(1))
    run.play(at(1))
    run.link.cut()
    run.link.report(words[1], at(2))
    run.play(at(3))

    assert [event for _, event in run.got] == words[:1]


@settings(max_examples=40)
@given(seed=st.integers(), chances=st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_every_copy_of_a_push_is_delivered_lost_or_on_its_way(
    requester: Requesters,
    raw_place: Placing,
    fault: Faults,
    at: Times,
    seed: int,
    chances: list[int],
) -> None:
    kinds = (K.PUSH_LOST, K.PUSH_DELAYED, K.PUSH_REORDERED, K.PUSH_REPEATED)
    faults = [
        fault(kind, 0, 9, chance=chance, number=300_000)
        for kind, chance in zip(kinds, chances, strict=True)
    ]
    run = requester(*faults, seed=seed)
    for number in range(12):
        run.send(raw_place(f"n{number}", 990_000 + number, 1))
        run.play(at(number / 10))
        if number == 6:
            run.link.lose_private()
        if number == 8:
            run.link.regain_private()

    run.play(at(60))

    counts = run.board.counts
    assert run.link.told == 12 - counts[K.PUSH_LOST] + counts[K.PUSH_REPEATED]
    assert run.link.told == run.link.delivered + run.link.lost
    assert run.link.on_the_way() == 0
    assert run.link.delivered == run.names().count("OrderUpdate")


@settings(max_examples=25)
@given(seed=st.integers())
def test_the_same_seed_gives_the_same_run(
    requester: Requesters, raw_place: Placing, fault: Faults, at: Times, seed: int
) -> None:
    def once() -> list[tuple[int, Event]]:
        faults = [fault(kind, 0, 9, chance=400, number=SECOND_US) for kind in list(K)[:10]]
        run = requester(*faults, seed=seed)
        for number in range(10):
            run.send(raw_place(f"n{number}", 990_000 + number, 1))
            run.send(ORDERS)
            run.play(at(number / 5))
        run.play(at(60))
        return run.got

    assert once() == once()
