"""The ways to end a TCP connection that are not polite. It knows transports only."""

import asyncio
import socket
import struct

_NO_LINGER = struct.pack("ii", 1, 0)


def reset(transport: asyncio.BaseTransport | None) -> None:
    """End the connection with RST, so that the peer sees "connection reset"."""
    if not isinstance(transport, asyncio.WriteTransport):
        return
    raw = transport.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def end_of_file(transport: asyncio.BaseTransport | None) -> None:
    """End the connection with FIN and nothing said."""
    if transport is not None:
        transport.close()
