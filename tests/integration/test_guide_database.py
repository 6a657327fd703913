"""The lines and the program in docs/guides/database.md do what the guide says, on SQLite."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "database.md"
PATIENCE_S = 120


def block(language: str) -> str:
    """The guide's one block of a language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.M)
    assert len(blocks) == 1
    return str(blocks[0])


def at_the_prompt(lines: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Type lines in a folder, with the programs of this environment and no setting of the host."""
    environment = {name: value for name, value in os.environ.items() if "GRIDBOT" not in name}
    programs = Path(sys.executable).parent
    environment["PATH"] = os.pathsep.join([str(programs), environment["PATH"]])
    return subprocess.run(
        ["sh", "-e", "-c", lines],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the guide's program in it."""
    folder = tmp_path_factory.mktemp("guide")
    (folder / "example.py").write_text(block("python"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def typed(folder: Path) -> subprocess.CompletedProcess[str]:
    """The guide's lines, typed once."""
    return at_the_prompt(block("sh"), folder)


def test_the_guides_lines_make_a_database_fill_check_and_copy_it(
    typed: subprocess.CompletedProcess[str],
) -> None:
    said = re.sub(r"key [0-9a-f]{16}|[\d,]+ bytes", "...", typed.stdout)

    assert (typed.returncode, said.splitlines()) == (
        0,
        [
            "sqlite+pysqlite:///grid_bot.db: revision base -> 0004",
            "master.key: master ...; without it no credential can be read",
            "stored [0]",
            "0.012 99800.1 2026-03-01T12:00:00+00:00",
            "**********",
            "[]",
            "sqlite+pysqlite:///grid_bot.db: as it should be",
            "sqlite+pysqlite:///grid_bot.db: copied to copy.db (...)",
        ],
    ), typed.stderr


def test_the_guides_program_finds_in_the_copy_what_it_recorded(
    typed: subprocess.CompletedProcess[str], folder: Path
) -> None:
    assert typed.returncode == 0, typed.stderr

    again = at_the_prompt(
        "export GRIDBOT_DATABASE_URL=sqlite:///copy.db GRIDBOT_MASTER_KEY_FILE=master.key\n"
        "python example.py",
        folder,
    )

    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "stored []"), again.stderr
