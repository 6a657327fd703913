"""Belief about positions and wallet: newest wins, unknown is not zero (L48, LS-29, LS-33)."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import (
    NO_LIQUIDATION,
    ExecType,
    Execution,
    Liquidation,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.instrument import Instrument, Steps
from gridcore.saved import Saved
from gridcore.session.mirror import MirroredLeg, MirroredPair, MirroredWallet
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

Instruments = Callable[..., Instrument]
NUMBERS = st.decimals(min_value=1, max_value=5000, places=3)


def report(
    at: int,
    size: int,
    entry: str | None = "1000",
    mark: str | None = "1010",
    direction: DirectionType = LONG,
    liquidation: Liquidation = NO_LIQUIDATION,
) -> PositionUpdate:
    return PositionUpdate(
        symbol="BTCUSDT",
        at=Instant(at),
        direction=direction,
        size=Steps(size),
        entry=None if entry is None else Decimal(entry),
        liquidation=liquidation,
        mark=None if mark is None else Decimal(mark),
    )


def test_a_leg_nobody_reported_is_unknown_and_a_flat_one_is_known_l48_ls_33(
    make_instrument: Instruments,
) -> None:
    pair = MirroredPair()
    assert not pair.known

    pair.legs[0].take(report(1, 0, None), make_instrument())
    assert not pair.known

    pair.legs[1].take(report(1, 0, None, direction=SHORT), make_instrument())
    assert pair.known


@pytest.mark.parametrize(
    ("direction", "mark", "value", "unrealised"),
    [
        (LONG, "1010", "101.00", "1.00"),
        (SHORT, "1010", "101.00", "-1.00"),
        (LONG, None, "100.00", "0"),
    ],
)
def test_a_leg_is_valued_at_its_mark_and_at_entry_while_that_is_unknown(
    make_instrument: Instruments,
    direction: DirectionType,
    mark: str | None,
    value: str,
    unrealised: str,
) -> None:
    leg = MirroredLeg()

    leg.take(report(1, 10, "1000", mark, direction), make_instrument())

    assert leg.size == 10
    assert leg.qty == Decimal("0.1")
    assert leg.value == Decimal(value)
    assert leg.unrealised == Decimal(unrealised)


def test_a_leg_that_went_flat_is_worth_nothing(make_instrument: Instruments) -> None:
    leg = MirroredLeg()
    leg.take(report(1, 10), make_instrument())

    leg.take(report(2, 0, None), make_instrument())

    assert leg.size == 0
    assert leg.qty == leg.value == leg.unrealised == 0


def test_an_older_report_never_replaces_a_newer_one_and_of_equal_ones_the_last_counts(
    make_instrument: Instruments,
) -> None:
    leg = MirroredLeg()
    assert leg.take(report(5, 10), make_instrument())

    assert not leg.take(report(4, 99), make_instrument())
    assert leg.size == 10
    assert leg.take(report(5, 7), make_instrument())
    assert leg.size == 7


@pytest.mark.parametrize(
    ("size", "liquidation", "unknown"),
    [
        (10, None, True),
        (10, NO_LIQUIDATION, False),
        (10, Decimal(500), False),
        (0, None, False),
    ],
)
def test_only_an_open_leg_without_a_stated_liquidation_price_is_unknown(
    make_instrument: Instruments, size: int, liquidation: Liquidation, unknown: bool
) -> None:
    pair = MirroredPair()

    pair.legs[0].take(report(1, size, liquidation=liquidation), make_instrument())

    assert pair.liquidation_unknown(0) is unknown


def test_the_newest_wallet_wins_and_a_balance_of_zero_is_a_balance_l106() -> None:
    wallet = MirroredWallet()
    assert wallet.balance is None

    assert wallet.take(WalletUpdate(at=Instant(5), balance=Decimal(0), available=None))
    assert not wallet.take(WalletUpdate(at=Instant(4), balance=Decimal(9), available=Decimal(9)))

    assert wallet.balance == 0
    assert wallet.available is None


@given(
    st.integers(0, 100),
    st.one_of(st.none(), NUMBERS),
    st.one_of(st.none(), NUMBERS),
    st.one_of(st.none(), st.just(NO_LIQUIDATION), NUMBERS),
    st.sampled_from([LONG, SHORT]),
)
def test_a_restored_leg_is_the_leg(
    make_instrument: Instruments,
    size: int,
    entry: Decimal | None,
    mark: Decimal | None,
    liquidation: Liquidation,
    direction: DirectionType,
) -> None:
    leg, restored = MirroredLeg(), MirroredLeg()
    assert MirroredLeg().snapshot()["at"] is None
    leg.take(
        PositionUpdate(
            symbol="BTCUSDT",
            at=Instant(3),
            direction=direction,
            size=Steps(size),
            entry=entry,
            liquidation=liquidation,
            mark=mark,
        ),
        make_instrument(),
    )

    restored.restore(Saved(json.loads(json.dumps(leg.snapshot()))))

    assert restored.snapshot() == leg.snapshot()
    assert restored.liquidation == liquidation
    assert restored.value == leg.value


@given(st.one_of(st.none(), NUMBERS), st.booleans())
def test_a_restored_wallet_is_the_wallet(available: Decimal | None, known: bool) -> None:
    wallet, restored = MirroredWallet(), MirroredWallet()
    if known:
        wallet.take(WalletUpdate(at=Instant(3), balance=Decimal("12.50"), available=available))

    restored.restore(Saved(json.loads(json.dumps(wallet.snapshot()))))

    assert restored.snapshot() == wallet.snapshot()
    assert (restored.at, restored.balance) == (wallet.at, wallet.balance)


def test_a_restored_unknown_leg_is_unknown() -> None:
    restored = MirroredLeg()

    restored.restore(Saved(json.loads(json.dumps(MirroredLeg().snapshot()))))

    assert restored.at is None
    assert restored.liquidation is None


# -- executions between two reports (L47) ---------------------------------------------------------


def fill(
    at: int,
    side: SideType,
    qty: int,
    price: int = 10_200,
    direction: DirectionType = LONG,
    exec_id: str = "X1",
) -> Execution:
    return Execution(
        symbol="BTCUSDT",
        at=Instant(at),
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
        fee=Decimal(0),
        kind=ExecType.TRADE,
        is_maker=True,
    )


@pytest.mark.parametrize(
    ("direction", "side", "size", "entry", "value", "unrealised"),
    [
        (LONG, BUY, 20, "1010", "202", "0"),
        (LONG, SELL, 4, "1000", "40.4", "0.4"),
        (SHORT, SELL, 20, "1010", "202", "0"),
        (SHORT, BUY, 4, "1000", "40.4", "-0.4"),
    ],
)
def test_an_execution_later_than_the_report_moves_the_leg_at_once_l47(
    make_instrument: Instruments,
    direction: DirectionType,
    side: SideType,
    size: int,
    entry: str,
    value: str,
    unrealised: str,
) -> None:
    leg = MirroredLeg()
    leg.take(report(1, 10, direction=direction, liquidation=Decimal(500)), make_instrument())
    qty = size - 10 if size > 10 else 10 - size

    assert leg.apply(fill(2, side, qty, direction=direction), make_instrument())

    assert (leg.size, leg.qty) == (size, Decimal(size) / 100)
    assert leg.entry == Decimal(entry)
    assert leg.value == Decimal(value)
    assert leg.unrealised == Decimal(unrealised)
    assert leg.liquidation == Decimal(500)


@pytest.mark.parametrize("at", [4, 5])
def test_an_execution_up_to_the_reports_time_is_in_the_report(
    make_instrument: Instruments, at: int
) -> None:
    leg = MirroredLeg()
    leg.take(report(5, 10), make_instrument())

    assert not leg.apply(fill(at, BUY, 3), make_instrument())

    assert leg.size == 10


def test_executions_of_one_instant_and_out_of_order_all_count_a16(
    make_instrument: Instruments,
) -> None:
    leg, instrument = MirroredLeg(), make_instrument()
    leg.take(report(5, 10), instrument)

    for at in (7, 7, 6):
        assert leg.apply(fill(at, BUY, 1), instrument)

    assert leg.size == 13
    assert not leg.take(report(6, 11), instrument)


def test_a_close_never_takes_a_leg_below_flat_and_a_flat_leg_is_worth_nothing(
    make_instrument: Instruments,
) -> None:
    leg, instrument = MirroredLeg(), make_instrument()
    leg.take(report(1, 10), instrument)

    assert leg.apply(fill(2, SELL, 11), instrument)
    assert not leg.apply(fill(3, SELL, 1), instrument)

    assert leg.size == 0
    assert leg.qty == leg.value == leg.unrealised == 0
    assert leg.entry is None


def test_a_leg_that_opens_anew_has_the_fills_price_and_no_known_liquidation_ls_29(
    make_instrument: Instruments,
) -> None:
    leg, instrument = MirroredLeg(), make_instrument()
    leg.take(report(1, 0, None, None), instrument)

    leg.apply(fill(2, BUY, 10, 10_000), instrument)

    assert (leg.size, leg.entry, leg.value) == (10, Decimal(1000), Decimal(100))
    assert leg.liquidation is None


def test_a_leg_without_mark_and_entry_is_valued_at_the_fills_price(
    make_instrument: Instruments,
) -> None:
    leg, instrument = MirroredLeg(), make_instrument()
    leg.take(report(1, 10, None, None), instrument)

    leg.apply(fill(2, BUY, 10, 10_000), instrument)

    assert (leg.entry, leg.value, leg.unrealised) == (None, Decimal(200), Decimal(0))


def test_an_execution_does_not_make_an_unreported_leg_known_and_outdates_older_reports_l48_a26(
    make_instrument: Instruments,
) -> None:
    leg, instrument = MirroredLeg(), make_instrument()

    assert not leg.apply(fill(5, BUY, 3), instrument)

    assert leg.at is None
    assert not leg.take(report(4, 10), instrument)
    assert leg.at is None
    assert leg.take(report(5, 13), instrument)
    assert leg.size == 13


def test_a_report_older_than_an_execution_loses_and_one_as_new_wins_l46_a25(
    make_instrument: Instruments,
) -> None:
    leg, instrument = MirroredLeg(), make_instrument()
    leg.take(report(1, 10), instrument)
    leg.apply(fill(5, BUY, 3), instrument)

    assert not leg.take(report(4, 10), instrument, Instant(100))
    assert leg.size == 13
    assert leg.take(report(5, 20), instrument, Instant(101))
    assert leg.size == 20
    assert not leg.take(report(4, 10), instrument, Instant(102))
    assert leg.size == 20


def test_a_push_of_one_leg_leaves_the_other_as_it_was_a26(make_instrument: Instruments) -> None:
    pair, instrument = MirroredPair(), make_instrument()
    pair.legs[1].take(report(1, 7, direction=SHORT), instrument)
    before = pair.legs[1].snapshot()

    pair.legs[0].take(report(2, 10), instrument)
    pair.legs[0].apply(fill(3, BUY, 10), instrument)

    assert pair.legs[1].snapshot() == before


def test_only_a_stored_report_counts_as_seen(make_instrument: Instruments) -> None:
    leg, wallet = MirroredLeg(), MirroredWallet()
    assert [leg.seen, wallet.seen] == [None, None]

    leg.take(report(5, 10), make_instrument(), Instant(50))
    leg.take(report(4, 10), make_instrument(), Instant(60))
    leg.apply(fill(70, BUY, 1), make_instrument())
    balance = Decimal(1)
    wallet.take(WalletUpdate(at=Instant(5), balance=balance, available=None), Instant(51))
    wallet.take(WalletUpdate(at=Instant(4), balance=balance, available=None), Instant(61))

    assert [leg.seen, wallet.seen] == [50, 51]


@given(
    st.sampled_from([LONG, SHORT]),
    st.lists(st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, 30)), max_size=12),
    st.integers(0, 12),
    st.data(),
)
def test_reports_and_executions_in_any_order_end_at_the_exchanges_size_l46_a16(
    make_instrument: Instruments,
    direction: DirectionType,
    fills: list[tuple[SideType, int]],
    based: int,
    data: st.DataObject,
) -> None:
    """The exchange's leg never goes below 0; a report contains every execution up to its time.
    What arrives: one report first, then the executions in order with older and newer reports
    between them."""
    leg, instrument = MirroredLeg(), make_instrument()
    sizes, events = [500], []
    for number, (side, qty) in enumerate(fills, start=1):
        opening = (direction is LONG) is (side is BUY)
        sizes.append(sizes[-1] + (qty if opening else -qty))
        events.append(fill(number, side, qty, direction=direction, exec_id=f"X{number}"))
    based = min(based, len(events))
    leg.take(report(based, sizes[based], direction=direction), instrument)

    for event in events:
        leg.apply(event, instrument)
        at = data.draw(st.integers(0, int(event.at)))
        leg.take(report(at, sizes[at], direction=direction), instrument)

    assert leg.size == sizes[-1]
    assert leg.qty == instrument.qty(sizes[-1])
    assert leg.value == leg.qty * 1010


@given(st.lists(st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, 30)), max_size=8))
def test_a_restored_leg_that_executions_moved_is_the_leg(
    make_instrument: Instruments, fills: list[tuple[SideType, int]]
) -> None:
    leg, restored, instrument = MirroredLeg(), MirroredLeg(), make_instrument()
    leg.take(report(1, 10), instrument, Instant(9))
    for at, (side, qty) in enumerate(fills):
        leg.apply(fill(at, side, qty), instrument)

    restored.restore(Saved(json.loads(json.dumps(leg.snapshot()))))

    assert restored.snapshot() == leg.snapshot()
    assert (restored.seen, restored.moved_at) == (9, leg.moved_at)
    late = report(len(fills) - 2, 99)
    assert restored.take(late, instrument) is leg.take(late, instrument)
