"""The buffered writer: one stream's queue, written by one thread, whatever the database does.

It knows threads and when to wait; it refuses to know rows. What to write when is decided in
`batches`, what is kept in `queue`.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from event_saver.journal import JournalFailed
from event_saver.watermarks import Watermark
from event_saver.writer.batches import (
    Away,
    Batches,
    BatchLimits,
    Bury,
    Fate,
    Outcome,
    Refused,
    Settled,
    Write,
)
from event_saver.writer.queue import Queue
from gridcore.clock import SECOND_US, Instant
from gridcore.message import message

Item = TypeVar("Item")
Taken_contra = TypeVar("Taken_contra", contravariant=True)

HANGS_US = 15 * SECOND_US
"""How long a database may take for one answer before it counts as away; locks end sooner."""
SYNC_AGAIN_US = SECOND_US
"""How long a journal that could not be synchronised is left alone."""


class Sink(Protocol[Taken_contra]):
    """The database. Its calls may block; they raise nothing that the database does to them."""

    def write(self, items: Sequence[Taken_contra]) -> Outcome:
        """Commit all items in one transaction, or nothing; an item that is there already is fine.

        Refused only when the database answers: then an item is at fault.
        """
        ...

    def bury(self, item: Taken_contra, text: str) -> Outcome:
        """Commit an item as a dead letter, with the reason why it was refused."""
        ...


HANGS_TEXT = f"no answer for {HANGS_US // SECOND_US} s"


@message
class WriterState:
    """A writer at one moment, for the status. `depth`: items not committed; `failures`: attempts
    in a row that found the database away, one without an answer for HANGS_US included, with what
    it said last; times are the machine's."""

    alive: bool
    depth: int
    written: int
    inserted: int
    buried: int
    lost: int
    dropped: int
    failures: int
    last_text: str
    last_commit_at: Instant | None


