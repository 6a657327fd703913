"""The recorder against the simulator: what the simulator told is what the database holds."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appkit.beside import beside
from appkit.exits import RunFailed, UserError
from bybit_adapter.credentials import Credentials
from event_saver.accounts import AccountContext
from event_saver.codec import Unreadable
from event_saver.config import EventSaverConfig
from event_saver.gaps.doubts import DAMAGED
from event_saver.journals import Journals
from event_saver.service import EventSaver
from event_saver.times import moment
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, user_id_of
from grid_db.models import (
    Base,
    DeadLetter,
    Gap,
    OrderState,
    PositionSnapshot,
    PrivateExecution,
    PublicTrade,
    Run,
    TickerSnapshot,
    WalletSnapshot,
)
from grid_db.repositories import for_user
from grid_db.settings import DatabaseSettings
from grid_db.words import Environment
from gridcore.clock import Instant

PATIENCE_S = 60.0
TOPICS = ("order", "execution", "position", "wallet")
FIRST = "demo-1"
EVERY_ROW = sa.true()
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
"""For what has nothing to do with the database."""


class Recorded:
    """What is in the database."""

    def __init__(self, database: DatabaseFactory) -> None:
        self.database = database

    def rows(
        self, *columns: Any, where: Any = EVERY_ROW, account: str = FIRST
    ) -> list[tuple[Any, ...]]:
        """Columns of one table, of one account where the table has accounts, in stored order."""
        table = columns[0].class_.__table__
        query = sa.select(*columns).where(where).order_by(*table.primary_key)
        if table.name not in ("public_trades", "ticker_snapshots", "gaps", "dead_letters"):
            query = query.where(table.c.account_id == account_id_of(account))
        with self.database.get_readonly_session() as session:
            return [tuple(row) for row in session.execute(query)]

    def count(self, model: type[Base]) -> int:
        with self.database.get_readonly_session() as session:
            return int(session.scalar(sa.select(sa.func.count()).select_from(model)) or 0)


@pytest.fixture
def recorded(database: DatabaseFactory) -> Recorded:
    return Recorded(database)


def account(number: int = 1, secret: str = "") -> AccountContext:
    key, own = f"demo-key-{number}", f"demo-secret-{number}"
    return AccountContext(
        name=f"demo-{number}", credentials=Credentials(key=key, secret=secret or own), symbols=()
    )


@pytest.fixture
def make(
    tmp_path: Path, simulator: Any, settings: DatabaseSettings
) -> Iterator[Callable[..., EventSaver]]:
    opened: list[DatabaseFactory] = []

    def make(*accounts: AccountContext, exchange: str = "", **changes: Any) -> EventSaver:
        config = EventSaverConfig(
            exchange=exchange or simulator.url,
            symbols=("BTCUSDT",),
            journal_folder=tmp_path / "journal",
            health_file=tmp_path / "health.json",
            flush_interval_s=0.2,
            **changes,
        )
        opened.append(DatabaseFactory(settings))
        saver = EventSaver(config, opened[-1])
        for one in accounts or (account(),):
            saver.add_account(one)
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


def open_gaps(saver: EventSaver) -> int:
    return int(saver.status().as_json()["gaps"]["open"])


async def begun(saver: EventSaver, gaps: int = 4) -> asyncio.Future[int]:
    """Start, and wait until what was so before is stored: the gaps of the private streams."""
    await saver.start()
    ended = asyncio.ensure_future(saver.run_until_shutdown())
    await until(saver.ready)
    await until(lambda: saver.status().as_json()["gaps"]["filled"] >= gaps)
    return ended


def order(simulator: Any, side: str = "Buy", **changes: Any) -> str:
    words = {"account": FIRST, "symbol": "BTCUSDT", "qty": "0.01", "position_idx": 1}
    told = simulator.post("order", side=side, order_type="Market", **{**words, **changes})
    return str(told["order"]["orderId"])


class Told:
    """What the simulator tells an account's streams from now on."""

    def __init__(self, simulator: Any, account: str = FIRST) -> None:
        self._simulator = simulator
        self._account = account
        self._before = {topic: len(self._all(topic)) for topic in TOPICS}

    def executions(self) -> set[str]:
        return {row["execId"] for row in self._since("execution")}

    def orders(self) -> set[tuple[str, str, datetime]]:
        return {
            (row["orderId"], row["orderStatus"], at(row["updatedTime"]))
            for row in self._since("order")
        }

    def positions(self) -> set[tuple[int, Decimal, datetime]]:
        return {
            (row["positionIdx"], Decimal(row["size"]), at(row["updatedTime"]))
            for row in self._since("position")
            if row["symbol"] == "BTCUSDT"
        }

    def balances(self) -> set[Decimal]:
        return {Decimal(row["coin"][0]["walletBalance"]) for row in self._since("wallet")}

    def _since(self, topic: str) -> list[dict[str, Any]]:
        return self._all(topic)[self._before[topic] :]

    def _all(self, topic: str) -> list[dict[str, Any]]:
        accounts = self._simulator.state()["accounts"]
        (account,) = [one for one in accounts if one["name"] == self._account]
        rows: list[dict[str, Any]] = account["changes"][topic]
        return rows


