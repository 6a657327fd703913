"""The circuit breaker: a placement that is refused again and again is not tried for a while."""

from gridcore.clock import MINUTE_US, Instant
from gridcore.saved import Saved
from gridcore.sides import BUY, DirectionType, SideType
from gridcore.working import direction_index

REFUSALS = 3
WINDOW_US = MINUTE_US
BLOCK_US = MINUTE_US

Key = tuple[int, int, int]
"""(direction index, side index, price in ticks)."""


class Breaker:
    """Three refusals of one placement within 60 s block it for 60 s."""

    __slots__ = ("_blocked", "_refused")

    def __init__(self) -> None:
        self._refused: dict[Key, list[Instant]] = {}
        self._blocked: dict[Key, Instant] = {}

    @staticmethod
    def key(direction: DirectionType, side: SideType, price: int) -> Key:
        """The placement that a refusal concerns."""
        return direction_index(direction), 0 if side is BUY else 1, price

    def count(self, key: Key, now: Instant) -> bool:
        """Count a refusal; whether the placement is blocked from now on."""
        recent = [at for at in self._refused.get(key, ()) if now - at < WINDOW_US]
        recent.append(now)
        if len(recent) < REFUSALS:
            self._refused[key] = recent
            self._forget_old(now)
            return False
        self._refused.pop(key, None)
        self._blocked[key] = Instant(now + BLOCK_US)
        return True

    def _forget_old(self, now: Instant) -> None:
        """Keep only refusals that can still count, so that memory stays bounded."""
        old = [key for key, times in self._refused.items() if now - times[-1] >= WINDOW_US]
        for key in old:
            del self._refused[key]

    @property
    def active(self) -> bool:
        """Whether anything is blocked."""
        return bool(self._blocked)

    def blocks(self, direction: int, side: int, price: int) -> bool:
        """Whether a placement is blocked."""
        return (direction, side, price) in self._blocked

    def expire(self, now: Instant) -> list[Key]:
        """End blocks whose time has come; the placements that may be tried again."""
        over = [key for key, end in self._blocked.items() if end <= now]
        for key in over:
            del self._blocked[key]
        return over

    def next_deadline(self) -> Instant | None:
        """When the next block ends."""
        return min(self._blocked.values()) if self._blocked else None

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "refused": [[*key, *times] for key, times in self._refused.items()],
            "blocked": [[*key, end] for key, end in self._blocked.items()],
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._refused.clear()
        self._blocked.clear()
        for row in _rows(saved.raw("refused")):
            self._refused[(row[0], row[1], row[2])] = [Instant(at) for at in row[3:]]
        for row in _rows(saved.raw("blocked")):
            self._blocked[(row[0], row[1], row[2])] = Instant(row[3])


def _rows(value: object) -> list[list[int]]:
    assert isinstance(value, list), "expected a list of rows"
    return [[int(item) for item in row] for row in value]
