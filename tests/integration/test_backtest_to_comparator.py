"""What `backtest run` writes is what the comparator reads: the same fills by file and in memory."""

from pathlib import Path

import pytest

from appkit.exits import ExitCode
from backtest.config import load_config
from backtest.main import entry
from backtest.runner import run_backtest
from backtest.wiring import Selection, wire
from comparator.fills import FillTable, Source
from comparator.loading.files import load_file, load_outcome
from comparator.matching import align
from comparator.metrics import trade_metrics
from gridcore.clock import MINUTE_US, Instant
from gridcore.sides import LONG, SHORT
from tapes.synth import MarketParameters, make_tape
from tapes.synth.parameters import DEFAULT_START_US

CONFIG = """\
initial_balance: 10000
tapes: {BTCUSDT: tape}
fill_model: {name: strict_cross, partial_fills: 200, partial_fills_seed: "7 100001"}
latency: {place_ms: %d, cancel_ms: %d}
strategies:
  - {strat_id: grid, symbol: BTCUSDT, amount: b0.004, grid_count: 20, grid_step: 0.05, leverage: 10}
instruments:
  BTCUSDT:
    {tick_size: 0.1, qty_step: 0.001, min_qty: 0.001, max_qty: 100, min_notional: 5,
     max_leverage: 100, funding_interval_minutes: 480,
     tiers: [{maintenance_rate: 0.005, initial_rate: 0.01, deduction: 0}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A market of ten wild minutes, and two configurations: how far the exchange is differs."""
    parameters = MarketParameters(
        seed=29,
        duration_us=10 * MINUTE_US,
        trades_per_second=1.0,
        volatility=5.0,
        gaps_per_day=0.0,
        tickers=True,
    )
    make_tape(tmp_path / "tape", parameters)
    for name, latency_ms in (("near", 0), ("far", 3000)):
        text = CONFIG % (latency_ms, latency_ms)
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def exported(folder: Path, name: str) -> FillTable:
    """The trades that the command line writes, as the comparator reads them."""
    out = folder / f"run-{name}"
    words = ["run", "--config", str(folder / f"{name}.yaml"), "--export", str(out)]
    assert entry([*words, "--no-report", "--quiet"]) == ExitCode.DONE
    return load_file(out / "trades.csv").table


def in_memory(folder: Path, name: str) -> FillTable:
    """The same run, not written; it takes the place of what was live."""
    file = folder / f"{name}.yaml"
    wired = wire(load_config(file), file, Selection(tapes={}), Instant(DEFAULT_START_US))
    outcome = run_backtest(wired.plan)
    return FillTable.of_columns(load_outcome(outcome).table.columns, Source.LIVE)


def test_a_run_by_file_and_in_memory_are_the_same_fills(folder: Path) -> None:
    kept, written = in_memory(folder, "near"), exported(folder, "near")

    found = trade_metrics(kept, written, align(kept, written))

    assert found.matched_count == len(kept) == len(written) > 100
    assert found.ambiguous_ids == 0
    assert not any((found.price.maximum, found.qty.maximum, found.time_seconds.maximum))
    assert not any((found.fee_delta, found.cumulative_pnl_delta))
    assert set(found.directions) == {LONG, SHORT}
    assert any(fill.executions > 1 for fill in written.rows()), "partial fills are among them"


def test_an_exchange_that_is_farther_away_is_no_match(folder: Path) -> None:
    near, far = in_memory(folder, "near"), exported(folder, "far")

    found = trade_metrics(near, far, align(near, far))

    assert found.match_rate < 1
    assert found.live_only_count + found.backtest_only_count > 0
    assert found.time_seconds.maximum > 0
