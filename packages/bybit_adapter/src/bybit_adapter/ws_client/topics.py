"""The topics of one client: which are asked for, acknowledged, refused, silent, and since when.

Knows nothing of sockets. It refuses to decide about the connection.
"""

from collections.abc import Callable, Iterable, Sequence

from bybit_adapter.ws_client.backoff import Backoff
from bybit_adapter.ws_client.clock import Moment
from bybit_adapter.ws_client.words import (
    ARGUMENTS_LENGTH_MAX,
    Outage,
    Reason,
    Restored,
    Subscribe,
    Timing,
    Vitals,
)
from gridcore.message import message

_DELIVERING = 2
"""Frames on one connection from which on a topic counts as flowing: a snapshot, then a change."""


@message
class _Down:
    since: Moment
    reason: Reason
    detail: str
    told: bool


@message
class _Request:
    topics: tuple[str, ...]
    deadline_us: int


def checked_topics(topics: Sequence[str]) -> tuple[str, ...]:
    """The topics as they are; refuses none, repeated ones and more than one connection may ask."""
    if not topics or "" in topics:
        raise ValueError(f"expected topics such as tickers.BTCUSDT, found {list(topics)}")
    if len(set(topics)) != len(topics):
        raise ValueError(f"expected every topic once, found {list(topics)}; remove the repeated")
    length = sum(map(len, topics))
    if length > ARGUMENTS_LENGTH_MAX:
        raise ValueError(
            f"expected topics of at most {ARGUMENTS_LENGTH_MAX} characters together, found "
            f"{length}; spread them over several clients"
        )
    return tuple(topics)


