"""A recording in SQLite and in PostgreSQL becomes the same tape, at once or bit by bit."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.main import entry
from bench.database.measure import SYMBOL, trades, write_in_bulk
from bench.database.postgres import NoPostgres, postgres_server
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.records import Gap, PublicTrade, TickerSnapshot
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.types import from_microseconds
from grid_db.words import Environment, Stream
from tapes import UNKNOWN, Tape
from tapes.synth import Preset, make_tape, preset

ROOT = Path(__file__).resolve().parents[2]
ROWS = 3000
LATE = slice(1000, 1100)
Run = Callable[[str], Any]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database on each dialect in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'grid.db'}"
        return
    try:
        with postgres_server() as found:
            yield found
    except NoPostgres as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture
def database(url: str) -> Iterator[DatabaseFactory]:
    found = DatabaseFactory(DatabaseSettings.of_url(url))
    schema.upgrade(found)
    yield found
    found.dispose()


@pytest.fixture
def run(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command for a tape of that name; what it told."""

    def work(name: str) -> Any:
        units = ["--tick", "0.1", "--step", "0.001", "--mark-unit", "0.01"]
        out = ["--out", str(tmp_path / name), "--json"]
        code = entry(["tape", "from-db", SYMBOL, "--database-url", url, *units, *out])
        told = json.loads(capsys.readouterr().out)
        assert code == 0, told
        return told

    return work


def test_the_tape_equals_what_was_recorded_whenever_it_is_made(
    database: DatabaseFactory, run: Run, tmp_path: Path
) -> None:
    records = list(trades(ROWS))
    late = records[LATE]
    ticker = TickerSnapshot(
        environment=Environment.MAINNET,
        symbol=SYMBOL,
        exchange_ts=records[7].exchange_ts,
        local_ts=records[7].local_ts,
        last_price=Decimal("94125.3"),
        mark_price=Decimal("94125.37"),
        bid1_price=None,
        ask1_price=Decimal("94125.4"),
        funding_rate=Decimal("-0.00012345"),
    )
    gap = Gap(
        gap_id="gap-1",
        environment=Environment.MAINNET,
        account_id=None,
        stream=Stream.TRADES,
        symbol=SYMBOL,
        from_ts=late[0].exchange_ts,
        to_ts=late[-1].exchange_ts,
        reason="disconnect",
    )

    write_in_bulk(database, [*records[: LATE.start], *records[LATE.stop : 2000]])
    with database.get_session() as session:
        as_admin(session).tickers.record([ticker])
        as_admin(session).gaps.record([gap], late[-1].local_ts + timedelta(seconds=1))
    first = run("tape")
    write_in_bulk(database, records[1990:])
    second = run("tape")
    write_in_bulk(database, late)
    with database.get_session() as session:
        assert as_admin(session).gaps.fill("gap-1", len(late), late[-1].local_ts)
    third = run("tape")
    at_once = run("at-once")

    assert [found["added"]["trades"] for found in (first, second, third)] == [1900, 1000, 100]
    assert second["read"]["trades"] == 1005, "the last time is read again, five rows"
    assert (third["late"], third["kept"]["trades"]) == (100, 1000)
    assert [len(found["tape"]["gaps"]) for found in (first, second, third)] == [1, 1, 0]
    assert third["tape"]["sha256"] == at_once["tape"]["sha256"]

    tape = Tape.open(tmp_path / "tape")
    tape.verify()
    assert tape.trades.price.tolist() == [int(record.price * 10) for record in records]
    assert tape.trades.size.tolist() == [int(record.size * 1000) for record in records]
    assert tape.trades.side.tolist() == [1 if row % 3 else -1 for row in range(ROWS)]
    assert tape.tickers is not None
    assert tape.tickers.bid.tolist() == [UNKNOWN]
    assert (tape.tickers.mark.tolist(), tape.tickers.funding.tolist()) == ([9412537], [-12345])


def test_a_recorded_market_runs_and_the_default_units_suit_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = make_tape(tmp_path / "source", preset(Preset.DEMO, rows=20_000, duration_us=None))
    database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{tmp_path / 'grid.db'}"))
    schema.upgrade(database)
    record(database, source)
    database.dispose()
    header = source.manifest.header
    units = ["--tick", header.tick_size, "--step", header.qty_step, "--out", str(tmp_path / "t")]
    where = ["--environment", "sim", "--database-url", str(tmp_path / "grid.db")]
    assert entry(["tape", "from-db", header.symbol, *where, *units]) == 0
    capsys.readouterr()

    config = str(ROOT / "conf" / "backtest.example.yaml")
    code = entry(["run", "--config", config, "--tape", str(tmp_path / "t"), "--verify", "--json"])

    assert code == 0, capsys.readouterr().err


def record(database: DatabaseFactory, tape: Tape) -> None:
    """Store a synthetic market with tickers as event_saver would."""
    header, tickers = tape.manifest.header, tape.tickers
    assert tickers is not None
    tick, step = Decimal(header.tick_size), Decimal(header.qty_step)
    mark = Decimal(header.mark_unit or 0)
    times = [from_microseconds(time) for time in tape.trades.time.tolist()]
    rows = [
        PublicTrade(
            environment=Environment.SIM,
            symbol=header.symbol,
            trade_id=f"t-{row}",
            exchange_ts=at,
            local_ts=at,
            side=None,
            price=price * tick,
            size=size * step,
        )
        for row, (at, price, size) in enumerate(
            zip(times, tape.trades.price.tolist(), tape.trades.size.tolist(), strict=True)
        )
    ]
    quotes = [
        TickerSnapshot(
            environment=Environment.SIM,
            symbol=header.symbol,
            exchange_ts=from_microseconds(int(tickers.time[row])),
            local_ts=from_microseconds(int(tickers.time[row])),
            last_price=int(tickers.last[row]) * tick,
            mark_price=int(tickers.mark[row]) * mark,
            bid1_price=int(tickers.bid[row]) * tick,
            ask1_price=int(tickers.ask[row]) * tick,
            funding_rate=Decimal("0.0001"),
        )
        for row in range(len(tickers))
    ]
    with database.get_session() as session:
        as_admin(session).trades.record(rows)
        as_admin(session).tickers.record(quotes)
