"""Our own books: every entry quantised once, the balance their sum, legs exact (LS-57, L111)."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import CashKind, CashMoved, ExecType, Execution, FundingPaid
from gridcore.instrument import Instrument, Steps
from gridcore.saved import Saved
from gridcore.session.booked_leg import HISTORY
from gridcore.session.effects import LedgerEntry, LedgerKind
from gridcore.session.ledger import HELD_LIMIT, Ledger
from gridcore.session.ledger_doubts import DoubtKind
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType, opens

Instruments = Callable[..., Instrument]
NOW = Instant(1_767_229_200_000_000)
CENT_OF_A_CENT = Fraction(1, 10**8)

FILLS = st.lists(
    st.tuples(
        st.sampled_from([LONG, SHORT]),
        st.sampled_from([BUY, SELL]),
        st.integers(9_000, 11_000),
        st.integers(1, 50),
        st.integers(-(10**6), 10**7).map(lambda units: Decimal(units).scaleb(-9)),
    ),
    max_size=40,
)


def execution(
    direction: DirectionType,
    side: SideType,
    price: int,
    qty: int,
    fee: Decimal = Decimal(0),
    exec_id: str = "X1",
    after_us: int = 1,
    sequence: int = 1,
) -> Execution:
    return Execution(
        symbol="BTCUSDT",
        at=Instant(NOW + after_us),
        sequence=sequence,
        exec_id=exec_id,
        order_id="O1",
        wire_id="w",
        direction=direction,
        side=side,
        price=price,
        qty=Steps(qty),
        leaves=Steps(0),
        closed=Steps(0),
        fee=fee,
        kind=ExecType.TRADE,
        is_maker=True,
    )


def opened(balance: str = "0") -> Ledger:
    """Books that opened at NOW: everything later is booked."""
    ledger = Ledger()
    ledger.open(Decimal(balance), NOW, 0)
    return ledger


def funding(amount: str, direction: DirectionType = LONG, after_us: int = 1) -> FundingPaid:
    return FundingPaid(
        symbol="BTCUSDT",
        at=Instant(NOW + after_us),
        exec_id="F1",
        direction=direction,
        qty=Steps(10),
        rate=Decimal("0.0001"),
        price=Decimal(1000),
        amount=Decimal(amount),
    )


def half_even(value: Fraction) -> Fraction:
    return round(value / CENT_OF_A_CENT) * CENT_OF_A_CENT


def test_the_books_open_with_the_wallets_balance() -> None:
    ledger = Ledger()
    assert not ledger.opened

    entries = ledger.open(Decimal("100.123456789"), NOW, 0)

    assert entries == [
        LedgerEntry(
            at=NOW,
            kind=LedgerKind.CASH,
            symbol=None,
            direction=None,
            amount=Decimal("100.12345679"),
            reference="opening balance",
        )
    ]
    assert ledger.opened
    assert ledger.balance == Decimal("100.12345679")


def test_opening_costs_the_fee_and_realises_nothing(make_instrument: Instruments) -> None:
    ledger = opened()

    realised, entries = ledger.execution(
        execution(LONG, BUY, 10_000, 10, Decimal("0.02")), make_instrument(), None
    )

    assert realised == 0
    assert [(entry.kind, entry.amount) for entry in entries] == [(LedgerKind.FEE, Decimal("-0.02"))]


def test_a_rebate_raises_the_balance(make_instrument: Instruments) -> None:
    ledger = opened()

    ledger.execution(execution(LONG, BUY, 10_000, 10, Decimal("-0.01")), make_instrument(), None)

    assert ledger.balance == Decimal("0.01")


@pytest.mark.parametrize(
    ("direction", "first", "second", "profit"),
    [(LONG, BUY, SELL, "1.00000000"), (SHORT, SELL, BUY, "-1.00000000")],
)
def test_a_round_trip_of_0_1_coins_over_10_realises_1(
    make_instrument: Instruments,
    direction: DirectionType,
    first: SideType,
    second: SideType,
    profit: str,
) -> None:
    ledger, instrument = opened(), make_instrument()
    ledger.execution(execution(direction, first, 10_000, 10), instrument, None)

    realised, entries = ledger.execution(execution(direction, second, 10_100, 10), instrument, None)

    assert str(realised) == profit
    assert [entry.kind for entry in entries] == [LedgerKind.FEE, LedgerKind.REALISED]
    assert ledger.balance == Decimal(profit)


def test_a_close_at_the_entry_is_booked_as_a_profit_of_zero(make_instrument: Instruments) -> None:
    ledger, instrument = opened(), make_instrument()
    ledger.execution(execution(LONG, BUY, 10_000, 10), instrument, None)

    realised, entries = ledger.execution(execution(LONG, SELL, 10_000, 4), instrument, None)

    assert realised == 0
    assert [entry.kind for entry in entries] == [LedgerKind.FEE, LedgerKind.REALISED]


def test_a_close_of_a_leg_that_our_books_do_not_know_realises_nothing(
    make_instrument: Instruments,
) -> None:
    ledger = opened()

    realised, entries = ledger.execution(execution(LONG, SELL, 10_000, 4), make_instrument(), None)

    assert realised == 0
    assert [entry.kind for entry in entries] == [LedgerKind.FEE]


def test_a_seeded_leg_realises_against_its_seeded_entry(make_instrument: Instruments) -> None:
    ledger = opened()
    ledger.seed_leg("BTCUSDT", SHORT, Decimal("0.1"), Decimal(1010), NOW, 0)

    realised, _ = ledger.execution(execution(SHORT, BUY, 10_000, 10), make_instrument(), None)

    assert realised == 1


@pytest.mark.parametrize("amount", ["-0.01", "0.01"])
def test_funding_is_the_change_of_the_wallet_as_the_exchange_states_it(amount: str) -> None:
    ledger = opened()

    [entry] = ledger.funding(funding(amount))

    assert (entry.kind, entry.symbol, entry.direction) == (LedgerKind.FUNDING, "BTCUSDT", LONG)
    assert ledger.balance == entry.amount == Decimal(amount)
    assert ledger.totals[LedgerKind.FUNDING] == Decimal(amount)


def test_cash_that_no_trade_moved_is_booked_with_its_reference() -> None:
    ledger = opened()
    moved = CashMoved(
        at=Instant(NOW + 1), kind=CashKind.DEPOSIT, amount=Decimal("5.000000005"), movement_id="M1"
    )

    [entry] = ledger.cash(moved)

    assert (entry.kind, entry.amount, entry.reference) == (LedgerKind.CASH, Decimal(5), "M1")


@given(FILLS)
def test_the_balance_is_the_sum_of_the_entries_and_each_is_whole_in_1e_8(
    make_instrument: Instruments,
    fills: list[tuple[DirectionType, SideType, int, int, Decimal]],
) -> None:
    ledger, instrument = Ledger(), make_instrument()
    entries = ledger.open(Decimal("1000.5"), NOW, 0) + ledger.funding(funding("-0.123456785"))
    for number, (direction, side, price, qty, fee) in enumerate(fills):
        event = execution(direction, side, price, qty, fee, f"X{number}")
        entries += ledger.execution(event, instrument, None)[1]

    amounts = [entry.amount for entry in entries]
    assert ledger.balance == sum(amounts)
    assert ledger.count == len(entries)
    assert sum(ledger.totals.values()) == ledger.balance
    assert all(Fraction(amount) % CENT_OF_A_CENT == 0 for amount in amounts)


@given(FILLS)
def test_fees_and_profits_agree_with_exact_fractions(
    make_instrument: Instruments,
    fills: list[tuple[DirectionType, SideType, int, int, Decimal]],
) -> None:
    """The model keeps size and cost of each leg as fractions. The booked entry has 28 digits, so
    a profit may differ by one unit of 1e-8 where the exact one lies at a rounding boundary."""
    ledger, instrument = opened(), make_instrument()
    size = {LONG: Fraction(0), SHORT: Fraction(0)}
    entry = {LONG: Fraction(0), SHORT: Fraction(0)}
    for direction, side, ticks, steps, fee in fills:
        price, qty = Fraction(ticks, 10), Fraction(steps, 100)
        expected = Fraction(0)
        if opens(direction, side):
            total = size[direction] + qty
            entry[direction] = (entry[direction] * size[direction] + price * qty) / total
            size[direction] = total
        else:
            closed = min(qty, size[direction])
            gain = price - entry[direction] if direction is LONG else entry[direction] - price
            expected = gain * closed
            size[direction] -= closed

        realised, entries = ledger.execution(
            execution(direction, side, ticks, steps, fee), instrument, None
        )

        assert Fraction(entries[0].amount) == -half_even(Fraction(fee))
        assert abs(Fraction(realised) - half_even(expected)) <= CENT_OF_A_CENT


@given(FILLS, FILLS)
def test_restored_books_go_on_as_the_original(
    make_instrument: Instruments,
    before: list[tuple[DirectionType, SideType, int, int, Decimal]],
    after: list[tuple[DirectionType, SideType, int, int, Decimal]],
) -> None:
    ledger, restored, instrument = Ledger(), Ledger(), make_instrument()
    restored.seed_leg("STALE", LONG, Decimal(1), Decimal(1), NOW, 0)
    ledger.open(Decimal(500), NOW, 0)
    for direction, side, price, qty, fee in before:
        ledger.execution(execution(direction, side, price, qty, fee), instrument, None)

    restored.restore(Saved(json.loads(json.dumps(ledger.snapshot()))))

    assert restored.snapshot() == ledger.snapshot()
    for direction, side, price, qty, fee in after:
        event = execution(direction, side, price, qty, fee)
        assert restored.execution(event, instrument, None) == ledger.execution(
            event, instrument, None
        )
    assert json.dumps(restored.snapshot()) == json.dumps(ledger.snapshot())


# -- executions out of order (A16, L33) -----------------------------------------------------------

SEQUENCES = st.lists(
    st.tuples(st.booleans(), st.integers(9_000, 11_000), st.integers(1, 50), st.integers(0, 2)),
    min_size=1,
    max_size=25,
)
"""(opens, price, steps, microseconds since the one before); closes are cut to the leg below."""
NEWEST_SENT = 5


def exchange_order(
    direction: DirectionType, rows: list[tuple[bool, int, int, int]]
) -> list[Execution]:
    """A sequence that an exchange can produce: no close exceeds the leg, keys ascend."""
    side = {True: BUY if direction is LONG else SELL, False: SELL if direction is LONG else BUY}
    size, at, events = 0, 1, []
    for number, (opening, price, steps, pause) in enumerate(rows):
        if not opening:
            steps = min(steps, size)
            if not steps:
                continue
        size += steps if opening else -steps
        at += pause
        fee = Decimal(steps).scaleb(-5)
        event = execution(
            direction, side[opening], price, steps, fee, f"X{number}", at, sequence=number
        )
        events.append(event)
    return events


@given(st.sampled_from([LONG, SHORT]), SEQUENCES, st.data())
def test_the_books_do_not_depend_on_the_order_in_which_executions_arrive_a16(
    make_instrument: Instruments,
    direction: DirectionType,
    rows: list[tuple[bool, int, int, int]],
    data: st.DataObject,
) -> None:
    events = exchange_order(direction, rows)
    arrivals = data.draw(st.permutations(events))
    straight, shuffled, instrument = opened("1000"), opened("1000"), make_instrument()
    for event in events:
        straight.execution(event, instrument, None)

    entries = [
        entry for event in arrivals for entry in shuffled.execution(event, instrument, None)[1]
    ]

    assert shuffled.leg_size("BTCUSDT", direction) == straight.leg_size("BTCUSDT", direction)
    assert shuffled.leg_entry("BTCUSDT", direction) == straight.leg_entry("BTCUSDT", direction)
    assert shuffled.totals == straight.totals
    assert shuffled.balance == straight.balance == 1000 + sum(entry.amount for entry in entries)
    assert shuffled.watermark == (events[-1].at if events else None)
    fees = [entry.reference for entry in entries if entry.kind is LedgerKind.FEE]
    assert sorted(fees) == sorted(event.exec_id for event in events)
    references = [(entry.kind, entry.reference) for entry in entries]
    assert len(set(references)) == len(references)
    assert shuffled.take_doubts() == ()


def test_a_close_that_arrives_before_its_open_is_booked_in_full_when_the_open_comes_a16(
    make_instrument: Instruments,
) -> None:
    ledger, instrument = opened(), make_instrument()
    early, early_entries = ledger.execution(
        execution(LONG, SELL, 10_100, 10, exec_id="close", after_us=2), instrument, None
    )

    late, entries = ledger.execution(
        execution(LONG, BUY, 10_000, 10, exec_id="open", after_us=1), instrument, None
    )

    assert early == late == 0
    assert [entry.kind for entry in early_entries] == [LedgerKind.FEE]
    assert [(entry.kind, entry.amount, entry.reference, entry.at) for entry in entries] == [
        (LedgerKind.FEE, Decimal(0), "open", NOW + 1),
        (LedgerKind.REALISED, Decimal(1), "close:rebooked:open", NOW + 2),
    ]
    assert ledger.leg_size("BTCUSDT", LONG) == 0
    assert ledger.leg_entry("BTCUSDT", LONG) is None


def test_at_one_instant_the_sequence_tells_the_order(make_instrument: Instruments) -> None:
    ledger, instrument = opened(), make_instrument()
    ledger.execution(execution(LONG, BUY, 10_000, 10, exec_id="a", sequence=1), instrument, None)
    ledger.execution(execution(LONG, SELL, 10_100, 10, exec_id="c", sequence=3), instrument, None)

    ledger.execution(execution(LONG, BUY, 10_050, 10, exec_id="b", sequence=2), instrument, None)

    assert ledger.totals[LedgerKind.REALISED] == Decimal("0.75")
    assert ledger.leg_entry("BTCUSDT", LONG) == Decimal("1002.5")


def test_executions_with_equal_keys_are_all_booked(make_instrument: Instruments) -> None:
    """Several fills by one taker order carry one sequence number."""
    ledger, instrument = opened(), make_instrument()

    for exec_id in ("a", "b"):
        ledger.execution(execution(LONG, BUY, 10_000, 10, exec_id=exec_id), instrument, None)

    assert ledger.leg_size("BTCUSDT", LONG) == Decimal("0.2")
    assert ledger.take_doubts() == ()


@pytest.mark.parametrize(("later", "doubted"), [(HISTORY - 1, False), (HISTORY, True)])
def test_an_execution_older_than_the_history_is_booked_at_its_oldest_place_and_doubted(
    make_instrument: Instruments, later: int, doubted: bool
) -> None:
    ledger, instrument = opened(), make_instrument()
    for number in range(HISTORY):
        at = 100 + number if number >= HISTORY - later else 1
        ledger.execution(
            execution(LONG, BUY, 10_000, 1, exec_id=f"X{number}", after_us=at), instrument, None
        )

    _, entries = ledger.execution(
        execution(LONG, BUY, 10_000, 1, exec_id="late", after_us=50), instrument, None
    )

    assert ledger.leg_size("BTCUSDT", LONG) == Decimal("0.01") * (HISTORY + 1)
    assert [entry.reference for entry in entries] == ["late"]
    doubts = [(doubt.kind, doubt.reference) for doubt in ledger.take_doubts()]
    assert doubts == ([(DoubtKind.BEYOND_HISTORY, "late")] if doubted else [])
    assert ledger.take_doubts() == ()


# -- opening the books ----------------------------------------------------------------------------


def test_what_the_opening_balance_contains_moves_the_leg_and_no_cash(
    make_instrument: Instruments,
) -> None:
    ledger, instrument = opened("500"), make_instrument()

    events = [
        execution(LONG, BUY, 10_000, 10, Decimal("0.02"), "before", after_us=-5),
        execution(LONG, SELL, 10_100, 4, Decimal("0.02"), "same", after_us=0),
    ]
    booked = [ledger.execution(event, instrument, None) for event in events]

    assert booked == [(Decimal(0), []), (Decimal("0.4"), [])]
    assert ledger.leg_size("BTCUSDT", LONG) == Decimal("0.06")
    assert ledger.funding(funding("-1", after_us=0)) == []
    assert ledger.balance == 500


def test_what_came_before_the_books_opened_is_booked_then_if_it_is_later_than_the_balance(
    make_instrument: Instruments,
) -> None:
    ledger, instrument = Ledger(), make_instrument()
    for event in (
        execution(LONG, BUY, 10_000, 10, Decimal("0.01"), "contained", after_us=-1),
        execution(LONG, SELL, 10_100, 10, Decimal("0.02"), "later", after_us=1),
    ):
        assert ledger.execution(event, instrument, None)[1] == []
    assert ledger.funding(funding("-2", after_us=0)) == ledger.funding(funding("-3")) == []
    assert not ledger.opened
    assert ledger.balance == ledger.count == 0

    entries = ledger.open(Decimal(100), NOW, 0)

    assert [(entry.kind, entry.amount) for entry in entries] == [
        (LedgerKind.CASH, 100),
        (LedgerKind.FEE, Decimal("-0.02")),
        (LedgerKind.REALISED, 1),
        (LedgerKind.FUNDING, -3),
    ]
    assert ledger.balance == Decimal("97.98")
    assert ledger.snapshot()["held"] == []


@given(st.sampled_from([LONG, SHORT]), SEQUENCES, st.integers(0, 25), st.integers(0, 25), st.data())
def test_books_opened_and_seeded_by_one_report_agree_with_the_wallet_whenever_that_is_told(
    make_instrument: Instruments,
    direction: DirectionType,
    rows: list[tuple[bool, int, int, int]],
    reported: int,
    told_after: int,
    data: st.DataObject,
) -> None:
    """The exchange's wallet and leg contain the executions up to any of them, also where several
    share its instant: what follows there is of orders sent after the report was handled. They
    are told after some executions, which arrive in any order; in the end the books are the
    exchange's."""
    events, instrument = exchange_order(direction, rows), make_instrument()
    reported = min(reported, len(events))
    as_of = events[min(reported, len(events) - 1)].at if events else NOW
    exchange, at_cut = opened(), opened()
    numbers: dict[str, int | None] = {}
    for index, event in enumerate(events):
        exchange.execution(event, instrument, None)
        if index < reported:
            at_cut.execution(event, instrument, None)
            numbers[event.exec_id] = data.draw(st.sampled_from([None, 1, NEWEST_SENT]))
        else:
            known = [] if event.at == as_of else [None, 1, NEWEST_SENT]
            numbers[event.exec_id] = data.draw(st.sampled_from([*known, NEWEST_SENT + 1]))
    size = at_cut.leg_size("BTCUSDT", direction)
    entry = at_cut.leg_entry("BTCUSDT", direction)
    ledger = Ledger()
    arrivals = data.draw(st.permutations(events))
    early = [
        event for event in arrivals[:told_after] if (numbers[event.exec_id] or 0) <= NEWEST_SENT
    ]
    late = [event for event in arrivals if event not in early]

    for event in early:
        ledger.execution(event, instrument, numbers[event.exec_id])
    for step in data.draw(st.permutations(["open", "seed"])):
        if step == "open":
            ledger.open(at_cut.balance, as_of, NEWEST_SENT)
        else:
            ledger.seed_leg("BTCUSDT", direction, size, entry, as_of, NEWEST_SENT)
    for event in late:
        ledger.execution(event, instrument, numbers[event.exec_id])

    assert ledger.balance == exchange.balance
    assert ledger.leg_size("BTCUSDT", direction) == exchange.leg_size("BTCUSDT", direction)
    assert ledger.leg_entry("BTCUSDT", direction) == exchange.leg_entry("BTCUSDT", direction)
    assert ledger.take_doubts() == ()


