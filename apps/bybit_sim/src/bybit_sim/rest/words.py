"""An HTTP request and its reply as plain values. It refuses to know sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bybit_sim.exchange.words import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request as it came: `query` and `body` are the raw texts that the signature covers.

    Header names in lower case. `wall_us`: the server's own clock, microseconds since the epoch.
    """

    method: str
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str]
    address: str
    wall_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """One reply; `body` is JSON unless the status is 4xx or 5xx without one."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call comes to: the four parts of Bybit's envelope without the time."""

    code: int
    text: str
    result: Row
    extra: Row