def steady_clock() -> Instant:
    """The machine's monotonic clock."""
    return Instant(time.monotonic_ns() // 1000)


def wall_clock() -> Instant:
    """The machine's wall clock."""
    return Instant(time.time_ns() // 1000)


class Writer(Generic[Item]):
    """Takes items from any thread and commits them in order, in batches, on a thread of its own.

    `at_of` is an item's exchange time, for the watermark. `on_settled` hears, on the writer's
    thread, what became of every item; `on_dropped` what had to make room, on the caller's. Neither
    may block or raise.
    """

    def __init__(
        self,
        name: str,
        queue: Queue[Item],
        sink: Sink[Item],
        *,
        limits: BatchLimits,
        at_of: Callable[[Item], Instant],
        on_settled: Callable[[Settled[Item]], None] | None = None,
        on_dropped: Callable[[Sequence[Item]], None] | None = None,
        clock: Callable[[], Instant] = steady_clock,
        wall: Callable[[], Instant] = wall_clock,
    ) -> None:
        self.name = name
        self.watermark = Watermark()
        self._queue = queue
        self._sink = sink
        self._items_max = limits.items_max
        self._batches: Batches[Item] = Batches(limits)
        self._at_of = at_of
        self._on_settled = on_settled
        self._on_dropped = on_dropped
        self._clock = clock
        self._wall = wall
        self._wake = threading.Condition()
        self._since: Instant | None = clock() if len(queue) else None
        self._flushing = self._stopping = self._abandoned = False
        self._thread: threading.Thread | None = None
        self._fates = dict.fromkeys(Fate, 0)
        self._inserted = self._dropped = 0
        self._last_text = ""
        self._last_commit_at: Instant | None = None
        self._sync_not_before = Instant(0)
        self._asked_at: Instant | None = None
        # What a former process left is in flight since before everything.
        self.watermark.arrived([Instant(0)] * len(queue))

    # -- from any thread -------------------------------------------------------------------

    def put(self, items: Sequence[Item]) -> None:
        """Hand over items; they are committed, buried or dropped, and each is told.

        JournalFailed when a journaled queue could not take them: then none was taken.
        """
        if not items:
            return
        with self._wake:
            taken = len(self._queue) - self._queue.waiting
            dropped = self._queue.put(items)
            self.watermark.arrived([self._at_of(item) for item in items])
            if dropped:
                self._dropped += len(dropped)
                self.watermark.left(len(dropped), behind=taken)
            first = self._since is None
            if first:
                self._since = self._clock()
            if first or self._queue.unsynced or self._queue.waiting >= self._items_max:
                self._wake.notify()
        if dropped and self._on_dropped is not None:
            self._on_dropped(dropped)

    def state(self) -> WriterState:
        """The writer now."""
        with self._wake:
            asked_at = self._asked_at
            hangs = asked_at is not None and self._clock() - asked_at >= HANGS_US
            return WriterState(
                alive=self._thread is not None and self._thread.is_alive(),
                depth=len(self._queue),
                written=self._fates[Fate.WRITTEN],
                inserted=self._inserted,
                buried=self._fates[Fate.BURIED],
                lost=self._fates[Fate.LOST],
                dropped=self._dropped,
                failures=self._batches.failures + hangs,
                last_text=HANGS_TEXT if hangs else self._last_text,
                last_commit_at=self._last_commit_at,
            )

    # -- the thread ------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to write."""
        if self._thread is not None:
            raise RuntimeError("expected a writer that was not started; construct a new one")
        self._thread = threading.Thread(target=self._run, name=f"writer-{self.name}", daemon=True)
        self._thread.start()

    def flush(self, patience_s: float) -> bool:
        """Write everything now; whether nothing was left within `patience_s`."""
        with self._wake:
            self._flushing = True
            self._batches.hurry()
            self._wake.notify_all()
            done = self._wake.wait_for(lambda: not len(self._queue), patience_s)
            self._flushing = False
            return done

    def close(self, patience_s: float) -> int:
        """Write everything, at most for `patience_s`, and end; how many items are left.

        What is left in a journal is written by the next process, what is left in memory is lost.
        """
        with self._wake:
            self._stopping = self._flushing = True
            self._batches.hurry()
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(patience_s)
            self._abandoned = True
        with self._wake:
            self._wake.notify_all()
            return len(self._queue)

    def turn(self) -> bool:
        """Do what is due now; False when nothing is. The thread calls nothing else."""
        self._sync()
        now = self._clock()
        with self._wake:
            waiting = self._queue.waiting
            wanted = self._batches.wanted(waiting, self._since, now, flush=self._flushing)
            if wanted:
                self._batches.accept(self._queue.take(wanted))
                if not self._queue.waiting:
                    self._since = None
            attempt = self._batches.next_attempt(now)
            self._asked_at = None if attempt is None else now
        match attempt:
            case None:
                return False
            case Write():
                self._take_outcome(self._sink.write(attempt.items))
            case Bury():
                self._take_outcome(self._sink.bury(attempt.item, attempt.text))
        return True

    # -- inside ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._abandoned:
            if self.turn():
                continue
            with self._wake:
                if self._stopping and not len(self._queue):
                    return
                if not self._due() and not self._abandoned:
                    self._wake.wait(self._patience_s())

    def _due(self) -> bool:
        """Whether something came since the last turn that must not wait."""
        if self._batches.busy:
            return self._must_sync()
        waiting = self._queue.waiting
        return self._must_sync() or bool(waiting and (self._flushing or waiting >= self._items_max))

    def _must_sync(self) -> bool:
        return self._queue.unsynced and self._clock() >= self._sync_not_before

    def _patience_s(self) -> float | None:
        deadline = self._batches.next_deadline(self._since)
        if deadline is None:
            return None
        return max(0.0, (deadline - self._clock()) / SECOND_US)

    def _sync(self) -> None:
        if not self._must_sync():
            return
        try:
            self._queue.sync()
        except JournalFailed as error:
            self._last_text = str(error)
            self._sync_not_before = Instant(self._clock() + SYNC_AGAIN_US)

    def _take_outcome(self, outcome: Outcome) -> None:
        now = self._clock()
        with self._wake:
            self._asked_at = None
            if isinstance(outcome, (Away, Refused)):
                self._last_text = outcome.text
            settled = self._batches.outcome(outcome, now)
            if settled is None:
                return
            count = len(settled.items)
            self._queue.settle(count)
            self._fates[settled.fate] += count
            self._inserted += settled.inserted
            if settled.fate is Fate.WRITTEN:
                self._last_commit_at = self._wall()
            self.watermark.left(count)
            self._wake.notify_all()
        if self._on_settled is not None:
            self._on_settled(settled)
