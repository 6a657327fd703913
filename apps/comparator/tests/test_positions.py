"""Legs of a recording and of its backtest are the same, number by number."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from apps.comparator.tests.recording import Recording
from comparator.comparing import compare
from comparator.config import ExchangeOptions, Request
from comparator.report.comparison import Comparison
from grid_db import models


@pytest.fixture
def comparison(record: Any) -> Comparison:
    """Two symbols compared with a backtest that is made now."""
    recording: Recording = record("BTCUSDT", "ETHUSDT")
    found = compare(Request(database_url=recording.url)).comparison
    assert found is not None
    return found


def test_every_leg_of_the_backtest_has_its_live_one(comparison: Comparison) -> None:
    """C-11."""
    telemetry = comparison.metrics.telemetry

    assert telemetry is not None
    assert telemetry.pairs_compared > 50
    assert (telemetry.pairs_unmatched_bt, telemetry.pairs_state_diverged) == (0, 0)


def test_margins_profit_and_value_are_those_of_the_recording(comparison: Comparison) -> None:
    """C-12."""
    telemetry = comparison.metrics.telemetry

    assert telemetry is not None
    largest = {name: spread.maximum for name, spread in telemetry.spreads.items()}
    assert all(spread.count > 0 for spread in telemetry.spreads.values())
    assert max(largest.values()) <= Decimal("1e-8"), largest


def test_rows_that_change_nothing_are_paired_with_nothing(recording: Recording) -> None:
    """The exchange pushes a leg for every order, too."""
    options = ExchangeOptions(partial_fills=300, partial_fills_seed="1")
    table = models.PositionSnapshot.__table__
    with recording.database.get_session() as session:
        for row in session.execute(sa.select(table)).mappings().all():
            again = {key: value for key, value in row.items() if key != "id"}
            later = {
                "exchange_ts": row["exchange_ts"] + timedelta(milliseconds=300),
                "fingerprint": f"{row['fingerprint']}x"[-64:],
            }
            session.execute(sa.insert(models.PositionSnapshot).values(**(again | later)))

    found = compare(Request(database_url=recording.url, exchange=options)).comparison

    assert found is not None
    assert found.metrics.telemetry is not None
    assert found.metrics.telemetry.pairs_state_diverged == 0
    assert found.metrics.telemetry.spreads["cum_realised_usdt"].maximum <= Decimal("1e-8")
