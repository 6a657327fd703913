"""Where our books may differ from the wallet, for reasons that the books themselves can see.

It knows what is doubtful and why; it refuses to know how a doubt is settled.
"""

from collections import deque
from collections.abc import Sequence
from enum import StrEnum

from gridcore.clock import Instant
from gridcore.message import message
from gridcore.saved import Saved
from gridcore.sides import DirectionType

DOUBT_LIMIT = 256
"""Doubts that nobody has taken; beyond it the oldest are forgotten, the newest still tell."""


class DoubtKind(StrEnum):
    """Why the books may differ; only a comparison with the exchange can tell."""

    BEYOND_HISTORY = "beyond_history"
    """An execution came later than the leg's history reaches: booked at its oldest place."""
    PROFIT_UNKNOWN = "profit_unknown"
    """A close after the opening of the books, but of a leg that we only know from later on."""
    HELD_DROPPED = "held_dropped"
    """More entries than can wait came before the books were opened."""


@message
class LedgerDoubt:
    """What the caller alerts on and reconciles; `reference` is the execution or movement."""

    kind: DoubtKind
    at: Instant
    symbol: str | None
    direction: DirectionType | None
    reference: str


class Doubts:
    """Doubts that wait to be taken.

    Cash up to the opening of the books is in the opening balance: it cannot be in doubt. A leg can.
    """

    __slots__ = ("_opened_at", "_waiting")

    def __init__(self) -> None:
        self._opened_at: Instant | None = None
        self._waiting: deque[LedgerDoubt] = deque(maxlen=DOUBT_LIMIT)

    def _matters(self, doubt: LedgerDoubt) -> bool:
        opened_at = self._opened_at
        return opened_at is None or doubt.at > opened_at or doubt.kind is DoubtKind.BEYOND_HISTORY

    def open(self, at: Instant) -> None:
        """The books are open as of `at`: what lies before it is settled."""
        self._opened_at = at
        kept = [doubt for doubt in self._waiting if self._matters(doubt)]
        self._waiting.clear()
        self._waiting.extend(kept)

    def add(
        self,
        kind: DoubtKind,
        at: Instant,
        symbol: str | None,
        direction: DirectionType | None,
        reference: str,
    ) -> None:
        """Remember a doubt unless the opening balance settles it."""
        doubt = LedgerDoubt(
            kind=kind, at=at, symbol=symbol, direction=direction, reference=reference
        )
        if self._matters(doubt):
            self._waiting.append(doubt)

    def take(self) -> Sequence[LedgerDoubt]:
        """The doubts since the last call, oldest first; none before the books open."""
        if not self._waiting or self._opened_at is None:
            return ()
        taken = tuple(self._waiting)
        self._waiting.clear()
        return taken

    def snapshot(self) -> list[dict[str, object]]:
        """The doubts nobody has taken, serialisable."""
        return [doubt_memory(doubt) for doubt in self._waiting]

    def restore(self, saved: Sequence[Saved], opened_at: Instant | None) -> None:
        """The inverse of snapshot; the instant of the opening is the ledger's to keep."""
        self._opened_at = opened_at
        self._waiting.clear()
        for part in saved:
            self._waiting.append(doubt_of(part))


def doubt_memory(doubt: LedgerDoubt) -> dict[str, object]:
    """A doubt as plain values."""
    return {
        "kind": doubt.kind.value,
        "at": doubt.at,
        "symbol": doubt.symbol,
        "direction": None if doubt.direction is None else doubt.direction.value,
        "reference": doubt.reference,
    }


def doubt_of(saved: Saved) -> LedgerDoubt:
    """The inverse of doubt_memory."""
    return LedgerDoubt(
        kind=DoubtKind(saved.text("kind")),
        at=Instant(saved.whole("at")),
        symbol=text_or_none(saved, "symbol"),
        direction=direction_or_none(saved, "direction"),
        reference=saved.text("reference"),
    )


def text_or_none(saved: Saved, name: str) -> str | None:
    """A saved text, or None."""
    return None if saved.raw(name) is None else saved.text(name)


def direction_or_none(saved: Saved, name: str) -> DirectionType | None:
    """A saved direction, or None."""
    text = text_or_none(saved, name)
    return None if text is None else DirectionType(text)
