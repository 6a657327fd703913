"""What stands between a daemon and its simulator passes on, holds and rewrites."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from aiohttp import web
from aiohttp.test_utils import unused_port
from websocket import WebSocketTimeoutException, create_connection

from bench.gridbot.middleman import HOST, Middleman, middleman


async def told(request: web.Request) -> web.Response:
    """What came, told back."""
    body = await request.text()
    return web.json_response(
        {"path": request.path_qs, "key": request.headers.get("X-BAPI-API-KEY"), "body": body},
        headers={"X-Bapi-Limit": "10"},
    )


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


@contextmanager
def exchange() -> Iterator[str]:
    """An exchange that tells back what it was told."""
    port, over, listening = unused_port(), threading.Event(), threading.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/v5/private", echo)
        app.router.add_get("/v5/public/linear", echo)
        app.router.add_route("*", "/{rest:.*}", told)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, HOST, port).start()
        listening.set()
        await asyncio.to_thread(over.wait)
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    listening.wait()
    try:
        yield f"http://{HOST}:{port}"
    finally:
        over.set()
        thread.join()


@pytest.fixture
def between() -> Iterator[Middleman]:
    """A middleman before that exchange."""
    with exchange() as upstream, middleman(upstream) as one:
        yield one


def said_back(between: Middleman, path: str, text: str) -> str:
    """What comes back over a socket."""
    socket = create_connection(between.url.replace("http", "ws") + path, timeout=10)
    try:
        socket.send(text)
        return str(socket.recv())
    finally:
        socket.close()


def test_a_request_and_its_answer_pass_with_their_headers(between: Middleman) -> None:
    answer = requests.post(
        f"{between.url}/v5/order/create?a=1&b=%20",
        data="what",
        headers={"X-BAPI-API-KEY": "k"},
        timeout=10,
    )

    assert answer.json() == {"path": "/v5/order/create?a=1&b=%20", "key": "k", "body": "what"}
    assert answer.headers["X-Bapi-Limit"] == "10"


def test_only_frames_of_private_streams_are_rewritten(between: Middleman) -> None:
    between.rewrite = lambda text: json.dumps({"was": text})

    assert json.loads(said_back(between, "/v5/private", "frame")) == {"was": "frame"}
    assert said_back(between, "/v5/public/linear", "frame") == "frame"


def test_a_private_handshake_that_is_held_is_never_answered(between: Middleman) -> None:
    between.holds_handshakes = True

    with pytest.raises((WebSocketTimeoutException, TimeoutError)):
        create_connection(between.url.replace("http", "ws") + "/v5/private", timeout=0.3)

    assert between.held == 1
    assert said_back(between, "/v5/public/linear", "frame") == "frame"


def test_who_cannot_reach_the_exchange_is_cut() -> None:
    with (
        middleman(f"http://{HOST}:{unused_port()}") as alone,
        pytest.raises(requests.ConnectionError),
    ):
        requests.get(f"{alone.url}/v5/market/time", timeout=10)
