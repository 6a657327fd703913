"""Writes into the database on a thread of its own, whatever the database does.

It knows a bounded queue and when to try again; it refuses to know what is written. Nothing that
fails here stops anybody: it is told, and rows are lost at worst.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
)

from grid_db.factory import DatabaseFactory
from grid_db.repositories import AdminRepositories, NotOwned, as_admin
from gridcore.message import message

Write = Callable[[AdminRepositories], None]
"""Work in one transaction; it may be done again when the database went away in between."""

QUEUE_MAX: Final = 10_000
RETRY_S_FIRST: Final = 1.0
RETRY_S_MAX: Final = 30.0
_DOUBLED_MAX: Final = 10
_AT_FAULT: Final = (DataError, IntegrityError, ProgrammingError, NotOwned)


@message
class StoreState:
    """The thread at one moment, for the health page.

    `started`: whether it was told to begin; `alive`: whether it runs. `failures`: attempts in a row
    that found the database away; `refused`: work that the database does not take; `dropped`: work
    that had to make room; `busy_s`: how long the attempt of now lasts already, 0 without one.
    `trouble`: what failed last and the kind of error; its text is for the log alone, as a
    database's words may hold anything.
    """

    started: bool
    alive: bool
    depth: int
    written: int
    refused: int
    dropped: int
    failures: int
    busy_s: float
    trouble: str


class DatabaseThread:
    """Does work in the order in which it was put, and a heartbeat in between.

    `put` and `state` are for any thread. Beyond `queue_max` the oldest work makes room.
    """

    def __init__(
        self,
        database: DatabaseFactory,
        *,
        heartbeat: Write,
        heartbeat_s: float,
        queue_max: int = QUEUE_MAX,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._heartbeat = heartbeat
        self._heartbeat_s = heartbeat_s
        self._queue_max = queue_max
        self._steady_s = steady_s
        self._queue: deque[tuple[str, Write]] = deque()
        self._changed = threading.Condition()
        self._stopping = self._ended = False
        self._beat_at = steady_s()
        self._retry_at = 0.0
        self._written = self._refused = self._dropped = self._failures = 0
        self._busy_since: float | None = None
        self._trouble = ""
        self._log = logging.getLogger("gridbot.store")
        self._thread: threading.Thread | None = None

    def put(self, name: str, write: Write) -> None:
        """Add work; `name` tells people what it is."""
        with self._changed:
            self._queue.append((name, write))
            if len(self._queue) > self._queue_max:
                self._queue.popleft()
                self._dropped += 1
            self._changed.notify()

    def state(self) -> StoreState:
        """The thread now."""
        with self._changed:
            since = self._busy_since
            return StoreState(
                started=self._thread is not None,
                alive=self._thread is not None and self._thread.is_alive(),
                depth=len(self._queue),
                written=self._written,
                refused=self._refused,
                dropped=self._dropped,
                failures=self._failures,
                busy_s=0.0 if since is None else self._steady_s() - since,
                trouble=self._trouble,
            )

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._run, name="database", daemon=True)
        self._thread.start()

    def close(self, patience_s: float) -> int:
        """Do what was put, each once at most, for at most `patience_s`; how much is left undone."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(patience_s)
        with self._changed:
            self._ended = True
            return len(self._queue)

    def turn(self) -> bool:
        """Do the next thing that is due; False when nothing is. The thread calls nothing else."""
        now = self._steady_s()
        with self._changed:
            if self._ended or (now < self._retry_at and not self._stopping):
                return False
            if now >= self._beat_at and not self._stopping:
                self._beat_at = now + self._heartbeat_s
                name, write, is_beat = "heartbeat", self._heartbeat, True
            elif self._queue:
                name, write = self._queue[0]
                is_beat = False
            else:
                return False
        is_away = self._do(name, write)
        with self._changed:
            if not is_beat and self._queue and self._queue[0][1] is write and not is_away:
                self._queue.popleft()
            if is_away and self._stopping:
                self._ended = True
        return True

    # -- inside ----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            if self.turn():
                continue
            with self._changed:
                if self._ended or (self._stopping and not self._queue):
                    return
                self._changed.wait(self._patience_s())

    def _patience_s(self) -> float | None:
        now = self._steady_s()
        if now < self._retry_at:
            return self._retry_at - now
        if self._queue or self._stopping:
            return 0
        return max(0.0, self._beat_at - now)

    def _do(self, name: str, write: Write) -> bool:
        """One attempt; whether the database was away."""
        with self._changed:
            self._busy_since = self._steady_s()
        try:
            with self._database.get_session() as session:
                write(as_admin(session))
        except _AT_FAULT as error:
            self._note_refused(name, error)
            return False
        except SQLAlchemyError as error:
            self._note_away(name, error)
            return True
        finally:
            with self._changed:
                self._busy_since = None
        self._note_written()
        return False

    def _note_refused(self, name: str, error: Exception) -> None:
        with self._changed:
            self._refused += 1
            self._trouble = f"{name}: {type(error).__name__}"
        self._log.warning("the database refuses %s: %s", name, _told(error))

    def _note_away(self, name: str, error: Exception) -> None:
        with self._changed:
            is_first = not self._failures
            # The power is bounded, as an outage of hours would not fit a float.
            delay_s = min(RETRY_S_FIRST * 2 ** min(self._failures, _DOUBLED_MAX), RETRY_S_MAX)
            self._failures += 1
            self._trouble = f"{name}: {type(error).__name__}"
            self._retry_at = self._steady_s() + delay_s
        if is_first:
            self._log.warning("the database is away, rows wait: %s: %s", name, _told(error))

    def _note_written(self) -> None:
        with self._changed:
            failures, self._failures = self._failures, 0
            self._written += 1
            self._retry_at = 0.0
        if failures:
            self._log.info("the database is back after %s attempts", failures)


def _told(error: Exception) -> str:
    """What went wrong, in one line and without the parameters, which may be anything."""
    origin = getattr(error, "orig", None)
    text = str(origin if origin is not None else error).splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"
