"""What an import met, by kind: counts, first examples, and the threshold beyond which it is
refused.

Knows the kinds and their remedies; refuses to know how a fault is found.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

import numpy as np

from tapes.errors import TapeError
from tapes.importing.decimals import Flags

EXAMPLES_MAX = 3
_EXAMPLE_LETTERS_MAX = 120


class Fault(Enum):
    """Everything a source row can have wrong, or that is worth a count."""

    UNREADABLE = "unreadable"
    NON_POSITIVE = "non_positive"
    ROUNDS_TO_ZERO = "rounds_to_zero"
    OFF_TICK = "off_tick"
    OFF_STEP = "off_step"
    TIME_DECREASED = "time_decreased"
    DUPLICATE = "duplicate"
    OTHER_SYMBOL = "other_symbol"
    INCONSISTENT_BAR = "inconsistent_bar"
    OFF_MINUTE = "off_minute"
    OVERLAP = "overlap"
    REPEATED = "repeated"
    SIDE_UNKNOWN = "side_unknown"
    TIME_CUT = "time_cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """What happens to a row with a fault, whether there may only be a few, and the usual remedy."""

    dropped: bool
    limited: bool
    meaning: str
    mend: str = "Look at the rows named, or allow more with --tolerate."


_TICK = "Give the instrument's own tick size (--tick), or allow more with --tolerate."
_STEP = "Give the instrument's own quantity step (--step), or allow more with --tolerate."

RULES = {
    Fault.UNREADABLE: FaultRule(dropped=True, limited=True, meaning="not readable: dropped"),
    Fault.NON_POSITIVE: FaultRule(
        dropped=True, limited=True, meaning="price or size not positive: dropped"
    ),
    Fault.ROUNDS_TO_ZERO: FaultRule(
        dropped=True, limited=True, meaning="below half a tick or step: dropped", mend=_STEP
    ),
    Fault.OFF_TICK: FaultRule(
        dropped=False, limited=True, meaning="price off the tick: rounded half-even", mend=_TICK
    ),
    Fault.OFF_STEP: FaultRule(
        dropped=False, limited=True, meaning="size off the step: rounded half-even", mend=_STEP
    ),
    Fault.TIME_DECREASED: FaultRule(
        dropped=False, limited=True, meaning="earlier than a row before it: moved into time order"
    ),
    Fault.DUPLICATE: FaultRule(
        dropped=True, limited=True, meaning="trade id or bar seen before in its file: dropped"
    ),
    Fault.OTHER_SYMBOL: FaultRule(
        dropped=True,
        limited=True,
        meaning="of another symbol: dropped",
        mend="Give the symbol of the file (--symbol), or allow more with --tolerate.",
    ),
    Fault.INCONSISTENT_BAR: FaultRule(
        dropped=True, limited=True, meaning="bar whose extremes do not enclose it: dropped"
    ),
    Fault.OFF_MINUTE: FaultRule(
        dropped=True,
        limited=True,
        meaning="bar that does not begin on a whole minute: dropped",
        mend="Import 1-minute bars.",
    ),
    Fault.OVERLAP: FaultRule(
        dropped=True, limited=False, meaning="already in another of the files: dropped"
    ),
    Fault.REPEATED: FaultRule(
        dropped=False, limited=False, meaning="equal to another row, without an id: kept"
    ),
    Fault.SIDE_UNKNOWN: FaultRule(dropped=False, limited=False, meaning="without a side: kept"),
    Fault.TIME_CUT: FaultRule(
        dropped=False, limited=False, meaning="time finer than a microsecond: cut, kept"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCount:
    """One kind of fault as it was met, for a report."""

    fault: Fault
    count: int
    meaning: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Where a fault was met: file, line (or row of a Parquet file) and its text."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text[:_EXAMPLE_LETTERS_MAX]}"


class ImportCounters:
    """Counts rows and faults while an import goes on."""

    def __init__(self) -> None:
        self.rows_read = 0
        self.rows_written = 0
        self.files_newest_first = 0
        self._counts = dict.fromkeys(Fault, 0)
        self._examples: dict[Fault, list[Example]] = {fault: [] for fault in Fault}

    def add(self, fault: Fault, count: int, examples: Iterable[Example] = ()) -> None:
        """Count rows with a fault; the first few examples of each kind are kept."""
        self._counts[fault] += count
        kept = self._examples[fault]
        for example in examples:
            if len(kept) >= EXAMPLES_MAX:
                break
            kept.append(example)

    def count(self, fault: Fault) -> int:
        """Rows met with a fault."""
        return self._counts[fault]

    def examples(self, fault: Fault) -> tuple[Example, ...]:
        """The first rows met with a fault."""
        return tuple(self._examples[fault])

    @property
    def rows_dropped(self) -> int:
        """Rows read that are not on the tape."""
        return sum(count for fault, count in self._counts.items() if RULES[fault].dropped)

    def met(self) -> tuple[FaultCount, ...]:
        """Every kind that was met, with its first examples."""
        return tuple(
            FaultCount(
                fault=fault,
                count=count,
                meaning=RULES[fault].meaning,
                examples=tuple(str(example) for example in self._examples[fault]),
            )
            for fault, count in self._counts.items()
            if count
        )

    def as_numbers(self) -> dict[str, int]:
        """All counts for the manifest; kinds that were not met are left out."""
        met = {fault.value: count for fault, count in self._counts.items() if count}
        return {
            "rows_read": self.rows_read,
            "rows_written": self.rows_written,
            "files_newest_first": self.files_newest_first,
            **met,
        }

    def check(self, tolerate: Decimal) -> None:
        """TapeError when any limited kind is more than `tolerate` (a ratio) of the rows read."""
        allowed = int(tolerate * self.rows_read)
        broken = [
            fault
            for fault, count in self._counts.items()
            if RULES[fault].limited and count > allowed
        ]
        if not broken:
            return
        found = "; ".join(self._describe(fault) for fault in broken)
        raise TapeError(
            "the import is refused",
            expected=f"at most {allowed} of {self.rows_read} rows with each fault",
            found=found,
            mend=RULES[broken[0]].mend,
        )

    def _describe(self, fault: Fault) -> str:
        shown = "".join(f" [{example}]" for example in self._examples[fault])
        return f"{self._counts[fault]} {RULES[fault].meaning.partition(':')[0]}{shown}"


def first_rows(flags: Flags) -> list[int]:
    """The first few rows that are flagged."""
    return [int(row) for row in np.flatnonzero(flags)[:EXAMPLES_MAX]]
