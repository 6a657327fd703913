"""Belief about positions and wallet: newest wins, unknown is not zero (L48, LS-29, LS-33)."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import NO_LIQUIDATION, Liquidation, PositionUpdate, WalletUpdate
from gridcore.instrument import Instrument, Steps
from gridcore.saved import Saved
from gridcore.session.mirror import MirroredLeg, MirroredPair, MirroredWallet
from gridcore.sides import LONG, SHORT, DirectionType

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
