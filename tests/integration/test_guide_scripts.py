"""The shell blocks of the guides, typed whole and in order in one folder with the guide's files.

Each guide names its files as `name`, then gives their text in a block. The ports are free ones.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import guides

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "guides"
PATIENCE_S = 300
FILE = re.compile(r"^`(?P<name>[\w.-]+)`[^\n]*:\n\n```(?P<language>\w+)\n", re.MULTILINE)
OWN = ("BYBIT_SIM_", "EVENTSAVER_", "GRIDBOT_")
EXCHANGE, RECORDER, BOT = "18080", "18090", "18100"
Typed = Callable[[str], "subprocess.CompletedProcess[str]"]


def free_ports(count: int) -> list[str]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [str(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def here(text: str, ports: dict[str, str]) -> str:
    """The guide's text with ports that are free, also where a program takes its usual one."""
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


def write_files(guide: Path, folder: Path, ports: dict[str, str]) -> None:
    """The files that a guide gives the text of."""
    text = guide.read_text("utf-8")
    for match in FILE.finditer(text):
        body, _, _ = text[match.end() :].partition("```")
        (folder / match["name"]).write_text(here(body, ports), encoding="utf-8")


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """Type a guide's scripts; whatever they leave running is ended."""

    def type_(name: str) -> "subprocess.CompletedProcess[str]":
        guide = FOLDER / name
        ports = dict(zip((EXCHANGE, RECORDER, BOT), free_ports(3), strict=True))
        write_files(guide, tmp_path, ports)
        programs = str(Path(sys.executable).parent)
        others = {name: text for name, text in os.environ.items() if not name.startswith(OWN)}
        environment = {
            **others,
            "PATH": os.pathsep.join([programs, others["PATH"]]),
            "EVENTSAVER_PORT": ports[RECORDER],
            "XDG_DATA_HOME": str(tmp_path / "own"),
            "XDG_STATE_HOME": str(tmp_path / "own"),
            "NO_PROXY": "127.0.0.1",
        }
        with subprocess.Popen(
            ["sh", "-e", "-c", here(guides.script(guide), ports)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as shell:
            try:
                out, errors = shell.communicate(timeout=PATIENCE_S)
            finally:
                end_session(shell.pid)
        return subprocess.CompletedProcess(shell.args, shell.returncode, out, errors)

    return type_


def end_session(leader: int) -> None:
    """End what a script that failed has left behind: the processes of its own session only."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.mark.story
def test_the_way_to_live_begins_on_this_machine(typed: Typed, tmp_path: Path) -> None:
    run = typed("going-live.md")

    assert run.returncode == 0, run.stderr
    assert "shadow: trading" in run.stdout
    assert "identical" in run.stdout
    assert "ill  " not in run.stdout
    assert "daemon_gone" in (tmp_path / "guard.txt").read_text("utf-8")
    assert not list(tmp_path.glob("own/gridbot/accounts"))


@pytest.mark.story
def test_a_loop_on_this_machine_is_compared_by_hand_replayed_and_watched(
    typed: Typed, tmp_path: Path
) -> None:
    run = typed("validating.md")

    assert run.returncode == 0, run.stderr
    hashes = re.findall(r"^certificate ([0-9a-f]{64})$", run.stdout, re.MULTILINE)
    assert hashes[0] == hashes[1] != hashes[2]
    assert len(re.findall(r"^\S+ \S+  demo_\w+ \w+  PASS  ", run.stdout, re.MULTILINE)) == 2
    assert "identical" in run.stdout
    assert "best fill model" in run.stdout
    assert (tmp_path / "out" / "other" / "report.html").is_file()


@pytest.mark.story
def test_services_are_asked_paused_backed_up_given_new_keys_and_started_again(
    typed: Typed, tmp_path: Path
) -> None:
    run = typed("operating.md")

    assert run.returncode == 0, run.stderr
    assert "as it should be" in run.stdout
    assert "identical" in run.stdout
    assert ": trading" in run.stdout
    assert "gridbot_ready" in (tmp_path / "metrics.txt").read_text("utf-8")
    written = [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()]
    assert sum(b"bot-secret" in text for text in written) == 1  # the simulator's own configuration