def test_an_order_sent_after_the_opening_was_heard_is_booked_in_the_very_same_instant(
    make_run: Callable[..., Any],
) -> None:
    """Opening, ticker, places and the fills of a round trip share one microsecond."""
    run = make_run()
    run.start()

    for last, side, price in ((10_000, BUY, 9_900), (9_900, SELL, 10_100)):
        run.tick(last, after_us=0)
        for event in run.exchange.execute(run.exchange.resting("BTCUSDT", LONG, side, price), 10):
            run.send(event)

    ledger = run.session.ledger
    assert run.now == ledger.opened_at
    assert ledger.balance == run.exchange.wallet == Decimal("10001.96")
    assert ledger.totals[LedgerKind.REALISED] == 2
    assert ledger.leg_size("BTCUSDT", LONG) == 0
    assert run.told("books_in_doubt") == run.told("leg_taken_over") == 0


def test_an_order_found_on_the_exchange_fills_into_the_opening_balance_at_its_instant(
    make_run: Callable[..., Any],
) -> None:
    """Its wire id was minted by a memory that is lost: nobody knows which report contains it."""
    before = make_run()
    before.start()
    before.tick(10_000)
    run = make_run()
    run.exchange, run.now = before.exchange, before.now
    run.start()

    for event in run.exchange.execute(run.exchange.resting("BTCUSDT", LONG, BUY, 9_900), 10):
        run.send(event)

    assert run.now == run.session.ledger.opened_at
    assert run.session.balance == 10_000


