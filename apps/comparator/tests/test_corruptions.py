"""A recording that agrees with its backtest to the last digit, and one thing changed at a time:
no change passes, and each is refused for its own reason."""

import csv
import json
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appkit.dates import Window, parse_instant
from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import Recording
from backtest.tables import trades_csv
from comparator.certificate.classes import FillClass
from comparator.comparing import Compared, compare
from comparator.config import ExchangeOptions, Request
from comparator.fills import Fill
from comparator.verdict import Outcome
from grid_db import models
from grid_db.types import from_microseconds
from gridcore.clock import HOUR_US, SECOND_US, Instant

PARTS = ExchangeOptions(partial_fills=300, partial_fills_seed="1")
EXECUTIONS = models.PrivateExecution.__table__.c
Rows = list[dict[str, str]]


def compared(recording: Recording, **changes: Any) -> Compared:
    """The comparison with a backtest that is made now, unless told otherwise."""
    fields: dict[str, Any] = {"database_url": recording.url, "exchange": PARTS} | changes
    return compare(Request(**fields))


def refused(found: Compared) -> dict[Outcome, str]:
    """The outcomes that kept it from a PASS, with the sentences of each."""
    return {
        outcome: "\n".join(
            f"{reason.check}: {reason.text}"
            for reason in found.verdict.reasons
            if reason.outcome is outcome
        )
        for outcome in {reason.outcome for reason in found.verdict.against()}
    }


def exec_ids(recording: Recording) -> list[str]:
    with recording.database.get_readonly_session() as session:
        query = sa.select(EXECUTIONS.exec_id).order_by(EXECUTIONS.exchange_ts, EXECUTIONS.id)
        return list(session.execute(query).scalars())


def alter(
    recording: Recording, model: type[models.Base], change: Callable[[Any], dict[str, Any]]
) -> None:
    """Changes columns of rows, given the row."""
    table = model.__table__
    with recording.database.get_session() as session:
        for row in session.execute(sa.select(table)).all():
            values = change(row)
            if values:
                session.execute(sa.update(model).where(table.c.id == row.id).values(**values))


def trades_file(recording: Recording, path: Path, change: Callable[[Rows], Any]) -> Path:
    """The trades of the recorded run itself, changed, as a CSV."""
    path.write_text(trades_csv(recording.outcome))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    changed = change(rows)
    kept: Sequence[dict[str, str]] = rows if changed is None else changed
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)
    return path


def alone(found: Compared) -> list[tuple[FillClass, Fill | None, Fill | None]]:
    assert found.comparison is not None
    return [(one.kind, one.live, one.backtest) for one in found.comparison.certified.divergences]


def test_what_nobody_changed_passes(recording: Recording, tmp_path: Path) -> None:
    now = compared(recording)
    of_file = compared(
        recording, trades_file=trades_file(recording, tmp_path / "trades.csv", lambda rows: None)
    )

    for found in (now, of_file):
        assert (found.outcome, found.unexplained) == (Outcome.PASS, 0)
        assert found.matched == found.live_fills > 50
    assert now.certificate_sha256 == compared(recording).certificate_sha256


def test_a_dropped_execution_leaves_a_position_that_it_does_not_make(recording: Recording) -> None:
    dropped = exec_ids(recording)[20]
    recording.change(sa.delete(models.PrivateExecution).where(EXECUTIONS.exec_id == dropped))

    found = refused(compared(recording))

    assert list(found) == [Outcome.SKIP]
    assert "the long leg was recorded as 0.011" in found[Outcome.SKIP]
    assert "executions were lost or changed" in found[Outcome.SKIP]


def test_a_changed_quantity_makes_another_position(recording: Recording) -> None:
    changed = exec_ids(recording)[20]

    def double(row: Any) -> dict[str, Any]:
        return {"exec_qty": row.exec_qty * 2} if row.exec_id == changed else {}

    alter(recording, models.PrivateExecution, double)

    assert "executions were lost or changed" in refused(compared(recording))[Outcome.SKIP]


