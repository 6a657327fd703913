"""Decimal units given as text (tick, step, mark unit): exact integers and nothing else.

Refuses to know what the units measure.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from tapes.errors import TapeError

# More decimals than this cannot be multiplied into 64 bits together with a real price.
DECIMALS_MAX = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A positive decimal unit: `text` (canonical) equals `scaled` * 10**-`decimals`, exactly."""

    text: str
    scaled: int
    decimals: int

    @property
    def value(self) -> Decimal:
        """The unit as an exact Decimal."""
        return Decimal(self.text)


def parse_unit(text: str, name: str) -> Unit:
    """Read a unit such as "0.1" or "1e-8"; TapeError names `name` when it is not a positive
    decimal."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise _unit_error(text, name) from None
    if not value.is_finite() or value <= 0:
        raise _unit_error(text, name)
    plain = format(value.normalize(), "f")
    decimals = len(plain.partition(".")[2])
    if decimals > DECIMALS_MAX:
        raise _unit_error(text, name)
    return Unit(text=plain, scaled=int(value.scaleb(decimals)), decimals=decimals)


def _unit_error(text: str, name: str) -> TapeError:
    return TapeError(
        f"{name} cannot be used",
        expected=f"a positive decimal number with at most {DECIMALS_MAX} decimals, such as 0.01",
        found=repr(text),
        mend="Give the value that the exchange lists for the instrument.",
    )
