"""The page and its event stream. It knows bytes and time; it refuses to know what is shown."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.resources import files

from aiohttp import web

from bybit_sim.exchange.words import Row
from bybit_sim.page.picture import Picture
from bybit_sim.page.reading import AdminRefused, json_bytes, refuse_foreign, reply
from bybit_sim.page.simulation import Simulation

PERIOD_S = 0.5
WATCHERS_MAX = 16

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_ASSETS = {
    "/": ("index.html", "text/html"),
    "/sim/page.css": ("page.css", "text/css"),
    "/sim/page.js": ("page.js", "text/javascript"),
}


class Live:
    """Serves the page at `/` and server-sent events at /sim/events."""

    def __init__(self, simulation: Simulation, period_s: float = PERIOD_S) -> None:
        self._simulation = simulation
        self._picture = Picture(simulation)
        self._period_s = period_s
        self._watchers = 0
        self._closing = asyncio.Event()

    def add_to(self, app: web.Application) -> None:
        """Adds the page, its assets and the stream; streams end when the application does."""
        for path, (name, content_type) in _ASSETS.items():
            app.router.add_get(path, _asset(name, content_type))
        app.router.add_get("/sim/events", self.events)
        app.on_shutdown.append(self._close)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """One `history` event, then a `picture` event twice a second until either side ends."""
        try:
            refuse_foreign(request)
        except AdminRefused as refused:
            return reply({"error": {"message": refused.message}}, refused.status)
        if self._watchers >= WATCHERS_MAX:
            text = f"more than {WATCHERS_MAX} pages watch already; close one"
            return reply({"error": {"message": text}}, 503)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        self._watchers += 1
        try:
            await response.prepare(request)
            await self._send_all(response)
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            self._watchers -= 1
        return response

    async def _send_all(self, response: web.StreamResponse) -> None:
        await response.write(_event("history", self._picture.history()))
        requests = acts = 0
        while not self._closing.is_set():
            row = self._picture.now(requests, acts)
            requests, acts = _last(row["requests"], requests), _last(row["acted"], acts)
            await response.write(_event("picture", row))
            await _either(self._closing.wait(), self._period_s)

    async def _close(self, _app: web.Application) -> None:
        self._closing.set()


def _asset(name: str, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    body = files("bybit_sim.page").joinpath("assets", name).read_bytes()

    async def served(_request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
        return web.Response(
            body=body,
            content_type=content_type,
            charset="utf-8",
            headers=headers | {"Cache-Control": "no-cache"},
        )

    return served


def _event(name: str, row: Row) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), json_bytes(row))


def _last(rows: object, before: int) -> int:
    assert isinstance(rows, list)
    return int(rows[-1]["serial"]) if rows else before


async def _either(waited: Awaitable[bool], seconds: float) -> None:
    try:
        await asyncio.wait_for(waited, seconds)
    except TimeoutError:
        return
