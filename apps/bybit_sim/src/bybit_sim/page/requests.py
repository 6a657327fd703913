"""The last requests with what they came to. It refuses to know secrets: no header, no body."""

from collections import deque
from dataclasses import dataclass

REQUESTS_KEPT = 200
QUERY_KEPT = 300
"""Characters of a query that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRequest:
    """One request, or one operation of a trade socket.

    `at_ms`: wall clock since the simulator began; `code`: the retCode, None without a JSON reply;
    `status`: the HTTP status, None when no reply went out; `fault`: the kind that befell it, or "".
    """

    serial: int
    at_ms: int
    method: str
    path: str
    query: str
    uid: int | None
    status: int | None
    code: int | None
    took_us: int
    fault: str


class RequestLog:
    """A ring of the last requests; `serial` counts all of them, from 1 on."""

    def __init__(self, kept: int = REQUESTS_KEPT) -> None:
        self._ring: deque[SeenRequest] = deque(maxlen=kept)
        self.count = 0

    def note(
        self,
        *,
        at_ms: int,
        method: str,
        path: str,
        query: str,
        uid: int | None,
        status: int | None,
        code: int | None,
        took_us: int,
        fault: str = "",
    ) -> None:
        """Keeps one request; the oldest one goes when the ring is full."""
        self.count += 1
        self._ring.append(
            SeenRequest(
                serial=self.count,
                at_ms=at_ms,
                method=method,
                path=path,
                query=query[:QUERY_KEPT],
                uid=uid,
                status=status,
                code=code,
                took_us=took_us,
                fault=fault,
            )
        )

    def since(self, serial: int) -> tuple[SeenRequest, ...]:
        """What came after the request `serial` (0: all that is kept), oldest first."""
        return tuple(request for request in self._ring if request.serial > serial)
