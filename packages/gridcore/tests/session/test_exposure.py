"""Margin arithmetic against sums made anew; conservative: per leg, hedging ignored."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import NO_LIQUIDATION, PositionUpdate, WalletUpdate
from gridcore.instrument import Instrument, Steps
from gridcore.session.exposure import AccountExposure, Exposure
from gridcore.session.mirror import MirroredPair, MirroredWallet
from gridcore.session.orders import OrderState, TrackedOrder
from gridcore.session.reservations import Reservations
from gridcore.session.setup import StrategySetup
from gridcore.sides import LONG, SHORT, DirectionType, opening_side

Setups = Callable[..., StrategySetup]


class Account(NamedTuple):
    """One strategy's exposure and what it looks at."""

    exposure: Exposure
    pair: MirroredPair
    reserved: Reservations
    instrument: Instrument


@pytest.fixture(scope="session")
def account(make_setup: Setups) -> Callable[[], Account]:
    """Builds an exposure at leverage 10; 2 % initial margin up to 20000, then 10 %."""

    def make(leverage: str = "10") -> Account:
        setup = make_setup()
        pair, reserved = MirroredPair(), Reservations()
        exposure = Exposure(
            setup.instrument, setup.tiers, Decimal(leverage), setup.taker_fee, pair, reserved
        )
        return Account(exposure, pair, reserved, setup.instrument)

    return make


def hold(
    account: Account, direction: DirectionType, steps: int, entry: str, mark: str | None
) -> None:
    event = PositionUpdate(
        symbol="BTCUSDT",
        at=Instant(1),
        direction=direction,
        size=Steps(steps),
        entry=Decimal(entry),
        liquidation=NO_LIQUIDATION,
        mark=None if mark is None else Decimal(mark),
    )
    account.pair.legs[0 if direction is LONG else 1].take(event, account.instrument)
    account.pair.version += 1


def resting_open(direction: DirectionType, price: int, steps: int) -> TrackedOrder:
    return TrackedOrder(
        order_id="O",
        direction=direction,
        side=opening_side(direction),
        price=price,
        symbol="BTCUSDT",
        strat_id="grid",
        client_order_id="0" * 16,
        wire_id="w",
        qty=steps,
        leaves=steps,
        state=OrderState.OPEN,
        opens=True,
        level=0,
        sent_at=Instant(0),
    )


def test_a_flat_account_requires_nothing(account: Callable[[], Account]) -> None:
    exposure = account().exposure

    assert exposure.required() == 0
    assert exposure.value_with(0, 0) == 0
    assert exposure.loss() == 0


def test_one_more_open_requires_its_margin_and_its_taker_fee(
    account: Callable[[], Account],
) -> None:
    exposure = account().exposure

    assert exposure.notional(10_000, 10) == 100
    assert exposure.required_with(0, 10_000, 10) == Decimal("10.06")


def test_both_legs_require_margin_hedged_or_not(account: Callable[[], Account]) -> None:
    one = account()
    hold(one, LONG, 100, "1000", "1000")
    hold(one, SHORT, 100, "1000", "1000")

    assert one.exposure.required() == 200


def test_a_leg_in_a_higher_tier_requires_the_tiers_rate(make_setup: Setups) -> None:
    setup = make_setup()
    pair, reserved = MirroredPair(), Reservations()
    exposure = Exposure(
        setup.instrument, setup.tiers, Decimal(100), setup.taker_fee, pair, reserved
    )
    reserved.add(resting_open(LONG, 10_000, 2000))

    assert exposure.required() == 400
    assert exposure.required_with(0, 10_000, 1) == Decimal("2001.006")


def test_only_a_loss_reduces_what_is_free(account: Callable[[], Account]) -> None:
    one = account()
    hold(one, LONG, 100, "1000", "1100")
    assert one.exposure.loss() == 0

    hold(one, SHORT, 200, "1000", "1100")

    assert one.exposure.loss() == -100


@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.just("hold"),
                st.sampled_from([LONG, SHORT]),
                st.integers(1, 3000),
                st.integers(900, 1100),
            ),
            st.tuples(
                st.just("open"),
                st.sampled_from([LONG, SHORT]),
                st.integers(1, 3000),
                st.integers(9000, 11_000),
            ),
            st.tuples(st.just("gone"), st.just(LONG), st.integers(0, 5), st.just(0)),
        ),
        max_size=20,
    ),
    st.integers(1, 3000),
)
def test_running_values_equal_values_made_anew(
    account: Callable[[], Account],
    make_setup: Setups,
    steps: list[tuple[str, DirectionType, int, int]],
    candidate: int,
) -> None:
    one, tiers = account(), make_setup().tiers
    legs = {LONG: Decimal(0), SHORT: Decimal(0)}
    orders: list[TrackedOrder] = []
    for action, direction, size, price in steps:
        if action == "hold":
            hold(one, direction, size, "1000", str(price))
            legs[direction] = Decimal(size) * price / 100
        elif action == "open":
            orders.append(resting_open(direction, price, size))
            one.reserved.add(orders[-1])
        elif size < len(orders):
            one.reserved.remove(orders.pop(size))

        values = {
            way: legs[way]
            + sum(
                (
                    Decimal(int(order.price) * order.leaves) / 1000
                    for order in orders
                    if order.direction is way
                ),
                Decimal(0),
            )
            for way in (LONG, SHORT)
        }
        margins = {way: tiers.initial_margin(value, Decimal(10)) for way, value in values.items()}
        added = Decimal(candidate * 10_000) / 1000
        assert one.exposure.required() == margins[LONG] + margins[SHORT]
        assert one.exposure.value_with(10_000, candidate) == sum(values.values()) + added
        assert one.exposure.required_with(0, 10_000, candidate) == (
            tiers.initial_margin(values[LONG] + added, Decimal(10))
            + margins[SHORT]
            + added * Decimal("0.0006")
        )


def test_an_unknown_wallet_affords_nothing_and_a_known_one_up_to_its_last_cent(
    account: Callable[[], Account],
) -> None:
    wallet, one = MirroredWallet(), account()
    together = AccountExposure(wallet)
    together.join(one.exposure)
    assert not together.affords(one.exposure, 0, 10_000, 10)

    for at, balance, affords in ((1, "10.06", True), (2, "10.05999999", False), (3, "0", False)):
        wallet.take(WalletUpdate(at=Instant(at), balance=Decimal(balance), available=None))
        assert together.affords(one.exposure, 0, 10_000, 10) is affords


def test_what_another_strategy_holds_and_loses_is_not_free(
    account: Callable[[], Account],
) -> None:
    wallet, one, other = MirroredWallet(), account(), account()
    wallet.take(WalletUpdate(at=Instant(1), balance=Decimal(100), available=None))
    together = AccountExposure(wallet)
    together.join(one.exposure)
    together.join(other.exposure)
    assert together.affords(one.exposure, 0, 10_000, 90)

    hold(other, SHORT, 10, "1000", "1500")  # 50 lost, 15 margin

    assert not together.affords(one.exposure, 0, 10_000, 90)
    assert together.affords(one.exposure, 0, 10_000, 34)
    assert not together.affords(one.exposure, 0, 10_000, 35)
