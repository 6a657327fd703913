"""The command line as a whole."""

import subprocess
import sys

import pytest

from comparator.cli import entry


@pytest.mark.parametrize("command", ["run", "watch", "twin", "demo"])
def test_every_command_has_a_help_text(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A-17."""
    assert entry([command, "--help"]) == 0

    assert f"usage: comparator {command}" in capsys.readouterr().out


def test_an_unknown_command_is_refused_with_the_nearest_known_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert entry(["wach"]) == 1

    assert "did you mean watch?" in capsys.readouterr().err


def test_no_command_is_refused_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry([]) == 1

    assert "usage: comparator" in capsys.readouterr().err


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "comparator", "--help"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    assert "Compares what happened live" in done.stdout
