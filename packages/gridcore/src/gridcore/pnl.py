"""Profit, margin, fees, funding, and the liquidation price of a hedged pair, all in Decimal.

It knows amounts in quote currency and sizes in base coin; it refuses to know orders and ticks.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

from gridcore.events import NO_LIQUIDATION, NoLiquidation
from gridcore.sides import BUY, LONG, DirectionType, SideType
from gridcore.tiers import MarginSegments, RiskTier, RiskTiers, TierError, parse_tiers

__all__ = [
    "MONEY",
    "LegFill",
    "LegLiquidation",
    "RiskTier",
    "RiskTiers",
    "TierError",
    "entry_value",
    "fill_leg",
    "funding_cash_flow",
    "liquidation_ratio",
    "margin_pct",
    "margin_ratio",
    "mark_value",
    "pair_liquidation",
    "parse_tiers",
    "to_money",
    "trading_fee",
    "unrealised",
    "unrealised_pct",
]

MONEY = Decimal("1e-8")
"""The unit of every ledger entry."""

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)

_ARITHMETIC = Context(prec=28, rounding=ROUND_HALF_EVEN)
_quantize = _ARITHMETIC.quantize
_divide = _ARITHMETIC.divide


def to_money(amount: Decimal) -> Decimal:
    """Round an amount to 1e-8, half-even: done once per ledger entry (ARCHITECTURE 3)."""
    return _quantize(amount, MONEY)


def unrealised(direction: DirectionType, entry: Decimal, price: Decimal, qty: Decimal) -> Decimal:
    """Profit of `qty` (positive) at `price`, in quote currency (M-1)."""
    return (price - entry) * qty if direction is LONG else (entry - price) * qty


def unrealised_pct(
    direction: DirectionType, entry: Decimal, price: Decimal, leverage: Decimal
) -> Decimal:
    """Return on the margin in percent; 0 when entry or price is not positive (M-2)."""
    if entry <= 0 or price <= 0:
        return ZERO
    gain = price - entry if direction is LONG else entry - price
    return _divide(gain, entry) * leverage * HUNDRED


def entry_value(size: Decimal, entry: Decimal) -> Decimal:
    """Position value at the average entry (M-3): the basis of the recorded margin ratios."""
    return size * entry


def mark_value(size: Decimal, mark: Decimal) -> Decimal:
    """Position value at the mark price (M-3): the exchange's positionValue."""
    return size * mark


def margin_ratio(value: Decimal, wallet: Decimal) -> Decimal:
    """Position value over wallet balance; 0 when the wallet is not positive (M-4)."""
    return _divide(value, wallet) if wallet > 0 else ZERO


def margin_pct(margin: Decimal, balance: Decimal) -> Decimal:
    """Margin as a percentage of the balance: the account's IMR and MMR (M-8)."""
    return _divide(margin, balance) * HUNDRED if balance > 0 else ZERO


def liquidation_ratio(liquidation: Decimal, price: Decimal) -> Decimal | None:
    """Liquidation price over market price (M-8); None while no price is known (LS-29)."""
    return _divide(liquidation, price) if price else None


def trading_fee(price: Decimal, qty: Decimal, rate: Decimal) -> Decimal:
    """Fee of one execution, quantised; negative for a rebate (F-0)."""
    return to_money(price * qty * rate)


def funding_cash_flow(
    direction: DirectionType, size: Decimal, price: Decimal, rate: Decimal
) -> Decimal:
    """What one funding boundary adds to the wallet: a long pays a positive rate (T-5, 18.5)."""
    payment = to_money(size * price * rate)
    return -payment if direction is LONG else payment


class LegFill(NamedTuple):
    """A leg after one fill. `closed` is the part that reduced it; `entry` is None when flat."""

    size: Decimal
    entry: Decimal | None
    closed: Decimal
    realised: Decimal


def fill_leg(
    direction: DirectionType,
    size: Decimal,
    entry: Decimal | None,
    side: SideType,
    price: Decimal,
    qty: Decimal,
) -> LegFill:
    """Apply one fill to a leg (T-2).

    An opening fill averages the entry; a closing fill is cut to the size (the caller sees the rest
    as qty - closed), keeps the entry and realises M-1, quantised. ValueError unless price and qty
    are positive (T-1) and an open leg has an entry.
    """
    if price <= 0 or qty <= 0:
        raise ValueError(f"expected a positive price and quantity, found {price} and {qty}")
    if size and entry is None:
        raise ValueError(f"expected an entry price for a leg of {size}, found none")
    if (direction is LONG) is (side is BUY):
        if not size or entry is None:
            return LegFill(qty, price, ZERO, ZERO)
        total = size + qty
        return LegFill(total, _divide(size * entry + qty * price, total), ZERO, ZERO)
    if not size or entry is None:
        return LegFill(ZERO, None, ZERO, ZERO)
    closed = qty if qty < size else size
    realised = to_money(unrealised(direction, entry, price, closed))
    rest = size - closed
    return LegFill(rest, entry if rest else None, closed, realised)


