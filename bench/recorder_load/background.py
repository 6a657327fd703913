"""A run that outlives the command that began it, and is asked later: for limits on one command.

It knows a folder with a lock, a log and a result; it refuses to know what runs.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appkit.atomic import write_bytes
from appkit.exits import RunFailed

POLL_S = 0.2
START_S = 30.0
ASKED_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run printed, and its exit code."""

    text: str
    code: int


class Background:
    """One run at a time in a folder; it holds the folder's lock as long as it lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def log(self) -> Path:
        """What the run says on its way."""
        return self._folder / "log.txt"

    @property
    def result(self) -> Path:
        """Where the run leaves its result."""
        return self._folder / "result.json"

    def under_way(self) -> bool:
        """Whether a run lives."""
        with self._lock_file() as lock:
            return not _taken(lock)

    def begin(self, command: Sequence[str]) -> None:
        """Start a run with this command, unless one lives; what a former one left goes.

        The command has to call `working`. RunFailed when it ends at once.
        """
        if self.under_way():
            return
        self.result.unlink(missing_ok=True)
        # A Popen object complains of children that outlive it, as this one may.
        with self.log.open("w", encoding="utf-8") as log:
            child = os.posix_spawn(
                command[0],
                list(command),
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                    (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
                ],
                setsid=True,
            )
        limit = time.monotonic() + START_S
        while not self.under_way() and not self.result.exists():
            if os.waitpid(child, os.WNOHANG)[0] or time.monotonic() > limit:
                raise RunFailed(f"the run did not begin: {self.log.read_text(encoding='utf-8')}")
            time.sleep(POLL_S)

    def wait(self, limit_s: float) -> Result | None:
        """The result, which is then taken away; None when the run goes on after so many seconds.

        RunFailed when the run has ended without one.
        """
        limit = time.monotonic() + limit_s
        while self.under_way():
            if time.monotonic() > limit:
                return None
            time.sleep(POLL_S)
        if not self.result.exists():
            raise RunFailed(f"the run has ended: {self.log.read_text(encoding='utf-8')}")
        found = json.loads(self.result.read_bytes())
        self.result.unlink()
        return Result(text=found["text"], code=found["code"])

    @contextmanager
    def working(self) -> Iterator[Callable[[Result], None]]:
        """What the run itself is in, as long as it works; it is handed where its result goes.

        RunFailed when another one works here.
        """
        with self._lock_file() as lock:
            # Whoever asks whether a run lives has the lock for a moment.
            limit = time.monotonic() + ASKED_S
            while not _taken(lock):
                if time.monotonic() > limit:
                    raise RunFailed(f"{self._folder}: another run is under way")
                time.sleep(POLL_S / 7)
            yield self._keep

    def _keep(self, result: Result) -> None:
        said = {"text": result.text, "code": result.code}
        write_bytes(self.result, json.dumps(said).encode())

    @contextmanager
    def _lock_file(self) -> Iterator[int]:
        with (self._folder / "lock").open("w") as file:
            yield file.fileno()


def _taken(lock: int) -> bool:
    """Take the lock, if nobody has it; it is given back with the file."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
