"""Puts the pinned uv into a bootstrap environment, on the system's Python, before anything else.

Knows venv and pip. Never installs into the system's own Python, which may refuse it (PEP 668).
"""

from __future__ import annotations  # an older Python must get as far as the message about its age

import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
NO_VENV = """\
Expected a Python that can make virtual environments,
found {python} without ensurepip and without pip.
Install it and run the command again (Debian, Ubuntu: sudo apt-get install python3-venv),
or name another Python: make setup PYTHON=/path/to/python3."""


class CannotBootstrapError(Exception):
    """Names what was expected of the machine, what was found, and how to mend it."""


def pinned_uv_version(pyproject_text: str) -> str:
    """Reads the exact uv version out of `[tool.uv] required-version`."""
    import tomllib

    settings = tomllib.loads(pyproject_text).get("tool", {}).get("uv", {})
    required = settings.get("required-version", "")
    if not required.startswith("==") or "*" in required:
        raise CannotBootstrapError(
            "expected [tool.uv] required-version = '==X.Y.Z' in pyproject.toml, "
            f"found {required!r}: write an exact version there"
        )
    version: str = required.removeprefix("==").strip()
    return version


def has_module(python: str, module: str) -> bool:
    """Tells whether that interpreter can import the module."""
    probe = [python, "-c", f"import {module}"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def installed_uv_version(environment: Path) -> str | None:
    """Asks the environment's uv for its version; None when there is none that answers."""
    uv = environment / "bin" / "uv"
    if not uv.exists():
        return None
    answer = subprocess.run([str(uv), "--version"], capture_output=True, text=True, check=False)
    words = answer.stdout.split()
    return words[1] if answer.returncode == 0 and len(words) > 1 else None


def install_commands(python: str, environment: Path, version: str) -> list[list[str]]:
    """Chooses how this machine gets uv: a venv with its own pip, else the outer pip aimed at it."""
    target = str(environment / "bin" / "python")
    wanted = f"uv=={version}"
    if has_module(python, "ensurepip"):
        return [
            [python, "-m", "venv", "--clear", str(environment)],
            [target, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted],
        ]
    if has_module(python, "venv") and has_module(python, "pip"):
        return [
            [python, "-m", "venv", "--clear", "--without-pip", str(environment)],
            [python, "-m", "pip", "--python", target, "install", "--quiet", wanted],
        ]
    raise CannotBootstrapError(NO_VENV.format(python=python))


def bootstrap(root: Path, python: str) -> str:
    """Makes `.bootstrap/bin/uv` the pinned version, unless it is; returns the version."""
    version = pinned_uv_version((root / "pyproject.toml").read_text(encoding="utf-8"))
    environment = root / ".bootstrap"
    if installed_uv_version(environment) == version:
        return version
    for command in install_commands(python, environment, version):
        if subprocess.run(command, check=False).returncode != 0:
            raise CannotBootstrapError(f"this step of the set-up failed: {' '.join(command)}")
    return version


def entry() -> int:
    """Runs the bootstrap for this tree; 0 done, 1 refused with the reason."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        print(
            f"Expected Python 3.11 or newer, found {found}. "
            "Name another one: make setup PYTHON=/path/to/python3",
            file=sys.stderr,
        )
        return 1
    try:
        bootstrap(Path(__file__).resolve().parent.parent, sys.executable)
    except CannotBootstrapError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(entry())
