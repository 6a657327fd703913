"""Runs of chaos: faults of the wire and kills on whole processes, calm, and then the grid stands.

It plays one seed; which seeds are played, and what is kept of them, is a campaign's.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from appkit.exits import RunFailed
from bench.gridbot.agreement import repeated_ids, twins
from bench.gridbot.bot import Bot
from bench.gridbot.calm import Calm
from bench.gridbot.journals import differing
from bench.gridbot.laws import judged
from bench.gridbot.mischief import Act, drawn, lasts_s
from bench.gridbot.venue import Venue
from bench.gridbot.world import Strategy, World
from bench.wire.server import simulator

SPEED = 10
CALM_S = 60.0
"""Of market time: within it the grid stands again."""
ACCOUNT = "main"
TOLD = "account.json"
"""What the simulator told in the end, beside the daemon's files: a run can be judged again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosRan:
    """What became of a seed.

    `market_s`: how long the trouble lasted, `calm_s` from its end to a grid that stands, both in
    market time; `seconds` of the wall clock. `faults` is what is wrong.
    """

    seed: int
    faults: tuple[str, ...]
    market_s: float
    kills: int
    half_open: int
    orders: int
    executions: int
    events: int
    calm_s: float
    seconds: float

    def text(self) -> str:
        """One line, and one for every fault."""
        wrong = "".join(f"\n  {fault}" for fault in self.faults)
        half_open = " and a half-open socket" if self.half_open else ""
        return (
            f"seed {self.seed}: {self.market_s:.0f} s of trouble, {self.kills} kills{half_open}, "
            f"{self.orders} orders, {self.executions} executions, {self.events} events, stood "
            f"after {self.calm_s:.1f} s; {self.seconds:.0f} s{wrong}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What playing and judging found, as in a ChaosRan."""

    faults: tuple[str, ...]
    orders: int = 0
    executions: int = 0
    events: int = 0
    calm_s: float = 0.0


def world(seed: int) -> World:
    """One account, one strategy, a market in which orders are filled all the time, and in parts."""
    grid = Strategy(
        name="grid", account=ACCOUNT, symbol="BTCUSDT", amount="b0.004", levels=30, step_pct="0.1"
    )
    return World(
        seed=seed,
        speed=SPEED,
        prices={"BTCUSDT": 100_000},
        accounts=(ACCOUNT,),
        strategies=(grid,),
        volatility_pct=400.0,
        partial_fills=500,
    )


def trouble(seed: int, market_s: float) -> tuple[list[Act], float]:
    """What goes wrong, and for how many seconds of the wall clock."""
    acts = drawn(seed, market_s / SPEED)
    return acts, lasts_s(acts, market_s / SPEED)


def run(seed: int, market_s: float, folder: Path) -> ChaosRan:
    """Play one seed for at least so many seconds of market time, then calm; judge everything.

    The files of the daemon stay in the folder.
    """
    began = time.monotonic()
    acts, span_s = trouble(seed, market_s)
    try:
        found = _found(world(seed), acts, span_s, folder)
    except (RunFailed, requests.RequestException) as failed:
        found = Found(faults=(f"it broke off: {failed}",))
    return ChaosRan(
        seed=seed,
        faults=found.faults,
        market_s=span_s * SPEED,
        kills=sum(act.what == "kill" for act in acts),
        half_open=sum(act.is_half_open for act in acts),
        orders=found.orders,
        executions=found.executions,
        events=found.events,
        calm_s=found.calm_s,
        seconds=time.monotonic() - began,
    )


def _found(plan: World, acts: list[Act], span_s: float, folder: Path) -> Found:
    with simulator(plan.exchange()) as server:
        venue = Venue(server)
        bot = Bot(folder, plan.bot(server.http), plan.secrets)
        try:
            bot.start()
            _trouble(acts, span_s, bot, venue)
            venue.calm()
            if not bot.is_running():
                raise RunFailed(f"gridbot has ended by itself: {bot.said()[-2_000:]}")
            calm = Calm(bot, venue, [ACCOUNT], SPEED)
            stood, still = calm.stands(CALM_S), calm.still()
            exit_code = bot.stop()
        finally:
            if bot.is_running():
                bot.kill()
        account = venue.account(ACCOUNT)
    told = {"until_us": still.until, "account": account}
    (folder / TOLD).write_text(json.dumps(told), encoding="utf-8")
    faults = [*stood.wrong, *still.wrong, *twins(account), *repeated_ids(account)]
    if exit_code:
        faults.append(f"the daemon ended with {exit_code}")
    faults += judged(bot.journals, account, still.until).broken
    events, bad = differing(bot.journals)
    return Found(
        faults=(*faults, *bad),
        orders=len(account["orders"]),
        executions=len(account["executions"]),
        events=events,
        calm_s=stood.calm_s,
    )


def _trouble(acts: list[Act], span_s: float, bot: Bot, venue: Venue) -> None:
    """Do every act at its time; a killed daemon is started at once, as a supervisor would."""
    began = time.monotonic()
    for act in acts:
        time.sleep(max(0.0, began + act.at_s - time.monotonic()))
        if act.what == "kill":
            bot.kill()
            bot.start()
        else:
            venue.post("fault" if act.what == "fault" else "disconnect", **act.body)
    time.sleep(max(0.0, began + span_s - time.monotonic()))
