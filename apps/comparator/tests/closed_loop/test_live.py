"""A program that cannot begin ends the mission with its own words; the story plays a whole one.

tests/integration/test_closed_loop.py is that story.
"""

from pathlib import Path

import pytest

from appkit.exits import RunFailed
from comparator.closed_loop.live import play
from comparator.closed_loop.market import Market
from comparator.closed_loop.stage import TWO_STRATEGIES, Fills, stage_on
from gridcore.clock import Instant


def test_what_keeps_the_exchange_from_beginning_is_shown(tmp_path: Path) -> None:
    tapes = dict.fromkeys(("BTCUSDT", "ETHUSDT"), tmp_path / "nowhere")
    market = Market(tapes=tapes, start=Instant(0), end=Instant(1), trades=0)
    stage = stage_on(tmp_path, market, TWO_STRATEGIES, Fills(), seed=1)
    said: list[str] = []

    with pytest.raises(RunFailed) as caught:
        play(stage, said.append, quiet=True)

    assert "bybit_sim ended too early, with exit code 1; its last lines:" in caught.value.message
    assert "nowhere" in caught.value.message
    assert said == []
