import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from appkit.output import json_text
from appkit.version import CodeVersion
from backtest.config import load_config
from backtest.export import Finished
from backtest.metrics import compute_results
from backtest.run_manifest import run_manifest
from backtest.tables import trades_csv
from backtest.wiring import Selection, wire
from gridcore.clock import Instant

CODE = CodeVersion(package="backtest", version="1.0", commit=None, modified=None)


def test_a_manifest_names_everything_that_went_into_the_run(
    finished: Finished, project: Path
) -> None:
    manifest = finished.manifest

    (tape,) = manifest.tapes
    assert (tape.symbol, tape.trade_rows, tape.ticker_rows, tape.gaps) == ("BTCUSDT", 7, 0, 0)
    assert len(tape.sha256) == len(manifest.configuration_hash) == 64
    assert (tape.first, tape.last) == (
        "2026-01-01T01:00:00.000000Z",
        "2026-01-01T01:06:00.000000Z",
    )
    assert manifest.code == "backtest 1.0"
    assert manifest.fill_model == "strict_cross"
    assert manifest.configuration["strategies"][0]["grid_step"] == "0.2"
    market = manifest.markets["BTCUSDT"]
    assert (market.tick_size, market.tiers, market.tier_source) == ("0.1", 2, "configuration")
    assert manifest.rows == {"trades": 9, "ledger": 13, "equity": 3, "grid_changes": 1}


def test_the_trade_hash_is_that_of_the_file(finished: Finished) -> None:
    """B-10 [REC]: identical inputs give an identical trade log, and its hash says so."""
    expected = hashlib.sha256(finished.trades_csv.encode()).hexdigest()

    assert finished.manifest.trades_sha256 == expected


def test_the_same_run_gives_the_same_manifest_byte_for_byte(sc_1: Any, project: Path) -> None:
    file = project / "backtest.yaml"
    config = load_config(file)
    texts = []
    for clock in (1_780_000_000_000_000, 1_790_000_000_000_000):
        wired = wire(config, file, Selection(tapes={}), Instant(clock))
        results = compute_results(sc_1.outcome())
        table = trades_csv(results.outcome)
        manifest = run_manifest(config, wired, results, code=CODE, trades_csv=table, verified=None)
        texts.append(json_text(manifest))

    assert texts[0] == texts[1]


def test_one_fill_more_changes_the_trade_hash(finished: Finished, sc_1: Any) -> None:
    outcome = sc_1.outcome()
    shorter = trades_csv(replace(outcome, fills=outcome.fills[:-1]))

    assert hashlib.sha256(shorter.encode()).hexdigest() != finished.manifest.trades_sha256
