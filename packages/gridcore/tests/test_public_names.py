"""The kernel's public face (design notes, usage pattern)."""

import subprocess
import sys

import pytest

import gridcore


def test_the_names_of_the_notes_come_from_the_package() -> None:
    from gridcore import GridAnchorStore, GridConfig, GridEngine

    assert GridEngine.__module__ == "gridcore.engine"
    assert GridConfig.__module__ == "gridcore.config"
    assert GridAnchorStore.__module__ == "gridcore.persistence"


def test_every_promised_name_exists() -> None:
    for name in gridcore.__all__:
        assert getattr(gridcore, name) is not None


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="GridEngine"):
        gridcore.GridMotor  # noqa: B018


def test_the_kernel_does_not_import_the_module_that_touches_files() -> None:
    program = (
        "import sys, gridcore; gridcore.AccountSession; "
        "print('gridcore.persistence' in sys.modules, 'threading' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": next(iter(gridcore.__path__)).removesuffix("/gridcore")},
    )

    assert done.stdout.split()[0] == "False"
