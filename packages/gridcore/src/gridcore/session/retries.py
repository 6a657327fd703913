"""Placements to be tried again with the same wire id: how often, when, and until when.

It knows levels, wire ids and times; it refuses to know whether the engine still wants a level.
"""

from collections.abc import Sequence

from gridcore.clock import Instant
from gridcore.saved import Saved
from gridcore.session.breakers import Key

RETRIES_REMEMBERED = 200


class _Retry:
    """One placement that may be sent again: `due` is when, `until` is when it is given up."""

    __slots__ = ("due", "refusals", "resent", "told", "until", "wire_id")

    def __init__(self, wire_id: str, until: Instant) -> None:
        self.wire_id = wire_id
        self.until = until
        self.due = until
        self.refusals = 0
        self.resent = False
        self.told = False


class RetryBook:
    """The placements of one strategy that may be sent again, at most one per level.

    Only refusals that are retryable and not ambiguous belong here, and creates that are known not
    to have landed (LS-16, L05). A new wire id at a level begins a new record.
    """

    __slots__ = ("_delays_us", "_limit", "_retries", "_window_us")

    def __init__(
        self, delays_us: tuple[int, ...], window_us: int, limit: int = RETRIES_REMEMBERED
    ) -> None:
        assert all(delay_us > 0 for delay_us in delays_us), "expected delays above 0"
        self._delays_us = delays_us
        self._window_us = window_us
        self._limit = limit
        self._retries: dict[Key, _Retry] = {}

    def refused(self, key: Key, wire_id: str, now: Instant) -> Instant | None:
        """Count a retryable refusal; when to try again.

        None, and the record is gone: every attempt is used up, its time would come after the
        window, or too many placements wait already.
        """
        retry = self._record(key, wire_id, now)
        if retry is None:
            return None
        attempt = retry.refusals
        if attempt >= len(self._delays_us) or now + self._delays_us[attempt] > retry.until:
            del self._retries[key]
            return None
        retry.refusals = attempt + 1
        retry.due = Instant(now + self._delays_us[attempt])
        retry.told = False
        return retry.due

    def not_landed(self, key: Key, wire_id: str, now: Instant) -> bool:
        """Whether a create that is known not to have landed may be sent again, at once (A07).

        Once per wire id, with a window of its own: learning that it did not land takes longer
        than the exchange's refusals do.
        """
        retry = self._record(key, wire_id, now)
        if retry is None:
            return False
        if retry.resent:
            del self._retries[key]
            return False
        retry.resent = True
        retry.due = now
        retry.until = Instant(now + self._window_us)
        retry.told = False
        return True

    def _record(self, key: Key, wire_id: str, now: Instant) -> _Retry | None:
        known = self._retries.get(key)
        if known is not None and known.wire_id == wire_id:
            return known
        if known is None and len(self._retries) >= self._limit:
            self._forget_old(now)
            if len(self._retries) >= self._limit:
                return None
        retry = self._retries[key] = _Retry(wire_id, Instant(now + self._window_us))
        return retry

    def _forget_old(self, now: Instant) -> None:
        old = [key for key, retry in self._retries.items() if retry.until < now]
        for key in old:
            del self._retries[key]

    def take(self, key: Key, now: Instant) -> str | None:
        """The wire id to send again, when the time for it has come and is not over.

        The count stays, and so does the record until the placement is settled: when a gate denies
        it now, the next ticker may take it again.
        """
        retry = self._retries.get(key)
        if retry is None or now < retry.due:
            return None
        if now > retry.until:
            del self._retries[key]
            return None
        retry.told = True
        return retry.wire_id

    def waits(self, key: Key, now: Instant) -> bool:
        """Whether the level must not be offered yet, neither with this wire id nor a new one."""
        retry = self._retries.get(key)
        return retry is not None and now < retry.due

    def settled(self, key: Key) -> None:
        """The placement was accepted or given up: nothing is sent again."""
        self._retries.pop(key, None)

    def forget_all(self) -> None:
        """The levels were rebuilt: nothing is sent again."""
        self._retries.clear()

    def next_deadline(self) -> Instant | None:
        """When the next delay is over; a delay that `due` or `take` told of is none any more."""
        return min((retry.due for retry in self._retries.values() if not retry.told), default=None)

    def due(self, now: Instant) -> list[Key]:
        """The levels whose delay is over, earliest first; each is told once per delay."""
        over = [
            (retry.due, key)
            for key, retry in self._retries.items()
            if not retry.told and retry.due <= now
        ]
        over.sort()
        keys = [key for _, key in over]
        for key in keys:
            self._retries[key].told = True
        return keys

    def __len__(self) -> int:
        return len(self._retries)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "retries": [
                {
                    "key": list(key),
                    "wire_id": retry.wire_id,
                    "until": retry.until,
                    "due": retry.due,
                    "refusals": retry.refusals,
                    "resent": retry.resent,
                    "told": retry.told,
                }
                for key, retry in self._retries.items()
            ]
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._retries.clear()
        for part in saved.parts("retries"):
            retry = _Retry(part.text("wire_id"), Instant(part.whole("until")))
            retry.due = Instant(part.whole("due"))
            retry.refusals = part.whole("refusals")
            retry.resent = part.flag("resent")
            retry.told = part.flag("told")
            self._retries[_key(part.wholes("key"))] = retry


def _key(values: Sequence[int]) -> Key:
    assert len(values) == 3, "expected direction, side and price"
    return values[0], values[1], values[2]
