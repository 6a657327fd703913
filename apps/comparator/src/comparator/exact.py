"""Columns of exact decimal numbers: whole units of one power of ten.

It knows no fill and no float; what does not fit is refused, never rounded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

INT64_MAX = 2**63 - 1
_WIDE = Context(prec=200)
"""Wide enough that moving a decimal point never rounds."""

Units = NDArray[Any]
"""int64; Python's own integers (dtype object) where those are too small for a difference."""


def decimal_of(units: int, places: int) -> Decimal:
    """`units` of 10 ** -places, exactly."""
    return Decimal(units).scaleb(-places, _WIDE)


@dataclass(frozen=True, slots=True, eq=False)
class ExactColumn:
    """Numbers of one kind: `units` whole units of 10 ** -places each."""

    units: Units
    places: int

    @classmethod
    def of(cls, values: Iterable[Decimal], name: str) -> "ExactColumn":
        """Take decimals as they are; ValueError names the column when 64 bits do not hold them."""
        column = cls.wide(values, name)
        units, places = column.units, column.places
        while places > 0 and not _fits(units) and not np.any(units % 10):
            units, places = units // 10, places - 1
        if not _fits(units):
            widest = decimal_of(int(np.abs(units).max()), places)
            raise ValueError(
                f"{name}: expected numbers that fit 64 bits with {places} decimal places, found "
                f"{widest}; leave out the row or round its digits"
            )
        return cls(units.astype(np.int64), places)

    @classmethod
    def wide(cls, values: Iterable[Decimal], name: str) -> "ExactColumn":
        """The same without a limit, as Python's own integers; ValueError for no number."""
        taken = list(values)
        exponents = {value.as_tuple().exponent for value in taken}
        places = 0
        for exponent in exponents:
            if not isinstance(exponent, int):
                raise ValueError(f"{name}: expected finite numbers, found {exponent!r}")
            places = max(places, -exponent)
        units = np.empty(len(taken), dtype=object)
        units[:] = [int(value.scaleb(places, _WIDE)) for value in taken]
        return cls(units, places)

    @classmethod
    def concatenate(cls, columns: Sequence["ExactColumn"], name: str) -> "ExactColumn":
        """One column after the other; ValueError when the common scale does not fit."""
        places = max((column.places for column in columns), default=0)
        scaled = [column.at_places(places) for column in columns]
        units = np.concatenate([column.units for column in scaled] or [np.empty(0, np.int64)])
        if units.dtype == object:
            return cls.of([decimal_of(unit, places) for unit in units], name)
        return cls(units, places)

    def __len__(self) -> int:
        """How many numbers."""
        return len(self.units)

    def value(self, row: int) -> Decimal:
        """The number of a row."""
        return decimal_of(int(self.units[row]), self.places)

    def decimals(self) -> list[Decimal]:
        """All numbers, in order."""
        return [decimal_of(unit, self.places) for unit in self.units.tolist()]

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "ExactColumn":
        """The numbers of some rows, by index or by mask."""
        return ExactColumn(self.units[rows], self.places)

    def at_places(self, places: int) -> "ExactColumn":
        """The same numbers in finer units; Python's integers when 64 bits do not hold them."""
        if places < self.places:
            raise ValueError(f"expected {self.places} places or more, found {places}")
        factor = 10 ** (places - self.places)
        if self.units.dtype != object and _magnitude(self.units) * factor <= INT64_MAX:
            return ExactColumn(self.units * np.int64(factor), places)
        if factor == 1:
            return self
        return ExactColumn(self.units.astype(object) * factor, places)

    def minus(self, other: "ExactColumn") -> "ExactColumn":
        """The difference of each row, exactly."""
        places = max(self.places, other.places)
        mine, theirs = self.at_places(places).units, other.at_places(places).units
        if _magnitude(mine) + _magnitude(theirs) > INT64_MAX:
            mine = mine.astype(object)
        return ExactColumn(mine - theirs, places)

    def times(self, other: "ExactColumn", name: str) -> "ExactColumn":
        """The product of each row, exactly; ValueError when 64 bits do not hold it."""
        places = self.places + other.places
        if _magnitude(self.units) * _magnitude(other.units) <= INT64_MAX:
            return ExactColumn(self.units * other.units, places)
        products = self.units.astype(object) * other.units.astype(object)
        return ExactColumn.of([decimal_of(unit, places) for unit in products], name)

    def magnitudes(self) -> "ExactColumn":
        """Each number without its sign."""
        return ExactColumn(np.abs(self.units), self.places)

    def total(self) -> Decimal:
        """The sum, exactly."""
        return decimal_of(sum(self.units.tolist()), self.places)

    def running_totals(self) -> list[int]:
        """The sum up to each row, in units."""
        total, totals = 0, []
        for unit in self.units.tolist():
            total += unit
            totals.append(total)
        return totals


def _magnitude(units: Units) -> int:
    return int(max(units.max(), -int(units.min()))) if len(units) else 0


def _fits(units: Units) -> bool:
    return _magnitude(units) <= INT64_MAX
