"""Counts of 1e-8, which the database holds, as whole ticks, steps and units of a tape.

Knows division without a remainder; refuses to round.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from appkit.dates import instant_text
from appkit.decimals import plain_text
from tapes.columns import UNKNOWN
from tapes.compiled import Integers
from tapes.errors import TapeError
from tapes.units import parse_unit

DIGITS = 8
"""The database keeps so many digits after the point."""
FINEST = "0.00000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeUnit:
    """A unit of a tape: its canonical text, its count of 1e-8, its name and the option for it."""

    text: str
    count: int
    name: str
    option: str

    def of(self, counts: Integers, times: Integers, what: str) -> Integers:
        """Counts of 1e-8 as whole units; TapeError names the first row that is between two."""
        whole, rest = np.divmod(counts, self.count)
        if rest.any():
            row = int(np.argmax(rest != 0))
            value = Decimal(int(counts[row])).scaleb(-DIGITS)
            raise TapeError(
                f"{what} cannot be expressed by the {self.name}",
                expected=f"multiples of the {self.name} {self.text}",
                found=f"{plain_text(value)} at {instant_text(int(times[row]))} UTC",
                mend=f"Give the {self.name} that the exchange lists, with {self.option}.",
            )
        return whole

    def of_known(self, counts: Integers, missing: int, times: Integers, what: str) -> Integers:
        """The same, where `missing` marks what is not known and becomes UNKNOWN."""
        known = counts != missing
        whole = self.of(np.where(known, counts, 0), times, what)
        return np.where(known, whole, UNKNOWN)


def whole_unit(text: str, name: str, option: str) -> WholeUnit:
    """A unit from its text; TapeError when it is no number, or finer than the database's own."""
    unit = parse_unit(text, name)
    if unit.decimals > DIGITS:
        raise TapeError(
            f"{name} cannot be used",
            expected=f"at most {DIGITS} digits after the point, as the database keeps them",
            found=unit.text,
            mend=f"Give a coarser one with {option}.",
        )
    count = unit.scaled * 10 ** (DIGITS - unit.decimals)
    return WholeUnit(text=unit.text, count=count, name=name, option=option)


def finest_mark_unit(step: WholeUnit) -> str:
    """The finest unit of mark prices with which a run can count its equity.

    Equity is counted in 1e-8 USDT, so that a mark unit times a step has to be a multiple of it.
    """
    decimals = parse_unit(step.text, step.name).decimals
    return plain_text(Decimal(1).scaleb(decimals - DIGITS))
