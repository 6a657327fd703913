"""Initial and maintenance margin of one symbol, and how far its mark may move.

Conservative: every leg is charged on its own value, hedged or not (spec/strategy.md M-5 [REC],
18.3, 18.4). It knows the legs' sizes and a mark; it refuses to know orders and the wallet.
"""

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from gridcore.pnl import RiskTiers
from simvenue.legs import Pair

ZERO = Decimal(0)
INFINITY = Decimal("Infinity")


class Interval(NamedTuple):
    """An open interval of mark prices in quote currency."""

    low: Decimal
    high: Decimal


EVERYWHERE = Interval(ZERO, INFINITY)


class MarginTable:
    """The tiers of a symbol at a leverage, prepared for many look-ups.

    While both legs together are worth no more than the first tier holds, they share its rates and
    are charged at once.
    """

    __slots__ = (
        "_caps",
        "_first_cap",
        "_first_rate",
        "_initial_rates",
        "_leverage",
        "_lines",
        "_segment_caps",
    )

    def __init__(self, tiers: RiskTiers, leverage: Decimal) -> None:
        self._leverage = leverage
        self._caps = [tier.max_value for tier in tiers.tiers if tier.max_value is not None]
        # None: the leverage asks for more than the tier.
        self._initial_rates = [
            tier.initial_rate if tier.initial_rate * leverage > 1 else None for tier in tiers.tiers
        ]
        self._segment_caps = tiers.segments.caps
        self._lines = tiers.segments.lines
        self._first_rate = self._lines[0][0]
        self._first_cap = min(self._caps[:1] + self._segment_caps[:1], default=INFINITY)

    def initial(self, exposure: Decimal, leg_value: Decimal) -> Decimal:
        """exposure * max(1 / leverage, initial rate of the tier that holds `leg_value`)."""
        tier = bisect_left(self._caps, leg_value) if leg_value > self._first_cap else 0
        rate = self._initial_rates[tier]
        return exposure / self._leverage if rate is None else exposure * rate

    def maintenance(self, leg_value: Decimal) -> Decimal:
        """Maintenance margin of one leg's value at the mark (M-5)."""
        rate, deduction = self._lines[bisect_left(self._segment_caps, leg_value)]
        return leg_value * rate - deduction

    def charge(
        self, pair: Pair, mark: Decimal, unit: Decimal, opening_value: Sequence[int]
    ) -> tuple[Decimal, Decimal]:
        """(initial, maintenance) margin of both legs at the mark.

        The initial margin includes the resting opens, `opening_value` per leg in multiples of
        `unit`, at the rate of their leg.
        """
        value = pair.gross * mark
        long_resting, short_resting = opening_value
        if value <= self._first_cap:
            exposure = value + unit * (long_resting + short_resting)
            return self.initial(exposure, ZERO), value * self._first_rate
        long_value, short_value = pair.long.qty * mark, pair.short.qty * mark
        return (
            self.initial(long_value + unit * long_resting, long_value)
            + self.initial(short_value + unit * short_resting, short_value),
            self.maintenance(long_value) + self.maintenance(short_value),
        )

    def safe_interval(self, pair: Pair, mark: Decimal, slack: Decimal) -> Interval:
        """Marks around `mark` at which this pair's profit - margin falls by less than `slack` > 0.

        Exact where the pair's tiers stay what they are; it ends at the next tier boundary, beyond
        which another line holds.
        """
        if pair.gross * mark <= self._first_cap:
            low, high = ZERO, self._first_cap / pair.gross
            slope = pair.net - pair.gross * self._first_rate
        else:
            low, high, slope = self._segment(pair.long.qty, pair.short.qty, mark)
        if slope:
            root = mark - slack / slope
            if low < root < mark:
                low = root
            elif mark < root < high:
                high = root
        return Interval(low, high)

    def crossing(self, pair: Pair, mark: Decimal, slack: Decimal) -> Decimal | None:
        """The liquidation price of a safe, unevenly hedged pair, if its tiers hold until there.

        0 or less: none on this side of zero. None: a tier boundary comes first, or the margin
        grows faster than the profit; `gridcore.pnl.pair_liquidation` walks those.
        """
        net = pair.net
        if pair.gross * mark <= self._first_cap:
            low, high = None, self._first_cap / pair.gross
            slope = net - pair.gross * self._first_rate
        else:
            low, high, slope = self._segment(pair.long.qty, pair.short.qty, mark)
        if net > 0 and slope > 0:
            root = mark - slack / slope
            return root if not low or root > low else None
        if net < 0 and slope < 0:
            root = mark - slack / slope
            return root if root <= high else None
        return None

    def _segment(
        self, long: Decimal, short: Decimal, mark: Decimal
    ) -> tuple[Decimal, Decimal, Decimal]:
        """(low, high, slope): the marks between which both legs keep their margin lines."""
        caps, lines = self._segment_caps, self._lines
        low, high, slope = ZERO, INFINITY, long - short
        for size in (long, short):
            if not size:
                continue
            at = bisect_left(caps, size * mark)
            slope -= size * lines[at][0]
            if at:
                low = max(low, caps[at - 1] / size)
            if at < len(caps):
                high = min(high, caps[at] / size)
        return low, high, slope
