"""The clocks of the machine on which a process believes to run; a story sets them while it runs.

It takes the place of the functions of `time` before anything else is imported: `sitecustomize` of
a process with its `environment`. Sockets and files keep the machine's own time.
"""

import os
import sys
import threading
import time
from pathlib import Path

FILE_NAME = "BENCH_HOST_CLOCK"
SECOND_NS = 1_000_000_000
BEGUN = "the steady clocks of this machine begin at 0"
JUMPED = "the wall clock of this machine is {} s off"
"""What a process says on stderr of its clocks."""
_LOOK_S = 0.02
_STEADY_IDS = (time.CLOCK_MONOTONIC, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class HostClock:
    """What a story turns: the file from which a process reads how far its wall clock is off."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = folder / "wall_offset_s"
        self.jump_to(0)
        (folder / "sitecustomize.py").write_text(
            "from bench.gridbot.host_clock import take_place\n\ntake_place()\n", encoding="utf-8"
        )

    def environment(self) -> dict[str, str]:
        """The variables of a process that lives by this clock."""
        root = Path(__file__).resolve().parents[2]
        return {FILE_NAME: str(self._file), "PYTHONPATH": f"{self._folder}{os.pathsep}{root}"}

    def jump_to(self, offset_s: int) -> None:
        """From now on the wall clock is so many seconds ahead of the machine's (below 0: behind).

        Its steady clocks began at 0 with the process, and no jump moves them.
        """
        whole = self._file.with_suffix(".new")
        whole.write_text(str(offset_s), encoding="utf-8")
        whole.replace(self._file)


def take_place() -> None:
    """Put the file's clock in the place of this process's; its steady clocks begin at 0."""
    file = Path(os.environ[FILE_NAME])
    wall_ns, steady_ns, any_ns = time.time_ns, time.monotonic_ns, time.clock_gettime_ns
    began_ns = {name: any_ns(name) for name in _STEADY_IDS}
    steady_began_ns = steady_ns()
    offset_ns = [0]
    sleep = time.sleep

    def follow() -> None:
        while True:
            offset_s = int(file.read_text(encoding="utf-8"))
            if offset_ns[0] != offset_s * SECOND_NS:
                offset_ns[0] = offset_s * SECOND_NS
                print(JUMPED.format(offset_s), file=sys.stderr, flush=True)
            sleep(_LOOK_S)

    def shown_wall_ns() -> int:
        return wall_ns() + offset_ns[0]

    def shown_steady_ns() -> int:
        return steady_ns() - steady_began_ns

    def shown_any_ns(name: int) -> int:
        if name == time.CLOCK_REALTIME:
            return shown_wall_ns()
        return any_ns(name) - began_ns.get(name, 0)

    shown = {
        "time_ns": shown_wall_ns,
        "time": lambda: shown_wall_ns() / SECOND_NS,
        "monotonic_ns": shown_steady_ns,
        "monotonic": lambda: shown_steady_ns() / SECOND_NS,
        "clock_gettime_ns": shown_any_ns,
        "clock_gettime": lambda name: shown_any_ns(name) / SECOND_NS,
    }
    for name, read in shown.items():
        setattr(time, name, read)
    print(BEGUN, file=sys.stderr, flush=True)
    threading.Thread(target=follow, name="host-clock", daemon=True).start()
