"""The writer: whatever the database does, every item is committed, buried or told as dropped."""

import threading
from collections.abc import Sequence
from pathlib import Path

from event_saver.journal import Journal
from event_saver.watermarks import Settling, settling
from event_saver.writer.batches import Away, BatchLimits, Fate, Outcome, Refused, Settled, Written
from event_saver.writer.queue import DroppingQueue, JournalQueue, Queue
from event_saver.writer.writer import Writer, steady_clock, wall_clock
from gridcore.clock import SECOND_US, Instant


class Table:
    """A database in memory: it may be away, and takes no odd number once told so."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.dead: list[tuple[int, str]] = []
        self.away = False
        self.poison: set[int] = set()
        self.calls = 0
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()

    def write(self, items: Sequence[int]) -> Outcome:
        self.calls += 1
        self.asked.set()
        self.open.wait()
        if self.away:
            return Away(text="database is locked")
        if self.poison.intersection(items):
            return Refused(text="FOREIGN KEY constraint failed")
        new = [item for item in items if item not in self.rows]
        self.rows.extend(new)
        return Written(inserted=len(new))

    def bury(self, item: int, text: str) -> Outcome:
        if self.away:
            return Away(text="database is locked")
        self.dead.append((item, text))
        return Written(inserted=1)


class Clock:
    def __init__(self) -> None:
        self.now = Instant(100 * SECOND_US)

    def __call__(self) -> Instant:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now = Instant(self.now + int(seconds * SECOND_US))


class Bench:
    """A writer that is turned by hand."""

    def __init__(self, queue: Queue[int], limits: BatchLimits | None = None) -> None:
        self.table = Table()
        self.clock = Clock()
        self.settled: list[Settled[int]] = []
        self.dropped: list[int] = []
        self.writer = Writer(
            "trades",
            queue,
            self.table,
            limits=limits or BatchLimits(items_max=3, age_us_max=SECOND_US),
            at_of=Instant,
            on_settled=self.settled.append,
            on_dropped=self.dropped.extend,
            clock=self.clock,
            wall=lambda: Instant(7),
        )

    def run(self) -> None:
        while self.writer.turn():
            pass

    def settling(self) -> Settling:
        return settling([self.writer.watermark])


def journaled(folder: Path, items_max: int = 2) -> JournalQueue[int]:
    return JournalQueue(
        Journal(folder, "private"),
        encode=lambda item: b"%d" % item,
        decode=int,
        items_max=items_max,
    )


def test_items_are_written_when_they_are_many_or_old() -> None:
    bench = Bench(DroppingQueue(100))

    bench.writer.put([1, 2])
    bench.run()
    assert bench.table.rows == []
    bench.writer.put([3])
    bench.run()
    assert bench.table.rows == [1, 2, 3]
    bench.writer.put([4])
    bench.clock.forward(1)
    bench.run()

    assert bench.table.rows == [1, 2, 3, 4]
    assert bench.settling() == Settling(handled_through_us=4, in_flight=0)
    state = bench.writer.state()
    assert (state.written, state.inserted, state.depth, state.last_commit_at) == (4, 4, 0, 7)


def test_nothing_handed_over_is_nothing_done() -> None:
    bench = Bench(DroppingQueue(100))

    bench.writer.put([])
    bench.clock.forward(9)

    assert not bench.writer.turn()


def test_rows_that_are_there_already_count_as_written_and_not_as_new() -> None:
    bench = Bench(DroppingQueue(100))
    bench.writer.put([1, 2, 3])
    bench.run()

    bench.writer.put([3, 4, 5])
    bench.run()

    state = bench.writer.state()
    assert (state.written, state.inserted) == (6, 5)


def test_a_poison_row_is_buried_its_neighbours_written_and_each_is_told_a41() -> None:
    bench = Bench(DroppingQueue(100), BatchLimits(items_max=8, age_us_max=SECOND_US))
    bench.table.poison = {5}

    bench.writer.put(range(1, 9))
    bench.run()

    assert bench.table.rows == [1, 2, 3, 4, 6, 7, 8]
    assert bench.table.dead == [(5, "FOREIGN KEY constraint failed")]
    fates = {item: one.fate for one in bench.settled for item in one.items}
    assert fates == {item: Fate.BURIED if item == 5 else Fate.WRITTEN for item in range(1, 9)}
    state = bench.writer.state()
    assert (state.written, state.buried, state.depth) == (7, 1, 0)


def test_a_locked_database_costs_no_private_item_and_no_order_a40(tmp_path: Path) -> None:
    bench = Bench(journaled(tmp_path))
    bench.table.away = True
    for item in range(1, 601):
        bench.writer.put([item])
        bench.clock.forward(1)
        bench.run()
    state = bench.writer.state()
    assert (state.depth, state.written) == (600, 0)
    assert state.failures > 20
    assert state.last_text == "database is locked"

    bench.table.away = False
    bench.clock.forward(30)
    bench.run()

    assert bench.table.rows == list(range(1, 601))
    assert bench.writer.state().depth == 0
    assert bench.dropped == []


def test_a_locked_database_drops_the_oldest_public_items_beyond_the_bound_and_tells_them() -> None:
    bench = Bench(DroppingQueue(4))
    bench.table.away = True
    for item in (1, 2, 3):
        bench.writer.put([item])
    bench.run()

    bench.writer.put([4, 5, 6])
    assert bench.dropped == [4, 5]
    assert bench.settling() == Settling(handled_through_us=0, in_flight=4)
    bench.table.away = False
    bench.clock.forward(1)
    bench.run()

    assert bench.table.rows == [1, 2, 3, 6]
    assert bench.writer.state().dropped == 2
    assert bench.settling() == Settling(handled_through_us=6, in_flight=0)


def test_what_a_killed_process_left_in_its_journal_is_written_by_the_next_one(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path, "private")
    journal.append([b"1", b"2", b"3", b"4"])
    journal.close()
    bench = Bench(journaled(tmp_path))
    assert bench.settling() == Settling(handled_through_us=-1, in_flight=4)

    bench.clock.forward(1)
    bench.run()

    assert bench.table.rows == [1, 2, 3, 4]
    assert bench.settling() == Settling(handled_through_us=0, in_flight=0)


def test_an_item_is_acknowledged_before_the_database_is_asked(tmp_path: Path) -> None:
    queue = journaled(tmp_path)
    bench = Bench(queue)
    bench.writer.put([1])
    assert queue.unsynced

    bench.writer.turn()

    assert not queue.unsynced
    assert bench.table.calls == 0


def test_in_lockstep_an_item_is_committed_as_soon_as_the_thread_sees_it() -> None:
    bench = Bench(DroppingQueue(100), BatchLimits(items_max=500, age_us_max=0))

    bench.writer.put([1])
    bench.run()

    assert bench.table.rows == [1]


def test_the_thread_writes_by_itself_and_a_flush_waits_for_it() -> None:
    bench = Bench(DroppingQueue(100), BatchLimits(items_max=3, age_us_max=3600 * SECOND_US))
    bench.writer.start()

    bench.writer.put([1])
    assert bench.writer.flush(60)
    assert bench.table.rows == [1]
    bench.writer.put([2, 3])

    assert bench.writer.close(60) == 0
    assert bench.table.rows == [1, 2, 3]
    assert not bench.writer.state().alive


def test_a_flush_says_when_it_could_not_write_everything() -> None:
    bench = Bench(DroppingQueue(100))
    bench.table.open.clear()
    bench.writer.start()
    bench.writer.put([1])

    assert not bench.writer.flush(0.01)

    bench.table.open.set()
    assert bench.writer.close(60) == 0


def test_a_database_that_hangs_does_not_hold_up_the_end_and_what_is_left_is_counted() -> None:
    bench = Bench(DroppingQueue(100))
    bench.table.open.clear()
    bench.writer.start()
    bench.writer.put([1, 2, 3])
    bench.writer.put([4])

    left = bench.writer.close(0.01)

    bench.table.open.set()
    assert left == 4


def test_a_database_that_hangs_counts_as_away_after_a_while() -> None:
    """Nobody is told that all is well while an answer is outstanding."""
    bench = Bench(DroppingQueue(100))
    bench.table.open.clear()
    bench.writer.start()
    bench.writer.put([1, 2, 3])
    bench.table.asked.wait()
    assert bench.writer.state().failures == 0

    bench.clock.forward(15)
    state = bench.writer.state()
    bench.table.open.set()
    assert bench.writer.close(60) == 0

    assert (state.failures, state.last_text) == (1, "no answer for 15 s")
    assert bench.writer.state().failures == 0


def test_a_writer_is_started_once() -> None:
    bench = Bench(DroppingQueue(100))
    bench.writer.start()
    try:
        bench.writer.start()
    except RuntimeError as error:
        text = str(error)
    bench.writer.close(60)

    assert text == "expected a writer that was not started; construct a new one"


def test_the_machines_clocks_do_not_go_back() -> None:
    assert steady_clock() <= steady_clock()
    assert wall_clock() > 1_700_000_000 * SECOND_US