@pytest.mark.parametrize("columns", [("qty",), ("qty", "commission")])
def test_a_quantity_of_the_backtest_that_was_changed_is_unexplained(
    recording: Recording, tmp_path: Path, columns: tuple[str, ...]
) -> None:
    def double(rows: Rows) -> None:
        for column in columns:
            rows[20][column] = str(Decimal(rows[20][column]) * 2)

    found = compared(recording, trades_file=trades_file(recording, tmp_path / "t.csv", double))

    assert "unexplained: 1 unexplained" in refused(found)[Outcome.FAIL]


def test_a_backtest_of_another_time_zone_matches_nothing(
    recording: Recording, tmp_path: Path
) -> None:
    """LS-82: naive local times were taken for UTC."""

    def shift(rows: Rows) -> None:
        for row in rows:
            moved = parse_instant(row["timestamp"]) + HOUR_US
            row["timestamp"] = from_microseconds(moved).isoformat()

    found = compared(recording, trades_file=trades_file(recording, tmp_path / "t.csv", shift))

    assert "0.00 % of the notional is matched" in refused(found)[Outcome.FAIL]


def test_shifted_executions_lie_outside_the_lives_of_their_orders(recording: Recording) -> None:
    def shift(row: Any) -> dict[str, Any]:
        return {"exchange_ts": row.exchange_ts + timedelta(minutes=1)}

    alter(recording, models.PrivateExecution, shift)

    assert "times were shifted" in refused(compared(recording))[Outcome.SKIP]


def test_another_salt_names_other_orders(recording: Recording) -> None:
    runs = models.Run.__table__.c
    with recording.database.get_session() as session:
        told = {
            row[0]: row[1] for row in session.execute(sa.select(runs.run_id, runs.config_snapshot))
        }
    changed = {
        run_id: text.replace('"salt": "strat_id"', '"salt": "none"')
        for run_id, text in told.items()
        if text is not None
    }
    assert changed != told
    recording.change(
        *(
            sa.update(models.Run).where(runs.run_id == run_id).values(config_snapshot=text)
            for run_id, text in changed.items()
        )
    )

    found = compared(recording)

    assert refused(found).keys() == {Outcome.FAIL}
    assert "of the notional is matched" in refused(found)[Outcome.FAIL]
    assert found.matched < 10


def test_a_market_that_ends_in_the_middle_is_stale(recording: Recording) -> None:
    middle = from_microseconds(START + 120 * SECOND_US)
    for model in (models.PublicTrade, models.TickerSnapshot):
        recording.change(sa.delete(model).where(model.__table__.c.exchange_ts >= middle))

    found = refused(compared(recording))

    assert list(found) == [Outcome.SKIP]
    assert "BTCUSDT tickers: 49.33% of it is sound" in found[Outcome.SKIP]


def test_a_recording_that_has_ended_long_ago_is_stale(recording: Recording) -> None:
    """The bot goes on, and nothing is recorded: V-13."""
    recording.change(sa.update(models.Run).values(end_ts=None, status="running"))
    later = Window(start=None, end=Instant(START + HOUR_US))

    found = refused(compared(recording, window=later))

    assert list(found) == [Outcome.SKIP]
    assert "BTCUSDT: the newest ticker is of 2026-01-01 01:04:01" in found[Outcome.SKIP]


def test_without_executions_there_is_nothing_to_compare(recording: Recording) -> None:
    recording.change(sa.delete(models.PrivateExecution))

    found = refused(compared(recording))

    assert "nothing was executed in the window" in found[Outcome.SKIP]


@pytest.mark.parametrize("seconds", [0, 60])
def test_another_grid_matches_nothing(recording: Recording, seconds: int) -> None:
    def raise_levels(row: Any) -> dict[str, Any]:
        levels = json.loads(row.grid_json)
        for level in levels:
            level["price"] = str(Decimal(level["price"]) + 1)
        return {"grid_json": json.dumps(levels)}

    alter(recording, models.GridStateSnapshot, raise_levels)
    window = Window(start=Instant(START + seconds * SECOND_US), end=None)

    found = compared(recording, window=window)

    assert "0.00 % of the notional is matched" in refused(found)[Outcome.FAIL]


