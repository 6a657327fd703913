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
