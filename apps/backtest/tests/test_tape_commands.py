"""The tape commands from the command line to the folder and the exit code."""

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from backtest.main import entry
from tapes.tape import Tape

HEADER = "timestamp,symbol,side,size,price"
ROWS = [f"17676536{second}.5000,BTCUSDT,Buy,0.001,94125.{second % 10}" for second in range(10, 40)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BACKTEST_CONFIG_PATH", raising=False)
    return tmp_path


def write(path: Path, *lines: str) -> str:
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return str(path)


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_an_import_tells_what_the_source_had(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(here / "a.csv", HEADER, *ROWS, "1767653650,BTCUSDT,,0.001,94125.0")

    code = entry(["tape", "import", file, "--tick", "0.1", "--step", "0.001"])

    out = capsys.readouterr().out
    assert code == 0
    assert "without a side: kept" in out
    assert "a.csv:32" in out
    assert "tick 0.1 and step 0.001 from the options" in out
    assert len(Tape.open(here / "tapes" / "BTCUSDT").trades) == 31


def test_an_import_as_json_holds_everything(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(here / "a.csv", HEADER, *ROWS, "bad row", "")
    options = ["--tick", "0.1", "--step", "0.001", "--symbol", "BTCUSDT", "--tolerate", "5"]

    code = entry(
        ["tape", "import", file, *options, "--out", "x", "--declare-gaps", "0.9", "--json"]
    )

    made = told(capsys)
    assert code == 0
    assert made["tape"]["trade_rows"] == 30
    assert made["tape"]["price_max"] == "94125.9"
    assert len(made["tape"]["gaps"]) == 29
    assert made["faults"][0]["fault"] == "unreadable"
    assert made["faults"][0]["examples"] == ["a.csv:32: bad row"]
    assert made["tape"]["sha256"] == Tape.open("x").manifest.sha256


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.csv", "--tick", "0.1", "--step", "0.001"], "no such file"),
        ([".", "--tick", "0.1", "--step", "0.001"], "a folder"),
        (["a.csv"], "--tick and --step"),
        (["a.csv", "--tick", "0", "--step", "0.001"], "tick size cannot be used"),
        (["a.csv", "--tick", "nan", "--step", "0.001"], "tick size cannot be used"),
        (["a.csv", "--tick", "5", "--step", "0.001"], "price off the tick"),
        (["a.csv", "--tick", "0.1", "--step", "0.001", "--symbol", "ETHUSDT"], "--symbol"),
        (["a.csv", "--tick", "0.1", "--step", "0.001", "--price-column", "mid"], "--price-column"),
        (["a.csv", "--tolerate", "-1"], "at least 0 and at most 100"),
        (["a.csv", "--format", "bybt"], "did you mean bybit"),
        (["empty.csv", "--symbol", "B", "--tick", "0.1", "--step", "0.001"], "found nothing"),
        (["header.csv", "--symbol", "B", "--tick", "0.1", "--step", "0.001"], "at least one trade"),
    ],
)
def test_a_refused_import_says_why_and_leaves_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    write(here / "a.csv", HEADER, *ROWS)
    write(here / "empty.csv")
    write(here / "header.csv", HEADER)

    code = entry(["tape", "import", *arguments])

    assert code == 1
    assert words in capsys.readouterr().err
    left = [path for folder in (here / "tapes").glob("*") for path in folder.glob("*")]
    assert left == []


def test_bars_say_that_a_minute_is_not_known(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = ["1767653640000,10.0,10.5,9.5,10.2,1", "1767653700000,10.2,10.5,9.5,10.2,1"]
    file = write(here / "k.csv", "start,open,high,low,close,volume", *bars)
    options = ["--symbol", "ADAUSDT", "--tick", "0.1", "--step", "1"]

    assert entry(["tape", "import", file, *options]) == 0

    out = capsys.readouterr().out
    assert "what happened inside a minute is not known" in out
    assert "both orders" in out


def test_a_newest_first_file_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(here / "a.csv", HEADER, *reversed(ROWS))

    assert entry(["tape", "import", file, "--tick", "0.1", "--step", "0.001"]) == 0

    assert "1 of the files ran newest first" in capsys.readouterr().out


def test_synth_makes_the_same_tape_for_the_same_seed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--rows", "2000", "--seed", "5", "--volatility-pct", "80", "--json"]

    assert entry(["tape", "synth", *options, "--out", "a"]) == 0
    first = told(capsys)["tape"]
    assert entry(["tape", "synth", *options, "--out", "b", "--no-tickers"]) == 0
    second = told(capsys)["tape"]

    assert (first["trade_rows"], first["synthetic_seed"]) == (2000, 5)
    assert first["ticker_rows"] > 0
    assert second["ticker_rows"] == 0
    assert second["price_last"] == first["price_last"]


def test_synth_has_presets_and_lengths_in_days(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--days", "0.1", "--symbol", "ETHUSDT", "--start", "2026-03-01", "--price", "3000"]

    assert entry(["tape", "synth", "--preset", "demo", *options]) == 0

    tape = Tape.open(here / "tapes" / "ETHUSDT-demo")
    assert tape.manifest.first_us >= 1_772_323_200_000_000
    assert tape.manifest.last_us < 1_772_323_200_000_000 + 8_640_000_000
    assert "synthetic market, seed 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--rows or --days"),
        (["--rows", "0"], "length"),
        (["--rows", "5", "--days", "1"], "not allowed with"),
        (["--rows", "5", "--volatility-pct", "0"], "volatility"),
        (["--rows", "-5"], "whole number"),
        (["--preset", "dmo"], "did you mean demo"),
    ],
)
def test_an_impossible_market_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert entry(["tape", "synth", *arguments]) == 1

    assert words in capsys.readouterr().err


