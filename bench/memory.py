"""Peak memory of the full job beyond the mapped tape, measured in a process of its own.

Knows what the kernel counts (Linux, /proc/self/status); refuses to estimate. The peak of all
resident memory is exact; the mapped files are read before, so that their share of it is constant
and the rest of the peak is memory of the job's own.
"""

import gc
import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from appkit.exits import RunFailed
from bench.jobs import full_plan, run_full, warm
from bench.markets import bench_tape, touch
from tapes.scan import warm_up

STATUS = Path("/proc/self/status")
RESET_PEAK = Path("/proc/self/clear_refs")
BYTES_PER_ROW = 4
BYTES_PER_FILL = 2048
MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Resident memory in bytes: the process's own, that of mapped files, and the peak of both."""

    own: int
    mapped: int
    peak: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Peak of one full job. `before` is what the process held when it began: Python, libraries,
    compiled kernels; `beyond` is what the job needed besides that and the mapped tape."""

    rows: int
    fills: int
    tape: int
    before: int
    beyond: int

    @property
    def allowed(self) -> int:
        """The target: 4 bytes a row and 2 KiB a fill."""
        return BYTES_PER_ROW * self.rows + BYTES_PER_FILL * self.fills

    def text(self) -> str:
        """The peak with what it comes to, and the target."""
        return (
            f"{self.beyond / MIB:,.1f} MiB beyond the tape ({self.tape / MIB:,.0f} MiB mapped) and "
            f"the process itself ({self.before / MIB:,.0f} MiB); {self.fills:,} fills\n"
            f"{self.beyond / self.rows:.2f} bytes a row or {self.beyond / self.fills:,.0f} bytes a "
            f"fill, counted wholly on either; allowed {self.allowed / MIB:,.1f} MiB"
        )


def resident_memory(status: str) -> Resident:
    """Read the text of /proc/self/status."""
    kib = {}
    for line in status.splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if len(words) == 2 and words[1] == "kB":
            kib[name] = int(words[0])
    return Resident(
        own=kib["RssAnon"] * 1024,
        mapped=(kib["RssFile"] + kib["RssShmem"]) * 1024,
        peak=kib["VmHWM"] * 1024,
    )


def peak_in_child(root: Path, folder: Path, rows: int) -> Peak:
    """Measure in a fresh process; RunFailed when it fails."""
    command = [sys.executable, "-m", "bench.memory", str(folder), str(rows)]
    done = subprocess.run(command, cwd=root, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RunFailed(
            f"{' '.join(command[1:])} ended with {done.returncode}",
            "its own error stands above; --only a,b,c does without it",
        )
    return Peak(**json.loads(done.stdout))


def measure(folder: Path, rows: int) -> Peak:
    """Run the full job once in this process and say what its peak was."""
    tape = bench_tape(folder, rows)
    plan = full_plan(tape)
    warm_up()
    warm(plan)
    touch(tape)
    gc.collect()
    before = resident_memory(STATUS.read_text(encoding="ascii"))
    # Where this is not allowed, the peak is that of the whole process: too much, never too little.
    with suppress(OSError):
        RESET_PEAK.write_text("5", encoding="ascii")
    results = run_full(plan)
    after = resident_memory(STATUS.read_text(encoding="ascii"))
    trades = tape.trades
    return Peak(
        rows=rows,
        fills=len(results.outcome.fills),
        tape=sum(column.nbytes for column in (trades.time, trades.price, trades.size, trades.side)),
        before=before.own,
        beyond=after.peak - after.mapped - before.own,
    )


if __name__ == "__main__":
    print(json.dumps(asdict(measure(Path(sys.argv[1]), int(sys.argv[2])))))
