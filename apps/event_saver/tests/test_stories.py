"""Acceptance scenarios that several parts tell together: writer, journal, sink, database, store."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from event_saver.codec import Item, Record, decode, encode, time_of
from event_saver.journal import Journal
from event_saver.sink import DatabaseSink, Tenant
from event_saver.writer.batches import BatchLimits
from event_saver.writer.queue import JournalQueue
from event_saver.writer.writer import Writer
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, new_id, user_id_of
from grid_db.models import PrivateExecution as ExecutionRow
from grid_db.records import Gap, PrivateExecution
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.words import Environment, Stream
from gridcore.clock import SECOND_US, Instant

LOCKED_S, PER_SECOND = 600, 50
IN_MEMORY = 2_000


class Clock:
    def __init__(self) -> None:
        self.now = Instant(100 * SECOND_US)

    def __call__(self) -> Instant:
        return self.now


class Pen:
    """A journaled writer of the account, turned by hand on a clock of its own."""

    def __init__(self, database: DatabaseFactory, folder: Path) -> None:
        self.clock = Clock()
        tenant = Tenant(
            environment=Environment.SIM,
            user_id=user_id_of("main"),
            account_id=account_id_of("main"),
        )
        journal = Journal(folder, "main")
        queue: JournalQueue[Item] = JournalQueue(
            journal, encode=encode, decode=decode, items_max=IN_MEMORY
        )
        self.writer = Writer(
            "main",
            queue,
            DatabaseSink(database, tenant, new_id=new_id, now=self.clock),
            limits=BatchLimits(items_max=500, age_us_max=SECOND_US),
            at_of=time_of,
            clock=self.clock,
        )

    def turn(self, seconds: int) -> None:
        self.clock.now = Instant(self.clock.now + seconds * SECOND_US)
        while self.writer.turn():
            pass


@pytest.fixture
def pen(database: DatabaseFactory, tmp_path: Path) -> Pen:
    made = Pen(database, tmp_path / "journal")
    # Letters and stamps are dated by this clock.
    made.clock.now = Instant(1_900_000_000 * SECOND_US)
    return made


def executions(records: dict[str, Record], count: int) -> list[PrivateExecution]:
    """Executions a millisecond apart; each has its number as its id."""
    found = records["PrivateExecution"]
    assert isinstance(found, PrivateExecution)
    return [
        replace(
            found,
            exec_id=f"{number:06}",
            exchange_ts=found.exchange_ts + timedelta(milliseconds=number),
            raw_json=None,
        )
        for number in range(count)
    ]


def kept(database: DatabaseFactory) -> list[str]:
    """The ids of the executions that are stored, in the order in which they were."""
    with database.get_readonly_session() as session:
        return list(session.scalars(sa.select(ExecutionRow.exec_id).order_by(ExecutionRow.id)))


@pytest.mark.untraced
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_ten_minutes_of_a_locked_database_at_50_messages_a_second_lose_nothing_a40(
    pen: Pen,
    database: DatabaseFactory,
    lock: Callable[[DatabaseFactory], AbstractContextManager[None]],
    records: dict[str, Record],
) -> None:
    """The order is kept, and memory holds a part only; the rest is in the journal."""
    told = executions(records, LOCKED_S * PER_SECOND)

    with lock(database):
        for second in range(LOCKED_S):
            pen.writer.put(told[second * PER_SECOND : (second + 1) * PER_SECOND])
            pen.turn(1)
        state = pen.writer.state()
        assert (state.depth, state.written, state.dropped) == (len(told), 0, 0)
        assert 20 <= state.failures <= 40
    pen.turn(30)

    assert kept(database) == [one.exec_id for one in told]
    assert (pen.writer.state().depth, pen.writer.state().lost) == (0, 0)


def test_a_poison_row_among_hundreds_is_a_dead_letter_and_blocks_nothing_a41(
    pen: Pen, database: DatabaseFactory, records: dict[str, Record]
) -> None:
    told = executions(records, 300)
    poison = replace(told[123], run_id="a run that nobody knows")

    pen.writer.put([*told[:123], poison, *told[124:]])
    pen.turn(10)

    assert kept(database) == [one.exec_id for one in told if one.exec_id != poison.exec_id]
    with database.get_readonly_session() as session:
        (letter,) = as_admin(session).dead_letters.recent()
    assert (letter.stream, letter.run_id) == (Stream.EXECUTIONS, "a run that nobody knows")
    assert f'"exec_id":"{poison.exec_id}"' in letter.payload
    assert (pen.writer.state().depth, pen.writer.state().buried) == (0, 1)


WINDOWS = """
import sys

from event_saver.gaps.plan import Slices, stretch_of
from event_saver.store import DatabaseStore
from event_saver.times import instant
from grid_db.factory import DatabaseFactory
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.words import Environment

database = DatabaseFactory(DatabaseSettings.of_url(sys.stdin.read()))
with database.get_readonly_session() as session:
    (gap,) = as_admin(session).gaps.open()
last = DatabaseStore(database, Environment.SIM, {}, ()).last_before(gap)
slices = Slices(stretch_of(instant(gap.from_ts), instant(gap.to_ts), last))
while (window := slices.next()) is not None:
    print(window.start // 1000, window.end // 1000)
    slices.answered()
"""


def windows(settings: DatabaseSettings, zone: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", WINDOWS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TZ": zone},
    )
    assert process.stdin is not None
    process.stdin.write(settings.url().render_as_string(hide_password=False))
    process.stdin.close()
    return process


def test_what_is_asked_for_after_an_outage_is_the_same_on_hosts_of_every_zone_a44(
    pen: Pen, settings: DatabaseSettings, records: dict[str, Record]
) -> None:
    """L97. Processes of their own at UTC+5:30 and at UTC-8, from the rows to the windows: from
    10 s before the last row, a minute before the outage of eight days, in slices of seven."""
    (row,) = executions(records, 1)
    begin = row.exchange_ts + timedelta(minutes=1)
    gap = records["Gap"]
    assert isinstance(gap, Gap)
    outage = replace(
        gap,
        account_id=account_id_of("main"),
        stream=Stream.EXECUTIONS,
        symbol=None,
        from_ts=begin,
        to_ts=begin + timedelta(days=8),
    )
    pen.writer.put([row, outage])
    pen.turn(10)

    started = [windows(settings, zone) for zone in ("Asia/Kolkata", "Etc/GMT+8")]
    for process in started:
        with process:
            assert process.stdout is not None
            asked = process.stdout.read().splitlines()

        # 1,800,000,000 s is 2027-01-15 08:00 UTC.
        assert asked == ["1799999990123 1800086470123", "1800086470124 1800691270123"]
        assert process.returncode == 0
