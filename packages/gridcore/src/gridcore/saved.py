"""Saved state: plain JSON values out of memory and back, refused when they do not fit."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from gridcore.clock import Instant
from gridcore.instrument import Price


class SavedStateError(ValueError):
    """A saved value is missing or of another kind than expected."""


class Saved:
    """One saved mapping, read field by field."""

    __slots__ = ("fields",)

    def __init__(self, fields: object) -> None:
        if isinstance(fields, Saved):
            fields = fields.fields
        if not isinstance(fields, Mapping):
            raise SavedStateError(f"expected a mapping, found {type(fields).__name__}")
        self.fields: Mapping[str, object] = fields

    def raw(self, name: str) -> object:
        """The value as it was saved."""
        if name not in self.fields:
            raise SavedStateError(f"expected a field {name!r}, found {sorted(self.fields)}")
        return self.fields[name]

    def text(self, name: str) -> str:
        """A text."""
        value = self.raw(name)
        if not isinstance(value, str):
            raise SavedStateError(f"{name}: expected a text, found {value!r}")
        return value

    def flag(self, name: str) -> bool:
        """A truth value."""
        value = self.raw(name)
        if not isinstance(value, bool):
            raise SavedStateError(f"{name}: expected true or false, found {value!r}")
        return value

    def whole(self, name: str) -> int:
        """A whole number."""
        value = self.raw(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise SavedStateError(f"{name}: expected a whole number, found {value!r}")
        return value

    def whole_or_none(self, name: str) -> int | None:
        """A whole number, or None."""
        return None if self.raw(name) is None else self.whole(name)

    def instant_or_none(self, name: str) -> Instant | None:
        """An instant, or None."""
        at = self.whole_or_none(name)
        return None if at is None else Instant(at)

    def wholes(self, name: str) -> list[int]:
        """A list of whole numbers."""
        value = self.raw(name)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise SavedStateError(f"{name}: expected a list of whole numbers, found {value!r}")
        if not all(isinstance(item, int) and not isinstance(item, bool) for item in value):
            raise SavedStateError(f"{name}: expected a list of whole numbers, found {value!r}")
        return [int(item) for item in value]

    def pair_or_none(self, name: str) -> tuple[int, int] | None:
        """Two whole numbers, or None."""
        if self.raw(name) is None:
            return None
        values = self.wholes(name)
        if len(values) != 2:
            raise SavedStateError(f"{name}: expected two whole numbers, found {values}")
        return values[0], values[1]

    def decimal(self, name: str) -> Decimal:
        """A finite decimal, saved as text."""
        text = self.text(name)
        try:
            value = Decimal(text)
        except InvalidOperation as error:
            raise SavedStateError(f"{name}: expected a decimal number, found {text!r}") from error
        if not value.is_finite():
            raise SavedStateError(f"{name}: expected a finite number, found {text!r}")
        return value

    def decimal_or_none(self, name: str) -> Decimal | None:
        """A decimal saved as text, or None."""
        return None if self.raw(name) is None else self.decimal(name)

    def price_or_none(self, name: str) -> Price | None:
        """A price in tick units, or None."""
        return price_from_text(None if self.raw(name) is None else self.text(name))

    def instants(self, name: str) -> dict[str, Instant]:
        """A mapping of names to instants."""
        part = self.part(name)
        return {key: Instant(part.whole(key)) for key in part.names()}

    def part(self, name: str) -> "Saved":
        """A nested mapping."""
        return Saved(self.raw(name))

    def parts(self, name: str) -> list["Saved"]:
        """A list of nested mappings."""
        value = self.raw(name)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise SavedStateError(f"{name}: expected a list, found {value!r}")
        return [Saved(item) for item in value]

    def list_of(self, name: str) -> list[object]:
        """A list of anything."""
        value = self.raw(name)
        if not isinstance(value, list):
            raise SavedStateError(f"{name}: expected a list, found {value!r}")
        return value

    def names(self) -> list[str]:
        """The names of all fields."""
        return [str(name) for name in self.fields]


def price_to_text(price: Price | None) -> str | None:
    """A price in tick units as text: "100000", "1000003/10"; None stays None."""
    return None if price is None else str(price)


def price_from_text(text: str | None) -> Price | None:
    """The inverse of price_to_text."""
    if text is None:
        return None
    try:
        ratio = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise SavedStateError(f"expected a price in ticks, found {text!r}") from error
    return ratio.numerator if ratio.denominator == 1 else ratio


def decimal_to_text(value: Decimal | None) -> str | None:
    """A decimal as text; None stays None."""
    return None if value is None else str(value)
