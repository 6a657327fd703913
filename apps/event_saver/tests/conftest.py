"""Records of every kind, and a database with one account, for the tests of the recorder."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from event_saver.codec import Record
from grid_db import models
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, user_id_of
from grid_db.records import (
    Account,
    DeadLetter,
    FundingPayment,
    Gap,
    OrderState,
    PositionSnapshot,
    PrivateExecution,
    PublicTrade,
    Run,
    TickerSnapshot,
    User,
    WalletSnapshot,
)
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.words import Attribution, Environment, RunType, SnapshotSource, Stream
from gridcore.sides import BUY, SELL

AT = datetime(2027, 1, 15, 8, 0, 0, 123_000, tzinfo=UTC)
LOCAL = datetime(2027, 1, 15, 8, 0, 0, 150_007, tzinfo=UTC)
ACCOUNT_ID = account_id_of("main")
USER_ID = user_id_of("main")
RUN_ID = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulator of its own process, playing a seeded market to two accounts."""

    url: str

    def post(self, path: str, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/sim/{path}", json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def state(self) -> Any:
        with urllib.request.urlopen(f"{self.url}/sim/state", timeout=10) as answer:
            return json.loads(answer.read())


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    words = [sys.executable, "-m", "bybit_sim", "serve", "--port", "0", "--json", "--synth"]
    with subprocess.Popen([*words, "--seed", "7"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Simulator(json.loads(process.stdout.readline())["http"])
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def records() -> dict[str, Record]:
    """One record of each kind, by the name of its kind, with all that is awkward."""
    found: list[Record] = [
        PublicTrade(
            environment=Environment.SIM,
            symbol="BTCUSDT",
            trade_id="t-1",
            exchange_ts=AT,
            local_ts=LOCAL,
            side=None,
            price=Decimal("99800.1"),
            size=Decimal("0.010"),
            seq=7,
        ),
        TickerSnapshot(
            environment=Environment.SIM,
            symbol="BTCUSDT",
            exchange_ts=AT,
            local_ts=LOCAL,
            last_price=Decimal("99800.1"),
            mark_price=None,
            bid1_price=None,
            ask1_price=Decimal("99800.2"),
            funding_rate=Decimal("-0.0001"),
        ),
        PrivateExecution(
            run_id=RUN_ID,
            account_id=ACCOUNT_ID,
            strat_id="grid-1",
            symbol="BTCUSDT",
            position_idx=2,
            attribution=Attribution.ORDER,
            exec_id="e-1",
            order_id="o-1",
            order_link_id=None,
            exchange_ts=AT,
            local_ts=LOCAL,
            exec_type="Trade",
            side=SELL,
            exec_price=Decimal("99800.1"),
            exec_qty=Decimal("0.010"),
            closed_size=Decimal(0),
            leaves_qty=Decimal(0),
            exec_fee=Decimal("-1E-9"),
            fee_currency="USDT",
            fee_rate=None,
            closed_pnl=None,
            is_maker=True,
            seq=9,
            raw_json='{"ключ":"\\u0000"}',
        ),
        OrderState(
            run_id=RUN_ID,
            account_id=ACCOUNT_ID,
            strat_id=None,
            symbol="BTCUSDT",
            position_idx=None,
            order_id="o-1",
            order_link_id="0123456789abcdef-1",
            exchange_ts=AT,
            local_ts=LOCAL,
            status="New",
            side=BUY,
            price=Decimal("99800.1"),
            qty=Decimal(1),
            leaves_qty=Decimal(1),
            cum_exec_qty=None,
            avg_price=None,
            reduce_only=False,
            reject_reason=None,
            cancel_type=None,
        ),
        PositionSnapshot(
            run_id=RUN_ID,
            account_id=ACCOUNT_ID,
            source=SnapshotSource.LIVE,
            symbol="BTCUSDT",
            side=BUY,
            exchange_ts=AT,
            local_ts=LOCAL,
            size=Decimal(0),
            entry_price=None,
            liq_price=None,
            mark_price=None,
            leverage=None,
            unrealised_pnl=None,
            cum_realised_pnl=None,
            cur_realised_pnl=None,
            position_im=None,
            position_mm=None,
            position_value=None,
            fingerprint="a" * 32,
        ),
        WalletSnapshot(
            run_id=RUN_ID,
            account_id=ACCOUNT_ID,
            coin="USDT",
            exchange_ts=AT,
            local_ts=LOCAL,
            wallet_balance=Decimal("1234567890123456789012345678.000000000000000001"),
            available_balance=None,
            usd_value=None,
            total_equity=None,
            total_available_balance=None,
            total_margin_balance=None,
            account_im_rate=None,
            account_mm_rate=None,
            fingerprint="b" * 32,
        ),
        FundingPayment(
            run_id=RUN_ID,
            account_id=ACCOUNT_ID,
            strat_id=None,
            symbol="BTCUSDT",
            side=BUY,
            position_idx=1,
            exec_id="f-1",
            exchange_ts=AT,
            local_ts=LOCAL,
            qty=Decimal("0.5"),
            funding_rate=Decimal("0.0001"),
            price=Decimal(100_000),
            amount=Decimal(-5),
            fee_currency=None,
        ),
        DeadLetter(
            letter_id="00000000-0000-4000-8000-000000000002",
            environment=Environment.SIM,
            account_id=ACCOUNT_ID,
            run_id="no such run",
            stream=Stream.UNKNOWN,
            topic="order",
            reason="qty: expected a number, found none",
            payload="{}",
            received_at=LOCAL,
        ),
        Gap(
            gap_id="00000000-0000-4000-8000-000000000003",
            environment=Environment.SIM,
            account_id=None,
            stream=Stream.TRADES,
            symbol="BTCUSDT",
            from_ts=AT,
            to_ts=LOCAL,
            reason="pong missing",
        ),
    ]
    return {type(one).__name__: one for one in found}


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest) -> DatabaseSettings:
    """A new database with the whole schema, on each dialect in turn; nobody waits for locks.

    "own_postgres" is for tests that change the schema.
    """
    found: DatabaseSettings = request.getfixturevalue(f"{request.param}_settings")
    return found.model_copy(update={"busy_timeout_s": 0.05})


@pytest.fixture
def database(settings: DatabaseSettings) -> Iterator[DatabaseFactory]:
    """A new database with one user, one account and one recording run, on each dialect in turn."""
    factory = DatabaseFactory(settings)
    with factory.get_session() as session:
        rows = as_admin(session)
        rows.users.ensure(User(user_id=USER_ID, username="main"), AT)
        account = Account(
            account_id=ACCOUNT_ID,
            user_id=USER_ID,
            account_name="main",
            environment=Environment.SIM,
        )
        rows.accounts.ensure(account, AT)
        run = Run(
            run_id=RUN_ID,
            user_id=USER_ID,
            account_id=ACCOUNT_ID,
            strategy_id=None,
            run_type=RunType.RECORDING,
            start_ts=AT,
        )
        rows.runs.start(run)
    yield factory
    factory.dispose()


@contextmanager
def locked(database: DatabaseFactory) -> Iterator[None]:
    """Nobody else can write meanwhile."""
    with database.get_session() as session:
        if database.dialect == "postgresql":
            tables = ", ".join(models.Base.metadata.tables)
            session.execute(sa.text(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
        else:
            session.execute(sa.text("SELECT 1"))
        yield


@pytest.fixture
def lock() -> Callable[[DatabaseFactory], AbstractContextManager[None]]:
    return locked
