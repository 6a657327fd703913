"""The clocks that a process believes, set from outside."""

import os
import subprocess
import sys
from pathlib import Path

from bench.gridbot.host_clock import BEGUN, JUMPED, HostClock

PROGRAM = """
import sys, time
print(time.monotonic() < 60, time.clock_gettime(time.CLOCK_MONOTONIC) < 60, flush=True)
print(time.time_ns() // 10**9 - int(sys.stdin.readline()), flush=True)
steady, wall = time.monotonic(), time.time()
sys.stdin.readline()
print(time.monotonic() - steady < 60, round((time.time() - wall) / 60), flush=True)
"""


def test_steady_clocks_begin_at_0_and_the_wall_clock_jumps(tmp_path: Path) -> None:
    clock = HostClock(tmp_path)
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **clock.environment()},
    )
    assert program.stdin is not None
    assert program.stdout is not None
    assert program.stderr is not None

    begun = program.stderr.readline().strip()
    steady = program.stdout.readline().strip()
    program.stdin.write("0\n")
    program.stdin.flush()
    real = int(program.stdout.readline())
    clock.jump_to(-3600)
    jumped = program.stderr.readline().strip()
    said, _ = program.communicate("on\n", timeout=60)

    assert begun == BEGUN
    assert steady == "True True"
    assert real > 1_700_000_000
    assert jumped == JUMPED.format(-3600)
    assert said.strip() == "True -60"
