"""Faults of the wire as plain values. It refuses to act."""

from dataclasses import dataclass
from enum import StrEnum


class WireFault(StrEnum):
    """What can go wrong between a client and the exchange."""

    # HTTP requests
    REQUEST_LOST = "request_lost"
    """Never acts; the connection hangs for `amount` ms (0: for ever), then closes."""
    REPLY_LOST = "reply_lost"
    """Acts, then the connection hangs for `amount` ms and closes without a reply."""
    REPLY_DELAYED = "reply_delayed"
    REQUEST_DELAYED = "request_delayed"
    HTTP_STATUS = "http_status"
    """Answers the HTTP status `amount` without acting."""
    RET_CODE = "ret_code"
    """Answers the retCode `amount` without acting; `detail` is its text."""
    RET_CODE_AFTER = "ret_code_after"
    """Acts, then answers the retCode `amount` (10000, 10016) as if it did not know."""
    CONNECTION_RESET = "connection_reset"
    """Resets the TCP connection before acting."""
    ANSWER_STALE = "answer_stale"
    """Listings are as they were `amount` ms ago (at most 1900)."""
    # Frames of sockets
    FRAME_LOST = "frame_lost"
    FRAME_DELAYED = "frame_delayed"
    FRAME_REPEATED = "frame_repeated"
    FRAME_REORDERED = "frame_reordered"
    """Held back until `amount` further frames of its connection have gone (at least 1)."""
    FRAME_MANGLED = "frame_mangled"
    """One element of the frame loses a field or gets a text that is no number."""
    # Whole connections of sockets
    SOCKET_HALF_OPEN = "socket_half_open"
    """Nothing is sent and nothing answered any more, not even pings; the TCP connection stays."""
    SOCKET_RESET = "socket_reset"
    SOCKET_EOF = "socket_eof"
    SOCKET_CLOSED = "socket_closed"
    """A close frame with the code `amount`."""
    ACK_REFUSED = "ack_refused"
    """Subscriptions are answered with success false."""
    AUTH_REFUSED = "auth_refused"
    # The whole server
    REFUSING = "refusing"
    """No connection is accepted, open ones stay."""
    MAINTENANCE = "maintenance"
    """Sockets are closed with 1001, every request and handshake gets HTTP 503."""
    CLOCK_SKEWED = "clock_skewed"
    """The server's clock is `amount` ms ahead (below 0: behind)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: it acts in [from_ms, until_ms) of milliseconds since the simulator began.

    `target`: a glob on the path ("/v5/order/*") or the topic ("execution*"), or on the socket's
    kind ("private", "public", "trade") for whole connections; "*" is everything. `uid` None: every
    account. `chance` per mille of what matches is hit. `count`: how often at most; None: no limit.
    """

    kind: WireFault
    from_ms: int
    until_ms: int
    target: str = "*"
    uid: int | None = None
    chance: int = 1000
    amount: int = 0
    detail: str = ""
    count: int | None = None
