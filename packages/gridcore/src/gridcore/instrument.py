"""Instrument: tick, step and limits of one symbol; the only converter between the exchange's
numbers and whole ticks and steps. It refuses to invent a tick that nobody stated."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import NewType

from gridcore.message import message

Ticks = NewType("Ticks", int)
"""An order's price: a whole number of ticks."""
Steps = NewType("Steps", int)
"""An order's size: a whole number of quantity steps."""
Price = int | Fraction
"""A market, fill or centre price in tick units: int when it lies on a tick."""


MAX_EXPONENT = 400
"""No price or quantity is farther from 1 than this power of ten; exact arithmetic stays small."""


class InstrumentError(ValueError):
    """A number does not fit the instrument, or the instrument itself is impossible."""


def exact(number: Decimal | str | int) -> Decimal:
    """Parse a finite decimal from its text; InstrumentError for anything else."""
    try:
        value = Decimal(number)
    except (InvalidOperation, ValueError, TypeError) as error:
        raise InstrumentError(f"expected a decimal number, found {number!r}") from error
    if not value.is_finite():
        raise InstrumentError(f"expected a finite number, found {number!r}")
    if value and not -MAX_EXPONENT <= value.adjusted() <= MAX_EXPONENT:
        raise InstrumentError(f"expected a number a market can have, found {number!r}")
    return value


def decimal_text(value: Decimal) -> str:
    """Canonical text: plain decimal, no exponent, no trailing zeros, a digit after the point.

    "99800.0", "54.2" and "0.00001" are canonical (I-2; golden/README.md rule 8).
    """
    text = format(value, "f")
    if "." not in text:
        return text + ".0"
    text = text.rstrip("0")
    return text + "0" if text.endswith(".") else text


@message(eq=False)
class Instrument:
    """One tradable symbol. Prices in quote per base coin, quantities in base coin."""

    symbol: str
    tick_size: Decimal
    qty_step: Decimal
    min_qty: Decimal
    max_qty: Decimal
    min_notional: Decimal

    def __post_init__(self) -> None:
        for name in ("tick_size", "qty_step", "min_qty", "max_qty"):
            value = getattr(self, name)
            if not isinstance(value, Decimal) or not value.is_finite() or value <= 0:
                raise InstrumentError(
                    f"{self.symbol}: {name} must be a positive number, found {value!r}"
                )
        if not self.min_notional.is_finite() or self.min_notional < 0:
            raise InstrumentError(
                f"{self.symbol}: min_notional must not be negative, found {self.min_notional!r}"
            )
        if self.max_qty < self.min_qty:
            raise InstrumentError(
                f"{self.symbol}: max_qty {self.max_qty} is below min_qty {self.min_qty}"
            )

    def __eq__(self, other: object) -> bool:
        """Written out: where both sides are known to be messages, mypyc compares by identity unless
        the class has an __eq__ of its own (ADR 0007)."""
        return isinstance(other, Instrument) and self._terms() == other._terms()

    def __hash__(self) -> int:
        return hash(self._terms())

    def _terms(self) -> tuple[str, Decimal, Decimal, Decimal, Decimal, Decimal]:
        return (
            self.symbol,
            self.tick_size,
            self.qty_step,
            self.min_qty,
            self.max_qty,
            self.min_notional,
        )

    @property
    def min_steps(self) -> Steps:
        """Smallest order in steps, rounded up to a whole step."""
        ratio = Fraction(self.min_qty) / Fraction(self.qty_step)
        return Steps(-(-ratio.numerator // ratio.denominator))

    @property
    def max_steps(self) -> Steps:
        """Largest order in steps, rounded down to a whole step."""
        return Steps(int(self.max_qty // self.qty_step))

    def to_price(self, price: Decimal | str | int) -> Price:
        """A received price in tick units: int on a tick, an exact Fraction otherwise."""
        ratio = Fraction(exact(price)) / Fraction(self.tick_size)
        return ratio.numerator if ratio.denominator == 1 else ratio

    def to_ticks(self, price: Decimal | str | int) -> Ticks:
        """A price that must lie on a tick; InstrumentError otherwise."""
        ticks = self.to_price(price)
        if not isinstance(ticks, int):
            raise InstrumentError(
                f"{self.symbol}: price {price} is not a multiple of the tick {self.tick_size}"
            )
        return Ticks(ticks)

    def to_steps(self, qty: Decimal | str | int) -> Steps:
        """A quantity that must be a whole number of steps; InstrumentError otherwise."""
        ratio = Fraction(exact(qty)) / Fraction(self.qty_step)
        if ratio.denominator != 1:
            raise InstrumentError(
                f"{self.symbol}: quantity {qty} is not a multiple of the step {self.qty_step}"
            )
        return Steps(ratio.numerator)

    def price(self, ticks: Price) -> Decimal:
        """The price in quote currency of a number of ticks (28 digits for one off the tick)."""
        if isinstance(ticks, int):
            return self.tick_size * ticks
        return self.tick_size * ticks.numerator / ticks.denominator

    def qty(self, steps: int) -> Decimal:
        """The quantity in base coin of a number of steps."""
        return self.qty_step * steps

    def notional(self, ticks: int, steps: int) -> Decimal:
        """Value in quote currency of `steps` at a price of `ticks`, exact."""
        return self.tick_size * self.qty_step * (ticks * steps)

    def price_text(self, ticks: Ticks) -> str:
        """The canonical text of a price, as it enters order identity."""
        return decimal_text(self.tick_size * ticks)

    def qty_text(self, steps: Steps) -> str:
        """The plain text of a quantity, as it goes to the exchange."""
        return format(self.qty_step * steps, "f")
