"""Without a recording nothing is judged; the story judges a whole one."""

from pathlib import Path

import pytest

from appkit.exits import RunFailed
from comparator.closed_loop.judged import judge_mission
from comparator.closed_loop.market import Market
from comparator.closed_loop.stage import TWO_STRATEGIES, Fills, stage_on
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings
from gridcore.clock import Instant


def test_a_recording_without_a_run_cannot_be_compared(tmp_path: Path) -> None:
    market = Market(tapes={}, start=Instant(0), end=Instant(1), trades=0)
    stage = stage_on(tmp_path, market, TWO_STRATEGIES, Fills(), seed=1)
    database = DatabaseFactory(DatabaseSettings.of_url(stage.database_url))
    schema.upgrade(database)
    database.dispose()

    with pytest.raises(RunFailed, match="the recording cannot be compared: "):
        judge_mission(stage, quiet=True)
