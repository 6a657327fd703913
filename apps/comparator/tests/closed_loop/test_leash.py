"""The leash kills its group when its holder lets go, and at no signal before."""

import os
import signal
import subprocess
import sys

LEASH = [sys.executable, "-m", "comparator.closed_loop.leash"]
FELLOW = "import time; print('up', flush=True); time.sleep(30)"


def test_letting_go_kills_the_whole_group_and_signals_do_not() -> None:
    with subprocess.Popen(
        LEASH, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
    ) as leash:
        assert leash.stdin is not None
        assert leash.stdout is not None
        leash.stdout.readline()
        with subprocess.Popen(
            [sys.executable, "-c", FELLOW], stdout=subprocess.PIPE, process_group=leash.pid
        ) as fellow:
            assert fellow.stdout is not None
            fellow.stdout.readline()
            leash.stdin.write(b"a word is no end")
            leash.stdin.flush()
            leash.send_signal(signal.SIGTERM)
            leash.send_signal(signal.SIGINT)
            together = os.getpgid(fellow.pid)
            alive = (leash.poll(), fellow.poll())

            leash.stdin.close()

            ended = (leash.wait(), fellow.wait())

    assert together == leash.pid
    assert alive == (None, None)
    assert ended == (-signal.SIGKILL, -signal.SIGKILL)
