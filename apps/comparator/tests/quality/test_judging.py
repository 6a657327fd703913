from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from apps.comparator.tests.little_market import START, make_plan
from apps.comparator.tests.recording import Recording, make_recording
from comparator.evidence.recorded import Evidence
from comparator.loading.files import load_outcome
from comparator.loading.live import load_live
from comparator.quality import FindingKind, Quality, QualityLimits, judge_quality
from grid_db import models
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings
from gridcore.sides import BUY

Look = Callable[..., Evidence]


def test_a_sound_recording_is_enough(record: Callable[..., Recording], look: Look) -> None:
    recording = record("BTCUSDT", "ETHUSDT")

    quality = judge_quality(look(recording))

    assert quality.score == 1
    assert (quality.reasons, quality.findings) == ((), ())
    assert quality.enough
    assert {"BTCUSDT trades", "ETHUSDT trades", "wallet stream"} <= set(quality.parts)


def test_the_score_is_that_of_the_worst_part(recording: Recording, look: Look) -> None:
    """Too little of one part is not made good by the others; how little is a limit."""
    rows = models.TickerSnapshot.__table__.c
    recording.change(sa.delete(models.TickerSnapshot).where(rows.id.between(100, 130)))
    evidence = look(recording)

    strict = judge_quality(evidence)
    lenient = judge_quality(evidence, QualityLimits(score_min=Decimal("0.8")))

    assert strict.score == min(strict.parts.values()) == strict.parts["BTCUSDT tickers"]
    assert Decimal("0.8") < strict.score < Decimal("0.95")
    assert not strict.enough
    assert "of it is sound, 95.00% is asked for" in strict.reasons[0]
    assert lenient.enough


def judged(look: Look, recording: Recording) -> Quality:
    return judge_quality(look(recording))


@pytest.mark.parametrize("model", [models.TickerSnapshot, models.PrivateExecution])
def test_no_data_is_never_enough(
    recording: Recording, look: Look, model: type[models.Base]
) -> None:
    recording.change(sa.delete(model))

    assert not judged(look, recording).enough


def test_a_missing_set_up_is_told_and_does_not_bar(recording: Recording, look: Look) -> None:
    """The backtest may come from a file."""
    snapshot = '{"strategy": {"strat_id": "grid-BTCUSDT", "symbol": "BTCUSDT"}}'
    recording.change(sa.update(models.Run).values(config_snapshot=snapshot))

    quality = judged(look, recording)

    assert [one.kind for one in quality.findings] == [FindingKind.SETUP_MISSING]
    assert quality.enough


def test_two_configurations_in_one_window_bar(recording: Recording, look: Look) -> None:
    runs = models.Run.__table__.c
    columns = list(runs)
    values = [
        sa.literal("11111111-0000-4000-8000-000000000009")
        if column.name == "run_id"
        else sa.func.replace(column, "c0ffee", "c0ffef")
        if column.name == "config_snapshot"
        else column
        for column in columns
    ]
    recording.change(
        sa.insert(models.Run).from_select(
            [column.name for column in columns],
            sa.select(*values).where(runs.run_id == recording.live_run),
        )
    )

    quality = judged(look, recording)

    assert not quality.enough
    assert "with another configuration" in quality.reasons[0]


def test_it_is_the_same_on_a_server(
    postgres_settings: DatabaseSettings, tmp_path: Path, look: Look
) -> None:
    """Runs, executions in blocks, orders, positions and tickers, read from PostgreSQL."""
    database = DatabaseFactory(postgres_settings)
    recording = make_recording(database, make_plan(tmp_path, rows=120))

    evidence = look(recording)

    assert judge_quality(evidence).enough
    live = load_live(evidence.rows, evidence.run)
    assert len(live.table) == len(load_outcome(recording.outcome).table) > 10
    assert live.unclaimed == 0
    assert evidence.level("BTCUSDT", BUY, Decimal(10_000), START, recording.outcome.end).trades
    evidence.session.rollback()
    evidence.session.close()
    database.dispose()
