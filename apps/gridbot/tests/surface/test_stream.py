"""Server-sent events."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gridbot.surface.access import AccessRefused
from gridbot.surface.stream import WATCHERS_MAX, EventStream


class Source:
    """Counts how often it is drawn."""

    def __init__(self) -> None:
        self.drawn = 0

    def lines(self) -> dict[str, object]:
        return {"main": {}}

    def state(self) -> dict[str, object]:
        self.drawn += 1
        return {"drawn": self.drawn}


async def event(reply: aiohttp.ClientResponse) -> tuple[str, Any]:
    """The next event: its name and its decoded data."""
    name = (await reply.content.readline()).decode().removeprefix("event: ").strip()
    data = (await reply.content.readline()).removeprefix(b"data: ")
    assert await reply.content.readline() == b"\n"
    return name, orjson.loads(data)


def with_client(stream: EventStream, talk: Callable[[Any], Awaitable[None]]) -> None:
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await stream.serve(request)
        except AccessRefused as refused:
            return web.Response(status=refused.status)

    async def served() -> None:
        application = web.Application()
        application.router.add_get("/", guarded)
        async with TestClient(TestServer(application)) as client:
            await talk(client)
            stream.close()

    asyncio.run(served())


def test_lines_come_once_and_then_states_without_end() -> None:
    source = Source()
    stream = EventStream(source.lines, source.state, period_s=0.01)

    async def talk(client: Any) -> None:
        async with client.get("/") as reply:
            assert reply.content_type == "text/event-stream"
            assert await event(reply) == ("lines", {"main": {}})
            assert await event(reply) == ("state", {"drawn": 1})
            assert await event(reply) == ("state", {"drawn": 2})

    with_client(stream, talk)


def test_watchers_of_one_moment_share_one_drawing() -> None:
    source = Source()
    stream = EventStream(source.lines, source.state, period_s=60)

    async def talk(client: Any) -> None:
        for _ in range(3):
            async with client.get("/") as reply:
                await event(reply)
                assert await event(reply) == ("state", {"drawn": 1})

    with_client(stream, talk)


def test_a_stream_ends_when_the_surface_does() -> None:
    source = Source()
    stream = EventStream(source.lines, source.state, period_s=60)

    async def talk(client: Any) -> None:
        async with client.get("/") as reply:
            await event(reply)
            await event(reply)
            stream.close()
            assert await reply.content.read() == b""

    with_client(stream, talk)


def test_only_so_many_may_watch() -> None:
    source = Source()
    stream = EventStream(source.lines, source.state, period_s=60)

    async def talk(client: Any) -> None:
        replies = [await client.get("/") for _ in range(WATCHERS_MAX)]
        for reply in replies:
            await event(reply)
        async with client.get("/") as refused:
            assert refused.status == 503
        for reply in replies:
            reply.close()

    with_client(stream, talk)
