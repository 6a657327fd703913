"""Reading what is resolved and what is pinned."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import pins


@pytest.mark.parametrize("name", ["Types_PyYAML", "types-pyyaml", "types.PyYAML", "types--pyyaml"])
def test_spellings_of_one_name_are_equal(name: str) -> None:
    assert pins.canonical_name(name) == "types-pyyaml"


@pytest.mark.parametrize("text", ["numpy>=2", "numpy", "numpy==2.*", "numpy ~= 2.1", "numpy==2,<3"])
def test_what_leaves_a_choice_is_not_exact(text: str) -> None:
    assert pins.exact_pins([text]) == ({}, [text])


def test_exact_versions_are_read_by_canonical_name() -> None:
    assert pins.exact_pins(["PyYAML==6.0.3", "a==1.0.post1"]) == (
        {"pyyaml": "6.0.3", "a": "1.0.post1"},
        [],
    )


def test_members_are_found_by_the_workspace_globs(workspace: Path) -> None:
    (workspace / "packages" / "leftover").mkdir()

    assert pins.member_folders(workspace) == [workspace / "packages" / "kernel"]


def test_resolved_versions_leave_out_the_members() -> None:
    lock = {
        "package": [
            {"name": "kernel", "version": "0.1.0", "source": {"editable": "packages/kernel"}},
            {"name": "NumPy", "version": "2.4.6", "source": {"registry": "x"}},
            {"name": "numpy", "version": "2.5.0", "source": {"registry": "x"}},
        ]
    }

    assert pins.resolved_versions(lock) == {"numpy": ["2.4.6", "2.5.0"]}


def test_a_package_that_must_be_built_here_is_named() -> None:
    lock = {
        "package": [
            {"name": "built", "version": "1", "source": {"registry": "x"}},
            {"name": "ready", "version": "1", "source": {"registry": "x"}, "wheels": [{}]},
            {"name": "kernel", "version": "1", "source": {"editable": "x"}},
        ]
    }

    assert pins.without_wheel(lock) == ["built"]


def test_build_requirements_include_what_hatchling_asks_for_while_building(workspace: Path) -> None:
    assert pins.build_requirements(workspace) == ["editables", "hatchling"]


def test_build_versions_are_read_from_the_resolution(answering_uv: Callable[..., Path]) -> None:
    uv = answering_uv(build=["hatchling==1.33.0", "tomli==2.0.0 ; python_version < '3.11'"])

    assert pins.resolve_build(uv, ["hatchling"]) == {"hatchling": "1.33.0", "tomli": "2.0.0"}


def test_a_build_that_does_not_resolve_is_an_error(answering_uv: Callable[..., Path]) -> None:
    uv = answering_uv(fails=True)

    with pytest.raises(subprocess.CalledProcessError):
        pins.resolve_build(uv, ["hatchling"])
