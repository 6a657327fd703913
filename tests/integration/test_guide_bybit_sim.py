"""The program in docs/guides/bybit-sim.md follows a lockstep run, and the run repeats exactly."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from threading import Timer

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "bybit-sim.md"
LINES = 50
PATIENCE_S = 60


def program() -> str:
    """The guide's Python block that follows a run."""
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.M)
    (found,) = [block for block in blocks if "handled_through_us" in block]
    return str(found)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def followed(folder: Path) -> list[str]:
    """What the guide's program prints first of a run in lockstep that waits for it."""
    settle_port = free_port()
    settle = f"http://127.0.0.1:{settle_port}/settled#tickers.BTCUSDT"
    serve = [sys.executable, "-m", "bybit_sim", "serve", "--port", "0", "--json"]
    with subprocess.Popen(
        [*serve, "--speed", "lockstep", "--settle", settle], stdout=subprocess.PIPE, text=True
    ) as simulator:
        assert simulator.stdout is not None
        port = json.loads(simulator.stdout.readline())["port"]
        source = program().replace(":18080/", f":{port}/").replace(" 9000)", f" {settle_port})")
        script = folder / "follow.py"
        script.write_text(source, encoding="utf-8")
        try:
            with subprocess.Popen(
                [sys.executable, "-u", str(script)], stdout=subprocess.PIPE, text=True
            ) as follower:
                assert follower.stdout is not None
                # A run that is never told anything would wait for ever.
                overdue = Timer(PATIENCE_S, follower.kill)
                overdue.start()
                lines = [follower.stdout.readline() for _ in range(LINES)]
                overdue.cancel()
                follower.kill()
        finally:
            simulator.terminate()
            simulator.wait(PATIENCE_S)
    return lines


def test_the_guides_program_is_told_the_same_in_every_lockstep_run(tmp_path: Path) -> None:
    first = followed(tmp_path)
    second = followed(tmp_path)

    assert all(line.strip() for line in first)
    assert first == second
