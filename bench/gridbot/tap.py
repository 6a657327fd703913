"""A wire between the daemon and the simulator that notes when bytes passed, both ways.

It knows sockets and a clock while it runs, and afterwards frames and requests by their text; it
refuses to change a byte, and to know what caused a request.
"""

import re
import socket
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_CHUNK_BYTES = 64 * 1024
_TICKER = re.compile(
    rb'\{"topic":"tickers\.(\w+)","type":"\w+","data":\{[^{}]*\},"cs":\d+,"ts":(\d+)\}'
)
_PLACED = re.compile(rb'"orderLinkId": ?"([\w-]+)"')
_PLACES = b"POST /v5/order/create "

Frame = tuple[str, int]
"""A ticker frame by its symbol and its time in ms."""


class Passed:
    """Everything that went one way on one connection, and when each part passed.

    Times are nanoseconds of this machine's monotonic clock.
    """

    __slots__ = ("_at_ns", "_ends", "_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._ends: list[int] = []
        self._at_ns: list[int] = []
        self._size = 0

    def note(self, part: bytes, at_ns: int) -> None:
        """One part passed."""
        self._size += len(part)
        self._parts.append(part)
        self._ends.append(self._size)
        self._at_ns.append(at_ns)

    @property
    def content(self) -> bytes:
        """All of it."""
        return b"".join(self._parts)

    def at_ns(self, offset: int) -> int:
        """When the byte at an offset passed."""
        return self._at_ns[bisect_right(self._ends, offset)]


class Tap:
    """Forwards every connection made to its own address to one other address.

    The way down is noted before the daemon can have it, the way up once it is here: the time
    between contains everything that happens in the daemon, and the machine's way to and from it.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._where = (parts.hostname, parts.port)
        self._down: list[Passed] = []
        self._up: list[Passed] = []
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @contextmanager
    def forwarding(self) -> Iterator[None]:
        """Forward as long as the block lasts."""
        threading.Thread(target=self._accept, name="tap", daemon=True).start()
        try:
            yield
        finally:
            self._listener.close()
            for one in self._sockets:
                one.close()

    def tickers(self) -> dict[Frame, int]:
        """When each ticker frame went down, in ns; of several with one time the first."""
        found: dict[Frame, int] = {}
        for passed in self._down:
            for match in _TICKER.finditer(passed.content):
                frame = (match[1].decode(), int(match[2]))
                found.setdefault(frame, passed.at_ns(match.start()))
        return found

    def placed(self) -> dict[str, int]:
        """When the last byte of each placement had come up, in ns, by wire id."""
        found: dict[str, int] = {}
        for passed in self._up:
            content = passed.content
            starts = [match.start() for match in re.finditer(re.escape(_PLACES), content)]
            for start in starts:
                name = _PLACED.search(content, start)
                assert name is not None, "every placement bears a wire id"
                found.setdefault(name[1].decode(), passed.at_ns(content.index(b"}", name.end())))
        return found

    def _accept(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._where)
                for one in (near, far):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._sockets.append(one)
                up, down = Passed(), Passed()
                self._up.append(up)
                self._down.append(down)
                for work in (
                    lambda near=near, far=far, up=up: _forward(near, far, up),
                    lambda near=near, far=far, down=down: _forward(far, near, down),
                ):
                    threading.Thread(target=work, name="tap-forward", daemon=True).start()


def _forward(source: socket.socket, target: socket.socket, passed: Passed) -> None:
    """Until either side ends; then both do."""
    with suppress(OSError):
        while part := source.recv(_CHUNK_BYTES):
            passed.note(part, time.monotonic_ns())
            target.sendall(part)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
