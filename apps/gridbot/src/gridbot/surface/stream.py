"""Server-sent events: the lines once, then the state every second, drawn once for all watchers.

It knows bytes and time; it refuses to know what is shown.
"""

import asyncio
from collections.abc import Callable, Mapping

import orjson
from aiohttp import web

from gridbot.surface.access import AccessRefused

PERIOD_S = 1.0
WATCHERS_MAX = 16
WRITE_S_MAX = 10.0
"""A watcher that takes nothing for so long is let go."""


class EventStream:
    """Sends what `lines` and `state` give to whoever watches."""

    def __init__(
        self,
        lines: Callable[[], Mapping[str, object]],
        state: Callable[[], Mapping[str, object]],
        *,
        period_s: float = PERIOD_S,
    ) -> None:
        self._lines = lines
        self._state = state
        self._period_s = period_s
        self._watchers = 0
        self._closing = asyncio.Event()
        self._drawn = b""
        self._drawn_at = float("-inf")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Send events until either side ends; AccessRefused (503) when too many watch."""
        if self._watchers >= WATCHERS_MAX:
            raise AccessRefused(503, f"{WATCHERS_MAX} pages watch already", "close one of them")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        self._watchers += 1
        try:
            await response.prepare(request)
            await _write(response, _event("lines", self._lines()))
            while not self._closing.is_set():
                await _write(response, self._picture())
                await self._pause()
        except (ConnectionResetError, TimeoutError):
            return response  # the page was closed, or its machine sleeps
        finally:
            self._watchers -= 1
        return response

    def close(self) -> None:
        """End every stream."""
        self._closing.set()

    def _picture(self) -> bytes:
        """The state of now; watchers of one period share one drawing."""
        now = asyncio.get_running_loop().time()
        if now - self._drawn_at >= self._period_s / 2:
            self._drawn = _event("state", self._state())
            self._drawn_at = now
        return self._drawn

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), self._period_s)
        except TimeoutError:
            return


async def _write(response: web.StreamResponse, body: bytes) -> None:
    await asyncio.wait_for(response.write(body), WRITE_S_MAX)


def _event(name: str, row: Mapping[str, object]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(row))