class TopicBook:
    """Subscriptions and silences of a client's topics, over all its connections.

    One refused topic fails its whole request (bybit.md B.2), so that the topics of a refused
    request are asked one by one; what is refused alone is asked again for ever, with back-off.
    """

    __slots__ = (
        "_acknowledged",
        "_down",
        "_draw",
        "_generation",
        "_limits_us",
        "_one_by_one",
        "_refused",
        "_requests",
        "_retries",
        "_sent",
        "_timing",
        "topics",
    )

    def __init__(
        self,
        topics: Sequence[str],
        *,
        one_by_one: bool,
        timing: Timing,
        draw: Callable[[], float],
        now: Moment,
    ) -> None:
        self.topics = checked_topics(topics)
        self._one_by_one = one_by_one
        self._timing = timing
        self._draw = draw
        self._generation = 0
        self._sent = 0
        self._requests: dict[str, _Request] = {}
        self._acknowledged: dict[str, Moment] = {}
        self._refused: dict[str, int] = {}
        self._retries: dict[str, Backoff] = {}
        self._limits_us = {
            topic: timing.silence_us for topic in topics if topic.startswith(timing.chatty)
        }
        self._down = {
            topic: _Down(since=now, reason=Reason.STARTING, detail="", told=False)
            for topic in self.topics
        }

    def begin(self, generation: int, now: Moment) -> list[Subscribe]:
        """Asks for everything on a new connection."""
        self._generation = generation
        self._requests.clear()
        self._acknowledged.clear()
        self._refused.clear()
        if self._one_by_one:
            return [self._ask((topic,), now) for topic in self.topics]
        return [self._ask(self.topics, now)]

    def answered(
        self, request: str, accepted: bool, text: str, now: Moment
    ) -> list[Subscribe | Outage | Restored]:
        """Takes the answer to a subscription; without an echo it is the oldest one's."""
        key = request or next(iter(self._requests), "")
        asked = self._requests.pop(key, None)
        if asked is None:
            return []
        if accepted:
            for topic in asked.topics:
                self._acknowledged[topic] = now
                self._retries.pop(topic, None)
            return list(self._restored(asked.topics, now))
        if len(asked.topics) > 1:
            return [self._ask((topic,), now) for topic in asked.topics]
        topic = asked.topics[0]
        retry = self._retries.setdefault(
            topic, Backoff(self._timing.backoff_us_min, self._timing.backoff_us_max, self._draw)
        )
        self._refused[topic] = now.steady_us + retry.next_us()
        return list(self.lost((topic,), now, now, Reason.SUBSCRIPTION_REFUSED, text))

    def due(self, now: Moment) -> list[Subscribe]:
        """Asks again for refused topics whose wait is over."""
        due = [topic for topic, at in self._refused.items() if at <= now.steady_us]
        for topic in due:
            del self._refused[topic]
        return [self._ask((topic,), now) for topic in due]

    def lost(
        self,
        topics: Iterable[str],
        since: Moment,
        now: Moment,
        reason: Reason,
        detail: str,
    ) -> list[Outage]:
        """Marks topics as not delivering; what is down already keeps its beginning, untold again.

        A topic that is down since the start is told once, with the reason that keeps it down.
        """
        beginnings: dict[Moment, list[str]] = {}
        for topic in topics:
            down = self._down.get(topic)
            if down is not None and down.told:
                continue
            begun = since if down is None else down.since
            self._down[topic] = _Down(since=begun, reason=reason, detail=detail, told=True)
            beginnings.setdefault(begun, []).append(topic)
        return [
            Outage(
                topics=tuple(named),
                since=begun.exchange,
                noticed_at=now.exchange,
                reason=reason,
                detail=detail,
            )
            for begun, named in beginnings.items()
        ]

    def silent(self, vitals: Vitals, now: Moment) -> dict[str, Moment]:
        """The chatty topics that have been silent for too long, with their last sign of life.

        Each connection that is given up for a topic's silence doubles that topic's limit, until it
        flows again: a halted market must not cost the others their connection every half minute.
        """
        silent: dict[str, Moment] = {}
        for topic, limit_us in self._limits_us.items():
            acknowledged_at = self._acknowledged.get(topic)
            if acknowledged_at is None:
                continue
            count, heard_at = vitals.topics.get(topic, (0, acknowledged_at))
            if count >= _DELIVERING:
                self._limits_us[topic] = limit_us = self._timing.silence_us
            latest_us = max(heard_at.steady_us, acknowledged_at.steady_us)
            if now.steady_us - latest_us > limit_us:
                silent[topic] = heard_at
        for topic in silent:
            self._limits_us[topic] = min(self._timing.silence_us_max, 2 * self._limits_us[topic])
        return silent

    def overdue(self, now: Moment) -> tuple[str, ...]:
        """The topics whose subscription nobody answered in time."""
        return tuple(
            topic
            for request in self._requests.values()
            if request.deadline_us <= now.steady_us
            for topic in request.topics
        )

    def settled(self) -> bool:
        """Whether every topic has been answered, for better or worse."""
        return not self._requests

    def down(self) -> tuple[str, ...]:
        """The topics that do not deliver now."""
        return tuple(topic for topic in self.topics if topic in self._down)

    def next_deadline(self) -> int | None:
        """When an answer is overdue or a refused topic is asked again."""
        moments = [request.deadline_us for request in self._requests.values()]
        moments.extend(self._refused.values())
        return min(moments, default=None)

    def _ask(self, topics: tuple[str, ...], now: Moment) -> Subscribe:
        self._sent += 1
        request = f"{self._generation}-{self._sent}"
        self._requests[request] = _Request(
            topics=topics, deadline_us=now.steady_us + self._timing.acknowledgement_us
        )
        return Subscribe(generation=self._generation, request=request, topics=topics)

    def _restored(self, topics: tuple[str, ...], now: Moment) -> list[Restored]:
        causes: dict[tuple[Moment, Reason, str], list[str]] = {}
        for topic in topics:
            down = self._down.pop(topic, None)
            if down is not None:
                causes.setdefault((down.since, down.reason, down.detail), []).append(topic)
        return [
            Restored(
                topics=tuple(named),
                since=since.exchange,
                until=now.exchange,
                reason=reason,
                detail=detail,
            )
            for (since, reason, detail), named in causes.items()
        ]
