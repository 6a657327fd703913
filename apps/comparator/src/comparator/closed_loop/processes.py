"""Programs as processes of one group: started, watched, ended; none outlives whoever started them.

It knows signals and exit codes; it refuses to know what the programs do.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from appkit.exits import RunFailed

STOP_S_MAX = 60.0
"""For an orderly end: a recorder writes what is in hand."""
ABANDON_S = 3.0
"""For an end in a hurry, after a failure or Ctrl-C; what then runs is killed."""
LAST_LINES = 12


class Program:
    """One process of ours. What it says goes to NAME.out and NAME.err in its company's folder."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        self.name = name
        self._process = process
        self._folder = folder

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; below 0 when a signal ended it."""
        return self._process.poll()

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs still."""
        if self.exit_code is None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> int | None:
        """Its exit code, None when it runs on after so long."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """End it in order, by SIGTERM; RunFailed unless it ends soon and with exit code 0."""
        self.tell(signal.SIGTERM)
        code = self.wait(STOP_S_MAX)
        if code is None:
            raise RunFailed(self._told(f"has not ended {STOP_S_MAX:g} s after SIGTERM"))
        if code != 0:
            raise RunFailed(self._told(f"ended with exit code {code}"))

    def must_run(self) -> None:
        """RunFailed with its last lines when it has ended."""
        if self.exit_code is not None:
            raise RunFailed(self._told(f"ended too early, with exit code {self.exit_code}"))

    def last_lines(self) -> str:
        """The end of what it said on stderr, or on stdout when it said nothing there."""
        for ending in ("err", "out"):
            text = (self._folder / f"{self.name}.{ending}").read_text("utf-8", errors="replace")
            lines = text.rstrip().splitlines()[-LAST_LINES:]
            if lines:
                return "\n".join(lines)
        return "(nothing)"

    def _told(self, what: str) -> str:
        return f"{self.name} {what}; its last lines:\n{self.last_lines()}"


class Company:
    """Programs that begin and end together. When its block ends, however it ends, none is left.

    They are in a process group of their own, so that Ctrl-C reaches only us; at its head is a leash
    that kills the group when we are killed. Signals go to our own processes, by their numbers.
    `environment` is all that the programs see; whatever runs still at the end of the block has
    `abandon_s` to end.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], abandon_s: float = ABANDON_S
    ) -> None:
        self._folder = folder
        self._abandon_s = abandon_s
        self._environment = dict(environment)
        self._programs: list[Program] = []
        self._leash: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Company":
        self._leash = subprocess.Popen(
            [sys.executable, "-m", "comparator.closed_loop.leash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._abandon()
        finally:
            # Also after a second Ctrl-C: letting go kills whatever of the group runs still.
            self._let_go()

    def start(self, name: str, words: Sequence[str]) -> Program:
        """Start a Python module of this environment: its name and its arguments."""
        assert self._leash is not None, "programs start within the company's block"
        out, err = (self._folder / f"{name}.{ending}" for ending in ("out", "err"))
        with out.open("wb") as said, err.open("wb") as complained:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
                env=self._environment,
                cwd=self._folder,
                process_group=self._leash.pid,
            )
        program = Program(name, process, self._folder)
        self._programs.append(program)
        return program

    def must_run(self, *ended: Program) -> None:
        """RunFailed with the last lines of the first that has ended, apart from those."""
        for program in self._programs:
            if program not in ended:
                program.must_run()

    def _abandon(self) -> None:
        for program in self._programs:
            program.tell(signal.SIGTERM)
        ends_at = time.monotonic() + self._abandon_s
        for program in self._programs:
            program.wait(max(0.0, ends_at - time.monotonic()))

    def _let_go(self) -> None:
        assert self._leash is not None, "what is left was entered"
        assert self._leash.stdin is not None, "it was started with a pipe"
        self._leash.stdin.close()
        self._leash.wait()
        for program in self._programs:
            program.wait(STOP_S_MAX)