def test_a_tape_of_the_same_name_is_kept_unless_it_may_be_replaced(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(["tape", "synth", "--rows", "10", "--out", "a"]) == 0

    assert entry(["tape", "synth", "--rows", "20", "--out", "a"]) == 1
    assert "--replace" in capsys.readouterr().err
    assert len(Tape.open("a").trades) == 10
    assert entry(["tape", "synth", "--rows", "20", "--out", "a", "--replace"]) == 0
    assert len(Tape.open("a").trades) == 20


def test_a_tape_is_shown_and_verified(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here / "a.csv", HEADER, *ROWS, "1767653800,BTCUSDT,Sell,0.001,94125.0")
    options = ["--tick", "0.1", "--step", "0.001", "--declare-gaps", "100"]
    entry(["tape", "import", "a.csv", *options, "--out", "t"])
    capsys.readouterr()

    assert entry(["tape", "info", "t", "--verify"]) == 0

    out = capsys.readouterr().out
    assert "silence of 2 min 40 s from 2026-01-05 22:53:59.500000" in out
    assert "declared gap of 2 min 40 s" in out
    assert "every sha256 was recomputed" in out


def test_a_changed_tape_fails_its_verification(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry(["tape", "synth", "--rows", "10", "--no-tickers", "--out", "t"])
    (here / "t" / "trades.size.i4").write_bytes(b"\1" * 40)

    assert entry(["tape", "info", "t", "--verify"]) == 1

    assert "trades.size" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["info", "nothing"], ["export", "nothing", "x.parquet"]])
def test_a_missing_tape_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert entry(["tape", *command]) == 1

    assert "no such folder" in capsys.readouterr().err


def test_an_exported_tape_is_restored_by_import_without_options(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry(["tape", "synth", "--rows", "500", "--out", "t"])
    assert entry(["tape", "export", "t", "out/t.parquet"]) == 0
    assert "wrote out/t.parquet" in capsys.readouterr().out

    assert entry(["tape", "import", "out/t.parquet", "--out", "again", "--json"]) == 0

    assert "restored from t.parquet" in told(capsys)["notes"][0]
    assert Tape.open("again").manifest == Tape.open("t").manifest


def test_options_that_could_contradict_an_export_are_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry(["tape", "synth", "--rows", "500", "--no-tickers", "--out", "t"])
    entry(["tape", "export", "t", "t.parquet"])

    assert entry(["tape", "import", "t.parquet", "--tick", "0.1"]) == 1
    assert "--format columns" in capsys.readouterr().err

    columns = ["--format", "columns", "--side-column", "side", "--symbol", "BTCUSDT"]
    units = ["--tick", "0.1", "--step", "0.001", "--out", "again"]
    assert entry(["tape", "import", "t.parquet", *columns, *units]) == 0
    assert Tape.open("again").manifest.columns == Tape.open("t").manifest.columns


def test_an_export_needs_a_name_of_its_kind_and_a_free_one(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry(["tape", "synth", "--rows", "10", "--no-tickers", "--out", "t"])
    (here / "t.parquet").write_text("mine")

    assert entry(["tape", "export", "t", "t.csv"]) == 1
    assert ".parquet" in capsys.readouterr().err
    assert entry(["tape", "export", "t", "t.parquet"]) == 1
    assert (here / "t.parquet").read_text() == "mine"


def test_a_full_disk_while_exporting_fails_with_2_and_leaves_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry(["tape", "synth", "--rows", "50000", "--no-tickers", "--out", "t"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        code = entry(["tape", "export", "t", "t.parquet"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert code == 2
    assert "nothing half-written" in capsys.readouterr().err
    assert sorted(path.name for path in here.iterdir()) == ["t"]
