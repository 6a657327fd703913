"""Each dialect in turn for the tests of grid_db, and one row of every table."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from grid_db import models
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings

if TYPE_CHECKING:
    from tests.databases import Cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseSettings]:
    """A new database without tables, on each dialect in turn."""
    if request.param == "sqlite":
        yield DatabaseSettings.of_url(f"sqlite:///{tmp_path / 'empty.db'}")
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    name = f"grid_{next(cluster.names)}"
    yield cluster.create(name)
    cluster.drop(name)


@pytest.fixture
def empty_database(empty_settings: DatabaseSettings) -> Iterator[DatabaseFactory]:
    """A factory of a new database without tables, on each dialect in turn."""
    factory = DatabaseFactory(empty_settings)
    yield factory
    factory.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest) -> DatabaseSettings:
    """A new database with the whole schema, on each dialect in turn."""
    name = "sqlite_settings" if request.param == "sqlite" else "postgres_settings"
    found: DatabaseSettings = request.getfixturevalue(name)
    return found


@pytest.fixture
def database(settings: DatabaseSettings) -> Iterator[DatabaseFactory]:
    """A factory of a new database with the whole schema, on each dialect in turn."""
    factory = DatabaseFactory(settings)
    yield factory
    factory.dispose()


SAMPLE_AT = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
_PRIVATE = {
    "run_id": "run-1",
    "account_id": "account-1",
    "symbol": "BTCUSDT",
    "exchange_ts": SAMPLE_AT,
    "local_ts": SAMPLE_AT,
}
_MARKET = {
    "environment": "sim",
    "symbol": "BTCUSDT",
    "exchange_ts": SAMPLE_AT,
    "local_ts": SAMPLE_AT,
}
SAMPLE_ROWS: dict[type[models.Base], dict[str, object]] = {
    models.User: {"user_id": "user-1", "username": "alice"},
    models.BybitAccount: {
        "account_id": "account-1",
        "user_id": "user-1",
        "account_name": "main",
        "environment": "sim",
    },
    models.ApiCredential: {
        "credential_id": "credential-1",
        "account_id": "account-1",
        "api_key_hint": "c4f2",
        "master_key_id": "0123456789abcdef",
        "wrapped_key": b"\x00wrapped",
        "sealed": b"\xffsealed",
    },
    models.Strategy: {
        "strategy_id": "strategy-1",
        "account_id": "account-1",
        "strat_id": "btc_main",
        "strategy_type": "GridStrategy",
        "symbol": "BTCUSDT",
        "config_json": '{"grid_count":50}',
    },
    models.Run: {
        "run_id": "run-1",
        "user_id": "user-1",
        "account_id": "account-1",
        "strategy_id": "strategy-1",
        "run_type": "recording",
    },
    models.PublicTrade: {
        **_MARKET,
        "trade_id": "t-1",
        "side": "Buy",
        "price": Decimal("99800.1"),
        "size": Decimal("0.012"),
    },
    models.TickerSnapshot: {**_MARKET, "last_price": Decimal("99800.1")},
    models.PrivateExecution: {
        **_PRIVATE,
        "attribution": "wire_id",
        "exec_id": "e-1",
        "order_id": "o-1",
        "exec_type": "Trade",
        "side": "Buy",
        "exec_price": Decimal("99800.1"),
        "exec_qty": Decimal("0.012"),
    },
    models.OrderState: {
        **_PRIVATE,
        "order_id": "o-1",
        "status": "New",
        "side": "Buy",
        "price": Decimal("99800.1"),
        "qty": Decimal("0.012"),
        "leaves_qty": Decimal("0.012"),
        "reduce_only": False,
    },
    models.PositionSnapshot: {
        **_PRIVATE,
        "side": "Buy",
        "source": "live",
        "size": Decimal("0"),
        "fingerprint": "f",
    },
    models.WalletSnapshot: {
        **{name: value for name, value in _PRIVATE.items() if name != "symbol"},
        "coin": "USDT",
        "wallet_balance": Decimal("10000.00000001"),
        "fingerprint": "f",
    },
    models.FundingPayment: {
        **_PRIVATE,
        "side": "Buy",
        "exec_id": "f-1",
        "qty": Decimal("0.012"),
        "price": Decimal("99800.1"),
        "funding_rate": Decimal("0.0001"),
        "amount": Decimal("-0.11976012"),
    },
    models.GridStateSnapshot: {
        **_PRIVATE,
        "strat_id": "btc_main",
        "grid_json": "[]",
        "grid_step": Decimal("0.2"),
        "grid_count": 0,
        "raw_fingerprint": "f",
    },
    models.Lease: {
        "account_id": "account-1",
        "name": "trading",
        "holder": "host-1",
        "fencing": 1,
        "acquired_at": SAMPLE_AT,
        "renewed_at": SAMPLE_AT,
        "expires_at": SAMPLE_AT,
    },
    models.Gap: {
        "gap_id": "gap-1",
        "environment": "sim",
        "account_id": "account-1",
        "stream": "executions",
        "from_ts": SAMPLE_AT,
        "to_ts": SAMPLE_AT,
        "reason": "disconnect",
    },
    models.DeadLetter: {
        "letter_id": "letter-1",
        "environment": "sim",
        "account_id": "account-1",
        "stream": "executions",
        "topic": "execution",
        "reason": "execPrice: expected a number",
        "payload": "{}",
        "received_at": SAMPLE_AT,
    },
}


@pytest.fixture
def sample_rows() -> dict[type[models.Base], dict[str, object]]:
    """One valid row of every table, owners before what they own."""
    return {model: dict(row) for model, row in SAMPLE_ROWS.items()}


@pytest.fixture
def filled(
    database: DatabaseFactory, sample_rows: dict[type[models.Base], dict[str, object]]
) -> DatabaseFactory:
    """A database that holds the sample row of every table."""
    with database.get_session() as session:
        insert_all(session, sample_rows)
    return database


def insert_all(session: Session, rows: dict[type[models.Base], dict[str, object]]) -> None:
    for model, row in rows.items():
        session.execute(sa.insert(model), [row])
