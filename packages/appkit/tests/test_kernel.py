"""The compiled kernel is used only when it was made from exactly these sources."""

import subprocess
import sys
from pathlib import Path

from appkit.kernel import (
    KernelKind,
    checkout_of,
    compiled_folder,
    kernel_kind,
    source_digest,
    source_folders,
)

SHOW_KIND = "from appkit.kernel import prefer_compiled; print(prefer_compiled().value)"


def test_the_sources_of_both_packages_are_found() -> None:
    folders = source_folders()

    assert [folder.name for folder in folders] == ["gridcore", "simvenue"]


def test_a_changed_source_has_another_digest(tmp_path: Path) -> None:
    package = tmp_path / "gridcore"
    package.mkdir()
    module = package / "engine.py"
    module.write_text("STEP = 1\n")
    before = source_digest([package])

    module.write_text("STEP = 2\n")

    assert source_digest([package]) != before


def test_a_renamed_module_has_another_digest(tmp_path: Path) -> None:
    package = tmp_path / "gridcore"
    package.mkdir()
    module = package / "engine.py"
    module.write_text("STEP = 1\n")
    before = source_digest([package])

    module.rename(package / "motor.py")

    assert source_digest([package]) != before


def test_the_compiled_folder_lies_in_the_checkout_and_is_named_after_the_sources() -> None:
    folders = source_folders()
    root = checkout_of(folders)

    folder = compiled_folder()

    assert root is not None
    assert folder == root / ".compiled" / source_digest(folders)


def test_sources_outside_a_checkout_have_no_compiled_form(tmp_path: Path) -> None:
    package = tmp_path / "gridcore"
    package.mkdir()

    assert checkout_of([package]) is None


def test_a_variable_keeps_the_kernel_interpreted() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW_KIND],
        env={"GRID_KERNEL": "interpreted"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == KernelKind.INTERPRETED.value


def test_without_asking_for_it_the_kernel_runs_from_its_sources() -> None:
    assert kernel_kind() is KernelKind.INTERPRETED
