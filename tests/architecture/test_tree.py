"""The tree as it is keeps every rule; tests/tools shows that each rule bites."""

import tomllib
from pathlib import Path

import pytest

from tools import layout

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    return layout.tracked_files(ROOT)


def report(faults: list[str]) -> str:
    return "\n".join(["", *faults])


@pytest.mark.untraced
def test_every_file_keeps_the_rules_for_its_place(files: list[Path]) -> None:
    faults = layout.rule_faults(ROOT, files)

    assert not faults, report(faults)


def test_every_source_module_has_its_test_file(files: list[Path]) -> None:
    faults = layout.without_test_file(files)

    assert not faults, report(faults)


def test_every_test_is_collected_by_one_run_at_the_root(files: list[Path]) -> None:
    """LS-91: hundreds of tests were never run, and nobody saw it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    faults = layout.never_collected(files, settings["tool"]["pytest"]["ini_options"]["testpaths"])

    assert not faults, report(faults)


def test_every_member_has_sources_and_tests() -> None:
    faults = layout.incomplete_members(ROOT)

    assert not faults, report(faults)


def test_every_member_is_known_to_every_tool() -> None:
    faults = layout.forgotten_members(ROOT)

    assert not faults, report(faults)


def test_all_python_in_the_tree_is_type_checked(files: list[Path]) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    faults = layout.untyped_folders(files, settings["tool"]["mypy"]["files"])

    assert not faults, report(faults)


def test_no_source_module_is_too_long(files: list[Path]) -> None:
    faults = layout.too_long(ROOT, files)

    assert not faults, report(faults)


def test_no_file_names_a_registry_or_a_place_of_one_machine(files: list[Path]) -> None:
    faults = layout.place_faults(ROOT, files)

    assert not faults, report(faults)