def at(milliseconds: str) -> datetime:
    return moment(Instant(int(milliseconds) * 1_000))


def executions_kept(recorded: Recorded, account: str = FIRST) -> set[str]:
    return {row[0] for row in recorded.rows(PrivateExecution.exec_id, account=account)}


def orders_kept(recorded: Recorded) -> set[tuple[Any, ...]]:
    return set(recorded.rows(OrderState.order_id, OrderState.status, OrderState.exchange_ts))


def test_what_the_simulator_told_is_what_the_database_holds(
    make: Callable[..., EventSaver], simulator: Any, recorded: Recorded, tmp_path: Path
) -> None:
    told = Told(simulator)

    async def record() -> int:
        saver = make()
        ended = await begun(saver)
        await beside("orders", lambda: [order(simulator) for _ in range(3)])
        await beside("close", lambda: order(simulator, "Sell"))
        await until(lambda: recorded.count(PublicTrade) > 0)
        await until(lambda: recorded.count(TickerSnapshot) > 0)
        await until(lambda: told.executions() <= executions_kept(recorded))
        await until(lambda: told.orders() <= orders_kept(recorded))
        saver.shutdown()
        return await ended

    assert asyncio.run(record()) == 0

    closed = recorded.rows(
        PrivateExecution.exec_id, where=PrivateExecution.closed_size != Decimal(0)
    )
    assert len(closed) >= 1
    assert {index for (index,) in recorded.rows(PrivateExecution.position_idx)} == {1}
    legs = recorded.rows(PositionSnapshot.side, PositionSnapshot.size, PositionSnapshot.exchange_ts)
    kept = {({"Buy": 1, "Sell": 2}[side], size, at) for side, size, at in legs}
    assert told.positions() <= kept
    assert told.balances() <= {one for (one,) in recorded.rows(WalletSnapshot.wallet_balance)}
    assert recorded.count(DeadLetter) == 0
    assert recorded.rows(Run.status) == [("completed",)]
    assert '"healthy"' in (tmp_path / "health.json").read_text()


def test_rows_land_with_their_own_account_and_no_user_sees_another_ones(
    make: Callable[..., EventSaver], simulator: Any, recorded: Recorded
) -> None:
    """W40. Two accounts of two users in one process, with orders of the same symbol."""
    names = ("demo-1", "demo-2")
    told = {name: Told(simulator, name) for name in names}

    def arrived(name: str) -> bool:
        return told[name].executions() <= executions_kept(recorded, name)

    async def record() -> int:
        saver = make(account(1), account(2))
        ended = await begun(saver, gaps=8)
        for name in (*names, *names):
            await beside("order", partial(order, simulator, account=name))
        for name in names:
            await until(partial(arrived, name))
        saver.shutdown()
        return await ended

    assert asyncio.run(record()) == 0

    whole = moment(Instant(1_300_000_000_000_000)), moment(Instant(4_000_000_000_000_000))
    for mine, other in (names, names[::-1]):
        assert len(told[mine].executions()) == 2
        assert executions_kept(recorded, mine).isdisjoint(told[other].executions())
        with recorded.database.get_readonly_session() as session:
            rows = for_user(session, user_id_of(mine))
            (run,) = rows.runs.recent()
            assert [one.account_name for one in rows.accounts.all()] == [mine]
            for kind in (rows.executions, rows.orders, rows.positions, rows.wallets):
                assert kind.by_account_range(account_id_of(other), *whole) == []
                found = kind.by_account_range(account_id_of(mine), *whole)
                assert {row.run_id for row in found} == {run.run_id}


