"""Why websocket-client is pinned at 1.9 or later: on 1.8.0 a close frame is the end of pybit."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import websocket

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".witness-old" / "bin" / "python"
SCRIPT = Path(__file__).parent / "old_websocket" / "stays_dead.py"


def test_plain_pybit_on_websocket_client_1_8_0_never_comes_back_from_a_close_frame(
    exchange: Any,
) -> None:
    if exchange.steer is None:
        pytest.skip("needs the simulator's faults")
    if not PYTHON.exists():
        if os.environ.get("CI"):
            pytest.fail("expected the environment of 1.8.0; `make witness` builds it")
        pytest.skip("no environment with websocket-client 1.8.0; `make witness` builds it")

    run = subprocess.run(
        [str(PYTHON), str(SCRIPT), exchange.rest, exchange.sockets],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    said = json.loads(run.stdout.splitlines()[-1])
    assert said["version"] == "1.8.0"
    assert said["before"] > 0
    assert said["after"] == 0
    assert (said["connected"], said["exited"], said["thread_alive"]) == (False, False, False)


def test_our_own_environment_has_a_version_that_comes_back() -> None:
    major, minor, *_ = (int(part) for part in websocket.__version__.split("."))

    assert (major, minor) >= (1, 9)
