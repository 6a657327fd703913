"""An hour of trading at speed: two accounts, three strategies, and then everything is compared.

It knows the order of things; it refuses to know what a fill does to books.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from appkit.exits import RunFailed
from bench.gridbot.agreement import repeated_ids, twins
from bench.gridbot.bot import Bot
from bench.gridbot.calm import Calm
from bench.gridbot.journals import differing
from bench.gridbot.laws import judged
from bench.gridbot.venue import Venue
from bench.gridbot.world import Strategy, World
from bench.wire.server import simulator

STAND_S = 600.0
"""Of market time: within it there is a moment at which all grids stand."""
LOOK_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class HourPlan:
    """How long the market plays, and how fast (market time per wall time)."""

    minutes: int
    speed: int
    seed: int

    def world(self) -> World:
        """Two accounts; three strategies on two symbols."""
        return World(
            seed=self.seed,
            speed=self.speed,
            prices={"BTCUSDT": 100_000, "ETHUSDT": 3_000},
            accounts=("one", "two"),
            strategies=(
                Strategy(
                    name="one_btc", account="one", symbol="BTCUSDT", amount="b0.004", levels=50
                ),
                Strategy(
                    name="one_eth", account="one", symbol="ETHUSDT", amount="b0.05", levels=30
                ),
                Strategy(
                    name="two_btc", account="two", symbol="BTCUSDT", amount="b0.003", levels=20
                ),
            ),
            volatility_pct=400.0,
            partial_fills=300,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HourRan:
    """What a run found; `faults` is what is wrong."""

    plan: HourPlan
    faults: tuple[str, ...]
    orders: int
    executions: int
    events: int
    seconds: float

    def text(self) -> str:
        """The finding, for people."""
        wrong = "".join(f"  {fault}\n" for fault in self.faults)
        return (
            f"{self.plan.minutes} min of market time at {self.plan.speed}x in {self.seconds:.0f} s,"
            f" two accounts, three strategies: {self.orders} orders, {self.executions} executions,"
            f" {self.events} journal events judged by every law and replayed\n{wrong}"
            f"verdict: {'FAIL' if self.faults else 'PASS'}\n"
        )


def measure(plan: HourPlan, folder: Path | None = None) -> HourRan:
    """Run the plan; its files are left in the folder when one is given."""
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return measure(plan, Path(made))
    world = plan.world()
    began = time.monotonic()
    with simulator(world.exchange()) as server:
        venue = Venue(server)
        bot = Bot(folder, world.bot(server.http), world.secrets)
        try:
            bot.start()
            _play(plan, bot, venue)
            calm = Calm(bot, venue, world.accounts, plan.speed)
            stood, still = calm.stands(STAND_S), calm.still()
            exit_code = bot.stop()
        finally:
            if bot.is_running():
                bot.kill()
        accounts = [venue.account(name) for name in world.accounts]
    faults = [*stood.wrong, *still.wrong]
    for account in accounts:
        faults += twins(account) + repeated_ids(account)
        faults += judged(bot.journals, account, still.until).broken
    if exit_code:
        faults.append(f"the daemon ended with {exit_code}")
    events, bad = differing(bot.journals)
    return HourRan(
        plan=plan,
        faults=(*faults, *bad),
        orders=sum(len(one["orders"]) for one in accounts),
        executions=sum(len(one["executions"]) for one in accounts),
        events=events,
        seconds=time.monotonic() - began,
    )


def _play(plan: HourPlan, bot: Bot, venue: Venue) -> None:
    ends_at = venue.get("state")["now_us"] + plan.minutes * 60_000_000
    while venue.get("state")["now_us"] < ends_at:
        if not bot.is_running():
            raise RunFailed(f"gridbot has ended: {bot.said()}")
        time.sleep(LOOK_S)
