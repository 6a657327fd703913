"""Recorded trades and bars go through the commands of a user: import, then run with --verify.

The recordings lie beside the project; without them there is nothing to show.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from backtest.main import entry
from tapes.tape import Tape

RECORDED = Path(__file__).parents[3] / "shared" / "fixtures"
TRADES = RECORDED / "trades" / "btc_perp_2026-01-05_2026-01-08.csv.gz"
BARS = {
    "ADAUSDT": RECORDED / "klines" / "ADAUSDT_1m.csv.gz",
    "DOGEUSDT": RECORDED / "klines" / "DOGEUSDT_1m.csv.gz",
}
TICKS = {"ADAUSDT": ("0.0001", "1"), "DOGEUSDT": ("0.00001", "1")}

pytestmark = [
    pytest.mark.untraced,
    pytest.mark.skipif(
        not RECORDED.is_dir(), reason="the recorded markets are not beside the project"
    ),
]

STRATEGY = """\
  - strat_id: grid-{symbol}
    symbol: {symbol}
    grid_count: 30
    grid_step: 0.2
    amount: "{amount}"
    leverage: 10
"""
INSTRUMENT = """\
  {symbol}:
    tick_size: {tick}
    qty_step: {step}
    min_qty: {step}
    max_qty: 1000000
    min_notional: 5
    max_leverage: 50
    funding_interval_minutes: 480
    tiers:
      - {{max_value: 20000, maintenance_rate: 0.005, deduction: 0, initial_rate: 0.01}}
      - {{maintenance_rate: 0.02, deduction: 300, initial_rate: 0.04}}
"""


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def configured(folder: Path, units: dict[str, tuple[str, str]], amount: str, extra: str) -> Path:
    """A configuration for the symbols, whose tapes have their names."""
    file = folder / "backtest.yaml"
    file.write_text(
        f"initial_balance: 5000\n{extra}strategies:\n"
        + "".join(STRATEGY.format(symbol=symbol, amount=amount) for symbol in units)
        + "tapes:\n"
        + "".join(f"  {symbol}: {symbol}\n" for symbol in units)
        + "instruments:\n"
        + "".join(
            INSTRUMENT.format(symbol=symbol, tick=tick, step=step)
            for symbol, (tick, step) in units.items()
        ),
        encoding="utf-8",
    )
    return file


def run_verified(file: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Run with --verify; the run must have traded (exit 0) and be identical (else exit 3)."""
    code = entry(["run", "--config", str(file), "--verify", "--json", *words])
    result = told(capsys)
    assert code == 0, result["verified"]
    return result


@pytest.fixture
def trades(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with the recorded trades as a tape, silences of over a minute declared."""
    units = ["--tick", "0.01", "--step", "0.0001", "--declare-gaps", "60"]
    target = tmp_path / "BTCUSDT"
    assert entry(["tape", "import", str(TRADES), *units, "--out", str(target), "--json"]) == 0
    made = told(capsys)
    assert (made["tape"]["trade_rows"], len(made["tape"]["gaps"])) == (460_659, 72)
    return tmp_path


BTC = {"BTCUSDT": ("0.01", "0.0001")}


def test_three_days_of_recorded_trades_run_the_same_with_and_without_skipping(
    trades: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configured(trades, BTC, "x0.02", "latency: {place_ms: 80, cancel_ms: 80}\n")

    (one,) = run_verified(file, capsys)["runs"]

    metrics = one["metrics"]
    assert one["manifest"]["verified"] is True
    assert metrics["ticks"] == 460_659
    assert metrics["trades"]["fills"] > 300


@pytest.mark.parametrize(
    "extra",
    [
        "side_policy: on_fill\nclose_gate: strict\n",
        "fill_model: {name: queue}\n",
        "fill_model: {name: last_cross}\n",
        "fill_model: {name: touch}\nwind_down_mode: close_all\n",
    ],
    ids=["on_fill", "queue", "last_cross", "touch"],
)
def test_recorded_trades_run_the_same_under_other_rules(
    trades: Path, capsys: pytest.CaptureFixture[str], extra: str
) -> None:
    file = configured(trades, BTC, "x0.05", extra)

    (one,) = run_verified(file, capsys, "--end", "2026-01-06 03:00")["runs"]

    assert one["metrics"]["trades"]["fills"] > 5


def test_two_symbols_of_recorded_bars_run_in_both_orders_on_one_wallet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for symbol, file in BARS.items():
        tick, step = TICKS[symbol]
        units = ["--symbol", symbol, "--tick", tick, "--step", step]
        target = tmp_path / symbol
        assert entry(["tape", "import", str(file), *units, "--out", str(target)]) == 0
        assert Tape.open(target).manifest.trade_rows == 4 * 43_200
    capsys.readouterr()
    file = configured(tmp_path, TICKS, "x0.02", "")

    runs = run_verified(file, capsys, "--end", "2025-05-31 06:00")["runs"]

    assert [one["name"] for one in runs] == ["high_first", "low_first"]
    assert all(one["manifest"]["verified"] for one in runs)
    assert all(one["metrics"]["trades"]["fills"] > 100 for one in runs)
