"""A scripted stream server on loopback, a consumer that remembers, and virtual time."""

import asyncio
import gc
import heapq
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from aiohttp import WSMessage, WSMsgType, web

from bybit_adapter.ws_client.clock import Moment
from bybit_adapter.ws_client.words import Connected, Fatal, Outage, Restored, Timing
from gridcore.clock import SECOND_US, Instant

PATIENCE_S = 20.0
"""Far beyond what anything here takes, so that a busy machine fails no test."""

MILLISECOND_US = 1_000


class Peer:
    """One connection as the server sees it."""

    def __init__(self, request: web.Request, line: web.WebSocketResponse) -> None:
        self.request = request
        self.line = line
        self.topics: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.pings = 0


class Venue:
    """A server of `/v5/public/linear` and `/v5/private` whose every answer can be set.

    Its loop runs on a thread of its own; the attributes are read at each frame.
    """

    def __init__(self) -> None:
        self.handshake_status: int | None = None
        self.authentication: str | None = ""
        """Text of a refusal; "" accepts; None answers nothing."""
        self.ahead_ms = 0
        """How far the server's clock is ahead; an expiry must lie in its future (bybit.md B.2)."""
        self.acknowledges = True
        self.echoes = True
        self.refused: set[str] = set()
        self.first_frames: dict[str, list[str]] = {}
        self.frozen = False
        self.peers: list[Peer] = []
        self.port = 0
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        self._call(self._set_up())

    def stop(self) -> None:
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def refuse(self) -> None:
        """Accepts no connection any more, and cuts those it has."""
        self._call(self._shut())

    def listen(self) -> None:
        """Accepts connections again, on the same port."""
        self._call(self._set_up())

    def push(self, text: str) -> None:
        """Sends a frame on the latest connection."""
        self._call(self.peers[-1].line.send_str(text))

    def close(self, code: int) -> None:
        """Sends a close frame on the latest connection."""
        self._call(self.peers[-1].line.close(code=code))

    def cut(self, *, reset: bool) -> None:
        """Ends the latest connection without a close frame."""
        self._call(self._cut(self.peers[-1], reset))

    def await_peers(self, count: int, ready: Callable[[Peer], bool] = lambda peer: True) -> Peer:
        """The `count`-th connection once it is there and `ready`."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: len(self.peers) >= count and ready(self.peers[count - 1]), PATIENCE_S
            )
        return self.peers[count - 1]

    async def _set_up(self) -> None:
        application = web.Application()
        application.router.add_get("/v5/public/linear", self._serve)
        application.router.add_get("/v5/private", self._serve)
        self._runner = web.AppRunner(application, shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _shut(self) -> None:
        for peer in self.peers:
            await self._cut(peer, reset=True)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _cut(self, peer: Peer, reset: bool) -> None:
        transport = peer.request.transport
        if transport is None:
            return
        if reset:
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.handshake_status is not None:
            return web.Response(status=self.handshake_status)
        line = web.WebSocketResponse(autoping=False, autoclose=True, timeout=0.01)
        await line.prepare(request)
        peer = Peer(request, line)
        self._note(lambda: self.peers.append(peer))
        async for frame in line:
            if not self.frozen:
                await self._answer(peer, frame)
        return line

    async def _answer(self, peer: Peer, frame: WSMessage) -> None:
        if frame.type is WSMsgType.PING:
            self._note(lambda: setattr(peer, "pings", peer.pings + 1))
            await peer.line.pong(frame.data)
            return
        if frame.type is not WSMsgType.TEXT:
            return
        words = json.loads(frame.data)
        self._note(lambda: peer.requests.append(words))
        if words["op"] == "ping":
            await peer.line.send_json({"success": True, "ret_msg": "pong", "op": "ping"})
        elif words["op"] == "auth" and self.authentication is not None:
            now_ms = time.time_ns() // 1_000_000 + self.ahead_ms
            refusal = "Params Error" if words["args"][1] <= now_ms else self.authentication
            answer = {"success": not refusal, "ret_msg": refusal, "op": "auth", "conn_id": "c"}
            await peer.line.send_json(answer)
        elif words["op"] == "subscribe":
            await self._subscribe(peer, words)

    async def _subscribe(self, peer: Peer, words: dict[str, Any]) -> None:
        refused = sorted(self.refused.intersection(words["args"]))
        answer = {
            "success": not refused,
            "ret_msg": f"error:handler not found,topic:{refused[0]}" if refused else "",
            "conn_id": "c",
            "req_id": words.get("req_id", "") if self.echoes else "",
            "op": "subscribe",
        }
        # As with real latency; at once, plain pybit dies of its own race (bybit.md C.4).
        await asyncio.sleep(0.01)
        if self.acknowledges:
            await peer.line.send_json(answer)
        if not refused:
            for topic in words["args"]:
                for text in self.first_frames.get(topic, []):
                    await peer.line.send_str(text)
            self._note(lambda: peer.topics.extend(words["args"]))

    def _note(self, change: Callable[[], object]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


class Consumer:
    """Keeps everything it is told, in order; `fails` makes it raise at frames that contain it."""

    def __init__(self) -> None:
        self.heard: list[str | Connected | Outage | Restored | Fatal] = []
        self.received_at: list[Instant] = []
        self.fails: str | None = None
        self._changed = threading.Condition()

    def on_frame(self, text: str, received_at: Instant) -> None:
        if self.fails is not None and self.fails in text:
            raise RuntimeError("the consumer cannot take this")
        self.received_at.append(received_at)
        self._note(text)

    def on_connected(self, connected: Connected) -> None:
        self._note(connected)

    def on_outage(self, outage: Outage) -> None:
        self._note(outage)

    def on_restored(self, restored: Restored) -> None:
        self._note(restored)

    def on_fatal(self, fatal: Fatal) -> None:
        self._note(fatal)

    def frames(self) -> list[str]:
        return [one for one in self.heard if isinstance(one, str)]

    def outages(self) -> list[Outage]:
        return [one for one in self.heard if isinstance(one, Outage)]

    def restored(self) -> list[Restored]:
        return [one for one in self.heard if isinstance(one, Restored)]

    def fatals(self) -> list[Fatal]:
        return [one for one in self.heard if isinstance(one, Fatal)]

    def wait(self, ready: Callable[["Consumer"], bool]) -> None:
        """Waits until `ready`, at most PATIENCE_S; `ready` may look at a client's state, too."""
        limit = time.monotonic() + PATIENCE_S
        with self._changed:
            while not ready(self):
                assert time.monotonic() < limit, self.heard
                self._changed.wait(0.01)

    def _note(self, what: str | Connected | Outage | Restored | Fatal) -> None:
        with self._changed:
            self.heard.append(what)
            self._changed.notify_all()


