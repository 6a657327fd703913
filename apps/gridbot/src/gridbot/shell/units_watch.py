"""Whether a symbol's units have changed for good, so that its session has to begin anew (ADR 0035).

It knows the newest report of each symbol; it refuses to know who asked for it.
"""

from collections.abc import Callable, Mapping

from gridcore.events import SymbolReport
from gridcore.instrument import Instrument


class UnitsWatch:
    """The newest reports of one session's symbols. `instruments` are those that it lives with;
    `awaits_rebuilding`: whether it has nothing of a symbol left."""

    def __init__(
        self, instruments: Mapping[str, Instrument], awaits_rebuilding: Callable[[str], bool]
    ) -> None:
        self._instruments = instruments
        self._awaits_rebuilding = awaits_rebuilding
        self._newest: dict[str, SymbolReport] = {}

    def note(self, report: SymbolReport) -> None:
        """The exchange has told of a symbol."""
        if report.symbol in self._instruments:
            self._newest[report.symbol] = report

    def awaits_rebuilding(self) -> bool:
        """Whether a symbol has other units by the newest report, and is empty."""
        return any(
            report.hedge_mode and self._has_other_units(report) and self._awaits_rebuilding(symbol)
            for symbol, report in self._newest.items()
        )

    def _has_other_units(self, report: SymbolReport) -> bool:
        known, told = self._instruments[report.symbol], report.instrument
        return (known.tick_size, known.qty_step) != (told.tick_size, told.qty_step)
