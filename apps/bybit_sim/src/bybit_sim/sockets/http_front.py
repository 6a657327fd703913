"""HTTP requests on their way to the desk and back, with the faults of requests.

It knows delays, lost replies and resets; what a request means is the desk's.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter_ns

import orjson
from aiohttp import web

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.page.requests import RequestLog
from bybit_sim.rest.words import HttpReply, HttpRequest
from bybit_sim.sockets.transport_ends import end_of_file, reset
from bybit_sim.sockets.wall_clock import WallClock
from bybit_sim.sockets.words import Clocks, FindKey, RequestDesk

GONE_POLL_S = 0.05
MAINTENANCE_REPLY = HttpReply(status=503, body=b"")
_NEVER_ACTS = frozenset(
    {
        WireFault.REQUEST_LOST,
        WireFault.HTTP_STATUS,
        WireFault.RET_CODE,
        WireFault.CONNECTION_RESET,
    }
)


class HttpFront:
    """Takes the requests below /v5/ that are no sockets."""

    def __init__(
        self,
        *,
        desk: RequestDesk,
        board: FaultBoard,
        log: RequestLog,
        find_key: FindKey,
        wall: WallClock,
        clocks: Callable[[], Clocks],
        after: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._board = board
        self._log = log
        self._find_key = find_key
        self._wall = wall
        self._clocks = clocks
        self._after = after

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, or let it suffer its fault."""
        began_ns = perf_counter_ns()
        at_ms = self._wall.elapsed_ms()
        path, _, query = request.raw_path.partition("?")
        body = await request.read()
        holder = self._find_key(request.headers.get("X-BAPI-API-KEY", ""))
        uid = None if holder is None else holder.uid
        fault = self._board.request(path, uid, at_ms)
        if fault is not None and fault.kind is WireFault.REQUEST_DELAYED:
            await asyncio.sleep(fault.amount / 1000)
        reply = None
        if fault is None or fault.kind not in _NEVER_ACTS:
            reply = self._ask(request, path, query, body, fault)
        reply = await self._suffer(request, fault, reply)
        self._log.note(
            at_ms=at_ms,
            method=request.method,
            path=path,
            query=query,
            uid=uid,
            status=None if reply is None else reply.status,
            code=_ret_code(reply),
            took_us=(perf_counter_ns() - began_ns) // 1000,
            fault="" if fault is None else fault.kind.value,
        )
        if reply is None:
            # The transport is gone: what is returned here reaches nobody.
            return web.Response(status=500)
        return _response(reply)

    def _ask(
        self, request: web.Request, path: str, query: str, body: bytes, fault: Fault | None
    ) -> HttpReply:
        is_stale = fault is not None and fault.kind is WireFault.ANSWER_STALE
        reply = self._desk.handle(
            HttpRequest(
                method=request.method,
                path=path,
                query=query,
                body=body,
                headers={name.lower(): value for name, value in request.headers.items()},
                address=request.remote or "",
                wall_us=self._wall.now_us(),
            ),
            stale_us=fault.amount * 1000 if fault is not None and is_stale else 0,
            skew_us=self._board.skew_ms(self._wall.elapsed_ms()) * 1000,
        )
        self._after()
        return reply

    async def _suffer(
        self, request: web.Request, fault: Fault | None, reply: HttpReply | None
    ) -> HttpReply | None:
        """What goes out in the end; None when the connection is ended without a reply."""
        if fault is None:
            return reply
        match fault.kind:
            case WireFault.REQUEST_LOST | WireFault.REPLY_LOST:
                await _hang(request, fault.amount)
                end_of_file(request.transport)
                return None
            case WireFault.CONNECTION_RESET:
                reset(request.transport)
                return None
            case WireFault.REPLY_DELAYED:
                await asyncio.sleep(fault.amount / 1000)
                return reply
            case WireFault.HTTP_STATUS:
                return HttpReply(status=fault.amount, body=fault.detail.encode())
            case WireFault.RET_CODE | WireFault.RET_CODE_AFTER:
                return self._envelope(fault)
            case _:
                return reply

    def _envelope(self, fault: Fault) -> HttpReply:
        body = {
            "retCode": fault.amount,
            "retMsg": fault.detail or "Server Timeout",
            "result": {},
            "retExtInfo": {},
            "time": self._clocks().market // 1000,
        }
        return HttpReply(status=200, body=orjson.dumps(body))


async def _hang(request: web.Request, hang_ms: int) -> None:
    """Hold the connection for so long (0: for ever), or until the client hangs up."""
    left_s = hang_ms / 1000 if hang_ms else float("inf")
    while left_s > 0 and request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(min(left_s, GONE_POLL_S))
        left_s -= GONE_POLL_S


def _ret_code(reply: HttpReply | None) -> int | None:
    if reply is None or not reply.body.startswith(b"{"):
        return None
    code = orjson.loads(reply.body).get("retCode")
    return code if isinstance(code, int) else None


def _response(reply: HttpReply) -> web.Response:
    kind = "application/json" if reply.body.startswith(b"{") else "text/html"
    headers = {"Content-Type": f"{kind}; charset=utf-8", **reply.headers}
    return web.Response(status=reply.status, body=reply.body, headers=headers)
