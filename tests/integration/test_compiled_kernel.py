"""The compiled kernel gives the same run as its sources, byte for byte."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from appkit.kernel import compiled_folder

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import hashlib, json, sys
from pathlib import Path
from appkit.kernel import kernel_kind, prefer_compiled
prefer_compiled()
from backtest.config import load_config
from backtest.runner import Run
from backtest.verify import proof_of
from backtest.wiring import Selection, wire
from gridcore.clock import Instant
from tapes.synth import Preset, make_tape, preset
folder = Path(sys.argv[1])
tape = folder / "tape"
if not tape.exists():
    make_tape(tape, preset(Preset.DEMO, seed=11, rows=40000, volatility=4.0))
config = folder / "config.yaml"
plan = wire(load_config(config), config, Selection(tapes={"BTCUSDT": tape}), Instant(0)).plan
run = Run(plan, tick_by_tick=False, progress=None)
proof = proof_of(run, run.play())
print(json.dumps({
    "kind": kernel_kind().value,
    "fills": len(proof.trades),
    "sha256": hashlib.sha256(repr(proof).encode()).hexdigest(),
}))
"""


def _play(folder: Path, kernel: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        env={**os.environ, "GRID_KERNEL": kernel},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    played: dict[str, object] = json.loads(done.stdout)
    return played


REPORT = """
from decimal import Decimal
from appkit.kernel import kernel_kind, prefer_compiled
prefer_compiled()
from gridcore.clock import Instant
from gridcore.config import GridConfig, RiskConfig, SafetyConfig, SizingConfig
from gridcore.events import SymbolReport
from gridcore.instrument import Instrument
from gridcore.session.account import AccountSession
from gridcore.session.setup import StrategySetup
from gridcore.tiers import RiskTier, RiskTiers

def instrument():
    return Instrument(
        symbol="BTCUSDT", tick_size=Decimal("0.1"), qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"), max_qty=Decimal(100), min_notional=Decimal(5),
    )

tier = RiskTier(
    max_value=None, maintenance_rate=Decimal("0.01"), deduction=Decimal(0),
    initial_rate=Decimal("0.02"),
)
session = AccountSession("a", [StrategySetup(
    strat_id="g", instrument=instrument(), tiers=RiskTiers((tier,)), taker_fee=Decimal("0.0006"),
    grid=GridConfig(), risk=RiskConfig(), sizing=SizingConfig(), safety=SafetyConfig(),
)], SafetyConfig())
session.handle(SymbolReport(
    symbol="BTCUSDT", at=Instant(1), instrument=instrument(), leverage=Decimal(10),
    hedge_mode=True, trading=True,
), Instant(1))
print(kernel_kind().value, *(one.cause.value for one in session.standing_modes()))
"""


@pytest.mark.parametrize("kernel", ["compiled", "interpreted"])
def test_an_equal_report_of_a_symbol_is_no_change_of_it(kernel: str) -> None:
    """mypyc would compare two instruments by identity if Instrument had no __eq__ of its own."""
    folder = compiled_folder()
    if kernel == "compiled" and (folder is None or not (folder / "complete").is_file()):
        pytest.skip("no compiled kernel of these sources: run `make compiled`")

    done = subprocess.run(
        [sys.executable, "-c", REPORT],
        env={**os.environ, "GRID_KERNEL": kernel},
        capture_output=True,
        text=True,
        check=True,
    )

    kind, *causes = done.stdout.split()
    assert kind == kernel
    assert "symbol_changed" not in causes


def test_compiled_and_interpreted_kernel_give_the_same_run(tmp_path: Path) -> None:
    folder = compiled_folder()
    if folder is None or not (folder / "complete").is_file():
        pytest.skip("no compiled kernel of these sources: run `make compiled`")
    text = (ROOT / "conf" / "demo.yaml").read_text(encoding="utf-8")
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")

    compiled = _play(tmp_path, "compiled")
    interpreted = _play(tmp_path, "interpreted")

    assert compiled["kind"] == "compiled"
    assert interpreted["kind"] == "interpreted"
    assert int(str(compiled["fills"])) > 100
    assert compiled["sha256"] == interpreted["sha256"]
