"""The local pages: what they show, and a port that is taken."""

import asyncio
import json
import urllib.error
import urllib.request
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from appkit.beside import beside
from appkit.exits import UserError
from event_saver.status import Status, status_of
from event_saver.surface import served
from event_saver.watermarks import Settling
from grid_db.words import Environment
from gridcore.clock import Instant


def status(ready: bool = True) -> Status:
    return status_of(
        now=Instant(7),
        environment=Environment.SIM,
        database="sqlite:///r.db",
        ready=ready,
        down=(),
        streams=(),
        keeper=None,
    )


def pages(port: int = 0, well: bool = True) -> AbstractAsyncContextManager[int]:
    return served(
        port,
        settling=lambda: Settling(handled_through_us=42, in_flight=3),
        ready=lambda: False,
        status=lambda: status(well),
    )


def got(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def content_type(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        return str(answer.headers["Content-Type"])


async def page(path: str, well: bool = True) -> str:
    async with pages(well=well) as port:
        return await beside("client", lambda: got(port, path))


def test_the_settling_surface_says_how_far_everything_is_committed() -> None:
    found: Any = json.loads(asyncio.run(page("settle")))

    assert found == {"handled_through_us": 42, "in_flight": 3, "ready": False}


def test_the_status_and_the_metrics_have_pages() -> None:
    assert json.loads(asyncio.run(page("status"))) == status().as_json()
    assert "event_saver_ready 1.0" in asyncio.run(page("metrics"))


def test_a_watchdog_is_told_by_the_answer_s_code_whether_everything_works() -> None:
    assert asyncio.run(page("health")) == "healthy\n"

    with pytest.raises(urllib.error.HTTPError) as refused:
        asyncio.run(page("health", well=False))

    with refused.value as answer:
        assert answer.code == 503
        assert answer.read() == b"not healthy; /status says why\n"


def test_the_first_page_names_the_others_and_each_is_there() -> None:
    named = [line.split()[0] for line in asyncio.run(page("")).splitlines()]

    assert named == ["/health", "/status", "/metrics", "/settle"]
    assert all(asyncio.run(page(one[1:])) for one in named)


def test_prometheus_is_told_the_format_of_its_page() -> None:
    async def kind() -> str:
        async with pages() as port:
            return await beside("client", lambda: content_type(port))

    assert asyncio.run(kind()) == "text/plain; version=0.0.4; charset=utf-8"


def test_a_port_that_is_taken_is_refused_with_what_to_do() -> None:
    async def twice() -> None:
        async with pages() as port, pages(port):
            pass

    with pytest.raises(UserError, match="cannot listen on") as refused:
        asyncio.run(twice())

    assert refused.value.hint == "choose another port with --port, or 0 for a free one"
