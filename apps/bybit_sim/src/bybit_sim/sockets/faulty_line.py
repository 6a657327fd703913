"""Applies the faults of frames to the data frames of one connection. It refuses to know sockets.

Time is an argument: milliseconds since the simulator began.
"""

from heapq import heappop, heappush

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import WireFault
from bybit_sim.sockets.mangling import mangled


class FaultyLine:
    """Frames go in, and come out late, twice, in another order, spoilt or not at all."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board
        self._late: list[tuple[int, int, bytes]] = []
        self._held: list[tuple[int, bytes]] = []
        self._delayed = 0
        self._mangled = 0

    def put(self, topic: str, body: bytes, uid: int | None, at_ms: int) -> list[bytes]:
        """The frames to send now that this one has come; a delayed one is not among them."""
        faults = self._board.frame(topic, uid, at_ms)
        if not faults and not self._held:
            return [body]
        by_kind = {fault.kind: fault for fault in faults}
        if WireFault.FRAME_LOST in by_kind:
            return []
        if WireFault.FRAME_MANGLED in by_kind:
            body = mangled(body, self._mangled)
            self._mangled += 1
        copies = [body, body] if WireFault.FRAME_REPEATED in by_kind else [body]
        delay = by_kind.get(WireFault.FRAME_DELAYED)
        if delay is not None:
            for copy in copies:
                self._delayed += 1
                heappush(self._late, (at_ms + delay.amount, self._delayed, copy))
            return []
        reorder = by_kind.get(WireFault.FRAME_REORDERED)
        if reorder is not None and not self._held:
            # While one is held back the others pass it: held as well they would never come.
            self._held += [(max(reorder.amount, 1), copy) for copy in copies]
            return []
        return copies + self._overtaken(len(copies))

    def due(self, at_ms: int) -> list[bytes]:
        """The delayed frames whose time has come."""
        out: list[bytes] = []
        while self._late and self._late[0][0] <= at_ms:
            out.append(heappop(self._late)[2])
            out += self._overtaken(1)
        return out

    def next_due_ms(self) -> int | None:
        """When the next delayed frame is to go; None when there is none."""
        return self._late[0][0] if self._late else None

    def _overtaken(self, passed: int) -> list[bytes]:
        """The held frames that enough others have overtaken."""
        waiting = [(left - passed, body) for left, body in self._held]
        self._held = [(left, body) for left, body in waiting if left > 0]
        return [body for left, body in waiting if left <= 0]
