"""How fast the daemon reacts to tickers, and what they cost: as processes, on this machine's clock.

It knows the wire's times, the daemon's journal and its own numbers; it refuses to know orders.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.gridbot.bot import Bot
from bench.gridbot.causes import tickers_of_placements
from bench.gridbot.tap import Tap
from bench.gridbot.world import Strategy, World
from bench.wire.server import simulator

P99_MS_MAX = 20.0
HOLD_UP_S_MAX = 0.05
PLACEMENTS_MIN = 300
"""Below it the slowest hundredth is a matter of one or two."""
PRICES = {"BTCUSDT": 100_000, "ETHUSDT": 3_500, "SOLUSDT": 180}
WARM_UP_S = 10.0
"""The first ladder goes out as fast as the exchange's limits allow; it is not measured."""
ACCOUNT = "main"
UNBOUNDED = "safety: {max_placements_per_minute: 100000}"
"""The cap on placements ends what is to be measured."""
REACTIONS = f'gridbot_reaction_seconds_bucket{{account="{ACCOUNT}",le="%s"}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedPlan:
    """How long each of both parts is measured, and how often a ticker is told at most: the first
    part has one symbol, the second all of PRICES."""

    seconds: float
    busy_seconds: float
    seed: int
    interval_ms: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one run showed. `reactions_ms`: from a ticker frame going down the wire to the request
    that it caused having come up; `within`: by the daemon's own stamps, in 20 ms, of how many.

    `processor_s` are seconds of one core, `hold_up_s` is the longest of the loop, `held_up` how
    often it was longer than 50 ms.
    """

    seconds: float
    tickers: int
    reactions_ms: Sequence[float]
    within: tuple[int, int]
    processor_s: float
    hold_up_s: float
    held_up: int

    def quantile_ms(self, share: float) -> float:
        """The time within which this share of the requests left."""
        ordered = sorted(self.reactions_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    def text(self) -> str:
        """The finding, for people."""
        found = f"{self.tickers / self.seconds:,.0f} tickers/s for {self.seconds:.0f} s\n"
        if self.reactions_ms:
            shares = ", ".join(
                f"{name} {self.quantile_ms(share):.1f}"
                for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("most", 1.0))
            )
            found += (
                f"  {len(self.reactions_ms)} placements, ms from ticker frame to request on the "
                f"wire: {shares}\n"
                f"  by the daemon's own stamps {self.within[0]} of {self.within[1]} within 20 ms\n"
            )
        return found + (
            f"  processor: {1000 * self.processor_s / self.tickers:.2f} s for 1,000 tickers, "
            f"{100 * self.processor_s / self.seconds:.0f} % of a core\n"
            f"  the loop was held up for {1000 * self.hold_up_s:.0f} ms at most, "
            f"{self.held_up} times for more than 50 ms\n"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedRan:
    """Both parts."""

    calm: Part
    busy: Part

    @property
    def faults(self) -> tuple[str, ...]:
        """What misses its target."""
        found = []
        if len(self.calm.reactions_ms) < PLACEMENTS_MIN:
            count = len(self.calm.reactions_ms)
            found.append(f"expected {PLACEMENTS_MIN} placements or more, found {count}")
        elif self.calm.quantile_ms(0.99) >= P99_MS_MAX:
            found.append(f"expected a p99 below {P99_MS_MAX:g} ms")
        found += [
            f"{name}: expected a loop that nothing holds up for more than 50 ms"
            for name, part in (("calm", self.calm), ("busy", self.busy))
            if part.held_up
        ]
        return tuple(found)

    def text(self) -> str:
        """The finding, for people."""
        wrong = "".join(f"  {fault}\n" for fault in self.faults)
        verdict = "FAIL" if self.faults else "PASS"
        return f"{self.calm.text()}{self.busy.text()}{wrong}verdict: {verdict}\n"


def measure(plan: SpeedPlan) -> SpeedRan:
    """Run both parts, one after the other."""
    calm = _ran(_world(plan.seed, ("BTCUSDT",)), plan.interval_ms, plan.seconds)
    busy = _ran(_world(plan.seed, tuple(PRICES)), plan.interval_ms, plan.busy_seconds)
    return SpeedRan(calm=calm, busy=busy)


def _world(seed: int, symbols: Sequence[str]) -> World:
    """A market that moves a grid of small steps several times a second, with a trade for every
    ticker, and stays below the exchange's limits: what waits for those says nothing of us."""
    return World(
        seed=seed,
        speed=1,
        prices={symbol: PRICES[symbol] for symbol in symbols},
        accounts=(ACCOUNT,),
        strategies=tuple(
            Strategy(
                name=f"grid_{symbol.lower()}",
                account=ACCOUNT,
                symbol=symbol,
                amount="200",
                levels=20,
                step_pct="0.05",
            )
            for symbol in symbols
        ),
        volatility_pct=800.0,
        trades_per_second=200.0,
    )


def _ran(world: World, interval_ms: int, seconds: float) -> Part:
    text = f"{world.exchange()}ticker_interval_ms: {interval_ms}\n"
    with tempfile.TemporaryDirectory() as folder, simulator(text) as server:
        tap = Tap(server.http)
        with tap.forwarding():
            bot = Bot(Path(folder), world.bot(tap.url, UNBOUNDED), world.secrets)
            try:
                bot.start()
                time.sleep(WARM_UP_S)
                return _measured(bot, tap, seconds)
            finally:
                if bot.is_running():
                    bot.kill()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the daemon's page of metrics says, summed up since it began."""

    at_ns: int
    fast: int
    reactions: int
    processor_s: float
    held_up: int
    hold_up_s: float


def _told(bot: Bot) -> _Told:
    return _Told(
        at_ns=time.monotonic_ns(),
        fast=int(bot.metric(REACTIONS % "0.02")),
        reactions=int(bot.metric(REACTIONS % "+Inf")),
        processor_s=bot.metric("process_cpu_seconds_total"),
        held_up=int(bot.metric("gridbot_loop_slow_total")),
        hold_up_s=bot.metric("gridbot_loop_longest_seconds"),
    )


def _measured(bot: Bot, tap: Tap, seconds: float) -> Part:
    before = _told(bot)
    time.sleep(seconds)
    after = _told(bot)
    bot.stop()
    times = range(before.at_ns, after.at_ns)
    tickers, causes = tap.tickers(), tickers_of_placements(bot.journals)
    reactions_ms = [
        (at_ns - tickers[causes[wire_id]]) / 1e6
        for wire_id, at_ns in tap.placed().items()
        if at_ns in times and wire_id in causes
    ]
    return Part(
        seconds=len(times) / 1e9,
        tickers=sum(at_ns in times for at_ns in tickers.values()),
        reactions_ms=reactions_ms,
        within=(after.fast - before.fast, after.reactions - before.reactions),
        processor_s=after.processor_s - before.processor_s,
        hold_up_s=after.hold_up_s,
        held_up=after.held_up,
    )
