"""Whatever could resolve to another version tomorrow is found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import check_constraints
from tools.lock import with_constraints


def pin(workspace: Path, *, runtime: dict[str, str], build: dict[str, str]) -> None:
    file = workspace / "pyproject.toml"
    text = with_constraints(file.read_text(encoding="utf-8"), "constraint-dependencies", runtime)
    text = with_constraints(text, "build-constraint-dependencies", build)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("constraints", "fault"),
    [
        ([], "list: numpy 2.4.6 is resolved without a constraint"),
        (["numpy==2.4.5"], "list: numpy is pinned to 2.4.5, found 2.4.6"),
        (["numpy==2.4.6", "gone==1.0"], "list: gone is pinned, nothing needs it"),
        (["numpy==2.4.6", "numpy>=2"], "list: expected name==version, found 'numpy>=2'"),
    ],
)
def test_a_difference_is_one_sentence(constraints: list[str], fault: str) -> None:
    assert check_constraints.unpinned({"numpy": ["2.4.6"]}, constraints, "list") == [fault]


def test_a_package_in_two_versions_is_not_pinned() -> None:
    faults = check_constraints.unpinned({"numpy": ["2.4.6", "2.5.0"]}, ["numpy==2.4.6"], "list")

    assert faults == ["list: numpy is pinned to 2.4.6, found 2.4.6/2.5.0"]


def test_requirements_files_must_be_exact_too() -> None:
    text = (
        "# pinned\nnumpy==1.26.4  # oldest\n\nnumba>=0.60\nuvloop==0.1 ; sys_platform != 'win32'\n"
    )

    assert check_constraints.loose_requirements(text) == ["numba>=0.60"]


def test_a_fully_pinned_workspace_passes(
    workspace: Path, answering_uv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    pin(workspace, runtime={"numpy": "2.4.6"}, build={"hatchling": "1.33.0"})
    answering_uv(build=["hatchling==1.33.0"])
    write_lock(workspace, "2.4.6")

    assert check_constraints.entry(workspace) == 0
    assert capsys.readouterr().out == "every resolved package has an exact constraint\n"


def write_lock(workspace: Path, version: str) -> None:
    (workspace / "uv.lock").write_text(
        f'[[package]]\nname = "numpy"\nversion = "{version}"\n'
        'source = { registry = "x" }\nwheels = [{ url = "x" }]\n',
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("runtime", "build"),
    [
        ({}, {"hatchling": "1.33.0"}),
        ({"numpy": "2.4.6"}, {}),
        ({"numpy": "2.4.6"}, {"hatchling": "1.33.0", "gone": "1.0"}),
    ],
)
def test_a_missing_or_idle_pin_fails_with_the_remedy(
    workspace: Path,
    answering_uv: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    runtime: dict[str, str],
    build: dict[str, str],
) -> None:
    pin(workspace, runtime=runtime, build=build)
    answering_uv(build=["hatchling==1.33.0"])
    write_lock(workspace, "2.4.6")

    assert check_constraints.entry(workspace) == 3
    assert "run `make lock`" in capsys.readouterr().err


def test_a_loose_requirements_file_in_the_tree_fails(
    workspace: Path, answering_uv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    pin(workspace, runtime={"numpy": "2.4.6"}, build={"hatchling": "1.33.0"})
    answering_uv(build=["hatchling==1.33.0"])
    write_lock(workspace, "2.4.6")
    (workspace / "bench").mkdir()
    (workspace / "bench" / "requirements.txt").write_text("numba\n", encoding="utf-8")

    assert check_constraints.entry(workspace) == 3
    assert "bench/requirements.txt: expected name==version" in capsys.readouterr().err


def test_without_a_lock_file_the_way_to_one_is_named(
    workspace: Path, answering_uv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    answering_uv()

    assert check_constraints.entry(workspace) == 3
    assert "make setup" in capsys.readouterr().err


def test_a_uv_that_fails_is_no_verdict(workspace: Path, answering_uv: Callable[..., Path]) -> None:
    answering_uv(fails=True)
    write_lock(workspace, "2.4.6")

    assert check_constraints.entry(workspace) == 2
