"""The local pages: /health, /status, /metrics and /settle on 127.0.0.1.

It shows, and takes no orders.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from appkit.exits import UserError
from event_saver.metrics import CONTENT_TYPE, metrics_of
from event_saver.status import Status
from event_saver.watermarks import Settling

HOST = "127.0.0.1"
PAGES = """\
/health   200 when everything works, else 503
/status   everything, as JSON
/metrics  for Prometheus
/settle   how far everything that came is committed
"""


@asynccontextmanager
async def served(
    port: int,
    *,
    settling: Callable[[], Settling],
    ready: Callable[[], bool],
    status: Callable[[], Status],
) -> AsyncIterator[int]:
    """Serve the pages while the block runs, and give the port; UserError when it is taken."""

    async def index(_: web.Request) -> web.Response:
        return web.Response(text=PAGES)

    async def health(_: web.Request) -> web.Response:
        if status().healthy:
            return web.Response(text="healthy\n")
        return web.Response(text="not healthy; /status says why\n", status=503)

    async def settle(_: web.Request) -> web.Response:
        found = settling()
        return web.json_response(
            {
                "handled_through_us": found.handled_through_us,
                "in_flight": found.in_flight,
                "ready": ready(),
            }
        )

    async def tell_status(_: web.Request) -> web.Response:
        return web.json_response(status().as_json())

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=metrics_of(status()), headers={"Content-Type": CONTENT_TYPE})

    application = web.Application()
    application.add_routes(
        [
            web.get("/", index),
            web.get("/health", health),
            web.get("/status", tell_status),
            web.get("/metrics", metrics),
            web.get("/settle", settle),
        ]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port)
    try:
        try:
            await site.start()
        except OSError as error:
            raise UserError(
                f"cannot listen on {HOST}:{port}: {error.strerror}",
                "choose another port with --port, or 0 for a free one",
            ) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
