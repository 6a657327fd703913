"""What the repositories' tests share: two tenants of one shape, and records of theirs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from grid_db import identity, repositories
from grid_db.factory import DatabaseFactory
from grid_db.records import (
    Account,
    DeadLetter,
    FundingPayment,
    Gap,
    GridState,
    OrderState,
    PositionSnapshot,
    PrivateExecution,
    PublicTrade,
    Run,
    Strategy,
    TickerSnapshot,
    User,
    WalletSnapshot,
    fingerprint,
)
from grid_db.words import Attribution, Environment, RunType, SnapshotSource, Stream
from gridcore.sides import SideType

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
SYMBOL = "LTCUSDT"


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Tenant:
    """A user with one account, one strategy and one run, and records made for them."""

    name: str

    @property
    def user(self) -> User:
        return User(user_id=identity.user_id_of(self.name), username=self.name)

    @property
    def account(self) -> Account:
        return Account(
            account_id=identity.account_id_of(self.name),
            user_id=self.user.user_id,
            account_name=self.name,
            environment=Environment.SIM,
        )

    @property
    def strategy(self) -> Strategy:
        strat_id = f"{self.name}_ltc"
        return Strategy(
            strategy_id=identity.strategy_id_of(strat_id),
            account_id=self.account.account_id,
            strat_id=strat_id,
            strategy_type="GridStrategy",
            symbol=SYMBOL,
            config_json="{}",
        )

    @property
    def run(self) -> Run:
        return Run(
            run_id=identity.strategy_id_of(f"run of {self.name}"),
            user_id=self.user.user_id,
            account_id=self.account.account_id,
            strategy_id=self.strategy.strategy_id,
            run_type=RunType.LIVE,
            start_ts=NOON,
        )

    def execution(self, exec_id: str, seconds: float = 1, **changes: Any) -> PrivateExecution:
        made = PrivateExecution(
            run_id=self.run.run_id,
            account_id=self.account.account_id,
            strat_id=self.strategy.strat_id,
            symbol=SYMBOL,
            position_idx=1,
            attribution=Attribution.ORDER,
            exec_id=exec_id,
            order_id="order 1",
            order_link_id=None,
            exchange_ts=at(seconds),
            local_ts=at(seconds),
            exec_type="Trade",
            side=SideType.BUY,
            exec_price=Decimal("54.2"),
            exec_qty=Decimal("1.5"),
            closed_size=Decimal(0),
            leaves_qty=Decimal(0),
            exec_fee=Decimal("-0.00123"),
            fee_currency="USDT",
            fee_rate=Decimal("0.0002"),
            closed_pnl=None,
            is_maker=True,
            seq=7,
        )
        return replace(made, **changes)

    def order(self, order_id: str, seconds: float = 1, **changes: Any) -> OrderState:
        made = OrderState(
            run_id=self.run.run_id,
            account_id=self.account.account_id,
            strat_id=self.strategy.strat_id,
            symbol=SYMBOL,
            position_idx=1,
            order_id=order_id,
            order_link_id=None,
            exchange_ts=at(seconds),
            local_ts=at(seconds),
            status="New",
            side=SideType.BUY,
            price=Decimal("54.2"),
            qty=Decimal(10),
            leaves_qty=Decimal(10),
            cum_exec_qty=Decimal(0),
            avg_price=None,
            reduce_only=False,
            reject_reason=None,
            cancel_type=None,
        )
        return replace(made, **changes)

    def funding(self, exec_id: str, seconds: float = 1, **changes: Any) -> FundingPayment:
        made = FundingPayment(
            run_id=self.run.run_id,
            account_id=self.account.account_id,
            strat_id=None,
            symbol=SYMBOL,
            side=SideType.BUY,
            position_idx=1,
            exec_id=exec_id,
            exchange_ts=at(seconds),
            local_ts=at(seconds),
            qty=Decimal(3),
            price=Decimal("54.2"),
            funding_rate=Decimal("0.0001"),
            amount=Decimal("-0.01626"),
            fee_currency="USDT",
        )
        return replace(made, **changes)

    def position(self, size: str, seconds: float = 1, **changes: Any) -> PositionSnapshot:
        made = PositionSnapshot(
            run_id=self.run.run_id,
            account_id=self.account.account_id,
            source=SnapshotSource.LIVE,
            symbol=SYMBOL,
            side=SideType.BUY,
            exchange_ts=at(seconds),
            local_ts=at(seconds),
            size=Decimal(size),
            entry_price=Decimal("54.2"),
            liq_price=None,
            unrealised_pnl=None,
            mark_price=Decimal("54.3"),
            position_im=None,
            position_mm=None,
            cum_realised_pnl=Decimal("-12.5"),
            cur_realised_pnl=Decimal("0.5"),
            position_value=None,
            leverage=Decimal(10),
            fingerprint=fingerprint(size),
        )
        return replace(made, **changes)

    def wallet(self, balance: str, seconds: float = 1, **changes: Any) -> WalletSnapshot:
        made = WalletSnapshot(
            run_id=self.run.run_id,
            account_id=self.account.account_id,
            coin="USDT",
            exchange_ts=at(seconds),
            local_ts=at(seconds),
            wallet_balance=Decimal(balance),
            available_balance=None,
            total_equity=None,
            total_available_balance=Decimal(900),
            total_margin_balance=None,
            account_im_rate=None,
            account_mm_rate=None,
            usd_value=None,
            fingerprint=fingerprint(balance),
        )
        return replace(made, **changes)

    def grid(self, grid_json: str, seconds: float = 1, **changes: Any) -> GridState:
        made = GridState(
            run_id=self.run.run_id,
            account_id=self.account.account_id,
            strat_id=self.strategy.strat_id,
            symbol=SYMBOL,
            exchange_ts=at(seconds),
            local_ts=at(seconds),
            grid_json=grid_json,
            grid_step=Decimal("0.2"),
            grid_count=50,
            raw_fingerprint=fingerprint(grid_json),
        )
        return replace(made, **changes)

    def gap(self, gap_id: str, first: float = 1, last: float = 9, **changes: Any) -> Gap:
        made = Gap(
            gap_id=gap_id,
            environment=Environment.SIM,
            account_id=self.account.account_id,
            stream=Stream.EXECUTIONS,
            symbol=None,
            from_ts=at(first),
            to_ts=at(last),
            reason="disconnected",
        )
        return replace(made, **changes)

    def letter(self, letter_id: str, seconds: float = 1, **changes: Any) -> DeadLetter:
        made = DeadLetter(
            letter_id=letter_id,
            environment=Environment.SIM,
            account_id=self.account.account_id,
            run_id=self.run.run_id,
            stream=Stream.EXECUTIONS,
            topic="execution",
            reason="execPrice: expected a price, found none",
            payload='{"execPrice":""}',
            received_at=at(seconds),
        )
        return replace(made, **changes)


def trade(trade_id: str, seconds: float = 1, **changes: Any) -> PublicTrade:
    """A public trade."""
    made = PublicTrade(
        environment=Environment.SIM,
        symbol=SYMBOL,
        trade_id=trade_id,
        exchange_ts=at(seconds),
        local_ts=at(seconds),
        side=SideType.SELL,
        price=Decimal("54.21"),
        size=Decimal("0.5"),
    )
    return replace(made, **changes)


def ticker(seconds: float, **changes: Any) -> TickerSnapshot:
    """The market at a time."""
    made = TickerSnapshot(
        environment=Environment.SIM,
        symbol=SYMBOL,
        exchange_ts=at(seconds),
        local_ts=at(seconds),
        last_price=Decimal("54.21"),
        mark_price=Decimal("54.205"),
        bid1_price=Decimal("54.2"),
        ask1_price=None,
        funding_rate=Decimal("-0.000125"),
    )
    return replace(made, **changes)


def settle(session: Session, tenant: Tenant) -> None:
    """Store a tenant with its account, strategy and run."""
    admin = repositories.as_admin(session)
    admin.users.ensure(tenant.user, NOON)
    admin.accounts.ensure(tenant.account, NOON)
    admin.strategies.put(tenant.strategy, NOON)
    admin.runs.start(tenant.run)


class Makers:
    """What tests make beside a tenant's own records."""

    at = staticmethod(at)
    trade = staticmethod(trade)
    ticker = staticmethod(ticker)
    settle = staticmethod(settle)
    tenant = Tenant


@pytest.fixture
def make() -> Makers:
    return Makers()


@pytest.fixture
def session(database: DatabaseFactory) -> Iterator[Session]:
    """A session on each dialect in turn, with the tenants alice and bob."""
    with database.get_session() as session:
        for name in ("alice", "bob"):
            settle(session, Tenant(name))
        yield session


@pytest.fixture
def alice() -> Tenant:
    return Tenant("alice")


@pytest.fixture
def bob() -> Tenant:
    return Tenant("bob")
