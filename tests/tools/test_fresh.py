"""A newcomer's machine: nothing of ours but the way to the network."""

import subprocess
from pathlib import Path

import pytest

from tools import fresh

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    subprocess.run([*GIT, "init", "--quiet"], cwd=root, check=True)
    (root / "committed").write_text("x", encoding="utf-8")
    subprocess.run([*GIT, "add", "."], cwd=root, check=True)
    subprocess.run([*GIT, "commit", "--quiet", "-m", "x"], cwd=root, check=True)
    (root / "uncommitted").write_text("x", encoding="utf-8")
    return root


def test_only_path_and_the_way_to_the_network_are_handed_on() -> None:
    outer = {
        "PATH": "/bin",
        "HOME": "/somebody",
        "VIRTUAL_ENV": "/somebody/.venv",
        "PYTHONPATH": "/somebody/x",
        "https_proxy": "proxy:1",
        "SSL_CERT_FILE": "/certificates",
        "UV_DEFAULT_INDEX": "mirror",
        "UV_CACHE_DIR": "/somebody/cache",
    }

    assert fresh.newcomer_environment(outer, Path("/new")) == {
        "PATH": "/bin",
        "HOME": "/new",
        "LANG": "C.UTF-8",
        "https_proxy": "proxy:1",
        "SSL_CERT_FILE": "/certificates",
        "UV_DEFAULT_INDEX": "mirror",
    }


def test_the_clone_has_what_is_committed_and_an_empty_home(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outer = {"PATH": "/usr/bin:/bin"}

    code = fresh.fresh(repository, [["sh", "-c", "ls; ls -A ~"]], outer)

    assert code == 0
    heading, *output = capsys.readouterr().out.split()
    assert heading == "=="
    assert "committed" in output
    assert "uncommitted" not in output


def test_the_first_command_that_fails_ends_the_run(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = [["sh", "-c", "exit 3"], ["echo", "never"]]

    code = fresh.fresh(repository, commands, {"PATH": "/usr/bin:/bin"})

    assert code == 2
    output = capsys.readouterr().out
    assert "exit 3" in output
    assert "never" not in output


def test_only_the_last_lines_are_shown(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh.fresh(repository, [["seq", "100"]], {"PATH": "/usr/bin:/bin"})

    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "86"
    assert "100" in lines


def test_a_folder_without_a_commit_is_refused(tmp_path: Path) -> None:
    assert fresh.fresh(tmp_path, [["true"]], {"PATH": "/usr/bin:/bin"}) == 2
