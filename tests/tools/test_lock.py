"""Locking pins what resolves, and leaves the file alone when nothing does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import lock

PINNED = """\
[tool.uv]
required-version = "==1.2.3"
# pinned below
constraint-dependencies = [
    "numba==0.68.1",
    "numpy==2.4.6",
]
build-constraint-dependencies = [
    "hatchling==1.33.0",
]

[tool.uv.workspace]
members = ["packages/*"]
"""


def test_only_the_list_under_the_key_is_replaced() -> None:
    text = (
        'x = 1\nconstraint-dependencies = [\n    "old==1",\n]\n'
        "# y\nbuild-constraint-dependencies = []\n"
    )

    assert lock.with_constraints(text, "constraint-dependencies", {"b": "2", "a": "1"}) == (
        'x = 1\nconstraint-dependencies = [\n    "a==1",\n    "b==2",\n]\n'
        "# y\nbuild-constraint-dependencies = []\n"
    )


@pytest.mark.parametrize("text", ["", "key = []\nkey = []\n"])
def test_a_key_that_is_not_there_once_is_refused(text: str) -> None:
    with pytest.raises(lock.CannotLockError, match="expected one list named key"):
        lock.with_constraints(text, "key", {})


def test_of_a_fork_the_oldest_version_is_taken() -> None:
    versions = {"numpy": ["2.10.0", "2.9.1"], "numba": ["0.68.1"]}

    assert lock.one_version_each(versions) == {"numpy": "2.9.1", "numba": "0.68.1"}


def test_every_resolved_version_is_written_back(
    workspace: Path, answering_uv: Callable[..., Path]
) -> None:
    answering_uv(
        {"numpy": ["2.4.6", "2.5.0"], "numba": ["0.68.1"]},
        {"numpy": ["2.4.6"], "numba": ["0.68.1"]},
        build=["hatchling==1.33.0"],
    )

    assert lock.entry(workspace) == 0

    assert (workspace / "pyproject.toml").read_text(encoding="utf-8") == PINNED
    assert (workspace / "uv.lock").exists()


def test_a_resolution_that_never_settles_is_an_error(
    workspace: Path, answering_uv: Callable[..., Path]
) -> None:
    uv = answering_uv({"numpy": ["2.4.6", "2.5.0"]})

    with pytest.raises(lock.CannotLockError, match="stable resolution"):
        lock.resolve(uv, workspace)


def test_nothing_is_written_when_nothing_resolves(
    workspace: Path, answering_uv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    before = (workspace / "pyproject.toml").read_text(encoding="utf-8")
    answering_uv(fails=True)

    assert lock.entry(workspace) == 2

    assert (workspace / "pyproject.toml").read_text(encoding="utf-8") == before
    assert "nothing was pinned" in capsys.readouterr().err
