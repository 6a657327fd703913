"""When the trouble of a run is over: how long until the grids stand, and the moment to judge them.

It measures by the simulator's clock; it refuses to know what the trouble was.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.gridbot.agreement import disagreements, not_standing, unsettled
from bench.gridbot.bot import Bot
from bench.gridbot.venue import Row, Venue
from gridcore.clock import SECOND_US, Instant

POLL_S = 0.05
STILL_S = 40.0
"""How long a paused market is looked at, in the bot's time: it takes 60 s for a lost stream."""
STILL_TRIES = 8
BETWEEN_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """Market time from calm to grids that stand and books that agree; or what was wrong."""

    calm_s: float
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """The bot's time at which nothing moved and everything agreed; None, and what was wrong."""

    until: Instant | None
    wrong: tuple[str, ...]


class Calm:
    """Accounts of a bot, from the moment on at which nothing goes wrong any more."""

    def __init__(self, bot: Bot, venue: Venue, accounts: Sequence[str], speed: int) -> None:
        self._bot = bot
        self._venue = venue
        self._accounts = accounts
        self._speed = speed

    def stands(self, within_s: float) -> Stood:
        """Wait until the grids stand, at most so many seconds of market time.

        What the machine overslept by itself, while nobody was waited for, does not count.
        """
        began = self._venue.get("state")["now_us"]
        overslept_s = 0.0
        while True:
            told = self._bot.get("api/state")
            venue = self._venue.get("state")
            wrong = [
                f"{name}: {one}"
                for name, bot, account in self._each(told, venue)
                for one in not_standing(bot) or disagreements(bot, account)
            ]
            calm_s = (venue["now_us"] - began) / SECOND_US - self._speed * overslept_s
            if not wrong or calm_s > within_s:
                return Stood(calm_s=calm_s, wrong=tuple(wrong))
            overslept_s += _nap(POLL_S)

    def still(self) -> Still:
        """Pause the market for good at a moment at which nothing is under way and books agree."""
        found = Still(until=None, wrong=("never looked at",))
        for _ in range(STILL_TRIES):
            self._venue.post("pause")
            ends = time.monotonic() + STILL_S / self._speed
            while time.monotonic() < ends:
                found = self._moment()
                if not found.wrong:
                    return found
                time.sleep(POLL_S)
            self._venue.post("resume")
            time.sleep(BETWEEN_S)
        return found

    def _moment(self) -> Still:
        told = self._bot.get("api/state")
        venue = self._venue.get("state")
        wrong = tuple(
            f"{name}: {one}"
            for name, bot, account in self._each(told, venue)
            for one in (*unsettled(bot), *disagreements(bot, account))
        )
        return Still(until=None if wrong else Instant(told["now_us"]), wrong=wrong)

    def _each(self, told: Row, venue: Row) -> list[tuple[str, Row, Row]]:
        """Every account as the bot and as the simulator tells it."""
        bots = {one["name"]: one for one in told["accounts"]}
        venues = {one["name"]: one for one in venue["accounts"]}
        return [(name, bots[name], venues[name]) for name in self._accounts]


def _nap(seconds: float) -> float:
    """Sleep; by how much longer it lasted than asked for."""
    began = time.monotonic()
    time.sleep(seconds)
    return max(0.0, time.monotonic() - began - seconds)