class VirtualClock:
    """Time that passes only where somebody waits for it, with an agenda of what happens when.

    `lead_us`: how far the exchange's clock is ahead; a test may let it jump.
    """

    def __init__(self, start: int) -> None:
        self._now = start
        self.lead_us = 0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._entries = 0

    def moment(self) -> Moment:
        return Moment(steady_us=self._now, exchange=Instant(self._now + self.lead_us))

    def ahead_us(self) -> int:
        return self.lead_us

    def after(self, delay_us: int, action: Callable[[], None]) -> None:
        """Lets `action` happen `delay_us` from now."""
        self._entries += 1
        heapq.heappush(self._agenda, (self._now + delay_us, self._entries, action))

    def take(self, inbox: SimpleQueue[Any], until_us: int) -> Any:
        while inbox.empty() and self._agenda and self._agenda[0][0] <= until_us:
            moment, _, action = heapq.heappop(self._agenda)
            self._now = max(self._now, moment)
            action()
        try:
            return inbox.get_nowait()
        except Empty:
            self._now = max(self._now, until_us)
            return None


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Lets the library's forgotten sockets be warned of here, where the tests ignore it.

    websocket-client never closes a socket whose connection was refused.
    """
    yield
    gc.collect()


@pytest.fixture
def venue() -> Iterator[Venue]:
    """A running server."""
    server = Venue()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def consumer() -> Consumer:
    """A consumer that remembers."""
    return Consumer()


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """Virtual time, from 2026-01-01 on."""
    return VirtualClock(1_767_225_600 * SECOND_US)


@pytest.fixture
def quick() -> Timing:
    """The limits of the supervision, about forty times as short as the real ones."""
    return Timing(
        ping_us=500 * MILLISECOND_US,
        pong_wait_us=400 * MILLISECOND_US,
        pong_age_us_max=1_000 * MILLISECOND_US,
        io_us=5 * SECOND_US,
        open_us=3 * SECOND_US,
        authentication_us=1_000 * MILLISECOND_US,
        acknowledgement_us=1_000 * MILLISECOND_US,
        exit_us=4 * SECOND_US,
        check_us=25 * MILLISECOND_US,
        backoff_us_min=25 * MILLISECOND_US,
        backoff_us_max=750 * MILLISECOND_US,
        stable_us=250 * MILLISECOND_US,
        banned_us=1_500 * MILLISECOND_US,
        silence_us=750 * MILLISECOND_US,
        silence_us_max=15 * SECOND_US,
    )
