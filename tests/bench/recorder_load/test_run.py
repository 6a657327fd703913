"""A run of some seconds: every trade is kept as it was told, and samples come on the way."""

from pathlib import Path

import pytest

from appkit.exits import RunFailed
from bench.recorder_load.run import Plan, measure

PLAN = Plan(seconds=3.0, warm_up_s=1.0, every_s=1.0)


def test_every_trade_is_kept_and_the_run_is_told_as_it_goes(tmp_path: Path) -> None:
    said: list[str] = []

    found = measure(PLAN, said.append, tmp_path)

    assert found.told > 1_000
    assert (found.kept, found.wrong, found.letters, found.gaps) == (found.told, 0, 0, 0)
    assert found.exit_code == 0
    assert len(said) == len(found.samples) == 3
    assert found.samples[0].written < found.samples[-1].written <= found.told

    # Where trades are already, a second run cannot count its own.
    with pytest.raises(RunFailed, match="expected no public trades"):
        measure(PLAN, said.append, tmp_path)
