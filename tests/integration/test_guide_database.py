"""The lines and the program in docs/guides/database.md do what the guide says, on SQLite."""

import os
import re
import subprocess
import sys
from pathlib import Path

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


def test_the_guides_lines_make_a_database_fill_check_and_copy_it(tmp_path: Path) -> None:
    (tmp_path / "example.py").write_text(block("python"), encoding="utf-8")

    run = at_the_prompt(block("sh"), tmp_path)

    said = re.sub(r"key [0-9a-f]{16}|[\d,]+ bytes", "...", run.stdout)
    assert (run.returncode, said.splitlines()) == (
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
    ), run.stderr


def test_the_guides_program_finds_everything_there_when_it_runs_again(tmp_path: Path) -> None:
    (tmp_path / "example.py").write_text(block("python"), encoding="utf-8")
    first = at_the_prompt(block("sh"), tmp_path)

    again = at_the_prompt(
        "export GRIDBOT_DATABASE_URL=sqlite:///copy.db GRIDBOT_MASTER_KEY_FILE=master.key\n"
        "python example.py",
        tmp_path,
    )

    assert first.returncode == 0, first.stderr
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "stored []"), again.stderr
