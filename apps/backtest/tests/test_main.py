import subprocess
import sys

import pytest

from backtest.main import entry


def test_every_command_has_a_help_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A-17."""
    for command in ("run", "preview", "tape", "instruments", "demo"):
        assert entry([command, "--help"]) == 0
        assert f"usage: backtest {command}" in capsys.readouterr().out


def test_an_unknown_command_is_refused_with_the_nearest_known_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert entry(["rnu"]) == 1
    assert "did you mean run?" in capsys.readouterr().err


def test_no_command_is_refused_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry([]) == 1
    assert "usage: backtest" in capsys.readouterr().err


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backtest", "--help"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    assert "Runs grid strategies over recorded trades" in done.stdout