def test_another_strategys_run_matches_nothing(record: Any, tmp_path: Path) -> None:
    recording: Recording = record("BTCUSDT", "ETHUSDT")
    other = trades_file(
        recording,
        tmp_path / "t.csv",
        lambda rows: [row for row in rows if row["symbol"] == "BTCUSDT"],
    )

    found = compared(recording, run_id=recording.live_runs["ETHUSDT"], trades_file=other)

    assert "0.00 % of the notional is matched" in refused(found)[Outcome.FAIL]
    assert found.unexplained == found.live_fills + 59


def test_a_gap_in_the_trades_bars_a_judgement(recording: Recording) -> None:
    trades = models.PublicTrade.__table__.c
    first, last = (from_microseconds(START + s * SECOND_US) for s in (100, 130))
    recording.change(sa.delete(models.PublicTrade).where(trades.exchange_ts.between(first, last)))

    found = refused(compared(recording))

    assert list(found) == [Outcome.SKIP]
    assert "BTCUSDT trades: 87.03% of it is sound" in found[Outcome.SKIP]


def test_a_kept_tape_that_was_tampered_with_is_no_recorded_market(
    recording: Recording, tmp_path: Path
) -> None:
    kept = tmp_path / "tapes"
    assert compared(recording, tapes=kept).outcome is Outcome.PASS
    prices = kept / "BTCUSDT" / "trades.price.i4"
    content = bytearray(prices.read_bytes())
    content[100] ^= 1
    prices.write_bytes(content)

    found = compared(recording, tapes=kept)

    assert "the kept tapes are not the recorded market" in refused(found)[Outcome.FAIL]
    assert "trades.price" in refused(found)[Outcome.FAIL]


def test_a_hundred_fills_relabelled_at_random_are_unexplained(record: Any) -> None:
    recording: Recording = record("BTCUSDT", "ETHUSDT", "SOLUSDT")
    chance = random.Random(1)
    chosen = chance.sample(exec_ids(recording), 100)
    given = dict(zip(chosen, chance.sample(chosen, 100), strict=True))
    with recording.database.get_readonly_session() as session:
        query = sa.select(EXECUTIONS.exec_id, EXECUTIONS.order_link_id)
        links = {row[0]: row[1] for row in session.execute(query)}

    def relabel(row: Any) -> dict[str, Any]:
        return {"order_link_id": links[given[row.exec_id]]} if row.exec_id in given else {}

    alter(recording, models.PrivateExecution, relabel)

    found = compared(recording, exchange=ExchangeOptions())

    assert "its order was recorded with the id" in refused(found)[Outcome.FAIL]
    assert found.unexplained > 150
    assert found.matched < found.live_fills - 90


def test_one_live_fill_that_no_class_explains_is_enough(
    recording: Recording, tmp_path: Path
) -> None:
    path = trades_file(recording, tmp_path / "t.csv", lambda rows: rows[:30] + rows[31:])

    found = compared(recording, trades_file=path)

    text = refused(found)[Outcome.FAIL]
    assert "unexplained: 1 unexplained, the first: cef442ac8c393738 on BTCUSDT" in text
    assert [kind for kind, _, _ in alone(found)] == [FillClass.UNEXPLAINED]


def test_one_phantom_that_no_class_explains_is_enough(recording: Recording, tmp_path: Path) -> None:
    def invent(rows: Rows) -> Rows:
        return [*rows, rows[30] | {"order_id": "x", "exec_id": "x", "client_order_id": "0123"}]

    found = compared(recording, trades_file=trades_file(recording, tmp_path / "t.csv", invent))

    assert "unexplained: 1 unexplained" in refused(found)[Outcome.FAIL]
    assert [(kind, live) for kind, live, _ in alone(found)] == [(FillClass.UNEXPLAINED, None)]
