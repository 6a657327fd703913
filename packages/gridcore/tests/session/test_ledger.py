"""Our own books: every entry quantised once, the balance their sum, legs exact (LS-57, L111)."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import CashKind, CashMoved, ExecType, Execution, FundingPaid
from gridcore.instrument import Instrument, Steps
from gridcore.saved import Saved
from gridcore.session.effects import LedgerEntry, LedgerKind
from gridcore.session.ledger import Ledger
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
) -> Execution:
    return Execution(
        symbol="BTCUSDT",
        at=NOW,
        sequence=1,
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


def funding(amount: str, direction: DirectionType = LONG) -> FundingPaid:
    return FundingPaid(
        symbol="BTCUSDT",
        at=NOW,
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

    entry = ledger.open(Decimal("100.123456789"), NOW)

    assert entry == LedgerEntry(
        at=NOW,
        kind=LedgerKind.CASH,
        symbol=None,
        direction=None,
        amount=Decimal("100.12345679"),
        reference="opening balance",
    )
    assert ledger.opened
    assert ledger.balance == Decimal("100.12345679")


def test_opening_costs_the_fee_and_realises_nothing(make_instrument: Instruments) -> None:
    ledger = Ledger()

    realised, entries = ledger.execution(
        execution(LONG, BUY, 10_000, 10, Decimal("0.02")), make_instrument()
    )

    assert realised == 0
    assert [(entry.kind, entry.amount) for entry in entries] == [(LedgerKind.FEE, Decimal("-0.02"))]


def test_a_rebate_raises_the_balance(make_instrument: Instruments) -> None:
    ledger = Ledger()

    ledger.execution(execution(LONG, BUY, 10_000, 10, Decimal("-0.01")), make_instrument())

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
    ledger, instrument = Ledger(), make_instrument()
    ledger.execution(execution(direction, first, 10_000, 10), instrument)

    realised, entries = ledger.execution(execution(direction, second, 10_100, 10), instrument)

    assert str(realised) == profit
    assert [entry.kind for entry in entries] == [LedgerKind.FEE, LedgerKind.REALISED]
    assert ledger.balance == Decimal(profit)


def test_a_close_at_the_entry_is_booked_as_a_profit_of_zero(make_instrument: Instruments) -> None:
    ledger, instrument = Ledger(), make_instrument()
    ledger.execution(execution(LONG, BUY, 10_000, 10), instrument)

    realised, entries = ledger.execution(execution(LONG, SELL, 10_000, 4), instrument)

    assert realised == 0
    assert [entry.kind for entry in entries] == [LedgerKind.FEE, LedgerKind.REALISED]


def test_a_close_of_a_leg_that_our_books_do_not_know_realises_nothing(
    make_instrument: Instruments,
) -> None:
    ledger = Ledger()

    realised, entries = ledger.execution(execution(LONG, SELL, 10_000, 4), make_instrument())

    assert realised == 0
    assert [entry.kind for entry in entries] == [LedgerKind.FEE]


def test_a_seeded_leg_realises_against_its_seeded_entry(make_instrument: Instruments) -> None:
    ledger = Ledger()
    ledger.seed_leg("BTCUSDT", SHORT, Decimal("0.1"), Decimal(1010))

    realised, _ = ledger.execution(execution(SHORT, BUY, 10_000, 10), make_instrument())

    assert realised == 1


@pytest.mark.parametrize("amount", ["-0.01", "0.01"])
def test_funding_is_the_change_of_the_wallet_as_the_exchange_states_it(amount: str) -> None:
    ledger = Ledger()

    entry = ledger.funding(funding(amount))

    assert (entry.kind, entry.symbol, entry.direction) == (LedgerKind.FUNDING, "BTCUSDT", LONG)
    assert ledger.balance == entry.amount == Decimal(amount)
    assert ledger.totals[LedgerKind.FUNDING] == Decimal(amount)


def test_cash_that_no_trade_moved_is_booked_with_its_reference() -> None:
    ledger = Ledger()
    moved = CashMoved(
        at=NOW, kind=CashKind.DEPOSIT, amount=Decimal("5.000000005"), movement_id="M1"
    )

    entry = ledger.cash(moved)

    assert (entry.kind, entry.amount, entry.reference) == (LedgerKind.CASH, Decimal(5), "M1")


@given(FILLS)
def test_the_balance_is_the_sum_of_the_entries_and_each_is_whole_in_1e_8(
    make_instrument: Instruments,
    fills: list[tuple[DirectionType, SideType, int, int, Decimal]],
) -> None:
    ledger, instrument = Ledger(), make_instrument()
    entries = [ledger.open(Decimal("1000.5"), NOW), ledger.funding(funding("-0.123456785"))]
    for number, (direction, side, price, qty, fee) in enumerate(fills):
        event = execution(direction, side, price, qty, fee, f"X{number}")
        entries += ledger.execution(event, instrument)[1]

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
    ledger, instrument = Ledger(), make_instrument()
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
            execution(direction, side, ticks, steps, fee), instrument
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
    restored.seed_leg("STALE", LONG, Decimal(1), Decimal(1))
    ledger.open(Decimal(500), NOW)
    for direction, side, price, qty, fee in before:
        ledger.execution(execution(direction, side, price, qty, fee), instrument)

    restored.restore(Saved(json.loads(json.dumps(ledger.snapshot()))))

    assert restored.snapshot() == ledger.snapshot()
    for direction, side, price, qty, fee in after:
        event = execution(direction, side, price, qty, fee)
        assert restored.execution(event, instrument) == ledger.execution(event, instrument)
    assert json.dumps(restored.snapshot()) == json.dumps(ledger.snapshot())
