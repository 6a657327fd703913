"""The words of the socket layer and the ports through which it reaches the rest. It does nothing.

The ports are Protocols, so that the sockets can be tried without an exchange behind them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bybit_sim.exchange.words import ApiKey, PublicFrame, Row
from bybit_sim.rest.words import Answer, HttpReply, HttpRequest
from gridcore.clock import Instant


class SocketKind(StrEnum):
    """The three kinds of sockets, by the name that faults use for them."""

    PUBLIC = "public"
    PRIVATE = "private"
    TRADE = "trade"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """A key and the account that it belongs to."""

    uid: int
    key: ApiKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The two clocks of the server at one moment, in microseconds: market time and its own.

    Both carry the skew of CLOCK_SKEWED. `elapsed_ms`: since the simulator began, never skewed.
    """

    market: Instant
    wall_us: int
    elapsed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What one message of a client comes to: answers first, then changes of its subscriptions.

    `later` is called after `later_ms` for what else there is; `reset`: the connection ends at once.
    """

    replies: tuple[bytes, ...] = ()
    subscribed: tuple[str, ...] = ()
    unsubscribed: tuple[str, ...] = ()
    later_ms: int = 0
    later: "Callable[[Clocks], Handled] | None" = None
    reset: bool = False


class Session(Protocol):
    """What a connection asks of the protocol's state machine of its kind."""

    @property
    def uid(self) -> int | None:
        """The account, once the client has shown who it is."""

    def receive(self, text: str, clocks: Clocks) -> Handled:
        """Take one message of the client."""


class PublicSource(Protocol):
    """Where a fresh subscriber's first frames come from."""

    def snapshot_frames(self, topic: str) -> Sequence[PublicFrame] | None:
        """The frames that a new subscriber of `topic` gets first; None: there is no such topic."""


class RequestDesk(Protocol):
    """Where HTTP requests are answered."""

    def handle(self, request: HttpRequest, *, stale_us: int = 0, skew_us: int = 0) -> HttpReply:
        """Answer one request.

        Listings are as they were `stale_us` ago; `skew_us` is added to both clocks of the server.
        """


FindKey = Callable[[str], KeyHolder | None]
"""Looks up who holds a key."""


class OrderDesk(Protocol):
    """Where the operations of the trade socket are carried out."""

    def knows(self, op: str) -> bool:
        """Whether there is such an operation."""

    def act(
        self, holder: KeyHolder, op: str, body: Row, clocks: Clocks
    ) -> tuple[Answer, Mapping[str, str]]:
        """Carry out one operation; gives the answer and the headers of the rate limit."""
