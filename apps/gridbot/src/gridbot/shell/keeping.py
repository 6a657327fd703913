"""Saves a session's memory beside its loop, one at a time: a slow disk holds nobody up.

It knows how long the end waits for the last one; it refuses to know what is saved, and where.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

LAST_S_MAX: Final = 5.0
"""How long an end waits for the disk: without the last state a start reads a longer journal."""

Keep = Callable[[], Awaitable[None]]
"""Saves all memory of the session. It takes the memory before it waits for anything."""


class Keeping:
    """The saves of one account. All of it on the loop's thread."""

    def __init__(self, keep: Keep, last_s_max: float = LAST_S_MAX) -> None:
        self._keep = keep
        self._last_s_max = last_s_max
        self._under_way: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether the disk has not taken the last one yet."""
        return self._under_way is not None and not self._under_way.done()

    async def begin(self) -> None:
        """Take the memory of now, and return while it is saved; nothing when one is under way.

        Raises what the one before has raised.
        """
        if self.busy:
            return
        self._look()
        self._under_way = asyncio.ensure_future(self._kept())
        # Gives it its turn, in which it takes the memory; nothing is handled in between.
        await asyncio.sleep(0)

    async def end(self) -> None:
        """Save the memory of now, and wait for it for a while."""
        await self._wait()
        await self.begin()
        await self._wait()
        if not self.busy:
            self._look()

    async def _wait(self) -> None:
        if self._under_way is not None:
            await asyncio.wait((self._under_way,), timeout=self._last_s_max)

    def _look(self) -> None:
        if self._under_way is not None:
            self._under_way.result()

    async def _kept(self) -> None:
        await self._keep()
