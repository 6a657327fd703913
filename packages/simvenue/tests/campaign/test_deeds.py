"""What a fault of another hand means at the venue."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from gridcore.clock import Instant
from gridcore.events import CashMoved, Event, Execution, OrderUpdate
from gridcore.instrument import Steps
from gridcore.intents import decode_wire_id
from gridcore.session.effects import PlaceOrder
from gridcore.sides import LONG, SELL, SHORT
from simvenue.campaign.board import LiveFault
from simvenue.campaign.deeds import Deeds
from simvenue.campaign.words import Fault, FaultKind, Scenario
from simvenue.other_hands import OtherHands
from simvenue.venue import SimVenue

Scenarios = Callable[..., Scenario]
Faults = Callable[..., Fault]
Placing = Callable[..., PlaceOrder]
Times = Callable[[float], Instant]
K = FaultKind
BTC = "BTCUSDT"
OURS = "0123456789abcdef"


class Account:
    """A venue with a price, and the deeds on it."""

    def __init__(self, scenario: Scenario, now: Instant) -> None:
        self.venue = SimVenue(scenario.venue, scenario.symbols, scenario.start)
        self.deeds = Deeds(scenario, self.venue)
        self.hands = OtherHands(self.venue)
        self.now = now
        row = scenario.tickers[0]
        self.venue.on_ticker(BTC, now, row.last, row.mark, row.bid, row.ask, None)

    def do(self, fault: Fault, seed: int = 1) -> list[Event]:
        return self.deeds.begin(LiveFault(fault, seed, 0), self.now)

    def sizes(self) -> list[int]:
        return [leg.size for leg in self.venue.legs(BTC)]


@pytest.fixture
def account(make_scenario: Scenarios, at: Times) -> Account:
    return Account(make_scenario(), at(1))


def fills(events: list[Event]) -> list[Execution]:
    return [event for event in events if isinstance(event, Execution)]


def test_a_manual_trade_opens_or_closes_the_leg_that_the_fault_names(
    account: Account, fault: Faults
) -> None:
    account.do(fault(K.MANUAL_TRADE, 1, number=7, detail="short"))
    after_open = account.sizes()
    account.do(fault(K.MANUAL_TRADE, 1, number=-3, detail="short"))

    assert after_open == [0, 7]
    assert account.sizes() == [0, 4]
    assert [(made.kind, made.wire_id) for made in account.deeds.injected] == [
        (K.MANUAL_TRADE, "manual-1"),
        (K.MANUAL_TRADE, "manual-2"),
    ]


def test_a_manual_close_takes_the_leg_that_there_is(account: Account, fault: Faults) -> None:
    account.do(fault(K.MANUAL_TRADE, 1, number=7, detail="short"))

    account.do(fault(K.MANUAL_TRADE, 1, number=-3, detail="long"))

    assert account.sizes() == [0, 4]


def test_a_trade_that_the_venue_does_not_take_is_no_deed(account: Account, fault: Faults) -> None:
    assert account.do(fault(K.MANUAL_TRADE, 1, number=-3)) == []
    assert account.deeds.injected == []


def test_a_manual_order_rests_behind_the_market_under_an_id_that_does_not_decode_a03(
    account: Account, fault: Faults
) -> None:
    account.do(fault(K.MANUAL_ORDER, 1, number=2, detail="long"))
    account.do(fault(K.MANUAL_ORDER, 1, number=2, detail="short"))

    long, short = account.venue.open_orders(BTC)
    assert decode_wire_id(long.wire_id) is None
    assert (long.direction, short.direction) == (LONG, SHORT)
    assert 990_000 <= long.price < 1_000_000 < short.price <= 1_010_000
    assert [made.order_id for made in account.deeds.injected] == [long.order_id, short.order_id]


def test_an_orphan_decodes_but_is_nobody_s(account: Account, fault: Faults) -> None:
    account.do(fault(K.MANUAL_ORDER, 1, number=2, detail="orphan long"))

    (order,) = account.venue.open_orders(BTC)
    assert decode_wire_id(order.wire_id) is not None


def test_a_manual_order_is_raised_to_what_the_exchange_takes(
    fault: Faults, make_scenario: Scenarios, at: Times
) -> None:
    scenario = make_scenario()
    (spec,) = scenario.symbols
    dear = replace(spec, instrument=replace(spec.instrument, min_notional=Decimal(1_000)))
    strict = Account(replace(scenario, symbols=(dear,)), at(1))

    strict.do(fault(K.MANUAL_ORDER, 1, number=1, detail="long"))
    strict.do(fault(K.MANUAL_TRADE, 1, number=1, detail="long"))

    (order,) = strict.venue.open_orders(BTC)
    assert order.qty == 11
    assert strict.sizes() == [11, 0]


def test_a_manual_order_is_taken_back_while_it_rests(
    account: Account, fault: Faults, at: Times
) -> None:
    live = LiveFault(fault(K.MANUAL_ORDER, 1, 9, number=2, detail="long"), 1, 0)
    account.deeds.begin(live, at(1))

    (gone,) = account.deeds.withdraw(live, at(9))

    assert isinstance(gone, OrderUpdate)
    assert gone.status == "Cancelled"
    assert account.deeds.withdraw(live, at(9)) == []


def test_so_many_resting_orders_are_cancelled_by_another_hand_a12(
    account: Account, fault: Faults, raw_place: Placing
) -> None:
    for number in range(5):
        account.venue.submit(raw_place(f"n{number}", 990_000 + number, 1), account.now)

    events = account.do(fault(K.MANUAL_CANCEL, 1, number=3))

    assert len(events) == 3
    assert len(account.venue.open_orders(BTC)) == 2


def test_a_twin_has_the_hash_of_the_order_that_it_doubles_and_an_id_of_its_own_a17(
    account: Account, fault: Faults, raw_place: Placing
) -> None:
    account.venue.submit(raw_place(f"{OURS}-1", 990_000, 5), account.now)

    account.do(fault(K.TWIN_ORDER, 1))

    ours, twin = account.venue.open_orders(BTC)
    assert decode_wire_id(twin.wire_id) == OURS
    assert twin.wire_id != ours.wire_id
    assert (twin.price, twin.side, twin.direction, twin.qty) == (
        ours.price,
        ours.side,
        ours.direction,
        ours.qty,
    )
    (made,) = account.deeds.injected
    assert made.order_id == twin.order_id


def test_a_twin_is_never_the_twin_of_a_twin_or_of_a_foreign_order(
    account: Account, fault: Faults, raw_place: Placing
) -> None:
    account.do(fault(K.MANUAL_ORDER, 1, number=2, detail="orphan"))
    account.venue.submit(raw_place("manual-99", 990_000, 5), account.now)

    assert account.do(fault(K.TWIN_ORDER, 1)) == []


def test_where_a_close_cannot_be_doubled_another_order_is(
    account: Account, fault: Faults, raw_place: Placing
) -> None:
    account.hands.open_trade(BTC, "manual-1", LONG, Steps(5), account.now)
    account.venue.submit(raw_place(f"{OURS}-1", 1_010_000, 5, side=SELL), account.now)
    account.venue.submit(raw_place("fedcba9876543210-1", 990_000, 5), account.now)

    for seed in range(6):
        account.do(fault(K.TWIN_ORDER, 1, detail="long"), seed)

    assert {decode_wire_id(made.wire_id) for made in account.deeds.injected} == {"fedcba9876543210"}


def test_the_exchange_takes_so_much_off_the_leg_that_there_is(
    account: Account, fault: Faults
) -> None:
    account.do(fault(K.MANUAL_TRADE, 1, number=7, detail="short"))

    (fill,) = fills(account.do(fault(K.DELEVERAGED, 1, number=2, detail="long")))

    assert (fill.kind, fill.direction, fill.qty) == ("AdlTrade", SHORT, 2)


def test_cash_comes_and_goes_in_cents(account: Account, fault: Faults) -> None:
    (came, _), (went, _) = (
        account.do(fault(kind, 1, number=1_234)) for kind in (K.DEPOSIT, K.WITHDRAWAL)
    )

    assert isinstance(came, CashMoved)
    assert isinstance(went, CashMoved)
    assert (came.amount, went.amount) == (Decimal("12.34"), Decimal("-12.34"))


def test_a_liquidation_happens_though_the_marks_do_not_ask_for_it(
    account: Account, fault: Faults
) -> None:
    account.do(fault(K.MANUAL_TRADE, 1, number=7, detail="long"))

    account.do(fault(K.LIQUIDATED, 1))

    assert account.sizes() == [0, 0]


def test_a_fault_without_a_symbol_draws_one(
    make_scenario: Scenarios, fault: Faults, at: Times
) -> None:
    account = Account(make_scenario(symbols=(BTC, "ETHUSDT")), at(1))

    drawn = {
        account.deeds.symbol_of(LiveFault(fault(K.MANUAL_TRADE, 1), seed, 0)) for seed in range(20)
    }

    assert drawn == {BTC, "ETHUSDT"}
    named = LiveFault(fault(K.MANUAL_TRADE, 1, symbol=BTC), 1, 0)
    assert account.deeds.symbol_of(named) == BTC


def test_a_changed_leverage_is_charged(account: Account, raw_place: Placing, at: Times) -> None:
    account.deeds.change_leverage(BTC, Decimal(1))

    # 0.2 coins at 99,000 are 19,800 at leverage 1.
    (refused,) = account.venue.submit(raw_place("a", 990_000, 200), at(2))

    assert type(refused).__name__ == "PlaceRejected"
