"""The rules about the tree, each shown on a small tree that breaks it."""

import subprocess
from pathlib import Path

import pytest

from tools import layout

PYPROJECT = """\
[tool.uv.workspace]
members = ["packages/*", "apps/*"]
[tool.mypy]
mypy_path = ["$MYPY_CONFIG_FILE_DIR/packages/known/src"]
files = ["packages"]
[tool.coverage.run]
source = ["packages/known/src"]
[tool.importlinter]
root_packages = ["known"]
[[tool.importlinter.contracts]]
type = "forbidden"
[[tool.importlinter.contracts]]
layers = ["app", "known | other"]
"""


def write(root: Path, name: str, text: str = "") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Path(name)


def member(root: Path, folder: str) -> None:
    package = Path(folder).name
    write(root, f"{folder}/pyproject.toml")
    write(root, f"{folder}/src/{package}/__init__.py")
    write(root, f"{folder}/src/{package}/py.typed")
    write(root, f"{folder}/tests/test_{package}.py")


def test_a_module_in_a_member_is_tested_in_the_same_sub_folder() -> None:
    source = Path("packages/gridcore/src/gridcore/session/orders.py")

    assert layout.expected_test(source) == [Path("packages/gridcore/tests/session/test_orders.py")]


@pytest.mark.parametrize(
    "source",
    ["packages/a/src/a/x.py", "packages/a/src/a/deep/x.py", "tools/x.py", "bbu_reference/x.py"],
)
def test_a_module_without_a_test_file_is_found(source: str) -> None:
    elsewhere = Path("packages/b/tests/test_x.py")

    assert len(layout.without_test_file([Path(source), elsewhere])) == 1


@pytest.mark.parametrize(
    "files",
    [
        ["packages/a/src/a/x.py", "packages/a/tests/test_x.py"],
        ["packages/a/src/a/deep/x.py", "packages/a/tests/deep/test_x.py"],
        ["packages/a/src/a/_x.py", "packages/a/tests/test_x.py"],
        ["packages/a/src/a/__init__.py", "packages/a/src/a/__main__.py"],
        ["bbu_reference/x.py", "tests/bbu_reference/test_x.py"],
        ["bbu_reference/x.py", "bbu_reference/tests/test_x.py"],
        ["bench/run.py", "conftest.py"],
    ],
)
def test_a_module_with_its_test_file_or_without_need_of_one_is_fine(files: list[str]) -> None:
    assert layout.without_test_file([Path(name) for name in files]) == []


@pytest.mark.parametrize(
    "test",
    ["bench/tests/test_x.py", "packages/a/src/a/test_x.py", "packages/a/tests/x_test.py"],
)
def test_a_test_that_no_run_collects_is_found(test: str) -> None:
    assert len(layout.never_collected([Path(test)], ["packages", "tests"])) == 1


def test_tests_in_collected_folders_are_fine() -> None:
    files = [Path("packages/a/tests/deep/test_x.py"), Path("tests/test_y.py"), Path("README.md")]

    assert layout.never_collected(files, ["packages", "tests"]) == []


@pytest.mark.parametrize(
    "missing", ["src/known/__init__.py", "src/known/py.typed", "tests/test_known.py"]
)
def test_a_member_that_lacks_a_part_is_found(tmp_path: Path, missing: str) -> None:
    write(tmp_path, "pyproject.toml", PYPROJECT)
    member(tmp_path, "packages/known")
    assert layout.incomplete_members(tmp_path) == []

    (tmp_path / "packages/known" / missing).unlink()

    assert len(layout.incomplete_members(tmp_path)) == 1


def test_a_source_of_401_lines_is_too_long_and_a_test_may_be(tmp_path: Path) -> None:
    files = [
        write(tmp_path, "packages/a/src/a/fits.py", "x = 1\n" * 400),
        write(tmp_path, "packages/a/src/a/grown.py", "x = 1\n" * 401),
        write(tmp_path, "packages/a/tests/test_grown.py", "x = 1\n" * 500),
    ]

    faults = layout.too_long(tmp_path, files)

    assert faults == ["packages/a/src/a/grown.py: 401 lines, at most 400"]