LegLiquidation = Decimal | NoLiquidation


def pair_liquidation(
    *,
    long_size: Decimal,
    long_entry: Decimal | None,
    short_size: Decimal,
    short_entry: Decimal | None,
    mark: Decimal,
    wallet: Decimal,
    tiers: RiskTiers,
    other_unrealised: Decimal = ZERO,
    other_maintenance: Decimal = ZERO,
) -> tuple[LegLiquidation, LegLiquidation]:
    """Liquidation prices of the long and the short leg of one symbol in a shared wallet.

    The price p at which wallet + L * (p - long entry) + S * (short entry - p) + other_unrealised
    equals the maintenance margin of both legs at p + other_maintenance (golden/README.md 15). A
    net long pair has it on the long leg, below the mark; a net short pair on the short leg, above.
    Equal legs have none. A pair that is already beyond has the price that it passed, or the mark
    where there is no such price (equal legs: on both).
    """
    if not long_size and not short_size:
        return NO_LIQUIDATION, NO_LIQUIDATION
    if mark <= 0:
        raise ValueError(f"expected a mark price above 0, found {mark}")
    fixed = wallet + other_unrealised - other_maintenance
    if long_size and long_entry is not None:
        fixed -= long_size * long_entry
    if short_size and short_entry is not None:
        fixed += short_size * short_entry
    pair = _PairExcess(long_size, short_size, fixed, tiers.segments)
    safe = pair.at(mark) > 0
    if pair.net > 0:
        return pair.crossing(mark, upward=not safe) or _uncrossed(safe, mark), NO_LIQUIDATION
    if pair.net < 0:
        return NO_LIQUIDATION, pair.crossing(mark, upward=safe) or _uncrossed(safe, mark)
    return (NO_LIQUIDATION, NO_LIQUIDATION) if safe else (mark, mark)


def _uncrossed(safe: bool, mark: Decimal) -> LegLiquidation:
    return NO_LIQUIDATION if safe else mark


class _PairExcess:
    """Equity beyond maintenance margin as a function of price: linear between tier boundaries."""

    __slots__ = ("caps", "fixed", "lines", "long", "net", "segments", "short")

    def __init__(
        self, long: Decimal, short: Decimal, fixed: Decimal, segments: MarginSegments
    ) -> None:
        self.long = long
        self.short = short
        self.net = long - short
        self.fixed = fixed
        self.segments = segments
        self.caps = segments.caps
        self.lines = segments.lines

    def at(self, price: Decimal) -> Decimal:
        """The excess at a price."""
        slope, intercept = self._line(*self._segments_at(price))
        return intercept + slope * price

    def crossing(self, start: Decimal, *, upward: bool) -> Decimal | None:
        """The first price after `start` at which the excess changes between > 0 and <= 0."""
        long_at, short_at = self._segments_at(start)
        slope, intercept = self._line(long_at, short_at)
        was_positive = intercept + slope * start > 0
        while True:
            if slope:
                root = -_divide(intercept, slope)
                ahead = root >= start if upward else 0 < root <= start
                if ahead and self._within(root, long_at, short_at, upward=upward):
                    return root
            long_end = self._boundary(self.long, long_at, upward=upward)
            short_end = self._boundary(self.short, short_at, upward=upward)
            if long_end is None and short_end is None:
                return None
            # One leg at a time leaves its segment, the one whose boundary is nearer.
            move_long = short_end is None or (
                long_end is not None
                and (long_end <= short_end if upward else long_end >= short_end)
            )
            boundary = long_end if move_long else short_end
            assert boundary is not None
            stride = 1 if upward else -1
            long_at += stride * move_long
            short_at += stride * (not move_long)
            slope, intercept = self._line(long_at, short_at)
            if (intercept + slope * boundary > 0) is not was_positive:
                return boundary
            start = boundary

    def _segments_at(self, price: Decimal) -> tuple[int, int]:
        index_of = self.segments.index_of
        return index_of(self.long * price), index_of(self.short * price)

    def _line(self, long_at: int, short_at: int) -> tuple[Decimal, Decimal]:
        """(slope, intercept) while the legs are in these segments."""
        long_rate, long_deduction = self.lines[long_at]
        short_rate, short_deduction = self.lines[short_at]
        slope = self.net - self.long * long_rate - self.short * short_rate
        return slope, self.fixed + long_deduction + short_deduction

    def _within(self, price: Decimal, long_at: int, short_at: int, *, upward: bool) -> bool:
        if upward:
            last = len(self.caps)
            return (long_at == last or self.long * price <= self.caps[long_at]) and (
                short_at == last or self.short * price <= self.caps[short_at]
            )
        return (not long_at or self.long * price > self.caps[long_at - 1]) and (
            not short_at or self.short * price > self.caps[short_at - 1]
        )

    def _boundary(self, size: Decimal, at: int, *, upward: bool) -> Decimal | None:
        """The price at which a leg leaves its segment; None when it never does."""
        if not size or (at == len(self.caps) if upward else not at):
            return None
        return _divide(self.caps[at if upward else at - 1], size)
