"""Makes a failing scenario small: fewer faults, then fewer tickers, the same law still broken.

It knows scenarios as values; it refuses to know how they are played.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from gridcore.clock import Instant
from gridcore.message import message
from gridcore.saved import Saved
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.words import Fault, FaultKind, Scenario

Judge = Callable[[Scenario], LawBroken | None]
"""Plays a scenario; the law that broke, or None."""

MOST_RUNS = 80
"""Runs that one shrinking may cost; what is found by then is the result."""


@message
class Shrunk:
    """The smallest scenario found, and how it breaks the law."""

    scenario: Scenario
    broken: LawBroken
    runs: int


class _Search:
    """Counts runs and keeps the smallest scenario that still breaks the law."""

    __slots__ = ("_judge", "_law", "_most", "best", "broken", "runs")

    def __init__(self, scenario: Scenario, broken: LawBroken, judge: Judge, most: int) -> None:
        self.best = scenario
        self.broken = broken
        self.runs = 0
        self._law: Law = broken.law
        self._judge = judge
        self._most = most

    @property
    def spent(self) -> bool:
        return self.runs >= self._most

    def accepts(self, candidate: Scenario) -> bool:
        """Whether a smaller scenario still breaks the law; if so it is the best one from now on."""
        if self.spent:
            return False
        self.runs += 1
        broken = self._judge(candidate)
        if broken is None or broken.law is not self._law:
            return False
        self.best = candidate
        self.broken = broken
        return True


def shrink(
    scenario: Scenario, broken: LawBroken, judge: Judge, most_runs: int = MOST_RUNS
) -> Shrunk:
    """Delta debugging: drop halves, quarters, ... of the faults, then the tickers after the end."""
    search = _Search(scenario, broken, judge, most_runs)
    _drop_faults(search)
    _drop_tickers(search)
    return Shrunk(scenario=search.best, broken=search.broken, runs=search.runs)


def _drop_faults(search: _Search) -> None:
    parts = 1
    while search.best.faults and not search.spent:
        faults = search.best.faults
        size = -(-len(faults) // parts)
        dropped = False
        for first in range(0, len(faults), size):
            kept = (*faults[:first], *faults[first + size :])
            if search.accepts(with_faults(search.best, kept)):
                dropped = True
                break
        if dropped:
            parts = max(parts - 1, 1)
        elif size == 1:
            return
        else:
            parts = min(2 * parts, len(faults))


def _drop_tickers(search: _Search) -> None:
    """Without what comes later; a law judged at the end needs the whole calm."""
    at = search.broken.at
    if at is not None:
        search.accepts(ending(search.best, at))


def with_faults(scenario: Scenario, faults: Sequence[Fault]) -> Scenario:
    """The same scenario with other faults."""
    return replace(scenario, faults=tuple(faults))


def ending(scenario: Scenario, until: Instant) -> Scenario:
    """The same scenario without the tickers later than `until`."""
    kept = tuple(ticker for ticker in scenario.tickers if ticker.at <= until)
    return replace(scenario, tickers=kept)


def fault_to_json(fault: Fault) -> dict[str, object]:
    """A fault as plain values; `fault_from_json` is the inverse."""
    return {
        "kind": fault.kind.value,
        "at": fault.at,
        "until": fault.until,
        "chance": fault.chance,
        "number": fault.number,
        "symbol": fault.symbol,
        "detail": fault.detail,
    }


def fault_from_json(value: object) -> Fault:
    """The inverse of fault_to_json; SavedStateError or ValueError for anything else."""
    saved = Saved(value)
    return Fault(
        kind=FaultKind(saved.text("kind")),
        at=Instant(saved.whole("at")),
        until=Instant(saved.whole("until")),
        chance=saved.whole("chance"),
        number=saved.whole("number"),
        symbol=None if saved.raw("symbol") is None else saved.text("symbol"),
        detail=saved.text("detail"),
    )
