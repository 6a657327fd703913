"""The bounded queue of frames to one client, and the loop that writes them.

It knows order and limits; it refuses to know what a frame says.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from bybit_sim.faults.board import FaultBoard
from bybit_sim.sockets.faulty_line import FaultyLine

FRAMES_MAX = 10_000
BYTES_MAX = 64 * 1024 * 1024


class Wire(Protocol):
    """What carries frames to the client; both raise ConnectionError when it is gone."""

    async def send(self, body: bytes) -> None:
        """Write one text frame."""

    async def ping(self, payload: bytes) -> None:
        """Write one protocol ping."""


class Outgoing:
    """Frames for one connection. `uid` is set once the client is known.

    A client that does not read fast enough overflows: nothing more is queued, `given_up` returns,
    and `run` ends, unless it waits for the wire: whoever holds that has to end it.
    `silence` makes the connection half-open: frames are accepted and never written.
    """

    def __init__(
        self,
        board: FaultBoard,
        elapsed_ms: Callable[[], int],
        *,
        frames_max: int = FRAMES_MAX,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self.uid: int | None = None
        self.offered_ms = 0
        """When a data frame was last queued, in ms since the simulator began."""
        self.silent = False
        self._too_slow = asyncio.Event()
        self._line = FaultyLine(board)
        self._elapsed_ms = elapsed_ms
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._frames_max = frames_max
        self._bytes_max = bytes_max
        self._news = asyncio.Event()
        self._written = asyncio.Event()
        self._written.set()
        self._ended = False
        self._unproven = False
        self._pings = 0
        self._ping_wanted = False
        self._proof: asyncio.Event = asyncio.Event()

    def tell(self, body: bytes) -> None:
        """Queue an answer or an acknowledgement: frame faults do not touch it."""
        self._queue(body)

    def offer(self, topic: str, body: bytes) -> None:
        """Queue a data frame, subject to the faults of frames."""
        self.offered_ms = self._elapsed_ms()
        for frame in self._line.put(topic, body, self.uid, self.offered_ms):
            self._queue(frame)
        if self._line.next_due_ms() is not None:
            self._news.set()

    def silence(self) -> None:
        """Write nothing any more, for ever."""
        self.silent = True
        self._drop()

    def end(self) -> None:
        """Let `run` return once what is queued is written."""
        self._ended = True
        self._news.set()

    def give_up(self) -> None:
        """Treat the client as too slow, whatever is queued."""
        self._too_slow.set()
        self._drop()

    async def given_up(self) -> None:
        """Return when the client turned out to be too slow."""
        await self._too_slow.wait()

    @property
    def overflowed(self) -> bool:
        """Whether the client was too slow."""
        return self._too_slow.is_set()

    @property
    def waiting(self) -> int:
        """Frames that are not written yet."""
        return len(self._frames) + (0 if self._written.is_set() else 1)

    async def drained(self) -> None:
        """Return when everything queued has been handed to the operating system."""
        await self._written.wait()

    async def proven(self) -> None:
        """Return when the client has read everything: it has answered a ping sent after it."""
        await self._written.wait()
        if not self._unproven:
            return
        self._proof.clear()
        self._ping_wanted = True
        self._news.set()
        await self._proof.wait()

    def pong(self, payload: bytes) -> None:
        """The client answered a ping; only the newest one proves that it has read all."""
        if payload == _ping_payload(self._pings) and not self._frames and self._written.is_set():
            self._unproven = False
            self._proof.set()

    async def run(self, wire: Wire) -> None:
        """Write frames as they come, until `end`, an overflow, or ConnectionError of the wire."""
        try:
            while not self.overflowed:
                for frame in self._line.due(self._elapsed_ms()):
                    self._queue(frame)
                if self._frames:
                    frame = self._frames.popleft()
                    self._bytes -= len(frame)
                    await wire.send(frame)
                    continue
                self._written.set()
                if self._ping_wanted and not self.silent:
                    self._ping_wanted = False
                    self._pings += 1
                    await wire.ping(_ping_payload(self._pings))
                    continue
                if self._ended:
                    return
                await self._wait()
        finally:
            self._ended = True
            self._drop()

    async def _wait(self) -> None:
        self._news.clear()
        due = self._line.next_due_ms()
        if due is None:
            await self._news.wait()
            return
        delay_s = max(due - self._elapsed_ms(), 1) / 1000
        try:
            await asyncio.wait_for(self._news.wait(), delay_s)
        except TimeoutError:
            return

    def _queue(self, body: bytes) -> None:
        if self.silent or self.overflowed or self._ended:
            return
        if len(self._frames) >= self._frames_max or self._bytes + len(body) > self._bytes_max:
            self.give_up()
            return
        self._frames.append(body)
        self._bytes += len(body)
        self._unproven = True
        self._written.clear()
        self._news.set()

    def _drop(self) -> None:
        """Nothing is owed to this client any more; whoever waits for it goes on."""
        self._frames.clear()
        self._bytes = 0
        self._unproven = False
        self._written.set()
        self._proof.set()
        self._news.set()


def _ping_payload(number: int) -> bytes:
    return b"read-%d" % number
