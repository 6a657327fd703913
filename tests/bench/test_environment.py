"""The other programs' environment: how it is made, found again, and done without."""

import hashlib
import sys
from pathlib import Path

import pytest

from bench.environment import NotInstalled, environment_python, install_commands

PINS = "numpy==2.2.6\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "requirements-comparison.txt").write_text(PINS, encoding="utf-8")
    return tmp_path


def give_uv(tree: Path, script: str) -> None:
    uv = tree / ".bootstrap" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    uv.chmod(0o755)


def test_the_bootstraps_uv_is_used_without_the_workspaces_constraints(tree: Path) -> None:
    give_uv(tree, "exit 0")

    commands = install_commands(tree, tree / ".bench-venv", tree / "pins.txt")

    assert all(command[0].endswith(".bootstrap/bin/uv") for command in commands[:2])
    assert all("--no-config" in command for command in commands[:2])
    assert commands[-1][1:] == ["-c", "import hftbacktest"]


def test_without_uv_venv_and_pip_do_it(tree: Path) -> None:
    commands = install_commands(tree, tree / ".bench-venv", tree / "pins.txt")

    assert commands[0][:3] == [sys.executable, "-m", "venv"]
    assert commands[1][1:4] == ["-m", "pip", "install"]


def test_an_environment_made_from_the_same_pins_is_found_again(tree: Path) -> None:
    give_uv(tree, "exit 1")
    folder = tree / ".bench-venv"
    folder.mkdir()
    digest = hashlib.sha256(PINS.encode()).hexdigest()
    (folder / "made-from.txt").write_text(digest, encoding="utf-8")

    assert environment_python(tree) == folder / "bin" / "python"


def test_a_failing_step_says_why_it_cannot_be_installed(tree: Path) -> None:
    give_uv(tree, "echo first >&2; echo no network here >&2; exit 2")

    with pytest.raises(NotInstalled, match="no network here"):
        environment_python(tree)
