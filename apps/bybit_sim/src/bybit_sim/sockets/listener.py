"""The listening socket: it can refuse everybody for a while and come back on the same port.

It knows one port of the loopback interface; what connections do is the server's.
"""

import asyncio

from aiohttp import web

HOST = "127.0.0.1"


class Listener:
    """Accepts connections for an aiohttp runner. Port 0 takes a free one, and keeps it."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        self._runner = runner
        self._server: asyncio.Server | None = None
        self.port = port

    async def open(self) -> None:
        """Begin to accept; OSError when the port is taken."""
        if self._server is not None:
            return
        factory = self._runner.server
        assert factory is not None, "the runner is set up before it listens"
        self._server = await asyncio.get_running_loop().create_server(
            factory, HOST, self.port, reuse_address=True, backlog=512
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Refuse new connections; open ones stay."""
        if self._server is not None:
            self._server.close()
            self._server = None
