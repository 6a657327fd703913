import json
from pathlib import Path

import pytest

from backtest.commands.demo import demo_tape
from backtest.main import entry
from tapes.synth import MarketParameters, Preset, preset

CONFIG = Path(__file__).parents[4] / "conf" / "demo.yaml"


def parameters(seed: int = 7) -> MarketParameters:
    return preset(Preset.DEMO, seed=seed, duration_us=3_600_000_000)


def test_the_demonstration_runs_and_leaves_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = entry(["demo", "--config", str(CONFIG), "--out", str(tmp_path), "--days", "1", "--json"])

    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert Path(found["report"]).is_file()
    assert found["runs"][0]["manifest"]["tapes"][0]["synthetic_seed"] == 7


def test_a_tape_that_is_there_is_used_again(tmp_path: Path) -> None:
    first = demo_tape(tmp_path / "tape", parameters(), quiet=True)
    before = (tmp_path / "tape" / "manifest.json").stat().st_mtime_ns

    second = demo_tape(tmp_path / "tape", parameters(), quiet=True)

    assert (tmp_path / "tape" / "manifest.json").stat().st_mtime_ns == before
    assert first.manifest == second.manifest


def test_a_damaged_tape_is_made_anew(tmp_path: Path) -> None:
    good = demo_tape(tmp_path / "tape", parameters(), quiet=True)
    column = tmp_path / "tape" / good.manifest.columns[0].file
    column.write_bytes(column.read_bytes()[:-8])

    mended = demo_tape(tmp_path / "tape", parameters(), quiet=True)

    assert mended.manifest.sha256 == good.manifest.sha256
    mended.verify()


def test_a_tape_of_another_seed_is_made_anew(tmp_path: Path) -> None:
    demo_tape(tmp_path / "tape", parameters(seed=1), quiet=True)

    tape = demo_tape(tmp_path / "tape", parameters(seed=2), quiet=True)

    assert tape.manifest.header.synthetic_seed == 2


@pytest.mark.parametrize("days", ["0", "366"])
def test_an_impossible_length_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: str
) -> None:
    assert entry(["demo", "--out", str(tmp_path), "--days", days]) == 1
    assert "--days: expected 1 to 365" in capsys.readouterr().err


def test_outside_the_project_the_configuration_must_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert entry(["demo"]) == 1
    assert "name the file with --config" in capsys.readouterr().err
