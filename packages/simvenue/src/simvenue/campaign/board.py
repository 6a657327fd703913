"""The faults that act at an instant, each with its own random source, and how often each acted.

It knows kinds, windows and chances; it refuses to know what a hit does.
"""

from collections.abc import Sequence
from random import Random

from simvenue.campaign.words import Fault, FaultKind

PER_MILLE = 1000


def source_of(seed: int, *values: object) -> Random:
    """A random source of its own for a seed and values: the same everywhere, always."""
    return Random("|".join(str(value) for value in (seed, *values)))


class LiveFault:
    """One fault with its source. Its draws depend on the scenario's seed and on its own values,
    so that faults beside it can be taken out."""

    __slots__ = ("fault", "source")

    def __init__(self, fault: Fault, seed: int, twin: int) -> None:
        self.fault = fault
        self.source = source_of(
            seed,
            fault.kind.value,
            fault.at,
            fault.until,
            fault.chance,
            fault.number,
            fault.symbol,
            fault.detail,
            twin,
        )

    def hits(self, symbol: str | None) -> bool:
        """Whether a message about `symbol` (None: about the account) is hit."""
        wanted = self.fault.symbol
        if wanted is not None and wanted != symbol:
            return False
        return self.source.randrange(PER_MILLE) < self.fault.chance

    def late_us(self) -> int:
        """A part of the fault's number, at least 1: how much later something comes."""
        return self.source.randrange(self.fault.number) + 1 if self.fault.number > 0 else 1


class FaultBoard:
    """Every fault of a scenario; `counts` says how often each kind acted."""

    __slots__ = ("_active", "counts", "faults")

    def __init__(self, seed: int, faults: Sequence[Fault]) -> None:
        self.counts: dict[FaultKind, int] = dict.fromkeys(FaultKind, 0)
        self.faults: list[LiveFault] = []
        for index, fault in enumerate(faults):
            self.faults.append(LiveFault(fault, seed, faults[:index].count(fault)))
        self._active: dict[FaultKind, list[LiveFault]] = {kind: [] for kind in FaultKind}

    def begin(self, live: LiveFault) -> None:
        """A fault acts from now on."""
        self._active[live.fault.kind].append(live)

    def end(self, live: LiveFault) -> None:
        """A fault acts no more."""
        self._active[live.fault.kind].remove(live)

    def acts(self, kind: FaultKind) -> bool:
        """Whether any fault of a kind is in its window."""
        return bool(self._active[kind])

    def strike(self, kind: FaultKind, symbol: str | None) -> LiveFault | None:
        """The first fault of a kind that hits this message; every one of them draws."""
        active = self._active[kind]
        if not active:
            return None
        struck: LiveFault | None = None
        for live in active:
            if live.hits(symbol) and struck is None:
                struck = live
        if struck is not None:
            self.count(kind)
        return struck

    def count(self, kind: FaultKind) -> None:
        """One more time that a kind acted."""
        self.counts[kind] += 1
