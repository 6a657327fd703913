"""Whether the daemon's memory grows over a day of the market, once it is warm.

It knows the daemon's own numbers and the market's time; it refuses to know what is traded. Time is
pressed together: what takes the exchange and the daemon a second takes minutes of that market.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from appkit.exits import RunFailed
from bench.gridbot.bot import Bot
from bench.gridbot.venue import Venue
from bench.gridbot.world import Strategy, World
from bench.wire.server import simulator
from gridcore.clock import HOUR_US, Instant

GROWTH_PCT_MAX = 5.0
WARM_HOURS = 24.0
"""Before the day that counts: what reaches back a day is full (the listings of ended orders and of
executions that a comparison asks for, the minutes of equity and prices), and so is what is shorter.
"""
LOOK_HOURS = 0.25
TICKER_MS = 20
"""Fifty tickers a second of the wall clock, at any speed of the market."""
LOOK_S = 1.0
ACCOUNT = "main"
TICKERS = f'gridbot_events_total{{account="{ACCOUNT}",kind="Ticker"}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """How long the market plays once it is warm, and how fast (market time per wall time)."""

    hours: float
    speed: int
    seed: int

    def world(self) -> World:
        """A harsh market and a dense grid: a hundred executions in an hour."""
        return World(
            seed=self.seed,
            speed=self.speed,
            prices={"BTCUSDT": 100_000},
            accounts=(ACCOUNT,),
            strategies=(
                Strategy(
                    name="grid",
                    account=ACCOUNT,
                    symbol="BTCUSDT",
                    amount="200",
                    levels=30,
                    step_pct="0.1",
                ),
            ),
            volatility_pct=100.0,
            trades_per_second=0.5,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRan:
    """What a run found: resident bytes every quarter of an hour from the beginning on."""

    plan: DayPlan
    seconds: float
    resident: Sequence[float]
    executions: int
    tickers: int

    @property
    def warm(self) -> float:
        """Resident bytes after the warm-up."""
        first = int(WARM_HOURS / LOOK_HOURS)
        return median(self.resident[first : first + 5])

    @property
    def last(self) -> float:
        """Resident bytes at the end."""
        return median(self.resident[-5:])

    @property
    def growth_pct(self) -> float:
        """From the end of the warm-up to that of the day."""
        return 100 * (self.last / self.warm - 1)

    @property
    def faults(self) -> tuple[str, ...]:
        """What misses its target."""
        if self.growth_pct < GROWTH_PCT_MAX:
            return ()
        return (f"expected a growth below {GROWTH_PCT_MAX:g} %",)

    def text(self) -> str:
        """The finding, for people."""
        wrong = "".join(f"  {fault}\n" for fault in self.faults)
        return (
            f"{WARM_HOURS + self.plan.hours:g} h of market time at {self.plan.speed}x in "
            f"{self.seconds:.0f} s: {self.tickers:,} tickers, {self.executions} executions\n"
            f"  resident memory {self.warm / 1e6:.1f} MB after {WARM_HOURS:g} h, "
            f"{self.last / 1e6:.1f} MB at the end: {self.growth_pct:+.1f} %\n"
            f"{wrong}verdict: {'FAIL' if self.faults else 'PASS'}\n"
        )


def measure(plan: DayPlan) -> DayRan:
    """Run the plan."""
    world = plan.world()
    began_s = time.monotonic()
    text = f"{world.exchange()}ticker_interval_ms: {TICKER_MS}\n"
    with tempfile.TemporaryDirectory() as folder, simulator(text) as server:
        venue = Venue(server)
        bot = Bot(Path(folder), world.bot(server.http), world.secrets)
        try:
            bot.start()
            resident = _watched(plan, bot, venue)
            tickers = int(bot.metric(TICKERS))
            bot.stop()
        finally:
            if bot.is_running():
                bot.kill()
        executions = len(venue.account(ACCOUNT)["executions"])
    return DayRan(
        plan=plan,
        seconds=time.monotonic() - began_s,
        resident=resident,
        executions=executions,
        tickers=tickers,
    )


def _watched(plan: DayPlan, bot: Bot, venue: Venue) -> list[float]:
    begins_at = _now(venue)
    found: list[float] = []
    while len(found) * LOOK_HOURS <= WARM_HOURS + plan.hours:
        due_at = begins_at + int(len(found) * LOOK_HOURS * HOUR_US)
        while _now(venue) < due_at:
            if not bot.is_running():
                raise RunFailed(f"gridbot has ended: {bot.said()}")
            time.sleep(LOOK_S)
        found.append(bot.metric("process_resident_memory_bytes"))
    return found


def _now(venue: Venue) -> Instant:
    return Instant(venue.get("state")["now_us"])
