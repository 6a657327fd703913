"""The page and its event stream."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from aiohttp import web

from bybit_sim.page.live import WATCHERS_MAX, Live

Run = Callable[..., Any]


@pytest.fixture
def build(simulation: Any) -> Callable[[web.Application], None]:
    return lambda app: Live(simulation, period_s=0.01).add_to(app)


async def event(stream: Any) -> tuple[str, Any]:
    """The next event: its name and its decoded data."""
    name = (await stream.content.readline()).decode().removeprefix("event: ").strip()
    data = (await stream.content.readline()).removeprefix(b"data: ")
    await stream.content.readline()
    return name, orjson.loads(data)


def test_the_page_is_one_file_with_its_own_style_and_script(with_client: Run, build: Any) -> None:
    async def talk(client: Any) -> list[tuple[str, str]]:
        found = []
        for path in ("/", "/sim/page.css", "/sim/page.js"):
            async with client.get(path) as reply:
                assert reply.status == 200
                policy = reply.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
                found.append((reply.content_type, await reply.text()))
        return found

    page, style, script = with_client(build, talk)

    assert [kind for kind, _ in (page, style, script)] == [
        "text/html",
        "text/css",
        "text/javascript",
    ]
    # Nothing comes from elsewhere, and no text ever becomes markup.
    assert re.findall(r'(?:src|href)="([^"]*)"', page[1]) == [
        "data:,",
        "/sim/page.css",
        "/sim/page.js",
    ]
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", script[1])


def test_every_element_that_the_script_asks_for_is_on_the_page(
    with_client: Run, build: Any
) -> None:
    async def talk(client: Any) -> tuple[str, str]:
        async with client.get("/") as page, client.get("/sim/page.js") as script:
            return await page.text(), await script.text()

    page, script = with_client(build, talk)

    asked = set(re.findall(r'\b(?:at|say|draw)\("([a-z-]+)"', script))
    assert len(asked) > 15
    assert asked <= set(re.findall(r'id="([a-z-]+)"', page))


def test_the_stream_begins_with_the_history_and_goes_on_with_pictures(
    with_client: Run, build: Any, simulation: Any
) -> None:
    note = {
        "at_ms": 1,
        "method": "GET",
        "path": "/v5/market/time",
        "query": "",
        "uid": None,
        "status": 200,
        "code": 0,
        "took_us": 5,
    }

    async def talk(client: Any) -> list[tuple[str, Any]]:
        simulation.requests.note(**note)
        async with client.get("/sim/events") as stream:
            assert stream.content_type == "text/event-stream"
            events = [await event(stream) for _ in range(3)]
            simulation.requests.note(**note)
            while not events[-1][1]["requests"]:
                events.append(await event(stream))
            return events

    events = with_client(build, talk)

    assert [name for name, _ in events[:3]] == ["history", "picture", "picture"]
    assert list(events[0][1]) == ["BTCUSDT"]
    told = [one["serial"] for _, row in events[1:] for one in row["requests"]]
    assert told == [1, 2]


def test_streams_end_when_the_application_does(with_client: Run, build: Any) -> None:
    async def talk(client: Any) -> bytes:
        stream = await client.get("/sim/events")
        await event(stream)
        await asyncio.wait_for(client.server.app.shutdown(), 5)
        rest: bytes = await asyncio.wait_for(stream.read(), 5)
        return rest

    assert with_client(build, talk).endswith(b"\n\n")


def test_more_pages_than_the_limit_are_turned_away_until_one_is_closed(
    with_client: Run, build: Any
) -> None:
    async def talk(client: Any) -> list[int]:
        streams = [await client.get("/sim/events") for _ in range(WATCHERS_MAX)]
        statuses = []
        async with client.get("/sim/events") as one_more:
            statuses.append(one_more.status)
            assert "close one" in (await one_more.json())["error"]["message"]
        streams.pop().close()
        for _ in range(500):
            again = await client.get("/sim/events")
            streams.append(again)
            if again.status == 200:
                break
            await asyncio.sleep(0.01)
        statuses.append(again.status)
        for stream in streams:
            stream.close()
        return statuses

    assert with_client(build, talk) == [503, 200]


def test_the_stream_is_not_for_pages_of_other_sites(with_client: Run, build: Any) -> None:
    async def talk(client: Any) -> int:
        headers = {"Origin": "http://elsewhere.example"}
        async with client.get("/sim/events", headers=headers) as reply:
            status: int = reply.status
            return status

    assert with_client(build, talk) == 403
