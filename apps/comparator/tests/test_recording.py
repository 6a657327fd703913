"""The made recording tells of the run that its outcome tells of, and nothing else."""

import json
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa

from appkit.account_setup import setup_from
from apps.comparator.tests.little_market import BALANCE, START
from apps.comparator.tests.recording import LEAD_US, Recording
from grid_db import models
from grid_db.records import PrivateExecution
from grid_db.repositories import as_admin
from grid_db.types import from_microseconds, microseconds
from grid_db.words import RunType
from gridcore.sides import opening_side

_LONG = timedelta(days=1)


def executions(recording: Recording) -> list[PrivateExecution]:
    begin = from_microseconds(START)
    with recording.database.get_readonly_session() as session:
        rows = as_admin(session).executions
        return rows.by_account_range(recording.account_id, begin - _LONG, begin + _LONG)


def test_every_fill_of_the_run_is_an_execution_of_the_recording(recording: Recording) -> None:
    found = {
        (microseconds(row.exchange_ts), row.exec_id, row.exec_price, row.exec_qty, row.exec_fee)
        for row in executions(recording)
    }

    fills = recording.outcome.fills
    assert found == {(fill.at, fill.exec_id, fill.price, fill.qty, fill.fee) for fill in fills}
    assert len(fills) > 50


def test_some_orders_are_filled_in_parts(recording: Recording) -> None:
    rows = executions(recording)

    assert len({row.order_id for row in rows}) < len(rows)


def test_the_last_positions_are_those_of_the_run(recording: Recording) -> None:
    ends = {}
    with recording.database.get_readonly_session() as session:
        rows = as_admin(session).positions
        for leg in recording.outcome.legs:
            last = rows.latest(recording.account_id, leg.symbol, opening_side(leg.direction), None)
            assert last is not None
            ends[leg.direction] = last.size

    assert ends == {leg.direction: leg.qty for leg in recording.outcome.legs}
    assert any(ends.values())


def test_the_wallet_begins_with_the_balance_and_ends_with_that_of_the_run(
    recording: Recording,
) -> None:
    with recording.database.get_readonly_session() as session:
        rows = as_admin(session).wallets
        first = rows.latest_before(
            recording.recording_run,
            recording.account_id,
            "USDT",
            from_microseconds(START - LEAD_US),
        )
        last = rows.latest(recording.account_id, "USDT")

    assert first is not None
    assert first.wallet_balance == BALANCE
    assert last is not None
    assert last.wallet_balance == recording.outcome.final_wallet


def test_the_live_run_keeps_what_the_session_was_told(recording: Recording) -> None:
    with recording.database.get_readonly_session() as session:
        run = as_admin(session).runs.get(recording.live_run)

    assert run is not None
    assert run.run_type is RunType.LIVE
    kept = setup_from(json.loads(run.config_snapshot or "")["setup"])
    assert kept == recording.setup


def test_a_test_may_tamper_with_its_own_copy(recording: Recording) -> None:
    recording.change(sa.update(models.PrivateExecution).values(exec_qty=Decimal(1)))

    assert {row.exec_qty for row in executions(recording)} == {Decimal(1)}
