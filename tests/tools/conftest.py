"""A small workspace, and a uv that answers what the test wrote down."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

PYPROJECT = """\
[tool.uv]
required-version = "==1.2.3"
# pinned below
constraint-dependencies = []
build-constraint-dependencies = []

[tool.uv.workspace]
members = ["packages/*"]
"""
MEMBER = """\
[project]
name = "kernel"

[build-system]
requires = ["hatchling"]
"""
# Answers `lock` by writing the next of the given lock files, `pip compile` by printing.
FAKE_UV = """\
#!{python}
import json, pathlib, sys
answers = json.loads(pathlib.Path({answers!r}).read_text())
if answers["fails"]:
    sys.exit(1)
if "compile" in sys.argv:
    print(answers["build"])
else:
    turn = pathlib.Path({turn!r})
    number = int(turn.read_text()) if turn.exists() else 0
    turn.write_text(str(number + 1))
    pathlib.Path("uv.lock").write_text(answers["locks"][min(number, len(answers["locks"]) - 1)])
"""


def lock_text(packages: Mapping[str, Sequence[str]]) -> str:
    """Writes a uv.lock in which every package has a wheel, after the member of the workspace."""
    parts = ['[[package]]\nname = "kernel"\nversion = "0.1.0"\nsource = { editable = "kernel" }\n']
    for name, versions in packages.items():
        for version in versions:
            parts.append(
                f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
                'source = { registry = "somewhere" }\nwheels = [{ url = "x" }]\n'
            )
    return "\n".join(parts)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    package = root / "packages" / "kernel" / "src" / "kernel"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "packages" / "kernel" / "pyproject.toml").write_text(MEMBER, encoding="utf-8")
    return root


@pytest.fixture
def answering_uv(workspace: Path) -> Callable[..., Path]:
    """Makes the workspace's uv: one lock per turn, the last one for ever after."""

    def make(
        *locks: Mapping[str, Sequence[str]], build: Sequence[str] = (), fails: bool = False
    ) -> Path:
        folder = workspace / ".bootstrap" / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        answers = {
            "locks": [lock_text(lock) for lock in locks],
            "build": "\n".join(build),
            "fails": fails,
        }
        (folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
        uv = folder / "uv"
        uv.write_text(
            FAKE_UV.format(
                python=sys.executable,
                answers=str(folder / "answers.json"),
                turn=str(folder / "turn"),
            ),
            encoding="utf-8",
        )
        uv.chmod(0o755)
        return uv

    return make
