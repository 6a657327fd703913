"""uv comes into its own environment, on every kind of Python that can make one."""

import sys
from pathlib import Path

import pytest

from tools import bootstrap

VENV_WITH_PIP = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 0;; esac\nexit 1\n'
OUTER_PIP_ONLY = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexit 0\n'
NEITHER = "#!/bin/sh\nexit 1\n"


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_version_is_read_from_the_root_s_settings() -> None:
    text = '[tool.uv]\nrequired-version = "==0.13.9"\n'

    assert bootstrap.pinned_uv_version(text) == "0.13.9"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[tool.uv]\n",
        '[tool.uv]\nrequired-version = ">=0.9"\n',
        '[tool.uv]\nrequired-version = "==0.9.*"\n',
    ],
)
def test_a_version_that_leaves_a_choice_is_refused(text: str) -> None:
    with pytest.raises(bootstrap.CannotBootstrapError, match="exact version"):
        bootstrap.pinned_uv_version(text)


def test_a_module_of_the_interpreter_is_told_from_a_missing_one() -> None:
    assert bootstrap.has_module(sys.executable, "json")
    assert not bootstrap.has_module(sys.executable, "no_such_module_anywhere")


def test_a_python_that_makes_environments_uses_their_own_pip(tmp_path: Path) -> None:
    python = str(executable(tmp_path / "python", VENV_WITH_PIP))

    commands = bootstrap.install_commands(python, Path("boot"), "1.2.3")

    assert commands[0] == [python, "-m", "venv", "--clear", "boot"]
    assert commands[1][:2] == ["boot/bin/python", "-m"]
    assert commands[1][-1] == "uv==1.2.3"


def test_a_python_without_ensurepip_aims_its_own_pip_at_the_environment(tmp_path: Path) -> None:
    python = str(executable(tmp_path / "python", OUTER_PIP_ONLY))

    commands = bootstrap.install_commands(python, Path("boot"), "1.2.3")

    assert "--without-pip" in commands[0]
    assert commands[1][:5] == [python, "-m", "pip", "--python", "boot/bin/python"]


def test_a_python_that_can_do_neither_says_what_to_install(tmp_path: Path) -> None:
    python = str(executable(tmp_path / "python", NEITHER))

    with pytest.raises(bootstrap.CannotBootstrapError, match="apt-get install python3-venv"):
        bootstrap.install_commands(python, Path("boot"), "1.2.3")


def test_an_environment_without_uv_has_no_version(tmp_path: Path) -> None:
    assert bootstrap.installed_uv_version(tmp_path) is None


def test_nothing_is_installed_when_the_pinned_uv_is_there(workspace: Path) -> None:
    uv = executable(workspace / ".bootstrap/bin/uv", "#!/bin/sh\necho uv 1.2.3\n")

    assert bootstrap.bootstrap(workspace, "no-python-is-asked") == "1.2.3"

    assert uv.exists()


def test_an_outdated_uv_is_replaced_and_a_failing_step_is_named(
    workspace: Path, tmp_path: Path
) -> None:
    executable(workspace / ".bootstrap/bin/uv", "#!/bin/sh\necho uv 1.0.0\n")
    python = str(executable(tmp_path / "python", VENV_WITH_PIP))

    with pytest.raises(bootstrap.CannotBootstrapError, match="-m venv --clear"):
        bootstrap.bootstrap(workspace, python)
