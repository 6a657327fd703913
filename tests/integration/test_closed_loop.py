"""The closed loop: a bot's trades, recorded, are those of a backtest of the recording, all of them.

Every program is a process and speaks over real sockets; none is left, however the mission ends.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE_S = 120.0
ATTENDED = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('comparator', run_name='__main__', alter_sys=True)"
)
"""At a terminal Ctrl-C is heard; whoever runs the tests may have started them deaf to it."""
DEMO = (sys.executable, "-c", ATTENDED, "demo")
NEVER_OVER = ["--minutes", "240"]
PROCESS = re.compile(r"\(process (\d+)\)")

pytestmark = pytest.mark.story


class Demo:
    """`comparator demo` under way, in a process group of its own as a shell would start it."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: Path) -> None:
        self.process = process
        self._said = said

    def said(self) -> str:
        """What it wrote to stderr so far."""
        return self._said.read_text("utf-8")

    def programs(self) -> list[int]:
        """The processes that it says it has started."""
        return [int(found) for found in PROCESS.findall(self.said())]

    def leash(self) -> list[int]:
        """Processes of its programs' group that it does not tell of."""
        (group, *_) = {os.getpgid(pid) for pid in self.programs()}
        return [group]


@contextmanager
def under_way(folder: Path, *options: str) -> Iterator[Demo]:
    """A mission whose three programs run."""
    said = folder / "said.txt"
    with (
        said.open("wb") as err,
        subprocess.Popen(
            [*DEMO, "--out", str(folder / "out"), *options],
            stdout=subprocess.DEVNULL,
            stderr=err,
            process_group=0,
        ) as process,
    ):
        demo = Demo(process, said)
        try:
            until(lambda: len(demo.programs()) == 3 or process.poll() is not None, demo.said)
            yield demo
        finally:
            process.kill()


def until(holds: Callable[[], object], said: Callable[[], str]) -> None:
    """Look until something holds; an assertion with what was said when it never does."""
    ends_at = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends_at, said()
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Whether a process runs; one that is dead and unread does not."""
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()[:1] not in ("", "Z")


def test_one_seed_gives_one_certificate_and_a_pass(tmp_path: Path) -> None:
    """The hash covers market facts alone: other folders, ports and wire ids do not change it."""
    found = []
    for name in ("one", "another folder"):
        ended = subprocess.run(
            [*DEMO, "--minutes", "2", "--seed", "3", "--out", str(tmp_path / name)],
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * PATIENCE_S,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        lines = ended.stdout.splitlines()
        assert [line for line in lines if line.startswith(("verdict", "certificate"))] == lines[-2:]
        found.append(lines[-2:])

    (verdict, certificate), other = found
    assert verdict == "verdict PASS"
    assert re.fullmatch(r"certificate [0-9a-f]{64}", certificate)
    assert other == [verdict, certificate]
    record = json.loads((tmp_path / "one" / "comparison" / "certificate.json").read_text("utf-8"))
    assert record["sha256"] == certificate.split()[1]
    live, backtest = record["facts"]["live"], record["facts"]["backtest"]
    assert live["fills"] == backtest["fills"] > 50
    assert record["facts"]["divergences"] == []


def test_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    with under_way(tmp_path, *NEVER_OVER) as demo:
        programs = demo.programs() + demo.leash()
        alive = [runs(pid) for pid in programs]
        os.killpg(demo.process.pid, signal.SIGINT)
        code = demo.process.wait(PATIENCE_S)

    assert alive == [True] * 4
    assert code == 130, demo.said()
    assert [pid for pid in programs if runs(pid)] == []


def test_a_killed_demo_leaves_no_process(tmp_path: Path) -> None:
    with under_way(tmp_path, *NEVER_OVER) as demo:
        programs = demo.programs() + demo.leash()
        demo.process.kill()
        demo.process.wait(PATIENCE_S)

        until(lambda: not [pid for pid in programs if runs(pid)], demo.said)


def test_a_program_that_dies_ends_the_demo_with_its_last_lines(tmp_path: Path) -> None:
    with under_way(tmp_path, *NEVER_OVER) as demo:
        programs = demo.programs() + demo.leash()
        os.kill(demo.programs()[-1], signal.SIGKILL)
        code = demo.process.wait(PATIENCE_S)

    assert code == 2, demo.said()
    assert "gridbot ended too early, with exit code -9; its last lines:" in demo.said()
    assert [pid for pid in programs if runs(pid)] == []
