"""What an order may cost: sizes, coverage, and the limits as inequalities of plain sums."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import NO_LIQUIDATION, Liquidation, PositionUpdate, Ticker, WalletUpdate
from gridcore.instrument import Steps
from gridcore.session.exposure import AccountExposure
from gridcore.session.means import Means
from gridcore.session.mirror import MirroredPair, MirroredWallet
from gridcore.session.orders import OrderState, TrackedOrder
from gridcore.session.reservations import Reservations
from gridcore.session.risk_watch import RiskWatch
from gridcore.session.setup import StrategySetup
from gridcore.sides import LONG, SHORT, DirectionType, closing_side, opening_side
from gridcore.sizing import SizeFlag

Setups = Callable[..., StrategySetup]
BTC = "BTCUSDT"
LONG_INDEX, SHORT_INDEX = 0, 1
BUY_INDEX, SELL_INDEX = 0, 1
TICKER = Ticker(symbol=BTC, at=Instant(1), last=10_000, mark=None)


class Account(NamedTuple):
    """One strategy's means, and what they look at."""

    means: Means
    setup: StrategySetup
    pair: MirroredPair
    wallet: MirroredWallet
    reserved: Reservations

    def pay_in(self, balance: str) -> None:
        """The wallet is reported."""
        amount = Decimal(balance)
        self.wallet.take(WalletUpdate(at=Instant(1), balance=amount, available=amount))

    def hold(
        self, direction: DirectionType, steps: int, liquidation: Liquidation = NO_LIQUIDATION
    ) -> None:
        """A leg is reported, entered at 1000 USDT."""
        self.pair.legs[0 if direction is LONG else 1].take(
            PositionUpdate(
                symbol=BTC,
                at=Instant(1),
                direction=direction,
                size=Steps(steps),
                entry=Decimal(1000) if steps else None,
                liquidation=liquidation,
                mark=Decimal(1000),
            ),
            self.setup.instrument,
        )
        self.pair.version += 1

    def rest(self, direction: DirectionType, price: int, steps: int, *, opens: bool) -> None:
        """An order rests."""
        side = opening_side(direction) if opens else closing_side(direction)
        self.reserved.add(
            TrackedOrder(
                order_id="O",
                direction=direction,
                side=side,
                price=price,
                symbol=BTC,
                strat_id="grid",
                client_order_id="0" * 16,
                wire_id="w",
                qty=steps,
                leaves=steps,
                state=OrderState.OPEN,
                opens=opens,
                level=0,
                sent_at=Instant(0),
            )
        )


@pytest.fixture(scope="session")
def account(make_setup: Setups) -> Callable[..., Account]:
    """Builds means; orders of 0.1 coins, 10 steps; leverage 10; 1000 ticks are 100 USDT."""

    def make(**settings: Any) -> Account:
        setup = make_setup(**settings)
        pair, wallet, reserved = MirroredPair(), MirroredWallet(), Reservations()
        risk = RiskWatch(setup.risk, setup.safety, setup.instrument, pair, wallet)
        means = Means(setup, pair, wallet, reserved, risk, AccountExposure(wallet))
        return Account(means, setup, pair, wallet, reserved)

    return make


Accounts = Callable[..., Account]


# -- sizes ------------------------------------------------------------------------------------


def test_without_a_wallet_or_a_market_no_size_is_known_ls_60(account: Accounts) -> None:
    one = account()

    without_wallet = one.means.size(LONG_INDEX, BUY_INDEX, 10_000, TICKER)
    one.pay_in("1000")
    without_market = one.means.size(LONG_INDEX, BUY_INDEX, 10_000, None)

    assert without_wallet is without_market is None
    assert one.means.size(LONG_INDEX, BUY_INDEX, 10_000, TICKER) == (10, SizeFlag.AS_ASKED)


def test_an_open_is_raised_to_the_minimum_notional_and_a_close_never_is_q_5(
    account: Accounts,
) -> None:
    one = account(instrument={"min_notional": Decimal(200)})
    one.pay_in("1000")

    opening = one.means.size(LONG_INDEX, BUY_INDEX, 10_000, TICKER)
    closing = one.means.size(LONG_INDEX, SELL_INDEX, 10_000, TICKER)

    assert opening == (20, SizeFlag.RAISED)
    assert closing == (10, SizeFlag.AS_ASKED)


def test_an_amount_of_the_wallet_follows_the_realised_balance_q_1(account: Accounts) -> None:
    one = account(sizing={"amount": "x0.1"})

    sizes = []
    for balance in ("1000", "2000"):
        one.pay_in(balance)
        sizes.append(one.means.size(SHORT_INDEX, SELL_INDEX, 10_000, TICKER))

    assert sizes == [(10, SizeFlag.AS_ASKED), (20, SizeFlag.AS_ASKED)]


