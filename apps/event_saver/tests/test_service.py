"""The recorder against the simulator: what the simulator told is what the database holds."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import RunFailed, UserError
from bybit_adapter.credentials import Credentials
from event_saver.accounts import AccountContext
from event_saver.beside import beside
from event_saver.config import EventSaverConfig
from event_saver.service import EventSaver
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings

PATIENCE_S = 60.0
TOPICS = ("order", "execution", "position", "wallet")


class Recorded:
    """The database file as its own driver reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])


@pytest.fixture
def recorded(tmp_path: Path, database: DatabaseFactory) -> Recorded:
    database.dispose()
    return Recorded(tmp_path / "recorded.db")


@pytest.fixture
def make(tmp_path: Path, simulator: Any, recorded: Recorded) -> Iterator[Callable[..., EventSaver]]:
    opened: list[DatabaseFactory] = []

    def make(secret: str = "demo-secret-1", **changes: Any) -> EventSaver:
        config = EventSaverConfig(
            exchange=simulator.url,
            symbols=("BTCUSDT",),
            journal_folder=tmp_path / "journal",
            health_file=tmp_path / "health.json",
            flush_interval_s=0.2,
            **changes,
        )
        url = f"sqlite:///{recorded.path}"
        opened.append(DatabaseFactory(DatabaseSettings.of_url(url, busy_timeout_s=0.05)))
        saver = EventSaver(config, opened[-1])
        saver.add_account(
            AccountContext(
                name="demo-1",
                credentials=Credentials(key="demo-key-1", secret=secret),
                symbols=(),
            )
        )
        return saver

    yield make
    for factory in opened:
        factory.dispose()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that other threads do."""

    async def poll() -> None:
        while not await beside("condition", condition):
            await asyncio.sleep(0.05)

    await asyncio.wait_for(poll(), PATIENCE_S)


def order(simulator: Any, side: str = "Buy", **changes: Any) -> str:
    words = {"account": "demo-1", "symbol": "BTCUSDT", "qty": "0.01", "position_idx": 1}
    told = simulator.post("order", side=side, **{**words, **changes})
    return str(told["order"]["orderId"])


class Told:
    """What the simulator tells the account's streams from now on."""

    def __init__(self, simulator: Any) -> None:
        self._simulator = simulator
        self._before = {topic: len(self._all(topic)) for topic in TOPICS}

    def executions(self) -> set[str]:
        return {row["execId"] for row in self._since("execution")}

    def orders(self) -> set[tuple[str, str, int]]:
        return {
            (row["orderId"], row["orderStatus"], int(row["updatedTime"]) * 1_000)
            for row in self._since("order")
        }

    def positions(self) -> set[tuple[int, str, int]]:
        return {
            (row["positionIdx"], row["size"], int(row["updatedTime"]) * 1_000)
            for row in self._since("position")
            if row["symbol"] == "BTCUSDT"
        }

    def balances(self) -> set[str]:
        return {row["coin"][0]["walletBalance"] for row in self._since("wallet")}

    def _since(self, topic: str) -> list[dict[str, Any]]:
        return self._all(topic)[self._before[topic] :]

    def _all(self, topic: str) -> list[dict[str, Any]]:
        accounts = self._simulator.state()["accounts"]
        (account,) = [one for one in accounts if one["name"] == "demo-1"]
        rows: list[dict[str, Any]] = account["changes"][topic]
        return rows


def executions_kept(recorded: Recorded) -> set[str]:
    return {row[0] for row in recorded.rows("SELECT exec_id FROM private_executions")}


def orders_kept(recorded: Recorded) -> set[tuple[str, str, int]]:
    return set(recorded.rows("SELECT order_id, status, exchange_ts FROM orders"))


def test_what_the_simulator_told_is_what_the_database_holds(
    make: Callable[..., EventSaver], simulator: Any, recorded: Recorded, tmp_path: Path
) -> None:
    told = Told(simulator)

    async def record() -> int:
        saver = make()
        await saver.start()
        ended = asyncio.ensure_future(saver.run_until_shutdown())
        await until(saver.ready)
        await until(lambda: saver.status().as_json()["gaps"]["filled"] >= 4)
        await beside("orders", lambda: [order(simulator, order_type="Market") for _ in range(3)])
        await beside("close", lambda: order(simulator, "Sell", order_type="Market"))
        await until(lambda: recorded.count("public_trades") > 0)
        await until(lambda: recorded.count("ticker_snapshots") > 0)
        await until(lambda: told.executions() <= executions_kept(recorded))
        await until(lambda: told.orders() <= orders_kept(recorded))
        saver.shutdown()
        return await ended

    assert asyncio.run(record()) == 0

    closed = recorded.rows("SELECT exec_id FROM private_executions WHERE closed_size <> '0'")
    assert len(closed) >= 1
    owned = recorded.rows("SELECT DISTINCT position_idx, attribution FROM private_executions")
    assert {index for index, _ in owned} == {1}
    legs = recorded.rows("SELECT side, size, exchange_ts FROM position_snapshots")
    kept = {({"Buy": 1, "Sell": 2}[side], Decimal(size), at) for side, size, at in legs}
    assert {(index, Decimal(size), at) for index, size, at in told.positions()} <= kept
    balances = {
        Decimal(one) for (one,) in recorded.rows("SELECT wallet_balance FROM wallet_snapshots")
    }
    assert {Decimal(one) for one in told.balances()} <= balances
    assert recorded.count("dead_letters") == 0
    runs = recorded.rows(
        "SELECT status FROM runs WHERE account_id IN (SELECT account_id FROM"
        " bybit_accounts WHERE account_name = 'demo-1')"
    )
    assert runs == [("completed",)]
    assert '"healthy"' in (tmp_path / "health.json").read_text()