def test_an_execution_that_a_leg_taken_over_contains_costs_its_fee_alone_when_it_comes_at_last(
    make_run: Callable[..., Any],
) -> None:
    run = make_run()
    run.start()
    run.tick(10_000)
    resting = run.exchange.resting("BTCUSDT", LONG, BUY, 9_900)
    run.wait(10_000_000)
    execution, _, position, wallet = run.exchange.execute(resting, 10)
    run.exchange.executions.clear()
    run.send(position)
    run.send(wallet)
    while not run.told("leg_taken_over"):
        run.wait(1_000_000)
        assert run.now < NOW + 120_000_000

    run.send(execution)

    assert run.session.ledger.leg_size("BTCUSDT", LONG) == Decimal("0.1")
    assert run.session.balance == run.exchange.wallet == Decimal("9999.9802")


def test_a_close_between_the_opening_and_the_seed_books_its_fee_and_leaves_a_doubt(
    make_instrument: Instruments,
) -> None:
    ledger, instrument = opened(), make_instrument()
    ledger.execution(
        execution(LONG, SELL, 10_000, 1, exec_id="early", after_us=1), instrument, None
    )
    ledger.seed_leg("BTCUSDT", LONG, Decimal("0.1"), Decimal(1000), Instant(NOW + 5), 0)

    realised, entries = ledger.execution(
        execution(LONG, SELL, 10_000, 1, Decimal("0.02"), "late", after_us=5), instrument, None
    )

    assert realised == 0
    assert [(entry.kind, entry.amount) for entry in entries] == [(LedgerKind.FEE, Decimal("-0.02"))]
    assert ledger.leg_size("BTCUSDT", LONG) == Decimal("0.1")
    assert [(doubt.kind, doubt.reference) for doubt in ledger.take_doubts()] == [
        (DoubtKind.PROFIT_UNKNOWN, "early"),
        (DoubtKind.PROFIT_UNKNOWN, "late"),
    ]


