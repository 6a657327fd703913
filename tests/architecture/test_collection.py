"""One pytest run at the root covers every member, with the root's own settings (LS-91)."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PASSING = "def test_{name}() -> None:\n    assert True\n"


def test_files_of_one_name_in_several_members_are_all_collected(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    places = [
        "packages/a/tests",
        "packages/b/tests",
        "apps/c/tests/deep",
        "shared/d/tests",
        "tests",
    ]
    for number, place in enumerate(places):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        (folder / "conftest.py").write_text("", encoding="utf-8")
        (folder / "test_same.py").write_text(PASSING.format(name=number), encoding="utf-8")

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    collected = sorted(line for line in run.stdout.splitlines() if "::" in line)
    assert collected == sorted(
        f"{place}/test_same.py::test_{number}" for number, place in enumerate(places)
    )
