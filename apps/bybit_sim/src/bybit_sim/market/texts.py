"""Prices and quantities as the exchange writes them: with the decimals of the tick or the step.

It knows decimal places; it refuses to know what a number means.
"""

from decimal import ROUND_HALF_EVEN, Decimal

from bybit_sim.market.facts import SymbolFacts
from gridcore.instrument import decimal_text

_REMEMBERED = 20_000


class Scale:
    """Writes whole numbers of one unit, for example 541234 ticks of 0.10 as "54123.40"."""

    __slots__ = ("_texts", "_width", "decimals", "multiplier")

    def __init__(self, unit: Decimal) -> None:
        exponent = unit.as_tuple().exponent
        assert isinstance(exponent, int), "a tick or a step is finite"
        self.decimals = max(0, -exponent)
        self.multiplier = int(unit.scaleb(self.decimals))
        self._width = 10**self.decimals
        self._texts: dict[int, str] = {}

    def text(self, count: int) -> str:
        """The text of `count` units; counts are 0 or more."""
        text = self._texts.get(count)
        if text is None:
            text = self._written(count * self.multiplier)
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            self._texts[count] = text
        return text

    def _written(self, parts: int) -> str:
        if not self.decimals:
            return str(parts)
        whole, fraction = divmod(parts, self._width)
        return f"{whole}.{fraction:0{self.decimals}d}"


def fixed_text(value: Decimal, unit: Decimal) -> str:
    """A number with the decimals of `unit`, or with as many more as it needs."""
    kept = value.quantize(unit, rounding=ROUND_HALF_EVEN) if _fits(value, unit) else None
    return decimal_text(value) if kept is None else format(kept, "f")


def price_text(facts: SymbolFacts, price: Decimal) -> str:
    """A price with the decimals of the tick ("54123.40"); a finer one (a mark) keeps its own."""
    return fixed_text(price, facts.instrument.tick_size)


def qty_text(facts: SymbolFacts, qty: Decimal) -> str:
    """A quantity with the decimals of the step ("0.010")."""
    return fixed_text(qty, facts.instrument.qty_step)


def _fits(value: Decimal, unit: Decimal) -> bool:
    needed, given = value.normalize().as_tuple().exponent, unit.as_tuple().exponent
    assert isinstance(needed, int), "numbers of a market are finite"
    assert isinstance(given, int), "a tick or a step is finite"
    return needed >= min(given, 0)