def test_a_seed_older_than_the_last_one_changes_nothing() -> None:
    ledger = opened()
    ledger.seed_leg("BTCUSDT", LONG, Decimal("0.1"), Decimal(1000), Instant(NOW + 5), 0)

    assert ledger.seed_leg("BTCUSDT", LONG, Decimal(9), Decimal(9), Instant(NOW + 4), 0) == []

    assert ledger.leg_size("BTCUSDT", LONG) == Decimal("0.1")
    assert ledger.leg_seeded_at("BTCUSDT", LONG) == NOW + 5


def test_a_seed_corrects_what_was_booked_against_an_unknown_leg(
    make_instrument: Instruments,
) -> None:
    ledger, instrument = opened(), make_instrument()
    ledger.execution(execution(LONG, SELL, 10_100, 10, exec_id="X1", after_us=5), instrument, None)

    entries = ledger.seed_leg("BTCUSDT", LONG, Decimal("0.2"), Decimal(1000), NOW, 0)

    assert [(entry.amount, entry.reference) for entry in entries] == [
        (Decimal(1), "X1:rebooked:seed")
    ]
    assert ledger.leg_size("BTCUSDT", LONG) == Decimal("0.1")


def test_a_seed_older_than_the_history_is_doubted(make_instrument: Instruments) -> None:
    ledger, instrument = opened(), make_instrument()
    for number in range(HISTORY + 1):
        event = execution(LONG, BUY, 10_000, 1, exec_id=f"X{number}", after_us=10 + number)
        ledger.execution(event, instrument, None)

    ledger.seed_leg("BTCUSDT", LONG, Decimal(0), None, NOW, 0)

    assert [doubt.kind for doubt in ledger.take_doubts()] == [DoubtKind.BEYOND_HISTORY]


