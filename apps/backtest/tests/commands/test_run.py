import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtest.main import entry

MakeTape = Callable[..., Path]
FILE = "backtest.yaml"


def run(project: Path, *words: str | Path) -> int:
    return entry(["run", "--config", str(project / FILE), *(str(word) for word in words)])


def change(project: Path, old: str, new: str) -> None:
    text = (project / FILE).read_text(encoding="utf-8")
    assert old in text
    (project / FILE).write_text(text.replace(old, new), encoding="utf-8")


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def waves(project: Path, make_tape: MakeTape) -> Path:
    """The project with a tape on which the price swings through several levels, many times."""
    once = (100000, 99790, 99590, 99390, 99610, 99810, 100010, 100210, 100410, 100190, 99990)
    make_tape(project / "waves", once * 6)
    change(project, "BTCUSDT: tape", "BTCUSDT: waves")
    return project


def test_a_run_tells_its_results_as_json(waves: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(waves, "--json")

    (one,) = result(capsys)["runs"]
    assert code == 0
    assert one["metrics"]["trades"]["fills"] > 10
    assert one["metrics"]["ticks"] == 66
    assert one["manifest"]["verified"] is None


def test_the_golden_scenario_fills_its_first_orders_at_their_levels(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SC-1 under the recorded side policy: the first fills at the recorded times and prices."""
    change(project, "initial_balance: 10000", "side_policy: on_fill\nenable_funding: false")
    change(project, "grid_count: 6", "grid_count: 6\n    enable_risk_multipliers: false")

    assert run(project, "--export", project / "out") == 0

    with (project / "out" / "trades.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    first = [(row["timestamp"][11:16], row["direction"], row["side"], row["price"]) for row in rows]
    assert first[:2] == [("01:01", "long", "Buy", "99800"), ("01:02", "long", "Buy", "99600.4")]
    capsys.readouterr()


def test_the_exported_folder_is_whole_and_names_the_report(
    waves: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = waves / "results"

    assert run(waves, "--export", out) == 0

    assert f"report: {out / 'report.html'}" in capsys.readouterr().out
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    with (out / "trades.csv").open(encoding="utf-8") as file:
        trades = list(csv.DictReader(file))
    assert metrics["metrics"]["trades"]["fills"] == len(trades) > 0
    assert "<h2>Price with fills</h2>" in (out / "report.html").read_text(encoding="utf-8")


def test_the_same_run_twice_writes_the_same_bytes(
    waves: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A-13."""
    for name in ("one", "two"):
        assert run(waves, "--export", waves / name) == 0

    for path in (waves / "one").iterdir():
        assert path.read_bytes() == (waves / "two" / path.name).read_bytes(), path.name
    capsys.readouterr()


def test_a_verified_run_says_so_in_its_manifest(
    waves: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(waves, "--verify", "--json") == 0

    (one,) = result(capsys)["runs"]
    assert one["manifest"]["verified"] is True


def test_a_window_bounds_the_run(waves: Path, capsys: pytest.CaptureFixture[str]) -> None:
    window = ("--start", "2026-01-01 01:10", "--end", "2026-01-01 01:20")

    run(waves, "--json", *window)

    (one,) = result(capsys)["runs"]
    assert one["metrics"]["ticks"] == 10
    assert one["manifest"]["start"] == "2026-01-01T01:10:00.000000Z"


def test_wind_down_leaves_no_position(waves: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """LS-46: every value of the option does something."""
    change(waves, "initial_balance: 10000", "wind_down_mode: close_all")

    run(waves, "--json")

    (one,) = result(capsys)["runs"]
    assert one["metrics"]["wind_down_fills"] > 0
    assert one["identity"]["inventory"] == "0"


def test_a_run_without_a_trade_says_why_and_exits_4(
    project: Path, make_tape: MakeTape, capsys: pytest.CaptureFixture[str]
) -> None:
    make_tape(project / "still", [100000] * 30)

    code = run(project, "--tape", project / "still")

    assert code == 4
    assert "no trade: the price never filled one of" in capsys.readouterr().out


def test_a_tape_of_one_row_is_too_short(
    project: Path, make_tape: MakeTape, capsys: pytest.CaptureFixture[str]
) -> None:
    make_tape(project / "one", [100000])

    code = run(project, "--tape", project / "one", "--json")

    assert code == 4
    assert "too short" in result(capsys)["no_trade"]


def test_bars_are_run_in_both_orders_and_reported_as_a_bracket(
    project: Path, make_tape: MakeTape, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = (100000, 100300, 99700, 99800, 99800, 100100, 99500, 99600, 99600, 100500, 99500, 100400)
    make_tape(project / "bars", bars * 3, bars=True)
    out = project / "results"

    code = run(project, "--tape", project / "bars", "--export", out, "--json")

    found = result(capsys)
    assert code == 0
    assert [one["name"] for one in found["runs"]] == ["high_first", "low_first"]
    orders = [one["manifest"]["tapes"][0]["bar_order"] for one in found["runs"]]
    assert orders == ["high_first", "low_first"]
    assert {path.name for path in out.iterdir() if path.is_dir()} == {"high_first", "low_first"}
    assert "Both orders of the bars" in (out / "report.html").read_text(encoding="utf-8")


def test_two_symbols_share_one_wallet(
    waves: Path, make_tape: MakeTape, capsys: pytest.CaptureFixture[str]
) -> None:
    """B-12 [REC]: one wallet, one ledger, one equity curve for all strategies."""
    make_tape(waves / "eth", (3000, 2990, 2980, 2990, 3000, 3010, 3020, 3010) * 8, symbol="ETHUSDT")
    change(
        waves,
        "\ntapes:",
        '\n  - strat_id: second\n    symbol: ETHUSDT\n    grid_count: 6\n    amount: "500"'
        "\n    maintenance_margin_rate: 0.01\ntapes:\n  ETHUSDT: eth",
    )
    change(
        waves,
        "instruments:\n",
        "instruments:\n  ETHUSDT: {tick_size: 0.1, qty_step: 0.001, min_qty: 0.001, max_qty: 1000, "
        "min_notional: 5, funding_interval_minutes: 480}\n",
    )

    code = run(waves, "--verify", "--strict", "--export", waves / "out")

    with (waves / "out" / "trades.csv").open(encoding="utf-8") as file:
        symbols = [row["symbol"] for row in csv.DictReader(file)]
    with (waves / "out" / "ledger.csv").open(encoding="utf-8") as file:
        entries = list(csv.DictReader(file))
    metrics = json.loads((waves / "out" / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    assert code == 0
    assert set(symbols) == {"BTCUSDT", "ETHUSDT"}
    assert entries[-1]["balance"] == metrics["final_wallet"]
    assert "Price with fills: ETHUSDT" in (waves / "out" / "report.html").read_text("utf-8")
    capsys.readouterr()


# --- bad input: a clear message and the right exit code -------------------------------------------


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--symbol", "BTCUSD"), "did you mean BTCUSDT?"),
        (("--start", "2026-01-03", "--end", "2026-01-01"), "is not after the start"),
        (("--start", "tomorrow"), "start: expected a UTC date"),
        (("--start", "2027-01-01"), "holds no trade of the chosen time"),
        (("--tape", "nowhere"), "cannot be opened"),
        (("--sybmol", "BTCUSDT"), "did you mean --symbol?"),
    ],
)
def test_an_impossible_call_is_refused_with_exit_1(
    project: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], reason: str
) -> None:
    code = run(project, *words)

    assert code == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("grid_step: 0.2", "grid_stepp: 0.2", "did you mean grid_step?"),
        ('amount: "1000"', 'amount: "0"', "amount: expected"),
        ('amount: "1000"', "amount: -5", "amount: expected"),
        ('amount: "1000"', "amount: .nan", "amount: expected"),
        ("grid_step: 0.2", "grid_step: 0.00001", "no grid can be built at 100000"),
        ("BTCUSDT: tape", "BTCUSDT: missing", "cannot be opened"),
    ],
)
def test_an_impossible_configuration_is_refused_with_exit_1_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, reason: str
) -> None:
    change(project, old, new)

    code = run(project, "--export", project / "out")

    assert code == 1
    assert reason in capsys.readouterr().err
    assert not (project / "out").exists()


def test_a_missing_configuration_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(["run", "--config", str(tmp_path / "none.yaml")]) == 1
    assert "does not exist" in capsys.readouterr().err


def test_a_folder_with_other_content_is_refused_before_the_run(
    waves: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (waves / "thesis").mkdir()
    (waves / "thesis" / "chapter.txt").write_text("three years", encoding="utf-8")

    assert run(waves, "--export", waves / "thesis") == 1
    assert "not empty" in capsys.readouterr().err


def test_a_bare_tape_needs_a_single_symbol(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(project, "\ntapes:", "\n  - strat_id: second\n    symbol: ETHUSDT\ntapes:")

    assert run(project, "--tape", project / "tape") == 1
    assert "write --tape SYMBOL=FOLDER" in capsys.readouterr().err


def test_a_tape_given_twice_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tape = f"BTCUSDT={project / 'tape'}"

    assert run(project, "--tape", tape, "--tape", tape) == 1
    assert "given twice" in capsys.readouterr().err


def test_a_symbol_left_out_is_told_and_a_strict_run_refused(
    waves: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(waves, "\ntapes:", "\n  - strat_id: second\n    symbol: ETHUSDT\ntapes:")

    assert run(waves) == 0
    assert "warning: ETHUSDT is left out" in capsys.readouterr().err
    assert run(waves, "--strict") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_disk_that_fills_up_while_exporting_ends_with_exit_2_and_leaves_nothing(
    waves: Path,
) -> None:
    small = waves / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine allows no mounts")
    try:
        words = ["run", "--config", str(waves / FILE), "--export", str(small / "out")]
        done = subprocess.run(
            [sys.executable, "-m", "backtest", *words], capture_output=True, text=True, check=False
        )
        left = list(small.iterdir())
    finally:
        subprocess.run(["umount", str(small)], check=True)

    assert done.returncode == 2
    assert "error: no space left on the disk" in done.stderr
    assert left == []


# --- recorded markets, where they are at hand -----------------------------------------------------

FIXTURES = Path(__file__).parents[5] / "shared" / "fixtures"
RECORDED = """
strategies:
  - strat_id: recorded
    symbol: {symbol}
    amount: "x0.02"
    grid_step: {step}
    maintenance_margin_rate: 0.01
tapes:
  {symbol}: tape
instruments:
  {symbol}: {limits}
"""


def recorded(folder: Path, source: Path, symbol: str, step: str, limits: str) -> None:
    """A configuration and the imported tape of a recorded market."""
    text = RECORDED.format(symbol=symbol, step=step, limits=limits)
    (folder / FILE).write_text(text, encoding="utf-8")
    words = ["tape", "import", str(source), "--out", str(folder / "tape"), "--symbol", symbol]
    assert entry([*words, "--config", str(folder / FILE)]) == 0


@pytest.mark.untraced
@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the recorded markets are not at hand")
def test_recorded_trades_run_the_same_with_and_without_skipping(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(
        tmp_path,
        FIXTURES / "trades" / "btc_perp_2026-01-05_2026-01-08.csv.gz",
        "BTCUSDT",
        "0.1",
        "{tick_size: 0.01, qty_step: 0.0001, min_qty: 0.0001, max_qty: 100, min_notional: 5, "
        "funding_interval_minutes: 480}",
    )
    capsys.readouterr()

    code = run(tmp_path, "--verify", "--json", "--end", "2026-01-06 06:00")

    (one,) = result(capsys)["runs"]
    assert code == 0
    assert one["metrics"]["trades"]["fills"] > 20


@pytest.mark.untraced
@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the recorded markets are not at hand")
def test_recorded_bars_run_as_a_bracket(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(
        tmp_path,
        FIXTURES / "klines" / "ADAUSDT_1m.csv.gz",
        "ADAUSDT",
        "0.5",
        "{tick_size: 0.0001, qty_step: 1, min_qty: 1, max_qty: 1500000, min_notional: 5, "
        "funding_interval_minutes: 480}",
    )
    capsys.readouterr()

    code = run(tmp_path, "--verify", "--json", "--end", "2025-05-31")

    runs = result(capsys)["runs"]
    assert code == 0
    assert [one["name"] for one in runs] == ["high_first", "low_first"]
    assert all(one["metrics"]["trades"]["fills"] > 5 for one in runs)


def test_an_unknown_symbol_is_named_before_its_tape_is_looked_for(
    waves: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(waves, "--symbol", "ETHUSD", "--tape", waves / "anywhere") == 1

    assert "no strategy trades ETHUSD" in capsys.readouterr().err
