"""The sink: a batch is committed whole or not at all, and its fault is told apart (A40, A41)."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from itertools import count

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError, ProgrammingError

from event_saver.codec import KINDS, Item, Record, Unreadable
from event_saver.gaps.ledger import as_filled
from event_saver.sink import DatabaseSink, Tenant, answer_of
from event_saver.writer.batches import Away, Refused, Written
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, user_id_of
from grid_db.records import DeadLetter, Gap, PrivateExecution, PublicTrade
from grid_db.repositories import as_admin
from grid_db.words import Environment, GapState, Stream
from gridcore.clock import Instant

NOW = Instant(1_800_000_001_000_000)


@pytest.fixture
def sink(database: DatabaseFactory) -> DatabaseSink:
    tenant = Tenant(
        environment=Environment.SIM,
        user_id=user_id_of("main"),
        account_id=account_id_of("main"),
    )
    numbers = count(1)
    return DatabaseSink(database, tenant, new_id=lambda: f"id-{next(numbers)}", now=lambda: NOW)


def gaps_of(database: DatabaseFactory) -> list[Gap]:
    with database.get_readonly_session() as session:
        found = [as_admin(session).gaps.get(f"{number}") for number in range(3)]
    return [gap for gap in found if gap is not None]


def executions_of(database: DatabaseFactory) -> list[str]:
    with database.get_readonly_session() as session:
        known = as_admin(session).executions.known(account_id_of("main"), ["e-1", "e-2", "e-3"])
    return sorted(known)


def execution(records: dict[str, Record], **changes: object) -> PrivateExecution:
    found = records["PrivateExecution"]
    assert isinstance(found, PrivateExecution)
    return replace(found, raw_json=None, **changes)  # type: ignore[arg-type]


def test_records_of_every_kind_are_written_in_one_batch_and_once(
    sink: DatabaseSink, records: dict[str, Record]
) -> None:
    batch: list[Item] = [
        execution(records) if kind == "PrivateExecution" else records[kind] for kind in KINDS
    ]

    assert sink.write(batch) == Written(inserted=9)
    again = sink.write(batch)

    # A gap is overwritten by what became of it.
    assert again == Written(inserted=1)


def test_a_row_of_a_run_that_does_not_exist_is_refused_with_all_its_batch_l96(
    sink: DatabaseSink, database: DatabaseFactory, records: dict[str, Record]
) -> None:
    outcome = sink.write([execution(records), execution(records, exec_id="e-2", run_id="none")])

    assert isinstance(outcome, Refused)
    assert executions_of(database) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"seq": 2**70},
        {"exec_price": Decimal("NaN")},
        {"exchange_ts": None},
        {"order_link_id": "\ud800"},
    ],
)
def test_a_value_that_no_column_takes_is_the_rows_fault(
    sink: DatabaseSink, records: dict[str, Record], changes: dict[str, object]
) -> None:
    assert isinstance(sink.write([execution(records, **changes)]), Refused)


def test_a_trade_with_more_digits_than_a_tape_holds_is_the_rows_fault(
    sink: DatabaseSink, records: dict[str, Record]
) -> None:
    trade = records["PublicTrade"]
    assert isinstance(trade, PublicTrade)

    assert isinstance(sink.write([replace(trade, price=Decimal("0.123456789"))]), Refused)


def test_a_locked_database_is_away_and_takes_the_batch_afterwards_a40(
    sink: DatabaseSink,
    database: DatabaseFactory,
    lock: Callable[[DatabaseFactory], AbstractContextManager[None]],
    records: dict[str, Record],
) -> None:
    with lock(database):
        outcome = sink.write([execution(records)])
    assert isinstance(outcome, Away)
    assert "lock" in outcome.text

    assert sink.write([execution(records)]) == Written(inserted=1)


@pytest.mark.parametrize("settings", ["sqlite", "own_postgres"], indirect=True)
def test_a_database_without_our_tables_is_away(
    sink: DatabaseSink, database: DatabaseFactory, records: dict[str, Record]
) -> None:
    with database.get_session() as session:
        session.connection().exec_driver_sql("DROP TABLE private_executions")

    assert isinstance(sink.write([execution(records)]), Away)


def test_a_poison_row_is_kept_whole_as_a_dead_letter_a41(
    sink: DatabaseSink, database: DatabaseFactory, records: dict[str, Record]
) -> None:
    poison = execution(records, run_id="none")

    assert sink.bury(poison, "no such run") == Written(inserted=1)

    with database.get_readonly_session() as session:
        (letter,) = as_admin(session).dead_letters.recent()
    assert (letter.stream, letter.reason, letter.run_id) == (
        Stream.EXECUTIONS,
        "no such run",
        "none",
    )
    assert '"exec_id":"e-1"' in letter.payload
    assert letter.account_id == account_id_of("main")


def test_a_line_that_could_not_be_read_is_written_as_a_dead_letter(
    sink: DatabaseSink, database: DatabaseFactory
) -> None:
    assert sink.write([Unreadable(line="{torn\0", text="no JSON")]) == Written(inserted=1)

    with database.get_readonly_session() as session:
        (letter,) = as_admin(session).dead_letters.recent()
    assert (letter.payload, letter.reason) == ("{torn\\u0000", "no JSON")


def test_a_dead_letter_that_is_refused_is_buried_without_what_no_column_takes(
    sink: DatabaseSink, database: DatabaseFactory, records: dict[str, Record]
) -> None:
    letter = records["DeadLetter"]
    assert isinstance(letter, DeadLetter)

    assert sink.bury(replace(letter, topic="or\0der\ud800"), "again") == Written(inserted=1)

    with database.get_readonly_session() as session:
        (kept,) = as_admin(session).dead_letters.recent()
    assert kept == replace(letter, topic="or\\u0000der?")


def test_a_gap_row_follows_what_becomes_of_the_gap(
    sink: DatabaseSink, database: DatabaseFactory, records: dict[str, Record]
) -> None:
    gap = records["Gap"]
    assert isinstance(gap, Gap)
    opened = replace(gap, gap_id="1")
    sink.write([opened])

    sink.write([replace(opened, attempts=1), replace(opened, attempts=2, last_error="timeout")])

    (found,) = gaps_of(database)
    assert (found.attempts, found.last_error, found.state) == (2, "timeout", GapState.OPEN)


def test_a_gap_is_closed_in_the_same_transaction_that_stores_what_it_had_hidden_l72(
    sink: DatabaseSink, database: DatabaseFactory, records: dict[str, Record]
) -> None:
    gap = records["Gap"]
    assert isinstance(gap, Gap)
    opened = replace(gap, gap_id="1")
    sink.write([opened, execution(records)])

    def close(new: int) -> Sequence[Gap]:
        return [as_filled(opened, new)]

    outcome = sink.fill([execution(records), execution(records, exec_id="e-2")], close)

    assert outcome == Written(inserted=1)
    (filled,) = gaps_of(database)
    assert (filled.state, filled.rows_filled) == (GapState.FILLED, 1)
    assert executions_of(database) == ["e-1", "e-2"]


def test_a_poison_row_in_a_gap_becomes_a_dead_letter_and_holds_the_gap_up_no_longer_a41(
    sink: DatabaseSink, database: DatabaseFactory, records: dict[str, Record]
) -> None:
    gap = records["Gap"]
    assert isinstance(gap, Gap)
    opened = replace(gap, gap_id="1")
    poison = execution(records, exec_id="e-3", run_id="none")
    items = [execution(records), poison, execution(records, exec_id="e-2")]

    outcome = sink.fill(items, lambda new: [as_filled(opened, new)])

    assert outcome == Written(inserted=2)
    assert executions_of(database) == ["e-1", "e-2"]
    (filled,) = gaps_of(database)
    assert (filled.state, filled.rows_filled) == (GapState.FILLED, 2)
    with database.get_readonly_session() as session:
        (letter,) = as_admin(session).dead_letters.recent()
    assert '"exec_id":"e-3"' in letter.payload


def test_a_gap_whose_end_is_refused_stays_open_with_nothing_stored(
    sink: DatabaseSink, database: DatabaseFactory, records: dict[str, Record]
) -> None:
    gap = records["Gap"]
    assert isinstance(gap, Gap)

    outcome = sink.fill([execution(records)], lambda new: [replace(gap, account_id="nobody's")])

    assert isinstance(outcome, Refused)
    assert executions_of(database) == []


def test_rows_of_another_tenant_are_refused(
    database: DatabaseFactory, records: dict[str, Record]
) -> None:
    tenant = Tenant(environment=Environment.SIM, user_id=user_id_of("other"), account_id=None)
    sink = DatabaseSink(database, tenant, new_id=lambda: "id", now=lambda: NOW)

    assert isinstance(sink.write([execution(records)]), Refused)


@pytest.mark.parametrize(
    ("fault", "blames"),
    [
        (errors.ProgramLimitExceeded, True),
        (errors.NumericValueOutOfRange, True),
        (errors.CheckViolation, True),
        (errors.AdminShutdown, False),
        (errors.SerializationFailure, False),
        (errors.UndefinedTable, False),
        (errors.DiskFull, False),
        (psycopg.OperationalError, False),
    ],
)
def test_what_postgresql_says_is_told_apart(fault: type[psycopg.Error], blames: bool) -> None:
    answer = answer_of(DBAPIError("INSERT", {}, fault("said the server")))

    assert isinstance(answer, Refused if blames else Away)
    assert answer.text == f"{fault.__name__}: said the server"


def test_a_value_that_the_driver_cannot_bind_is_the_rows_fault() -> None:
    error = ProgrammingError("INSERT", {}, psycopg.ProgrammingError("cannot adapt"))

    assert isinstance(answer_of(error), Refused)


def test_what_the_database_says_is_told_without_the_values(
    sink: DatabaseSink, records: dict[str, Record]
) -> None:
    outcome = sink.write([execution(records, exec_price=None)])

    assert isinstance(outcome, Refused)
    assert "99800" not in outcome.text
    assert len(outcome.text) <= 500
