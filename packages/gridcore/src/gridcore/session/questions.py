"""Questions put to the exchange that are not answered yet: what was asked, and when to ask again.

It knows kinds, symbols and times; it refuses to know what an answer means.
"""

from collections.abc import Callable

from gridcore.clock import SECOND_US, Instant
from gridcore.saved import Saved
from gridcore.session.effects import AskSnapshot, SnapshotKind

SPACING_US = SECOND_US
"""The same question is not put twice within this time (L39: attempts are throttled)."""
PATIENCE_US = 10 * SECOND_US
"""An answer that is not there by then is asked for again; the wait doubles."""
PATIENCE_MAX_US = 30 * SECOND_US

Topic = tuple[SnapshotKind, str | None]


class _Question:
    """One open question: an answer counts when it was asked at `since` or later."""

    __slots__ = ("asked_at", "attempts", "next_at", "reason", "since")

    def __init__(self, since: Instant, reason: str) -> None:
        self.since = since
        self.reason = reason
        self.asked_at: Instant | None = None
        self.attempts = 0
        self.next_at = since


class Questions:
    """At most one open question per kind and symbol; no answer means that it is put again."""

    __slots__ = ("_asked_at", "_open", "_since_of")

    def __init__(self, since_of: Callable[[SnapshotKind, str | None], Instant | None]) -> None:
        """`since_of` says from when on executions and movements of cash are wanted."""
        self._open: dict[Topic, _Question] = {}
        self._asked_at: dict[Topic, Instant] = {}
        self._since_of = since_of

    def want(
        self,
        kind: SnapshotKind,
        symbol: str | None,
        now: Instant,
        reason: str,
        *,
        later: bool = False,
    ) -> AskSnapshot | None:
        """Want an answer that is asked from now on; the request to send, if it is time for it.

        `later`: nothing can be asked at the moment.
        """
        topic = (kind, symbol)
        question = self._open.get(topic)
        asked_at = self._asked_at.get(topic)
        if question is not None and asked_at == now:
            return None  # the answer to this instant's question will do
        if question is None:
            question = self._open[topic] = _Question(now, reason)
        question.since = now
        if later:
            question.next_at = now
            return None
        if asked_at is not None and now - asked_at < SPACING_US:
            question.next_at = Instant(asked_at + SPACING_US)
            return None
        return self._put(topic, question, now)

    def probe(
        self, kind: SnapshotKind, symbol: str | None, now: Instant, reason: str
    ) -> AskSnapshot:
        """Put one question whatever else holds."""
        question = self._open.setdefault((kind, symbol), _Question(now, reason))
        question.since = now
        return self._put((kind, symbol), question, now)

    def _put(self, topic: Topic, question: _Question, now: Instant) -> AskSnapshot:
        kind, symbol = topic
        question.asked_at = self._asked_at[topic] = now
        wait = min(PATIENCE_US << min(question.attempts, 4), PATIENCE_MAX_US)
        question.attempts += 1
        question.next_at = Instant(now + wait)
        return AskSnapshot(
            kind=kind, symbol=symbol, reason=question.reason, since=self._since_of(kind, symbol)
        )

    def answered(
        self,
        kind: SnapshotKind,
        symbol: str | None,
        asked_at: Instant,
        now: Instant,
        *,
        complete: bool,
    ) -> bool:
        """An answer came; whether it settles an open question."""
        question = self._open.get((kind, symbol))
        if question is None or asked_at < question.since:
            return False
        if not complete:
            question.next_at = Instant(now + SPACING_US)
            return False
        del self._open[(kind, symbol)]
        return True

    def due(self, now: Instant) -> list[AskSnapshot]:
        """Questions to put again, in the order in which they were first put."""
        return [
            self._put(topic, question, now)
            for topic, question in self._open.items()
            if question.next_at <= now
        ]

    def is_open(self, symbol: str | None) -> bool:
        """Whether a question about a symbol (None: the wallet) has no answer yet."""
        return any(topic[1] == symbol for topic in self._open)

    def next_deadline(self) -> Instant | None:
        """When the next question is put again."""
        return min((question.next_at for question in self._open.values()), default=None)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "open": [
                {
                    "kind": kind.value,
                    "symbol": symbol,
                    "since": question.since,
                    "reason": question.reason,
                    "asked_at": question.asked_at,
                    "attempts": question.attempts,
                    "next_at": question.next_at,
                }
                for (kind, symbol), question in self._open.items()
            ],
            "asked": [[kind.value, symbol, at] for (kind, symbol), at in self._asked_at.items()],
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._open.clear()
        self._asked_at.clear()
        for part in saved.parts("open"):
            question = _Question(Instant(part.whole("since")), part.text("reason"))
            question.asked_at = part.instant_or_none("asked_at")
            question.attempts = part.whole("attempts")
            question.next_at = Instant(part.whole("next_at"))
            symbol = None if part.raw("symbol") is None else part.text("symbol")
            self._open[(SnapshotKind(part.text("kind")), symbol)] = question
        for row in saved.list_of("asked"):
            assert isinstance(row, list), "expected kind, symbol and instant"
            name = None if row[1] is None else str(row[1])
            self._asked_at[(SnapshotKind(str(row[0])), name)] = Instant(int(row[2]))
