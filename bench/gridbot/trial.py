"""A simulator and a daemon of a story's own, where the shared pair would not do.

It knows what may differ from the shared pair: speed, configuration, market, what is in between.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from bench.gridbot.bot import Bot, until
from bench.gridbot.middleman import Middleman, middleman
from bench.gridbot.stage import ACCOUNT, QUIET, SYMBOL, Stage
from bench.gridbot.venue import Row, Venue
from bench.gridbot.world import World
from bench.wire.server import Server, simulator


class Trial(Stage):
    """A stage whose daemon talks to the simulator through a middleman."""

    def __init__(self, world: World, venue: Venue, bot: Bot, between: Middleman) -> None:
        super().__init__(world, venue, bot)
        self.between = between

    def now_us(self) -> int:
        """The market's time."""
        return int(self.venue.get("state")["now_us"])

    def pass_us(self, length_us: int) -> None:
        """Wait until so much of the market's time has passed."""
        end_us = self.now_us() + length_us
        until("time to pass", lambda: self.now_us() < end_us and "not yet")

    def latch(self, cause: str) -> Row | None:
        """What a cause asks for now, and since when; None when it asks for nothing."""
        return next((mode for mode in self.state()["modes"] if mode["cause"] == cause), None)

    def begin(self) -> None:
        """Start the daemon and wait until its grid stands."""
        self.bot.start()
        self.rests()


@contextmanager
def trial(
    folder: Path,
    *more: str,
    speed: int = QUIET.speed,
    tape: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Trial]:
    """Both processes, the daemon not started yet.

    `more`: further lines of its configuration; `tape`: the market instead of a still one;
    `environment`: further variables of its process.
    """
    world = replace(QUIET, speed=speed, accounts=(ACCOUNT,))
    with _exchange(world.exchange(), tape) as server, middleman(server.http) as between:
        secrets = {**world.secrets, **(environment or {})}
        bot = Bot(folder, world.bot(between.url, *more), secrets)
        with closing(Venue(server)) as venue:
            try:
                yield Trial(world, venue, bot, between)
            finally:
                if bot.is_running():
                    bot.kill()


@contextmanager
def _exchange(config: str, tape: Path | None) -> Iterator[Server]:
    if tape is not None:
        lines = [line for line in config.splitlines() if not line.startswith("synth:")]
        config = "\n".join(_taped(lines, tape)) + "\n"
    with simulator(config) as server:
        yield server


def _taped(lines: Sequence[str], tape: Path) -> Iterator[str]:
    for line in lines:
        symbol = line.strip().startswith(f"{SYMBOL}:")
        yield f'  {SYMBOL}: {{tape: "{tape}"}}' if symbol else line
