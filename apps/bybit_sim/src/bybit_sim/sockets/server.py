"""The server: HTTP and sockets on one port, and the faults of whole connections and of itself.

It knows who is connected; it refuses to know markets and accounts.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count

from aiohttp import WSCloseCode, web

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.page.requests import RequestLog
from bybit_sim.sockets.connection import Connection
from bybit_sim.sockets.http_front import HttpFront
from bybit_sim.sockets.hub import Hub
from bybit_sim.sockets.listener import Listener
from bybit_sim.sockets.outgoing import Outgoing
from bybit_sim.sockets.session_private import PrivateSession
from bybit_sim.sockets.session_public import PublicSession
from bybit_sim.sockets.session_trade import TradeSession
from bybit_sim.sockets.wall_clock import WallClock
from bybit_sim.sockets.words import (
    Clocks,
    FindKey,
    OrderDesk,
    PublicSource,
    RequestDesk,
    Session,
    SocketKind,
)
from gridcore.clock import Instant

WATCH_S = 0.02
"""How often faults of connections and of the server are looked at."""

BODY_BYTES_MAX = 1024 * 1024
STOP_S_MAX = 1.0
STOP_POLL_S = 0.01

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketTimes:
    """How the sockets behave in time.

    `answer_delay_ms`: how long an answer takes; pybit needs a few ms, since it registers a
    subscription after sending it. `idle_s_max`: silence after which a connection is cut, looked at
    every `idle_scan_s` (bybit.md B.1).
    """

    answer_delay_ms: int = 5
    idle_s_max: float = 600
    idle_scan_s: float = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the server asks of the rest of the simulator."""

    desk: RequestDesk
    orders: OrderDesk
    topics: PublicSource
    find_key: FindKey
    market_us: Callable[[], int]
    after: Callable[[], None]
    """Called after every request that may have moved an account: sends what it has to tell."""