def test_what_happened_in_an_outage_is_filled_in_afterwards(
    make: Callable[..., EventSaver], simulator: Any, recorded: Recorded
) -> None:
    told = Told(simulator)

    async def record() -> int:
        saver = make()
        ended = await begun(saver)
        await beside("cut", lambda: simulator.post("disconnect"))
        await beside("order", lambda: order(simulator))
        await until(lambda: saver.status().as_json()["gaps"]["filled"] >= 9)
        await until(lambda: told.executions() <= executions_kept(recorded))
        await until(lambda: saver.ready() and open_gaps(saver) == 0)
        saver.shutdown()
        return await ended

    assert asyncio.run(record()) == 0

    gaps = recorded.rows(Gap.stream, Gap.state)
    assert "open" not in {state for _, state in gaps}
    assert {stream for stream, state in gaps if state == "unrecoverable"} == {"tickers"}


def test_a_locked_database_costs_nothing_and_the_order_is_kept_a40(
    make: Callable[..., EventSaver],
    simulator: Any,
    recorded: Recorded,
    lock: Callable[[DatabaseFactory], AbstractContextManager[None]],
) -> None:
    told = Told(simulator)

    async def record() -> tuple[int, list[str]]:
        saver = make()
        ended = await begun(saver)
        with lock(recorded.database):
            placed = [await beside("order", lambda: order(simulator)) for _ in range(5)]
            streams = (FIRST, "trades", "tickers")
            await until(
                lambda: all(
                    saver.status().as_json()["streams"][name]["failures"] for name in streams
                )
            )
            assert not saver.status().healthy
        await until(lambda: told.executions() <= executions_kept(recorded))
        await until(lambda: saver.status().healthy)
        saver.shutdown()
        return await ended, placed

    lost, placed = asyncio.run(record())

    assert lost == 0
    # What was so at the start, orders of another test among it, comes before.
    kept = recorded.rows(PrivateExecution.order_id, where=PrivateExecution.order_id.in_(placed))
    assert [order_id for (order_id,) in kept] == placed


def test_the_next_process_fills_from_the_watermark_of_the_one_before_a45(
    make: Callable[..., EventSaver], simulator: Any, recorded: Recorded
) -> None:
    told = Told(simulator)

    async def record(*, orders: int) -> int:
        saver = make()
        ended = await begun(saver)
        for _ in range(orders):
            await beside("order", lambda: order(simulator))
        await until(lambda: told.executions() <= executions_kept(recorded))
        saver.shutdown()
        return await ended

    assert asyncio.run(record(orders=1)) == 0
    while_away = order(simulator)

    assert asyncio.run(record(orders=0)) == 0

    assert told.executions() <= executions_kept(recorded)
    states = recorded.rows(OrderState.status, where=OrderState.order_id == while_away)
    assert ("Filled",) in states


@on_sqlite
def test_a_recorder_is_ready_when_its_streams_deliver_and_not_before_l84(
    make: Callable[..., EventSaver], simulator: Any, recorded: Recorded, tmp_path: Path
) -> None:
    """A status and an exit say so, no line of a log; what was so at the start is stored by then."""
    health = tmp_path / "health.json"

    async def record() -> int:
        saver = make()
        assert not saver.ready()
        assert not saver.status().healthy
        ended = await begun(saver)
        await until(lambda: '"ready": true' in health.read_text())
        await beside("cut", lambda: simulator.post("disconnect"))
        await until(lambda: not saver.ready())
        assert not saver.status().healthy
        await until(saver.ready)
        saver.shutdown()
        return await ended

    assert asyncio.run(record()) == 0
    assert '"ready": false' in health.read_text()


@on_sqlite
def test_a_start_adds_and_takes_nothing_away_l85(
    make: Callable[..., EventSaver], recorded: Recorded
) -> None:
    async def record() -> int:
        saver = make()
        ended = await begun(saver)
        saver.shutdown()
        return await ended

    assert asyncio.run(record()) == 0
    tables = (Run, OrderState, PositionSnapshot, WalletSnapshot, Gap)
    before = {model: recorded.count(model) for model in tables}

    assert asyncio.run(record()) == 0

    assert all(recorded.count(model) >= before[model] for model in tables)
    assert [status for (status,) in recorded.rows(Run.status)] == ["completed", "completed"]


