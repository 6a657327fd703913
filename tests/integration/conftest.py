"""Scripts of the guides, typed by a shell in a folder of the test, on ports that are free."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE_S = 180
OWN = ("BYBIT_SIM_", "EVENTSAVER_", "GRIDBOT_")
EXCHANGE, RECORDER, BOT = "18080", "18090", "18100"
"""Where the programs listen unless they are told otherwise."""
TypeHere = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def type_here(tmp_path: Path) -> TypeHere:
    """Type lines with files beside them; whatever they leave running is ended."""
    ports = dict(zip((EXCHANGE, RECORDER, BOT), _free_ports(3), strict=True))

    def type_(script: str, **files: str) -> "subprocess.CompletedProcess[str]":
        for name, text in files.items():
            (tmp_path / name).write_text(_here(text, ports), encoding="utf-8")
        out, errors = tmp_path / "typed.out", tmp_path / "typed.err"
        # Into files: what a script leaves running would hold pipes open.
        with (
            out.open("w") as told,
            errors.open("w") as complained,
            subprocess.Popen(
                ["sh", "-e", "-c", _here(script, ports)],
                cwd=tmp_path,
                env=_environment(tmp_path, ports),
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=complained,
                start_new_session=True,
            ) as shell,
        ):
            try:
                code = shell.wait(PATIENCE_S)
            finally:
                _end_group(shell.pid)
        return subprocess.CompletedProcess(script, code, out.read_text(), errors.read_text())

    return type_


def _environment(folder: Path, ports: dict[str, str]) -> dict[str, str]:
    others = {name: text for name, text in os.environ.items() if not name.startswith(OWN)}
    return {
        **others,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), others["PATH"]]),
        "EVENTSAVER_PORT": ports[RECORDER],
        "XDG_DATA_HOME": str(folder / "own"),
        "XDG_STATE_HOME": str(folder / "own"),
        "NO_PROXY": "127.0.0.1",
    }


def _free_ports(count: int) -> list[str]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [str(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _here(text: str, ports: dict[str, str]) -> str:
    """The text with ports that are free, also where a program takes its usual one."""
    text = text.replace("bybit-sim serve", f"bybit-sim serve --port {ports[EXCHANGE]}")
    text = re.sub(
        r"^(gridbot init .*--output (\S+).*)$",
        rf"\1\nsed -i s/{BOT}/{ports[BOT]}/ \2",
        text,
        flags=re.MULTILINE,
    )
    for usual, free in ports.items():
        text = text.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{free}")
    return text


def _end_group(leader: int) -> None:
    """End what a script has left behind: the processes of its own group only."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
