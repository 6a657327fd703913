"""Numbers and times as the exchange writes them. It refuses to know what they mean."""

import re
from decimal import ROUND_HALF_EVEN, Decimal

from gridcore.clock import Instant
from gridcore.instrument import InstrumentError, exact

EIGHT_PLACES = Decimal("1e-8")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def number_of(text: str) -> Decimal:
    """The number that a client wrote in the digits 0 to 9; InstrumentError for anything else.

    Python reads more than that as a number: underscores, spaces, digits of other scripts.
    """
    if _NUMBER.fullmatch(text) is None:
        raise InstrumentError(f"expected a decimal number, found {text!r}")
    return exact(text)


def plain(value: Decimal) -> str:
    """A plain decimal without trailing zeros: "54123.4", "10", "0", "-0.00255"."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded(value: Decimal) -> str:
    """A plain decimal of at most eight places, half-even: averages, ratios and amounts."""
    return plain(value.quantize(EIGHT_PLACES, ROUND_HALF_EVEN))


def scaled(value: Decimal, unit: Decimal) -> Decimal:
    """The same number with as many decimals as a tick or step; off them it stays as it is.

    `scaled(Decimal("54123.4"), Decimal("0.10"))` prints as "54123.40".
    """
    quantised = value.quantize(unit)
    return quantised if quantised == value else value


def near(value: Decimal, unit: Decimal) -> str:
    """A number cut to the decimals of a tick, half-even: a liquidation price."""
    return format(value.quantize(unit, ROUND_HALF_EVEN), "f")


def decimal_text(value: Decimal) -> str:
    """All decimals that the number has: "54123.40", "0.010"."""
    return format(value, "f")


def ms_text(at: Instant) -> str:
    """An instant in whole milliseconds, as text."""
    return str(at // 1000)
