"""The whole mission in its folder: market, live half, judgement; what was made stays there."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appkit.atomic import staging_folder
from comparator.closed_loop.judged import Judged, judge_mission
from comparator.closed_loop.live import Say, play
from comparator.closed_loop.market import make_market
from comparator.closed_loop.stage import Fills, Stage, Strategy, stage_on
from gridcore.clock import MINUTE_US

KIND = "closed loop"
"""What the marker file of a folder says, so that only such a folder is ever replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """What is to be played; `folder` is replaced whole, if it is ours or empty."""

    folder: Path
    seed: int
    minutes: int
    strategies: Sequence[Strategy]
    fills: Fills


@dataclass(frozen=True, slots=True, kw_only=True)
class Accomplished:
    """A mission at its end. `live_s` and `judging_s`: seconds that it took."""

    stage: Stage
    judged: Judged
    live_s: float
    judging_s: float

    @property
    def market_minutes(self) -> float:
        """How long the market was."""
        return (self.stage.market.end - self.stage.market.start) / MINUTE_US


def accomplish(mission: Mission, say: Say, *, quiet: bool) -> Accomplished:
    """Do it all. UserError for a folder of others, RunFailed when a program fails."""
    with staging_folder(mission.folder, KIND):
        # It takes the place of an earlier one; what fails from here on can be looked at there.
        pass
    folder = mission.folder.resolve()
    began = time.monotonic()
    symbols = [one.symbol for one in mission.strategies]
    market = make_market(folder / "market", symbols, seed=mission.seed, minutes=mission.minutes)
    say(f"a market of {mission.minutes} minutes from seed {mission.seed}: {market.trades:,} trades")
    stage = stage_on(folder, market, mission.strategies, mission.fills, mission.seed)
    play(stage, say, quiet=quiet)
    played = time.monotonic()
    say("all three have stopped; the recording is compared with a backtest of itself")
    judged = judge_mission(stage, quiet=quiet)
    return Accomplished(
        stage=stage, judged=judged, live_s=played - began, judging_s=time.monotonic() - played
    )