def test_more_than_can_wait_for_the_opening_is_dropped_oldest_first_and_doubted() -> None:
    ledger = Ledger()
    for number in range(HELD_LIMIT + 2):
        ledger.funding(funding("1", after_us=number))

    entries = ledger.open(Decimal(0), NOW, 0)

    assert len(entries) == 1 + HELD_LIMIT
    assert [(doubt.kind, doubt.at) for doubt in ledger.take_doubts()] == [
        (DoubtKind.HELD_DROPPED, NOW + 1)
    ]


def test_a_leg_never_heard_of_is_flat_in_our_books_and_asking_does_not_create_it() -> None:
    ledger = Ledger()

    assert ledger.leg_size("BTCUSDT", LONG) == 0
    assert ledger.leg_entry("BTCUSDT", LONG) is None
    assert ledger.leg_seeded_at("BTCUSDT", LONG) is None
    assert ledger.watermark is None
    assert ledger.snapshot()["legs"] == {}


@given(st.sampled_from([LONG, SHORT]), SEQUENCES, st.integers(0, 25), st.booleans(), st.data())
def test_books_restored_in_the_middle_of_a_disorder_go_on_as_the_original(
    make_instrument: Instruments,
    direction: DirectionType,
    rows: list[tuple[bool, int, int, int]],
    cut: int,
    open_first: bool,
    data: st.DataObject,
) -> None:
    events = data.draw(st.permutations(exchange_order(direction, rows)))
    numbers = {event.exec_id: (None, 1, NEWEST_SENT + 1)[event.sequence % 3] for event in events}
    ledger, restored, instrument = Ledger(), Ledger(), make_instrument()
    if open_first:
        ledger.open(Decimal(7), Instant(NOW + 5), NEWEST_SENT)
        ledger.seed_leg(
            "BTCUSDT", direction, Decimal(1), Decimal(1000), Instant(NOW + 8), NEWEST_SENT
        )
    for event in events[:cut]:
        ledger.execution(event, instrument, numbers[event.exec_id])

    restored.restore(Saved(json.loads(json.dumps(ledger.snapshot()))))

    assert json.dumps(restored.snapshot()) == json.dumps(ledger.snapshot())
    for event in events[cut:]:
        assert restored.execution(event, instrument, numbers[event.exec_id]) == ledger.execution(
            event, instrument, numbers[event.exec_id]
        )
    if not open_first:
        assert restored.open(Decimal(7), NOW, NEWEST_SENT) == ledger.open(
            Decimal(7), NOW, NEWEST_SENT
        )
    assert restored.take_doubts() == ledger.take_doubts()
    assert json.dumps(restored.snapshot()) == json.dumps(ledger.snapshot())


def test_a_late_execution_within_a_full_history_is_booked_exactly(
    make_instrument: Instruments,
) -> None:
    rows = [(number % 3 != 2, 10_000 + number, 1 + number % 7, 1) for number in range(600)]
    events, instrument = exchange_order(LONG, rows), make_instrument()
    straight, delayed = opened(), opened()
    held, behind = 300, 300 + HISTORY
    arrivals = [*events[:held], *events[held + 1 : behind], events[held], *events[behind:]]
    for event in events:
        straight.execution(event, instrument, None)

    for event in arrivals:
        delayed.execution(event, instrument, None)

    assert delayed.totals == straight.totals
    assert delayed.leg_entry("BTCUSDT", LONG) == straight.leg_entry("BTCUSDT", LONG)
    assert delayed.take_doubts() == ()
