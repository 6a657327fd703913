"""Waits until the programs that follow a lockstep run have wholly handled what was released.

It asks settle URLs; it refuses to know what was released.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from appkit.exits import RunFailed, UserError
from gridcore.clock import Instant

SETTLE_S_MAX = 10.0
"""A program that has not settled by then ends the run."""

_REQUEST_S_MAX = 2.0
_POLL_S_MIN = 0.001
_POLL_S_MAX = 0.02


class Delivery(Protocol):
    """What has been handed to clients, and the proof that they took it."""

    @property
    def sent(self) -> int: ...
    async def barrier(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One settle URL and what its program follows (see `released_names`); empty: everything."""

    url: str
    follows: frozenset[str] = frozenset()

    def concerned(self, released: Collection[str]) -> bool:
        """Whether a release under these names reaches the program."""
        return bool(released) and (not self.follows or not self.follows.isdisjoint(released))


def parse_target(text: str) -> Target:
    """Read "http://host:port/path", or "...#1001,tickers": after # stands what is followed."""
    url, _, fragment = text.partition("#")
    if not url.startswith(("http://", "https://")):
        raise UserError(
            f"a settle URL begins with http:// or https://, found {text!r}",
            "give --settle the address of the program's settle endpoint",
        )
    names = frozenset(name.strip() for name in fragment.split(",") if name.strip())
    return Target(url=url, follows=names)


def released_names(topics: Iterable[str]) -> set[str]:
    """The names under which frames of public topics can be followed: topic, kind and symbol.

    Private frames go by the uid of their account.
    """
    names: set[str] = set()
    for topic in topics:
        names |= {topic, topic.partition(".")[0], topic.rpartition(".")[2]}
    return names


@dataclass(frozen=True, slots=True)
class Settled:
    """What a program says: the newest exchange time wholly handled, and what is under way.

    `ready`: whether it has subscribed; a program that does not say so is ready.
    """

    handled_through_us: int
    in_flight: int
    ready: bool


class Settling:
    """Asks every target until all have settled, or fails after ten seconds."""

    def __init__(
        self,
        targets: Sequence[Target],
        delivery: Delivery,
        session: aiohttp.ClientSession,
        settle_s_max: float = SETTLE_S_MAX,
    ) -> None:
        self._targets = tuple(targets)
        self._delivery = delivery
        self._session = session
        self._settle_s_max = settle_s_max

    async def begin(self, anybody: Callable[[], bool]) -> None:
        """Return when every target answers, is ready and has nothing in flight, and `anybody` has
        subscribed; at once without targets. A first step that nobody saw could never settle."""
        if not self._targets:
            return
        waiting = list(self._targets)
        while waiting or not anybody():
            waiting = [target for target in waiting if not await self._is_ready(target)]
            await asyncio.sleep(_POLL_S_MAX)

    async def until(self, at: Instant, released: Collection[str]) -> None:
        """Return when clients have read all frames and every target has settled at `at`.

        `released`: the names of the frames; a target that follows none of them only has to have
        nothing in flight. Frames carry milliseconds, so times are compared in them. Frames sent
        meanwhile (answers to orders) have to be read and handled as well. RunFailed after ten
        seconds.
        """
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + self._settle_s_max
        sent = -1
        while sent != self._delivery.sent:
            sent = self._delivery.sent
            await self._delivery.barrier()
            await asyncio.sleep(0)
            for target in self._targets:
                await self._target_settled(target, at, target.concerned(released), deadline_s)

    async def _target_settled(
        self, target: Target, at: Instant, concerned: bool, deadline_s: float
    ) -> None:
        loop = asyncio.get_running_loop()
        wait_s = _POLL_S_MIN
        while True:
            found = await self._ask(target.url)
            if isinstance(found, Settled):
                late = concerned and found.handled_through_us // 1000 < at // 1000
                if found.in_flight == 0 and not late:
                    return
            if loop.time() >= deadline_s:
                raise RunFailed(
                    f"{target.url} has not settled within {self._settle_s_max:g} s: expected"
                    f" handled_through_us of {at} or later and in_flight 0, found {found}",
                    "see whether that program runs, is connected to this simulator and subscribed;"
                    " name what it follows after a # if it does not follow everything",
                )
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _POLL_S_MAX)

    async def _is_ready(self, target: Target) -> bool:
        found = await self._ask(target.url)
        return isinstance(found, Settled) and found.ready and found.in_flight == 0

    async def _ask(self, url: str) -> Settled | str:
        timeout = aiohttp.ClientTimeout(total=_REQUEST_S_MAX)
        try:
            async with self._session.get(url, timeout=timeout) as reply:
                body = await reply.json(content_type=None)
            return Settled(
                int(body["handled_through_us"]),
                int(body["in_flight"]),
                bool(body.get("ready", True)),
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"no answer ({type(error).__name__}: {error})"
        except (KeyError, TypeError, ValueError) as error:
            return f"an answer without handled_through_us and in_flight ({error!r})"
