"""What the parts of the daemon say to each other: ports, the stop token, how far all is handled.

It refuses to know who implements a port.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.message import message
from gridcore.session.effects import Effects, Request


class Observer(Protocol):
    """Looks on: metrics, logs, alerts, rows of grid states."""

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        """Takes note of one handled event, after its requests went out; must return at once.

        It runs on the loop's thread, in the order of the journal.
        """
        ...


class Venue(Protocol):
    """Where requests go: the exchange, or in shadow mode a simulated one.

    Answers come back as events in the account's inbox; a question may stay without one.
    """

    @property
    def in_flight(self) -> int:
        """Requests whose answers are not in the inbox yet."""
        ...

    def send(self, request: Request, received_at: Instant | None = None) -> None:
        """Takes one request; returns at once. `received_at`: when the market's frame was received
        that caused it; None when it was none."""
        ...

    async def close(self) -> None:
        """Ends within seconds; requests that have not left do not leave any more."""
        ...


class JournalUnwritable(Exception):
    """Lines could not be made durable; they are kept and go with the next commit that succeeds."""


class Journal(Protocol):
    """What an account's loop needs of its journal."""

    def append(self, event: Event, effects: Effects, now: Instant) -> None:
        """Takes a handled event with what it caused; nothing is durable yet."""
        ...

    async def commit(self) -> None:
        """Returns when everything appended is durable; JournalUnwritable when it is not."""
        ...


@message
class Settled:
    """What `/api/settled` tells: exchange time wholly handled in us, work under way, readiness."""

    handled_through_us: int
    in_flight: int
    ready: bool


def settled_together(parts: Iterable[Settled]) -> Settled:
    """What several accounts have handled: the newest time, as what is behind is in flight."""
    found = tuple(parts)
    return Settled(
        handled_through_us=max((one.handled_through_us for one in found), default=0),
        in_flight=sum(one.in_flight for one in found),
        ready=bool(found) and all(one.ready for one in found),
    )


@message
class StreamAge:
    """One stream of an account: whether it delivers, and when it was last heard (None: never)."""

    name: str
    heard_at: Instant | None
    up: bool


class StopToken:
    """Whether the process is to end; asked for from the loop's thread, looked at by every step."""

    __slots__ = ("_event", "reason")

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.reason = ""

    @property
    def requested(self) -> bool:
        """Whether somebody asked for the end."""
        return self._event.is_set()

    def request(self, reason: str) -> None:
        """Ask for the end; the first reason stands."""
        if not self._event.is_set():
            self.reason = reason
            self._event.set()

    async def wait(self) -> None:
        """Returns once the end was asked for."""
        await self._event.wait()

    async def sleep(self, seconds: float) -> bool:
        """Waits that long or until the end was asked for; whether it was (no wait outlives it)."""
        try:
            await asyncio.wait_for(self._event.wait(), max(0.0, seconds))
        except TimeoutError:
            return False
        return True


class StartStopped(Exception):
    """The end was asked for while the daemon was starting."""


Put = Callable[[Event], None]
"""How an answer comes back into an account's inbox, from any thread."""
