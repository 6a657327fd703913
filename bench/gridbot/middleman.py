"""A man in the middle: between a daemon and its simulator, for what no exchange does on purpose.

It passes everything on as it is, but for private streams, which it can leave hanging or rewrite.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    WSMsgType,
    web,
)

PRIVATE = "/v5/private"
HOST = "127.0.0.1"
_HELD_S_MAX = 600.0
_OF_THE_HOP = frozenset({"host", "connection", "transfer-encoding", "content-length", "date"})

Rewrite = Callable[[str], str]
"""A frame of a private stream as it came, and as the daemon is to hear it."""


class Middleman:
    """Its two switches may be turned from any thread, and hold for what comes from then on."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.url = ""
        self.holds_handshakes = False
        """Whether handshakes of private streams are taken and never answered."""
        self.held = 0
        self.rewrite: Rewrite | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass one request on, or a socket with all that goes over it."""
        async with ClientSession(auto_decompress=False, timeout=ClientTimeout(total=None)) as to:
            if request.headers.get("Upgrade", "").lower() != "websocket":
                try:
                    return await self._pass_on(request, to)
                except ClientError:
                    return _cut(request)
            if request.path == PRIVATE and self.holds_handshakes:
                self.held += 1
                await asyncio.sleep(_HELD_S_MAX)
            return await self._socket(request, to)

    async def _pass_on(self, request: web.Request, to: ClientSession) -> web.Response:
        async with to.request(
            request.method,
            f"{self.upstream}{request.path_qs}",
            headers={
                name: value
                for name, value in request.headers.items()
                if name.lower() not in _OF_THE_HOP
            },
            data=await request.read(),
        ) as answer:
            headers = [
                (name, value)
                for name, value in answer.headers.items()
                if name.lower() not in _OF_THE_HOP
            ]
            return web.Response(status=answer.status, headers=headers, body=await answer.read())

    async def _socket(self, request: web.Request, to: ClientSession) -> web.StreamResponse:
        try:
            far = await to.ws_connect(f"{self.upstream}{request.path_qs}", autoping=False)
        except ClientError:
            return _cut(request)
        near = web.WebSocketResponse(autoping=False, compress=False)
        async with far:
            await near.prepare(request)
            towards = asyncio.ensure_future(_carry(near, far, None))
            rewrite = self._rewritten if request.path == PRIVATE else None
            back = asyncio.ensure_future(_carry(far, near, rewrite))
            await asyncio.wait((towards, back), return_when=asyncio.FIRST_COMPLETED)
            for one in (towards, back):
                one.cancel()
            await asyncio.gather(towards, back, return_exceptions=True)
        return near

    def _rewritten(self, text: str) -> str:
        return text if self.rewrite is None else self.rewrite(text)


def _cut(request: web.Request) -> web.Response:
    """Nobody answers any more: what the simulator has cut is cut on this side, too."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


async def _carry(
    source: web.WebSocketResponse | ClientWebSocketResponse,
    target: web.WebSocketResponse | ClientWebSocketResponse,
    rewrite: Rewrite | None,
) -> None:
    """Everything from one socket to the other, until either ends."""
    while True:
        message = await source.receive()
        match message.type:
            case WSMsgType.TEXT:
                text = str(message.data)
                await target.send_str(text if rewrite is None else rewrite(text))
            case WSMsgType.BINARY:
                await target.send_bytes(message.data)
            case WSMsgType.PING:
                await target.ping(message.data)
            case WSMsgType.PONG:
                await target.pong(message.data)
            case _:
                return


@contextmanager
def middleman(upstream: str) -> Iterator[Middleman]:
    """A middleman before a simulator's address, for as long as the block lasts."""
    between = Middleman(upstream)
    listening, over = threading.Event(), threading.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", between.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, HOST, 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        between.url = f"http://{host}:{port}"
        listening.set()
        await asyncio.to_thread(over.wait)
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="middleman", daemon=True)
    thread.start()
    listening.wait()
    try:
        yield between
    finally:
        over.set()
        thread.join()
