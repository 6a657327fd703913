"""A small account as the simulator tells it, and the same as the database would hold it."""

from decimal import Decimal

import pytest

from bench.recorder.kept import Kept
from bench.recorder.market import Traded
from bench.recorder.rows import Account, Execution, Leg, LegState, OrderChange, WalletState

SECOND = 1_000_000


def trade(number: int) -> Traded:
    return Traded(f"id-{number}", number * SECOND, Decimal(100), Decimal(1), "Buy", number)


def change(status: str, at_s: int, leaves: str) -> OrderChange:
    return OrderChange(
        order_id="o-1",
        at_us=at_s * SECOND,
        status=status,
        leaves=Decimal(leaves),
        order_link_id=None,
        symbol="BTCUSDT",
        position_idx=1,
        side="Buy",
        price=Decimal(100),
        qty=Decimal(2),
        filled=Decimal(2) - Decimal(leaves),
        average=None,
        reduce_only=False,
        reject_reason=None,
        cancel_type=None,
    )


def leg_state(at_s: int, size: str) -> LegState:
    leg = Leg("BTCUSDT", "Buy", at_s * SECOND, Decimal(size), Decimal(100), Decimal(0), Decimal(0))
    return LegState(leg, Decimal(101), None, Decimal(10), Decimal(1), None, None, None)


def wallet(balance: str) -> WalletState:
    return WalletState("USDT", Decimal(balance), None, None, None, None, None, None, None)


@pytest.fixture
def trades() -> list[Traded]:
    return [trade(number) for number in range(1, 7)]


@pytest.fixture
def account() -> Account:
    execution = Execution(
        exec_id="e-1",
        order_id="o-1",
        order_link_id=None,
        symbol="BTCUSDT",
        position_idx=1,
        exec_type="Trade",
        side="Buy",
        price=Decimal(100),
        qty=Decimal(1),
        closed=Decimal(0),
        leaves=Decimal(1),
        fee=Decimal("0.02"),
        fee_rate=Decimal("0.0002"),
        is_maker=True,
        seq=3,
        at_us=3 * SECOND,
    )
    states = [leg_state(3, "1"), leg_state(5, "2")]
    return Account(
        executions=[execution],
        funding=[],
        orders=[change("New", 2, "2"), change("PartiallyFilled", 3, "1"), change("Filled", 5, "0")],
        legs=states,
        wallets=[wallet("99"), wallet("98")],
        last_legs=[states[-1].leg],
        last_balance=Decimal(98),
    )


@pytest.fixture
def kept(trades: list[Traded], account: Account) -> Kept:
    return Kept(
        trades=trades,
        executions=account.executions,
        funding=account.funding,
        orders=account.orders,
        legs=account.legs,
        wallets=account.wallets,
        gaps=[],
        letters=[],
    )