@pytest.mark.parametrize(
    ("long", "short", "steps"),
    [(12, 10, 20), (11, 10, 10), (10, 12, 10), (99, 10, 20), (100, 10, 10)],
)
def test_an_early_imbalance_multiplies_the_size_of_an_open_q_6(
    account: Accounts, long: int, short: int, steps: int
) -> None:
    one = account(sizing={"amount": "b0.1", "early_imbalance_multiplier": Decimal(2)})
    one.pay_in("100000")
    one.hold(LONG, long)
    one.hold(SHORT, short)

    assert one.means.size(LONG_INDEX, BUY_INDEX, 10_000, TICKER) == (steps, SizeFlag.AS_ASKED)


# -- coverage ---------------------------------------------------------------------------------


def test_what_closes_hold_is_covered_and_opens_cover_nothing_x_2(account: Accounts) -> None:
    one = account()
    one.hold(LONG, 30)
    one.hold(SHORT, 7)

    one.rest(LONG, 10_100, 12, opens=False)
    one.rest(LONG, 9_900, 5, opens=True)

    assert one.means.uncovered(LONG_INDEX) == 18
    assert one.means.uncovered(SHORT_INDEX) == 7


def test_less_position_than_closes_leaves_less_than_nothing_uncovered(account: Accounts) -> None:
    one = account()
    one.hold(LONG, 4)

    one.rest(LONG, 10_100, 10, opens=False)

    assert one.means.uncovered(LONG_INDEX) == -6


# -- wallet and caps --------------------------------------------------------------------------


def test_an_unknown_wallet_affords_nothing_ls_60(account: Accounts) -> None:
    one = account()

    assert not one.means.affords(LONG_INDEX, 10_000, 1)
    assert not one.means.within_max_margin(10_000, 1)


def test_margin_and_fee_of_an_open_must_fit_the_wallet_to_the_last_digit_x_4(
    account: Accounts,
) -> None:
    one = account()

    # 0.1 coins at 1000: 10 margin at leverage 10, and 0.06 taker fee.
    verdicts = []
    for balance in ("10.06", "10.05999999"):
        one.pay_in(balance)
        verdicts.append(one.means.affords(LONG_INDEX, 10_000, 10))

    assert verdicts == [True, False]


@given(
    legs=st.tuples(st.integers(0, 300), st.integers(0, 300)),
    opens=st.lists(st.tuples(st.booleans(), st.integers(9_000, 11_000), st.integers(1, 50))),
    price=st.integers(9_000, 11_000),
    steps=st.integers(1, 50),
)
def test_max_margin_compares_both_legs_and_all_opens_with_the_wallet_r_12_ls_26(
    account: Accounts,
    legs: tuple[int, int],
    opens: list[tuple[bool, int, int]],
    price: int,
    steps: int,
) -> None:
    one = account(risk={"max_margin": Decimal("0.5")})
    one.pay_in("1000")
    one.hold(LONG, legs[0])
    one.hold(SHORT, legs[1])
    for is_long, at, qty in opens:
        one.rest(LONG if is_long else SHORT, at, qty, opens=True)

    # In units of tick * step = 0.001 USDT: 500 USDT are 500000.
    total = 10_000 * (legs[0] + legs[1]) + price * steps + sum(at * qty for _, at, qty in opens)

    assert one.means.within_max_margin(price, steps) is (total <= 500_000)


def test_max_margin_may_be_used_up_to_the_last_unit_r_12(account: Accounts) -> None:
    one = account(risk={"max_margin": Decimal("0.5")})
    one.pay_in("1000")
    one.hold(LONG, 40)

    assert one.means.within_max_margin(10_000, 10)
    assert not one.means.within_max_margin(10_001, 10)


@given(
    leg=st.integers(0, 60),
    opens=st.lists(st.integers(1, 20), max_size=3),
    other=st.integers(0, 500),
    steps=st.integers(1, 50),
)
def test_the_notional_cap_counts_one_direction_only_c1_w25(
    account: Accounts, leg: int, opens: list[int], other: int, steps: int
) -> None:
    """1.5 * (4 // 2) * 10 steps at one price: 30 steps."""
    one = account()
    one.pay_in("100000")
    one.hold(LONG, leg)
    one.hold(SHORT, other)
    for qty in opens:
        one.rest(LONG, 10_000, qty, opens=True)

    assert one.means.within_notional(LONG_INDEX, 10_000, steps) is (leg + sum(opens) + steps <= 30)


def test_closes_do_not_count_against_the_caps(account: Accounts) -> None:
    one = account()
    one.pay_in("1000")
    one.hold(LONG, 20)
    one.rest(LONG, 10_100, 20, opens=False)

    assert one.means.within_notional(LONG_INDEX, 10_000, 10)
    assert not one.means.within_notional(LONG_INDEX, 10_000, 11)


def test_a_cap_that_depends_on_an_unknown_wallet_lets_nothing_pass(account: Accounts) -> None:
    one = account(sizing={"amount": "x0.1"})

    assert not one.means.within_notional(LONG_INDEX, 10_000, 1)
