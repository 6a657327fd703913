"""One step of a start after the other: what blocks, how often it is tried, and the end asked for.

It refuses to know what the steps are.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from appkit.beside import beside
from appkit.exits import UserError
from gridbot.words import StartStopped, StopToken

BACK_OFFS_S = (2.0, 5.0, 10.0)
"""Between the attempts of a stage; after the last one the start is refused (live.md 4.3)."""

Result = TypeVar("Result")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What an attempt ended in. `retryable`: the same may succeed a little later."""

    text: str
    remedy: str
    retryable: bool


class Stages:
    """Carries out what blocks, beside the loop, and honours the stop at every step.

    `speed`: how many seconds of the exchange pass in one of ours; back-offs are of the exchange.
    """

    def __init__(
        self,
        stop: StopToken,
        say: Say,
        back_offs_s: Sequence[float] = BACK_OFFS_S,
        *,
        warn: Say | None = None,
        speed: int = 1,
    ) -> None:
        self._stop = stop
        self._say = say
        self._warn = say if warn is None else warn
        self._back_offs_s = tuple(back_offs_s)
        self._speed = speed

    def say(self, text: str) -> None:
        """Tell a person."""
        self._say(text)

    def warn(self, text: str) -> None:
        """Tell a person something that had better be looked at."""
        self._warn(text)

    async def blocking(self, name: str, work: Callable[[], Result]) -> Result:
        """The result of blocking work; StartStopped as soon as the end is asked for, whether or
        not the work has ended."""
        if self._stop.requested:
            raise StartStopped(name)
        doing = asyncio.ensure_future(beside(name, work))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise StartStopped(name)
            return doing.result()
        finally:
            stopping.cancel()
            doing.cancel()

    async def attempted(self, name: str, work: Callable[[], Result | Refused]) -> Result:
        """The result of work that may be refused, tried again after each back-off.

        UserError with the last reason when every attempt is used up, or the first that no
        repetition mends.
        """
        for pause_s in (*self._back_offs_s, None):
            found = await self.blocking(name, work)
            if not isinstance(found, Refused):
                return found
            if pause_s is None or not found.retryable:
                raise UserError(f"{name}: {found.text}", found.remedy)
            self._say(f"{name}: {found.text}; again in {pause_s:g} s")
            if await self._stop.sleep(pause_s / self._speed):
                raise StartStopped(name)
        raise AssertionError("the last attempt ends in a result or a refusal")