class SimServer:
    """HTTP and sockets on one port of the loopback interface."""

    def __init__(
        self,
        *,
        ports: Ports,
        hub: Hub,
        board: FaultBoard,
        log: RequestLog,
        wall: WallClock,
        port: int = 0,
        times: SocketTimes | None = None,
    ) -> None:
        self._ports = ports
        self._hub = hub
        self._board = board
        self._log = log
        self._wall = wall
        self._times = SocketTimes() if times is None else times
        self._open: dict[int, Connection] = {}
        self._serials = count(1)
        self._maintenance = False
        self._front = HttpFront(
            desk=ports.desk,
            board=board,
            log=log,
            find_key=ports.find_key,
            wall=wall,
            clocks=self.clocks,
            after=ports.after,
        )
        self.app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=[self._gate])
        self.app.router.add_get("/v5/public/linear", self._public)
        self.app.router.add_get("/v5/private", self._private)
        self.app.router.add_get("/v5/trade", self._trade)
        self.app.router.add_route("*", "/v5/{rest:.*}", self._front.handle)
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=STOP_S_MAX)
        self._listener = Listener(self._runner, port)
        self._watch: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port; known once started."""
        return self._listener.port

    def clocks(self) -> Clocks:
        """Both clocks of now, as the clients see them."""
        elapsed_ms = self._wall.elapsed_ms()
        skew_us = self._board.skew_ms(elapsed_ms) * 1000
        return Clocks(
            market=Instant(self._ports.market_us() + skew_us),
            wall_us=self._wall.now_us() + skew_us,
            elapsed_ms=elapsed_ms,
        )

    async def start(self) -> None:
        """Listen and serve; OSError when the port is taken."""
        await self._runner.setup()
        await self._listener.open()
        self._watch = asyncio.ensure_future(self._watching())

    async def stop(self) -> None:
        """End every connection and stop listening."""
        self._listener.shut()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        for connection in self.connections():
            connection.close(WSCloseCode.GOING_AWAY, "server stops")
        until_s = asyncio.get_running_loop().time() + STOP_S_MAX
        while self._some_may_answer() and asyncio.get_running_loop().time() < until_s:
            await asyncio.sleep(STOP_POLL_S)
        for connection in self.connections():
            connection.abandon()
        await self._runner.cleanup()

    def connections(self) -> tuple[Connection, ...]:
        """The open sockets, oldest first."""
        return tuple(self._open.values())

    def disconnect(self, kind: str | None, uid: int | None, fault: Fault) -> int:
        """Let a fault of whole sockets act at once on those of a kind and account; how many."""
        hit = [
            connection
            for connection in self.connections()
            if kind in (None, connection.kind.value) and uid in (None, connection.uid)
        ]
        for connection in hit:
            connection.act(fault)
        return len(hit)

    def _some_may_answer(self) -> bool:
        """Whether a close frame may still be answered."""
        return not all(one.half_open for one in self.connections())

    @web.middleware
    async def _gate(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Under maintenance everything of the exchange answers 503; our own pages still work."""
        if self._maintenance and request.path.startswith("/v5/"):
            return web.Response(status=503)
        return await handler(request)

    async def _public(self, request: web.Request) -> web.StreamResponse:
        serial = next(self._serials)
        session = PublicSession(_conn_id(serial), self._ports.topics, self._board)
        return await self._serve(request, serial, SocketKind.PUBLIC, session)

    async def _private(self, request: web.Request) -> web.StreamResponse:
        serial = next(self._serials)
        session = PrivateSession(
            _conn_id(serial), request.remote or "", self._ports.find_key, self._board
        )
        return await self._serve(request, serial, SocketKind.PRIVATE, session)

    async def _trade(self, request: web.Request) -> web.StreamResponse:
        serial = next(self._serials)
        session = TradeSession(
            _conn_id(serial),
            request.remote or "",
            self._ports.find_key,
            self._ports.orders,
            self._board,
            self._log,
        )
        return await self._serve(request, serial, SocketKind.TRADE, session)

    async def _serve(
        self, request: web.Request, serial: int, kind: SocketKind, session: Session
    ) -> web.StreamResponse:
        if not web.WebSocketResponse().can_prepare(request).ok:
            return web.Response(status=400, text="expected a WebSocket handshake")
        connection = Connection(
            serial=serial,
            kind=kind,
            session=session,
            outgoing=Outgoing(self._board, self._wall.elapsed_ms),
            hub=self._hub,
            source=self._ports.topics,
            clocks=self.clocks,
            after=self._ports.after,
            answer_delay_s=self._times.answer_delay_ms / 1000,
            idle_s_max=_active_time_s(request, kind) or self._times.idle_s_max,
        )
        self._open[serial] = connection
        try:
            return await connection.serve(request)
        finally:
            del self._open[serial]
            self._board.forget(serial)

    async def _watching(self) -> None:
        next_scan_ms = 0
        while True:
            now_ms = self._wall.elapsed_ms()
            await self._be_as_the_faults_say(now_ms)
            for connection in self.connections():
                fault = self._board.connection(
                    connection.kind.value, connection.uid, now_ms, connection.serial
                )
                if fault is not None:
                    connection.act(fault)
            if now_ms >= next_scan_ms:
                next_scan_ms = now_ms + int(self._times.idle_scan_s * 1000)
                for connection in self.connections():
                    connection.cut_when_idle(now_ms)
            await asyncio.sleep(WATCH_S)

    async def _be_as_the_faults_say(self, now_ms: int) -> None:
        kinds = {fault.kind for fault in self._board.whole(now_ms)}
        if WireFault.REFUSING in kinds:
            self._listener.shut()
        else:
            await self._listener.open()
        maintenance = WireFault.MAINTENANCE in kinds
        if maintenance and not self._maintenance:
            for connection in self.connections():
                connection.close(WSCloseCode.GOING_AWAY, "maintenance")
        self._maintenance = maintenance


def _conn_id(serial: int) -> str:
    return f"sim-{serial:08d}"


def _active_time_s(request: web.Request, kind: SocketKind) -> float | None:
    """`max_active_time` of private and trade sockets: 30s to 600s, or minutes (bybit.md B.1)."""
    match = re.fullmatch(r"(\d{1,4})([sm])", request.query.get("max_active_time", ""))
    if match is None or kind is SocketKind.PUBLIC:
        return None
    seconds = int(match[1]) * (60 if match[2] == "m" else 1)
    return float(seconds) if 30 <= seconds <= 600 else None
