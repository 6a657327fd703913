"""How far equity fell below the highest of the UTC day, unrealised profit included.

It is told equity; it refuses to know where balance and positions come from. All comparisons are
exact.
"""

from decimal import Decimal
from fractions import Fraction

from gridcore.clock import Instant, utc_midnight
from gridcore.instrument import Price
from gridcore.message import message
from gridcore.policy import PriceBand
from gridcore.position import LegRisk
from gridcore.saved import Saved, decimal_to_text


@message
class EquityLine:
    """Equity as a function of one symbol's last price in ticks: base + per_tick * last."""

    base: Fraction
    per_tick: Fraction

    def at(self, last: Price) -> Fraction:
        """Equity at a last price."""
        return self.base + self.per_tick * last


def equity_line(others: Decimal, legs: tuple[LegRisk, LegRisk], tick_size: Decimal) -> EquityLine:
    """Equity of the account while only the price of this symbol moves (M-1).

    `others`: balance and the unrealised profit of all other symbols, quote currency; `legs`: long
    and short. A leg without an entry price has no unrealised profit, as in the mirror.
    """
    base = Fraction(others)
    net = Fraction(0)
    for leg, sign in zip(legs, (1, -1), strict=True):
        if leg.entry is not None:
            size = sign * Fraction(leg.size)
            base -= size * Fraction(leg.entry)
            net += size
    return EquityLine(base=base, per_tick=net * Fraction(tick_size))


class Drawdown:
    """The limit on the fall below the day's peak, in percent of the peak; None: off and free."""

    __slots__ = ("_day", "_floor", "_kept", "_peak")

    def __init__(self, limit_pct: Decimal | None) -> None:
        self._kept: Fraction | None = None if limit_pct is None else 1 - Fraction(limit_pct) / 100
        self._day = Instant(0)
        self._peak: Decimal | None = None
        self._floor: Fraction | None = None
        """The equity at which the limit is reached; None while nothing can reach it."""

    @property
    def active(self) -> bool:
        """Whether there is a limit."""
        return self._kept is not None

    def observe(self, equity: Decimal, now: Instant) -> None:
        """Follow equity at the stored marks: the peak is the highest seen since UTC midnight."""
        if self._kept is None:
            return
        day = utc_midnight(now)
        if self._peak is None or day > self._day or equity > self._peak:
            self._day = day
            self._set_peak(equity)

    def move_cash(self, amount: Decimal) -> None:
        """A deposit or withdrawal (negative) moves the peak as it moves equity: it is no profit.

        To be told before the first `observe` of an equity that the movement is part of.
        """
        if self._peak is not None:
            self._set_peak(self._peak + amount)

    def resume(self, equity: Decimal) -> None:
        """The operator lets the day go on: the peak is the present equity."""
        if self._peak is not None:
            self._set_peak(equity)

    def _set_peak(self, peak: Decimal | None) -> None:
        self._peak = peak
        self._floor = None
        if self._kept is not None and peak is not None and peak > 0:
            self._floor = Fraction(peak) * self._kept

    def judge(self, equity: Decimal | Fraction) -> bool:
        """Whether the limit is reached at this equity."""
        return self._floor is not None and Fraction(equity) <= self._floor

    def band(self, line: EquityLine) -> PriceBand | None:
        """The open interval in which no whole tick reaches the limit; None: every price does."""
        if self._floor is None:
            return None, None
        above, slope = self._floor - line.base, line.per_tick
        if not slope:
            return (None, None) if above < 0 else None
        turn = above / slope
        if slope > 0:
            return turn.numerator // turn.denominator, None
        return None, -(-turn.numerator // turn.denominator)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {"day": self._day, "peak": decimal_to_text(self._peak)}

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._day = Instant(saved.whole("day"))
        self._set_peak(saved.decimal_or_none("peak"))
