"""Work for the database: in order, again when it was away, never more than fits."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from grid_db.factory import DatabaseFactory
from grid_db.repositories import AdminRepositories, NotOwned
from grid_db.settings import DatabaseSettings
from gridbot.store.database_thread import RETRY_S_MAX, DatabaseThread, Write


@pytest.fixture
def database(sqlite_settings: DatabaseSettings) -> Iterator[DatabaseFactory]:
    """A database with the whole schema."""
    factory = DatabaseFactory(sqlite_settings)
    yield factory
    factory.dispose()


class Work:
    """A thread whose turns the test takes, its clock, and what was done."""

    def __init__(self, database: DatabaseFactory, queue_max: int = 100) -> None:
        self.now = 1000.0
        self.done: list[str] = []
        self.away = 0
        self.thread = DatabaseThread(
            database,
            heartbeat=self.named("beat"),
            heartbeat_s=10,
            queue_max=queue_max,
            steady_s=lambda: self.now,
        )

    def named(self, name: str) -> Write:
        """Work that says its name, unless the database is away."""

        def write(rows: AdminRepositories) -> None:
            if self.away:
                self.away -= 1
                raise OperationalError("SELECT", {"secret": 1}, Exception("gone away\nfor a while"))
            self.done.append(name)

        return write

    def put(self, *names: str) -> None:
        for name in names:
            self.thread.put(name, self.named(name))

    def turns(self) -> None:
        while self.thread.turn():
            pass


def test_work_is_done_in_order_after_the_first_heartbeat(database: DatabaseFactory) -> None:
    work = Work(database)
    work.put("a", "b", "c")

    work.turns()

    assert work.done == ["beat", "a", "b", "c"]
    assert work.thread.state().written == 4
    assert work.thread.state().depth == 0


def test_the_heart_beats_as_often_as_it_should(database: DatabaseFactory) -> None:
    work = Work(database)
    for _ in range(35):
        work.turns()
        work.now += 1

    assert work.done == ["beat"] * 4


def test_while_the_database_is_away_work_waits_and_is_tried_ever_more_rarely(
    database: DatabaseFactory,
) -> None:
    work = Work(database)
    work.turns()
    work.away = 3
    work.put("a", "b")
    tried = []
    for second in range(9):
        before = work.away
        work.turns()
        if work.away < before:
            tried.append(second)
        work.now += 1

    assert tried == [0, 1, 3]
    assert work.done == ["beat", "a", "b"]
    state = work.thread.state()
    assert (state.failures, state.refused, state.dropped) == (0, 0, 0)
    assert state.trouble == "a: OperationalError"


def test_work_that_the_database_does_not_take_is_left_out(database: DatabaseFactory) -> None:
    work = Work(database)

    def broken(rows: AdminRepositories) -> None:
        raise NotOwned("run", "of nobody")

    def unknown(rows: AdminRepositories) -> None:
        rows.runs.running()
        raise sa.exc.ProgrammingError("SELECT", {}, Exception("no such column"))

    work.thread.put("first", broken)
    work.thread.put("second", unknown)
    work.put("a")
    work.turns()

    assert work.done == ["beat", "a"]
    assert work.thread.state().refused == 2
    assert work.thread.state().trouble == "second: ProgrammingError"


def test_an_outage_is_logged_when_it_begins_and_when_it_ends(
    database: DatabaseFactory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "gridbot.store")
    work = Work(database)
    work.turns()
    work.away = 3
    work.put("a")
    for _ in range(9):
        work.turns()
        work.now += 1

    assert caplog.messages == [
        "the database is away, rows wait: a: OperationalError: gone away",
        "the database is back after 3 attempts",
    ]


def test_an_outage_of_a_whole_night_does_not_end_the_thread(database: DatabaseFactory) -> None:
    """1,024 doublings of a second do not fit a float."""
    work = Work(database)
    work.away = 2_000
    work.put("a")
    while work.away:
        work.turns()
        work.now += RETRY_S_MAX
    work.turns()

    assert work.done[-1] == "a"


def test_it_can_be_seen_whether_the_thread_began_works_and_lives(
    database: DatabaseFactory,
) -> None:
    work = Work(database)
    state = work.thread.state()
    assert (state.started, state.alive, state.busy_s) == (False, False, 0.0)
    seen = []

    def slow(rows: AdminRepositories) -> None:
        work.now += 7
        seen.append(work.thread.state())

    work.thread.put("slow", slow)
    work.turns()

    assert seen[0].busy_s == 7
    assert work.thread.state().busy_s == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_our_own_mistake_ended_is_seen_to_be_dead(database: DatabaseFactory) -> None:
    work = Work(database)
    ended = threading.Event()

    def mistaken(rows: AdminRepositories) -> None:
        ended.set()
        raise KeyError("no such run")

    work.thread.put("mistaken", mistaken)
    work.thread.start()
    assert ended.wait(10)
    work.thread.close(10)

    state = work.thread.state()
    assert (state.started, state.alive, state.depth) == (True, False, 1)


def test_beyond_the_bound_the_oldest_work_makes_room(database: DatabaseFactory) -> None:
    work = Work(database, queue_max=3)
    work.put("a", "b", "c", "d", "e")

    work.turns()

    assert work.done == ["beat", "c", "d", "e"]
    assert work.thread.state().dropped == 2


def test_closing_does_what_was_put(database: DatabaseFactory) -> None:
    work = Work(database)
    work.thread.start()
    work.put("a", "b")

    left = work.thread.close(10)

    assert left == 0
    assert [name for name in work.done if name != "beat"] == ["a", "b"]
    assert not work.thread.state().alive


def test_closing_does_not_wait_for_a_database_that_is_away(database: DatabaseFactory) -> None:
    work = Work(database)
    work.away = 1000
    work.put("a", "b")
    work.thread.start()

    left = work.thread.close(10)

    assert left == 2
    assert not work.thread.state().alive


def test_closing_gives_up_on_work_that_does_not_end(database: DatabaseFactory) -> None:
    work = Work(database)
    go_on = threading.Event()

    def hanging(rows: AdminRepositories) -> None:
        go_on.wait(10)

    work.thread.put("hanging", hanging)
    work.thread.start()

    left = work.thread.close(0.05)
    go_on.set()

    assert left == 1


def test_a_thread_without_work_wakes_for_the_next(database: DatabaseFactory) -> None:
    work = Work(database)
    done = threading.Event()
    work.thread.start()

    work.thread.put("a", lambda rows: done.set())

    assert done.wait(10)
    work.thread.close(10)
