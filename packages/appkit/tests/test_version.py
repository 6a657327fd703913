import subprocess
from pathlib import Path

import pytest

from appkit.version import CodeVersion, code_version


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "module.py").write_text("x = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    return tmp_path


def test_a_checkout_is_known_by_its_commit(checkout: Path) -> None:
    found = code_version("appkit", checkout / "module.py")
    assert found.commit == git(checkout, "rev-parse", "HEAD")
    assert found.modified is False


def test_changed_files_are_told(checkout: Path) -> None:
    (checkout / "module.py").write_text("x = 2\n")
    assert code_version("appkit", checkout).modified is True


def test_an_installed_copy_inside_a_foreign_checkout_has_no_commit(checkout: Path) -> None:
    copy = checkout / "lib" / "site-packages" / "appkit"
    copy.mkdir(parents=True)
    assert code_version("appkit", copy).commit is None


def test_outside_of_a_checkout_only_the_package_version_is_known(tmp_path: Path) -> None:
    found = code_version("appkit", tmp_path)
    assert (found.commit, found.modified) == (None, None)
    assert found.version is not None


def test_git_that_cannot_be_asked_means_an_unknown_commit(tmp_path: Path) -> None:
    assert code_version("appkit", tmp_path / "missing" / "module.py").commit is None


@pytest.mark.parametrize(
    ("version", "commit", "modified", "expected"),
    [
        ("0.1.0", "0123456789abcdef", False, "x 0.1.0+0123456789ab"),
        ("0.1.0", "0123456789abcdef", True, "x 0.1.0+0123456789ab (modified)"),
        ("0.1.0", None, None, "x 0.1.0"),
        (None, None, None, "x unknown"),
    ],
)
def test_the_version_as_text(
    version: str | None, commit: str | None, modified: bool | None, expected: str
) -> None:
    shown = CodeVersion(package="x", version=version, commit=commit, modified=modified)
    assert str(shown) == expected


def test_a_package_that_is_not_installed_has_no_version(tmp_path: Path) -> None:
    assert str(code_version("no-such-package-here", tmp_path)) == "no-such-package-here unknown"
