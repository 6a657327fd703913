"""Exact numbers and their text; it refuses to know floats."""

from decimal import Decimal, InvalidOperation


def plain_text(value: Decimal) -> str:
    """Plain text of a Decimal: no exponent, no trailing zeros, no negative zero ("100", "0.05").

    The same number always gives the same text, however it was written.
    """
    if not value.is_finite():
        return str(value)
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def parse_decimal(text: str) -> Decimal | None:
    """The finite Decimal that `text` writes, or None when it writes none."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
