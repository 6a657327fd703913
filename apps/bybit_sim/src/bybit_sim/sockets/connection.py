"""One socket: reads a client's messages for its session, and ends when it must.

It knows frames of the WebSocket protocol; what the messages mean is the session's.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.sockets.hub import Hub
from bybit_sim.sockets.outgoing import Outgoing
from bybit_sim.sockets.transport_ends import end_of_file, reset
from bybit_sim.sockets.words import Clocks, Handled, PublicSource, Session, SocketKind

GONE_POLL_S = 0.05
"""How often a half-open connection looks whether the client has given up."""

REASON_BYTES_MAX = 123
"""What a close frame holds beside its code (RFC 6455, 5.5)."""

CLOSE_S_MAX = 1.0
"""How long a closing handshake may take."""


class WebSocketWire:
    """Writes text frames and pings to one aiohttp socket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def send(self, body: bytes) -> None:
        """Write one text frame."""
        await self._socket.send_frame(body, WSMsgType.TEXT)

    async def ping(self, payload: bytes) -> None:
        """Write one protocol ping."""
        await self._socket.ping(payload)


class Connection:
    """One open socket of a kind, with its session, its queue and its end."""

    def __init__(
        self,
        *,
        serial: int,
        kind: SocketKind,
        session: Session,
        outgoing: Outgoing,
        hub: Hub,
        source: PublicSource,
        clocks: Callable[[], Clocks],
        after: Callable[[], None],
        answer_delay_s: float,
        idle_s_max: float,
    ) -> None:
        self.serial = serial
        self.kind = kind
        self._session = session
        self._outgoing = outgoing
        self._hub = hub
        self._source = source
        self._clocks = clocks
        self._answer_delay_s = answer_delay_s
        self._idle_ms_max = idle_s_max * 1000
        self._after = after
        self._socket = web.WebSocketResponse(
            autoping=False, autoclose=False, compress=False, timeout=CLOSE_S_MAX
        )
        self._transport: asyncio.Transport | None = None
        self._heard_ms = 0
        self._closings: set[asyncio.Task[bool]] = set()

    @property
    def uid(self) -> int | None:
        """The account, once the client has shown who it is."""
        return self._session.uid

    @property
    def half_open(self) -> bool:
        """Whether it is silent for ever."""
        return self._outgoing.silent

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Answer the handshake and serve the socket until one side ends it."""
        await self._socket.prepare(request)
        self._transport = request.transport
        self._heard_ms = self._clocks().elapsed_ms
        writing = asyncio.ensure_future(self._write())
        cutting = asyncio.ensure_future(self._cut_when_too_slow())
        try:
            await self._read()
        finally:
            cutting.cancel()
            self._hub.forget(self._outgoing)
            self._outgoing.end()
            self._outgoing.silence()
            await writing
            await asyncio.gather(*self._closings)
        return self._socket

    def act(self, fault: Fault) -> None:
        """Let a fault of whole connections act now."""
        match fault.kind:
            case WireFault.SOCKET_HALF_OPEN:
                self._outgoing.silence()
            case WireFault.SOCKET_RESET:
                reset(self._transport)
            case WireFault.SOCKET_EOF:
                end_of_file(self._transport)
            case WireFault.SOCKET_CLOSED:
                self.close(fault.amount or WSCloseCode.OK, fault.detail)
            case other:
                raise ValueError(f"expected a fault of a whole socket, found {other.value}")

    def close(self, code: int, reason: str = "") -> None:
        """Begin the closing handshake; a half-open connection stays as it is."""
        if self._outgoing.silent:
            return
        told = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore").encode()
        closing = asyncio.ensure_future(self._socket.close(code=code, message=told))
        self._closings.add(closing)
        closing.add_done_callback(self._closings.discard)

    def cut_when_idle(self, elapsed_ms: int) -> None:
        """End the connection when neither side said anything for too long (bybit.md B.1)."""
        active_ms = max(self._heard_ms, self._outgoing.offered_ms)
        if not self._outgoing.silent and elapsed_ms - active_ms > self._idle_ms_max:
            self.close(WSCloseCode.OK, "idle")

    def abandon(self) -> None:
        """End the connection without a word: the server stops."""
        reset(self._transport)

    async def _write(self) -> None:
        try:
            await self._outgoing.run(WebSocketWire(self._socket))
        except ConnectionError:
            return

    async def _cut_when_too_slow(self) -> None:
        """A writer that waits for the client would never see that it was given up."""
        await self._outgoing.given_up()
        reset(self._transport)

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            if self._outgoing.silent:
                await self._until_gone(message)
                if message.type in _ENDS:
                    return
                continue
            self._heard_ms = self._clocks().elapsed_ms
            if message.type in _ENDS:
                await self._answer_end(message)
                return
            handler = self._handlers().get(message.type)
            if handler is not None:
                try:
                    await handler(message)
                except ConnectionError:
                    return

    def _handlers(self) -> dict[WSMsgType, Callable[[WSMessage], Awaitable[None]]]:
        return {
            WSMsgType.TEXT: self._on_text,
            WSMsgType.PING: self._on_ping,
            WSMsgType.PONG: self._on_pong,
        }

    async def _on_ping(self, message: WSMessage) -> None:
        await self._socket.pong(message.data)

    async def _on_pong(self, message: WSMessage) -> None:
        self._outgoing.pong(bytes(message.data))

    async def _on_text(self, message: WSMessage) -> None:
        """Answer after a moment, as a distant server does: pybit registers after it has sent."""
        if self._answer_delay_s:
            await asyncio.sleep(self._answer_delay_s)
        self._take(self._session.receive(message.data, self._clocks()))

    def _take(self, handled: Handled) -> None:
        self._outgoing.uid = self._session.uid
        for reply in handled.replies:
            self._outgoing.tell(reply)
        self._change_subscriptions(handled.subscribed, handled.unsubscribed)
        self._after()
        if handled.later is not None:
            # Bound by the loop, not by this task: what was sent is acted on if the client is gone.
            asyncio.get_running_loop().call_later(
                handled.later_ms / 1000, self._take_later, handled.later
            )
        if handled.reset:
            reset(self._transport)

    def _take_later(self, later: Callable[[Clocks], Handled]) -> None:
        self._take(later(self._clocks()))

    def _change_subscriptions(
        self, subscribed: tuple[str, ...], unsubscribed: tuple[str, ...]
    ) -> None:
        uid = self._session.uid
        for topic in unsubscribed:
            if uid is None:
                self._hub.unsubscribe(topic, self._outgoing)
            else:
                self._hub.unsubscribe_private(uid, topic, self._outgoing)
        for topic in subscribed:
            if uid is not None:
                self._hub.subscribe_private(uid, topic, self._outgoing)
                continue
            self._hub.subscribe(topic, self._outgoing)
            for frame in self._source.snapshot_frames(topic) or ():
                self._outgoing.offer(frame.topic, frame.body)

    async def _answer_end(self, message: WSMessage) -> None:
        if message.type is WSMsgType.CLOSE:
            await self._socket.close()

    async def _until_gone(self, message: WSMessage) -> None:
        """After the client's close frame, hold the TCP connection open until it hangs up."""
        if message.type is not WSMsgType.CLOSE:
            return
        while self._transport is not None and not self._transport.is_closing():
            await asyncio.sleep(GONE_POLL_S)


_ENDS = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})
