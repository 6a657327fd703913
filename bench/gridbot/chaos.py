"""Runs of chaos: faults of the wire and kills on whole processes, calm, and then the grid stands.

A run that has passed leaves a line in the file of its kind, and is not played again.
"""

import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from appkit.exits import RunFailed
from bench.gridbot.agreement import disagreements, not_standing, repeated_ids, twins
from bench.gridbot.bot import Bot, until
from bench.gridbot.journals import differing
from bench.gridbot.mischief import Act, drawn
from bench.gridbot.venue import Venue
from bench.gridbot.world import Strategy, World
from bench.wire.server import simulator

SPEED = 10
CALM_S = 60.0
"""Of market time: within it the grid stands again."""
ACCOUNT = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosRan:
    """What became of a seed; `calm_s`: market time from calm to a grid that stands."""

    seed: int
    faults: tuple[str, ...]
    kills: int
    orders: int
    executions: int
    events: int
    calm_s: float

    def text(self) -> str:
        """One line, and one for every fault."""
        wrong = "".join(f"\n  {fault}" for fault in self.faults)
        return (
            f"seed {self.seed}: {self.kills} kills, {self.orders} orders, {self.executions} "
            f"executions, {self.events} events replayed, stood after {self.calm_s:.1f} s"
            f"{wrong}"
        )


def world(seed: int) -> World:
    """One account, one strategy, a market in which orders are filled all the time."""
    grid = Strategy(name="grid", account=ACCOUNT, symbol="BTCUSDT", amount="b0.004", levels=20)
    return World(
        seed=seed,
        speed=SPEED,
        prices={"BTCUSDT": 100_000},
        accounts=(ACCOUNT,),
        strategies=(grid,),
        volatility_pct=400.0,
        partial_fills=300,
    )


def run(seed: int, market_s: float, folder: Path | None = None) -> ChaosRan:
    """Play one seed for so many seconds of market time, then calm; compare everything."""
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return run(seed, market_s, Path(made))
    plan = world(seed)
    acts = drawn(seed, market_s / SPEED)
    with simulator(plan.exchange()) as server:
        venue = Venue(server)
        bot = Bot(folder, plan.bot(server.http), plan.secrets)
        try:
            bot.start()
            _trouble(acts, market_s / SPEED, bot, venue)
            venue.calm()
            if not bot.is_running():
                bot.start()
            calm_s, faults = _judged(bot, venue)
            exit_code = bot.stop()
        finally:
            if bot.is_running():
                bot.kill()
        account = venue.account(ACCOUNT)
    if exit_code:
        faults.append(f"the daemon ended with {exit_code}")
    events, bad = differing(bot.journals)
    return ChaosRan(
        seed=seed,
        faults=(*faults, *bad),
        kills=sum(act.what == "kill" for act in acts),
        orders=len(account["orders"]),
        executions=len(account["executions"]),
        events=events,
        calm_s=calm_s,
    )


def campaign(first: int, count: int, market_s: float, kept: Path) -> list[ChaosRan]:
    """Play every seed whose line is not in the file yet; the runs that were played now."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    played = passed(kept)
    ran: list[ChaosRan] = []
    for seed in range(first, first + count):
        if seed in played:
            continue
        found = run(seed, market_s)
        ran.append(found)
        print(found.text(), flush=True)
        if not found.faults:
            with kept.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(found)) + "\n")
    return ran


def passed(kept: Path) -> frozenset[int]:
    """The seeds that have passed, as the file tells."""
    if not kept.is_file():
        return frozenset()
    lines = kept.read_text(encoding="utf-8").splitlines()
    return frozenset(int(json.loads(line)["seed"]) for line in lines)


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


def _judged(bot: Bot, venue: Venue) -> tuple[float, list[str]]:
    """Market time until the grid stands and agrees, and what is wrong."""
    faults: list[str] = []
    calm_s = 0.0

    def wrong() -> list[str]:
        state = bot.state(ACCOUNT)
        return not_standing(state) or disagreements(state, venue.account(ACCOUNT))

    try:
        calm_s = SPEED * until("the grid stands again", wrong, CALM_S / SPEED)
    except RunFailed as failed:
        faults.append(str(failed))
    venue.post("pause")
    account = venue.account(ACCOUNT)
    return calm_s, faults + twins(account) + repeated_ids(account)
