"""The local pages: /settle, /status and /metrics on 127.0.0.1; it shows, and takes no orders."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from appkit.exits import UserError
from event_saver.status import Status
from event_saver.watermarks import Settling

HOST = "127.0.0.1"


@asynccontextmanager
async def served(
    port: int,
    *,
    settling: Callable[[], Settling],
    ready: Callable[[], bool],
    status: Callable[[], Status],
) -> AsyncIterator[int]:
    """Serve the pages while the block runs, and give the port; UserError when it is taken."""

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
        return web.Response(body=status().metrics(), content_type="text/plain", charset="utf-8")

    application = web.Application()
    application.add_routes(
        [
            web.get("/settle", settle),
            web.get("/status", tell_status),
            web.get("/metrics", metrics),
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
