"""`backtest tape from-db`: from the command line to the tape and the exit code."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.main import entry
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.records import Gap, PublicTrade
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.types import from_microseconds
from grid_db.words import Environment, Stream
from gridcore.sides import SideType
from tapes import Tape

FIRST = from_microseconds(1_767_229_200_000_000)
UNITS = ["--tick", "0.1", "--step", "0.001"]
Record = Callable[[int, int], None]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder; no settings of a database."""
    monkeypatch.chdir(tmp_path)
    for name in ("GRIDBOT_DATABASE_URL", "BACKTEST_CONFIG_PATH", "GRIDBOT_DB_NAME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def record(here: Path) -> Record:
    """Stores trades, one a second, into grid.db of the current folder: (from, count)."""
    database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{here / 'grid.db'}"))
    schema.upgrade(database)
    database.dispose()

    def store(first: int, count: int) -> None:
        trades = [
            PublicTrade(
                environment=Environment.MAINNET,
                symbol="BTCUSDT",
                trade_id=f"t-{second}",
                exchange_ts=FIRST + timedelta(seconds=second),
                local_ts=FIRST + timedelta(seconds=second),
                side=SideType.BUY,
                price=Decimal("94125.1"),
                size=Decimal("0.002"),
            )
            for second in range(first, first + count)
        ]
        with database.get_session() as session:
            as_admin(session).trades.record(trades)
        database.dispose()

    return store


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_tape_is_made_and_then_extended_by_what_came_since(
    here: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    record(0, 100)
    command = ["tape", "from-db", "BTCUSDT", "--database-url", "grid.db", *UNITS]

    assert entry([*command, "--json"]) == 0
    made = told(capsys)
    record(100, 50)
    assert entry([*command, "--json"]) == 0
    extended = told(capsys)

    assert made["added"] == {"trades": 100, "tickers": 0}
    assert made["read_from_us"] is None
    assert extended["kept"]["trades"] == 99
    assert extended["read"]["trades"] == 51
    assert extended["added"]["trades"] == 50
    assert extended["tape"]["trade_rows"] == 150
    assert extended["tape"]["sha256"] == Tape.open("tapes/BTCUSDT").manifest.sha256
    assert extended["environment"] == "mainnet"


def test_people_read_what_was_added_and_what_is_missing(
    here: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    record(0, 10)
    record(20, 10)
    with_gap = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{here / 'grid.db'}"))
    gap = Gap(
        gap_id="gap-1",
        environment=Environment.MAINNET,
        account_id=None,
        stream=Stream.TRADES,
        symbol="BTCUSDT",
        from_ts=FIRST + timedelta(seconds=9),
        to_ts=FIRST + timedelta(seconds=20),
        reason="disconnect",
    )
    with with_gap.get_session() as session:
        as_admin(session).gaps.record([gap], FIRST)
    with_gap.dispose()
    command = ["tape", "from-db", "BTCUSDT", "--database-url", "sqlite:///grid.db", *UNITS]

    assert entry(command) == 0
    first = capsys.readouterr().out
    assert entry(command) == 0
    second = capsys.readouterr().out
    record(5, 20)
    assert entry(command) == 0
    third = capsys.readouterr().out

    assert "added 20 trades and 0 tickers" in first
    assert "declared gap of 11 s from 2026-01-01 01:00:09: trades: disconnect (open)" in first
    assert "tick 0.1 and step 0.001 from the options" in first
    assert "nothing new" in second
    assert "10 rows came late" in third
    assert "kept 10 trades and 0 tickers; read 20 trades and 0 tickers from 2026" in third


def test_the_database_of_the_environment_is_used(
    here: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(0, 3)
    monkeypatch.setenv("GRIDBOT_DATABASE_URL", "sqlite:///grid.db")

    assert entry(["tape", "from-db", "BTCUSDT", *UNITS, "--out", "mine"]) == 0

    assert len(Tape.open("mine").trades) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["BTCUSDT"], 1, "--tick and --step"),
        (["BTCUSDT", "--tick", "0.5", "--step", "0.001"], 1, "multiples of the tick size 0.5"),
        (["BTCUSDT", "--tick", "0.1", "--step", "0.005"], 1, "quantity step 0.005, found 0.002"),
        (["BTCUSDT", *UNITS, "--mark-unit", "1e-9"], 1, "at most 8 digits"),
        (["ETHUSDT", *UNITS], 1, "recorded there: BTCUSDT"),
        (["BTCUSDT", *UNITS, "--environment", "demo"], 1, "no trades in demo at all"),
        (["BTCUSDT", *UNITS, "--environment", "moon"], 1, "--environment"),
        (["BTCUSDT", *UNITS, "--database-url", "none.db"], 1, "no such file"),
        (["BTCUSDT", *UNITS, "--database-url", "mysql://a:s3cret@h/d"], 1, "sqlite or postgresql"),
        (["BTCUSDT", *UNITS, "--database-url", "text.db"], 2, "not a database"),
        (["BTCUSDT", *UNITS, "--database-url", "empty.db"], 1, "grid-db upgrade"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    here: Path,
    record: Record,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    record(0, 3)
    (here / "text.db").write_text("no database at all, but long enough to be read as one" * 100)
    (here / "empty.db").touch()
    where = [] if "--database-url" in arguments else ["--database-url", "grid.db"]

    assert entry(["tape", "from-db", *arguments, *where]) == code

    err = capsys.readouterr().err
    assert words in err
    assert "s3cret" not in err
    assert not (here / "tapes" / "BTCUSDT").exists()


def test_a_server_that_does_not_answer_fails_without_the_password(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://grid:s3cret@127.0.0.1:1/grid"

    assert entry(["tape", "from-db", "BTCUSDT", *UNITS, "--database-url", url]) == 2

    err = capsys.readouterr().err
    assert "postgresql+psycopg://grid:***@127.0.0.1:1/grid cannot be read" in err
    assert "s3cret" not in err


def test_bad_settings_of_the_environment_are_named_without_their_values(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDBOT_DB_PORT", "s3cret")

    assert entry(["tape", "from-db", "BTCUSDT", *UNITS]) == 1

    err = capsys.readouterr().err
    assert "db_port" in err
    assert "s3cret" not in err


def test_a_tape_of_files_is_not_extended_by_a_recording(
    here: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    record(0, 3)
    command = ["tape", "from-db", "BTCUSDT", "--database-url", "grid.db", *UNITS, "--out", "t"]
    entry(["tape", "synth", "--rows", "10", "--no-tickers", "--out", "t"])

    assert entry(command) == 1
    assert "--replace" in capsys.readouterr().err
    assert len(Tape.open("t").trades) == 10
    assert entry([*command, "--replace"]) == 0
    assert len(Tape.open("t").trades) == 3
