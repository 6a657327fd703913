"""Who gets which frame: the subscriptions of all connections, public and private.

It knows topics and envelopes; it refuses to know what rows mean and how bytes travel.
"""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

import orjson

from bybit_sim.exchange.words import PrivateTopic, PublicFrame, Push
from bybit_sim.sockets.outgoing import Outgoing

_Key = TypeVar("_Key")

DRAIN_S_MAX = 10.0
"""A client that takes nothing for so long while a market at max speed waits for it is too slow."""

PROOF_S_MAX = 2.0
"""How long a client may take to answer a ping."""

CATEGORISED = frozenset(
    {
        PrivateTopic.ORDER,
        PrivateTopic.EXECUTION,
        PrivateTopic.FAST_EXECUTION,
        PrivateTopic.POSITION,
    }
)
"""The private topics that also exist as `<topic>.linear` (bybit.md B.2)."""


class Hub:
    """Subscriptions by topic; private ones by account and topic as the client wrote it."""

    def __init__(self, drain_s_max: float = DRAIN_S_MAX, proof_s_max: float = PROOF_S_MAX) -> None:
        self._drain_s_max = drain_s_max
        self._proof_s_max = proof_s_max
        # Dictionaries as ordered sets: clients are served in the order of their subscription.
        self._public: dict[str, dict[Outgoing, None]] = {}
        self._private: dict[tuple[int, str], dict[Outgoing, None]] = {}
        self._pushes = 0
        self.sent = 0
        """Data frames handed to connections so far."""

    def wanted(self, topic: str) -> bool:
        """Whether anybody subscribed to this public topic."""
        return topic in self._public

    def publish(self, frames: Sequence[PublicFrame]) -> None:
        """Queue public frames for their subscribers."""
        for frame in frames:
            for outgoing in self._public.get(frame.topic, ()):
                self.sent += 1
                outgoing.offer(frame.topic, frame.body)

    def push(self, pushes: Sequence[Push]) -> None:
        """Queue private rows in the envelope of every form of their topic (bybit.md B.4)."""
        for push in pushes:
            self._pushes += 1
            name = push.topic.value
            self._send(push, name)
            if push.topic in CATEGORISED:
                self._send(push, f"{name}.linear")

    def subscribe(self, topic: str, outgoing: Outgoing) -> None:
        """Send this connection the frames of a topic from now on."""
        self._public.setdefault(topic, {})[outgoing] = None

    def unsubscribe(self, topic: str, outgoing: Outgoing) -> None:
        """Stop sending the frames of a topic; one that was never subscribed is no matter."""
        _drop(self._public, topic, outgoing)

    def subscribe_private(self, uid: int, topic: str, outgoing: Outgoing) -> None:
        """Send this connection the rows of an account's topic, plain or with its category."""
        self._private.setdefault((uid, topic), {})[outgoing] = None

    def unsubscribe_private(self, uid: int, topic: str, outgoing: Outgoing) -> None:
        """Stop sending an account's topic."""
        _drop(self._private, (uid, topic), outgoing)

    def forget(self, outgoing: Outgoing) -> None:
        """Drop every subscription of a connection that is gone."""
        for topic in [topic for topic, takers in self._public.items() if outgoing in takers]:
            _drop(self._public, topic, outgoing)
        for key in [key for key, takers in self._private.items() if outgoing in takers]:
            _drop(self._private, key, outgoing)

    async def drain(self, patience_s: float | None = None) -> None:
        """Return when every subscriber's queue is written, or after `patience_s`.

        Without a patience who takes too long is given up.
        """
        if patience_s is not None:
            await self._wait_a_moment(patience_s)
            return
        for outgoing in self._takers():
            if not outgoing.waiting:
                continue
            try:
                await asyncio.wait_for(outgoing.drained(), self._drain_s_max)
            except TimeoutError:
                outgoing.give_up()

    async def barrier(self) -> None:
        """Return when every subscriber has read all frames so far, as its pongs prove.

        A client that does not answer in time is passed over.
        """
        proofs = [asyncio.ensure_future(outgoing.proven()) for outgoing in self._takers()]
        if proofs:
            _, late = await asyncio.wait(proofs, timeout=self._proof_s_max)
            for proof in late:
                proof.cancel()

    async def _wait_a_moment(self, patience_s: float) -> None:
        waits = [
            asyncio.ensure_future(outgoing.drained())
            for outgoing in self._takers()
            if outgoing.waiting
        ]
        if waits:
            _, late = await asyncio.wait(waits, timeout=patience_s)
            for wait in late:
                wait.cancel()

    def _takers(self) -> list[Outgoing]:
        takers = {one: None for group in self._public.values() for one in group}
        takers.update({one: None for group in self._private.values() for one in group})
        return list(takers)

    def _send(self, push: Push, topic: str) -> None:
        takers = self._private.get((push.uid, topic))
        if not takers:
            return
        body = orjson.dumps(_envelope(push, topic, self._pushes))
        for outgoing in takers:
            self.sent += 1
            # Faults name the topic without its category.
            outgoing.offer(push.topic.value, body)


def _envelope(push: Push, topic: str, number: int) -> dict[str, object]:
    created = push.at // 1000
    if push.topic is PrivateTopic.FAST_EXECUTION:
        return {"topic": topic, "creationTime": created, "data": push.rows}
    return {
        "id": f"{push.uid}_{push.topic.value}_{number}",
        "topic": topic,
        "creationTime": created,
        "data": push.rows,
    }


def _drop(groups: dict[_Key, dict[Outgoing, None]], key: _Key, outgoing: Outgoing) -> None:
    takers = groups.get(key)
    if takers is None:
        return
    takers.pop(outgoing, None)
    if not takers:
        del groups[key]
