"""What streams lose is on record at once, as gaps without an end: a killed process forgets none.

It knows which streams deliver by what was told; it refuses to know how a gap ends up.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from event_saver.gaps.ledger import Key
from event_saver.times import instant, moment
from grid_db.records import Gap
from gridcore.clock import SECOND_US, Instant
from gridcore.message import message

LETTING_GO_US = SECOND_US
"""Rows that are let go within this time of each other are one gap."""


@message
class _LettingGo:
    """Rows of a stream are let go again and again: its gap on record, and how far it goes."""

    gap: Gap
    until: Instant
    told_at: Instant


class Losses:
    """`row` makes a gap, `keep` makes it durable. Not for several threads at once.

    Its length is how many streams are letting rows go.
    """

    __slots__ = ("_delivering", "_keep", "_letting_go", "_row")

    def __init__(
        self, row: Callable[[Key, Instant, Instant, str], Gap], keep: Callable[[Gap], None]
    ) -> None:
        self._row = row
        self._keep = keep
        self._delivering: set[Key] = set()
        self._letting_go: dict[Key, _LettingGo] = {}

    def __len__(self) -> int:
        return len(self._letting_go)

    def up(self, keys: Iterable[Key]) -> None:
        """Streams deliver."""
        self._delivering.update(keys)

    def down(self, keys: Iterable[Key], since: Instant, now: Instant, reason: str) -> list[Gap]:
        """Streams do not deliver since an instant: the gaps that are on record now.

        None for a stream that did not deliver yet: until it does, its start is its gap.
        """
        found = []
        for key in keys:
            if key in self._delivering:
                self._delivering.remove(key)
                gap = self._row(key, since, now, reason)
                self._keep(gap)
                found.append(gap)
        return found

    def let_go(self, key: Key, since: Instant, until: Instant, now: Instant, reason: str) -> None:
        """Received rows had to be let go: the first frame of them opens a gap, quiet ends it."""
        known = self._letting_go.get(key)
        if known is None:
            known = _LettingGo(gap=self._row(key, since, now, reason), until=until, told_at=now)
            self._keep(known.gap)
        elif since < instant(known.gap.from_ts):
            known = replace(known, gap=replace(known.gap, from_ts=moment(since)))
            self._keep(known.gap)
        self._letting_go[key] = replace(known, until=max(known.until, until), told_at=now)

    def quiet(self, now: Instant) -> list[Gap]:
        """The gaps of streams that let nothing go any more: they have their end, and are due."""
        over = {
            key: one for key, one in self._letting_go.items() if now - one.told_at >= LETTING_GO_US
        }
        for key in over:
            del self._letting_go[key]
        return [
            replace(one.gap, to_ts=moment(one.until), next_attempt_at=moment(now))
            for one in over.values()
        ]