def test_what_happened_in_an_outage_is_filled_in_afterwards(
    make: Callable[..., EventSaver], simulator: Any, recorded: Recorded
) -> None:
    told = Told(simulator)

    async def record() -> int:
        saver = make()
        await saver.start()
        ended = asyncio.ensure_future(saver.run_until_shutdown())
        await until(saver.ready)
        await until(lambda: saver.status().as_json()["gaps"]["filled"] >= 4)
        await beside("cut", lambda: simulator.post("disconnect"))
        await beside("order", lambda: order(simulator, order_type="Market"))
        await until(lambda: saver.status().as_json()["gaps"]["filled"] >= 9)
        await until(lambda: told.executions() <= executions_kept(recorded))
        saver.shutdown()
        return await ended

    assert asyncio.run(record()) == 0

    states = dict(recorded.rows("SELECT state, count(*) FROM gaps GROUP BY state"))
    assert "open" not in states
    assert recorded.rows("SELECT DISTINCT stream FROM gaps WHERE state = 'unrecoverable'") == [
        ("tickers",)
    ]


def test_a_locked_database_costs_nothing_and_the_order_is_kept_a40(
    make: Callable[..., EventSaver], simulator: Any, recorded: Recorded
) -> None:
    told = Told(simulator)

    async def record() -> tuple[int, list[str]]:
        saver = make()
        await saver.start()
        ended = asyncio.ensure_future(saver.run_until_shutdown())
        await until(saver.ready)
        await until(lambda: saver.status().as_json()["gaps"]["filled"] >= 4)
        with closing(sqlite3.connect(recorded.path, check_same_thread=False)) as other:
            other.execute("BEGIN EXCLUSIVE")
            placed = [
                await beside("order", lambda: order(simulator, order_type="Market"))
                for _ in range(5)
            ]
            streams = ("demo-1", "trades", "tickers")
            await until(
                lambda: all(
                    saver.status().as_json()["streams"][name]["failures"] for name in streams
                )
            )
            assert not saver.status().healthy
            other.rollback()
        await until(lambda: told.executions() <= executions_kept(recorded))
        await until(lambda: saver.status().healthy)
        saver.shutdown()
        return await ended, placed

    lost, placed = asyncio.run(record())

    assert lost == 0
    kept = recorded.rows("SELECT order_id FROM private_executions ORDER BY id")
    assert [order_id for (order_id,) in kept] == placed


def test_the_next_process_fills_from_the_watermark_of_the_one_before_a45(
    make: Callable[..., EventSaver], simulator: Any, recorded: Recorded
) -> None:
    told = Told(simulator)

    async def record(*, orders: int) -> int:
        saver = make()
        await saver.start()
        ended = asyncio.ensure_future(saver.run_until_shutdown())
        await until(saver.ready)
        await until(lambda: saver.status().as_json()["gaps"]["filled"] >= 4)
        for _ in range(orders):
            await beside("order", lambda: order(simulator, order_type="Market"))
        await until(lambda: told.executions() <= executions_kept(recorded))
        saver.shutdown()
        return await ended

    assert asyncio.run(record(orders=1)) == 0
    while_away = order(simulator, order_type="Market")

    assert asyncio.run(record(orders=0)) == 0

    assert told.executions() <= executions_kept(recorded)
    assert ("Filled",) in recorded.rows(
        f"SELECT status FROM orders WHERE order_id = '{while_away}'"
    )


def test_a_key_that_is_refused_ends_the_recording_and_says_so(
    make: Callable[..., EventSaver],
) -> None:
    async def record() -> int:
        saver = make(secret="another secret")
        await saver.start()
        return await asyncio.wait_for(saver.run_until_shutdown(), PATIENCE_S)

    with pytest.raises(RunFailed, match="recording has ended: authentication"):
        asyncio.run(record())


def test_a_symbol_that_the_exchange_does_not_list_is_refused(
    make: Callable[..., EventSaver], recorded: Recorded
) -> None:
    async def record() -> None:
        saver = make()
        saver.add_account(
            AccountContext(
                name="other",
                credentials=Credentials(key="demo-key-2", secret="demo-secret-2"),
                symbols=("NOSUCHUSDT",),
            )
        )
        await saver.start()

    with pytest.raises(UserError, match="NOSUCHUSDT"):
        asyncio.run(record())

    assert recorded.count("runs") == 1


def test_two_recorders_of_one_account_are_one_too_many(
    make: Callable[..., EventSaver],
) -> None:
    async def record() -> None:
        first, second = make(), make()
        await first.start()
        try:
            with pytest.raises(UserError, match="kept by another process"):
                await second.start()
        finally:
            first.shutdown()
            await first.run_until_shutdown()

    asyncio.run(record())


def test_accounts_come_before_the_start(make: Callable[..., EventSaver]) -> None:
    async def record() -> None:
        saver = make()
        await saver.start()
        try:
            with pytest.raises(RuntimeError, match="accounts before the start"):
                saver.add_account(
                    AccountContext(
                        name="late",
                        credentials=Credentials(key="demo-key-2", secret="demo-secret-2"),
                        symbols=(),
                    )
                )
        finally:
            saver.shutdown()
            await saver.run_until_shutdown()

    asyncio.run(record())