@on_sqlite
def test_a_key_that_is_refused_ends_the_recording_and_says_so(
    make: Callable[..., EventSaver], recorded: Recorded
) -> None:
    async def record() -> int:
        saver = make(account(secret="another secret"))
        await saver.start()
        return await asyncio.wait_for(saver.run_until_shutdown(), PATIENCE_S)

    with pytest.raises(RunFailed, match="recording has ended: authentication"):
        asyncio.run(record())
    assert recorded.rows(Run.status) == [("failed",)]


@on_sqlite
def test_a_symbol_that_the_exchange_does_not_list_is_refused(
    make: Callable[..., EventSaver], recorded: Recorded
) -> None:
    async def record() -> None:
        saver = make(account(), replace(account(2), symbols=("NOSUCHUSDT",)))
        await saver.start()

    with pytest.raises(UserError, match="NOSUCHUSDT"):
        asyncio.run(record())

    assert recorded.count(Run) == 1


@on_sqlite
def test_two_recorders_of_one_account_are_one_too_many(
    make: Callable[..., EventSaver],
    recorded: Recorded,
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


@on_sqlite
def test_a_health_file_that_cannot_be_written_does_not_end_the_recording(
    make: Callable[..., EventSaver], recorded: Recorded, simulator: Any, tmp_path: Path
) -> None:
    """Whatever the reason, be it a full disk: recording goes on."""
    (tmp_path / "health.json").mkdir()

    async def record() -> int:
        saver = make()
        ended = await begun(saver)
        told = order(simulator)
        await until(lambda: told in {row[0] for row in recorded.rows(PrivateExecution.order_id)})
        saver.shutdown()
        return await ended

    assert asyncio.run(record()) == 0
    assert recorded.rows(Run.status) == [("completed",)]


@on_sqlite
def test_a_start_that_waits_for_the_exchange_ends_with_a_signal(
    make: Callable[..., EventSaver], recorded: Recorded
) -> None:
    async def record() -> None:
        saver = make(exchange="http://127.0.0.1:9")
        starting = asyncio.ensure_future(saver.start())
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(starting, 10)

    with pytest.raises(RunFailed, match="does not answer"):
        asyncio.run(record())


@on_sqlite
def test_a_database_that_is_locked_at_the_start_is_no_defect(
    make: Callable[..., EventSaver],
    recorded: Recorded,
    lock: Callable[[DatabaseFactory], AbstractContextManager[None]],
) -> None:
    with (
        lock(recorded.database),
        pytest.raises(RunFailed, match=r"the database does not answer: .*locked"),
    ):
        asyncio.run(make().start())


@on_sqlite
def test_what_a_damaged_journal_held_is_a_dead_letter_and_a_gap_that_is_filled(
    make: Callable[..., EventSaver], recorded: Recorded, tmp_path: Path
) -> None:
    """The line was acknowledged; the rows behind it say nothing about it."""
    journals = Journals(tmp_path / "journal", Environment.SIM)
    lines = [Unreadable(line=text, text="") for text in ("one", "two", "three")]
    journals.queue(account_id_of(FIRST)).put(lines)
    journals.close()
    (path,) = (tmp_path / "journal").glob(f"*{account_id_of(FIRST)}.*.journal")
    path.write_bytes(path.read_bytes().replace(b"two", b"2wo"))

    async def record() -> int:
        saver = make()
        ended = await begun(saver, gaps=8)
        saver.shutdown()
        return await ended

    assert asyncio.run(record()) == 0

    payloads = [row[0] for row in recorded.rows(DeadLetter.payload)]
    assert len(payloads) == 3
    assert any(payload.endswith("2wo") for payload in payloads)
    gaps = recorded.rows(Gap.stream, Gap.state, where=Gap.reason == DAMAGED)
    assert sorted(gaps) == [
        (stream, "filled") for stream in ("executions", "orders", "positions", "wallet")
    ]


@on_sqlite
def test_accounts_come_before_the_start(
    make: Callable[..., EventSaver], recorded: Recorded
) -> None:
    async def record() -> None:
        saver = make()
        await saver.start()
        try:
            with pytest.raises(RuntimeError, match="accounts before the start"):
                saver.add_account(account(2))
        finally:
            saver.shutdown()
            await saver.run_until_shutdown()

    asyncio.run(record())