@pytest.mark.parametrize(
    "text",
    [
        "url = https://py" + "pi.org/simple",
        "files.python" + "hosted.org",
        "see /wo" + "rk/main/out",
        '"/wo' + 'rk/shared/golden"',
        "/ro" + "ot/.cache",
        "/ho" + "me/somebody/tree",
    ],
)
def test_a_named_registry_or_machine_path_is_found(text: str) -> None:
    assert len(layout.named_places(f"first line\n{text}")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "../shared/fixtures",
        "/".join(["$HOME", "work", "main"]),
        "network/main",
        "a/root/b",
        "the PyPI index",
    ],
)
def test_relative_paths_and_plain_words_are_fine(text: str) -> None:
    assert layout.named_places(text) == []


def test_a_named_place_in_a_text_file_is_reported_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "notes.md", "first\n/ro" + "ot/.cache\n")

    faults = layout.place_faults(tmp_path, [path])

    assert len(faults) == 1
    assert faults[0].startswith("notes.md:2: ")


def test_named_places_are_not_sought_in_binary_files(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(b"\0" + b"/ro" + b"ot/.cache")

    assert layout.place_faults(tmp_path, [Path("image.png")]) == []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("packages/gridcore/src/gridcore/grid.py", "import time"),
        ("packages/gridcore/src/gridcore/grid.py", "x = 0.5"),
        ("packages/gridcore/src/gridcore/grid.py", "open('x')"),
        ("packages/gridcore/src/gridcore/grid.py", "import gridcore.persistence"),
        ("packages/gridcore/src/gridcore/persistence.py", "import random"),
        ("packages/simvenue/src/simvenue/fees.py", "x = 0.5"),
        ("packages/simvenue/src/simvenue/fees.py", "venue._book"),
        ("packages/simvenue/tests/test_fees.py", "venue._book"),
        ("packages/simvenue/tests/test_fees.py", "from unittest import mock"),
        ("bbu_reference/rules.py", "grid._levels"),
    ],
)
def test_each_place_has_its_rules(tmp_path: Path, place: str, source: str) -> None:
    path = write(tmp_path, place, source)

    faults = layout.rule_faults(tmp_path, [path])

    assert len(faults) == 1
    assert faults[0].startswith(f"{place}:1: ")


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("packages/gridcore/src/gridcore/persistence.py", "import os\nopen('x')"),
        ("packages/gridcore/tests/test_grid.py", "import time\nx = 0.5"),
        ("packages/tapes/src/tapes/scan.py", "import numpy\nx = 0.5"),
        ("docs/notes.md", "venue._book"),
    ],
)
def test_rules_do_not_reach_beyond_their_place(tmp_path: Path, place: str, source: str) -> None:
    path = write(tmp_path, place, source)

    assert layout.rule_faults(tmp_path, [path]) == []


def test_a_member_that_the_tools_do_not_know_is_found_in_every_list(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", PYPROJECT)
    member(tmp_path, "packages/known")
    assert layout.forgotten_members(tmp_path) == []

    member(tmp_path, "apps/stranger")

    assert len(layout.forgotten_members(tmp_path)) == 5


def test_a_folder_that_mypy_does_not_read_is_found() -> None:
    files = [Path("bench/run.py"), Path("packages/a/src/a/x.py"), Path("docs/x.md")]

    faults = layout.untyped_folders(files, ["packages"])

    assert faults == ["tool.mypy files: expected bench, it is not in the list"]


def test_ignored_files_are_not_looked_at(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    write(tmp_path, ".gitignore", "out/\n")
    write(tmp_path, "out/x.py")
    write(tmp_path, "b.py")
    write(tmp_path, "a.py")

    assert layout.tracked_files(tmp_path) == [Path(".gitignore"), Path("a.py"), Path("b.py")]
