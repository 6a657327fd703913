"""Makes the environment in which the other programs of the comparison run; its own numpy and numba.

Knows uv and pip; a machine on which it cannot be made is told apart from a defect.
"""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

INSTALL_SECONDS_MAX = 300


class NotInstalled(Exception):
    """The other programs cannot be had here; the text says why."""


def environment_python(root: Path) -> Path:
    """The interpreter of the comparison's environment, which is made when it is not there.

    It is found again by the text of bench/requirements-comparison.txt. NotInstalled with the reason
    when a step fails.
    """
    requirements = root / "bench" / "requirements-comparison.txt"
    folder = root / ".bench-venv"
    python = folder / "bin" / "python"
    made_from = folder / "made-from.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if made_from.is_file() and made_from.read_text(encoding="utf-8") == wanted:
        return python
    for command in install_commands(root, folder, requirements):
        _run(command)
    made_from.write_text(wanted, encoding="utf-8")
    return python


def install_commands(root: Path, folder: Path, requirements: Path) -> list[list[str]]:
    """The steps: with the bootstrap's uv where there is one, else with this Python's venv and pip;
    at last a look whether it can be used.

    The workspace's constraints are for our own environment, hence --no-config.
    """
    python = str(folder / "bin" / "python")
    asked = ["--no-deps", "--requirement", str(requirements)]
    usable = [python, "-c", "import hftbacktest"]
    uv = root / ".bootstrap" / "bin" / "uv"
    if uv.exists():
        base = [str(uv), "--no-config", "--quiet"]
        return [
            [*base, "venv", "--clear", "--python", sys.executable, str(folder)],
            [*base, "pip", "install", "--python", python, *asked],
            usable,
        ]
    return [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *asked],
        usable,
    ]


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(str(error)) from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise NotInstalled(f"{' '.join(command[:3])} failed: {lines[-1]}")
