"""Risk tiers, margins and the liquidation of a pair without gridcore, in exact numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

from gridcore.pnl import RiskTier, RiskTiers

Row = tuple[Fraction | None, Fraction, Fraction, Fraction]
"""Largest value (None: no end), maintenance rate, deduction, initial rate."""

FLAT_RATE = "0.005"
_TWENTY_EIGHT_DIGITS = Context(prec=28, rounding=ROUND_HALF_EVEN)


def rounded(value: Fraction) -> Decimal:
    """An exact number at the 28 digits of one decimal division."""
    return _TWENTY_EIGHT_DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))


def table_rows(document: dict[str, Any], symbol: str, custom: int | None) -> list[Row]:
    """The rows in force for a case; the last one has no end, as the exchange's last one."""
    header = document["header"]
    if custom is not None:
        return _rows(header["custom_tiers"][custom])
    tables = next(value for name, value in header.items() if name.startswith("tiers["))
    return _rows(tables.get(symbol, tables["DEFAULT"]))


def flat_rows() -> list[Row]:
    """One tier with a flat maintenance rate, for cases without tiers."""
    return [(None, Fraction(FLAT_RATE), Fraction(0), Fraction(0))]


def _rows(table: Sequence[Sequence[str]]) -> list[Row]:
    rows: list[Row] = []
    for number, (cap, rate, deduction, initial) in enumerate(table, start=1):
        ends = number < len(table)
        rows.append(
            (
                Fraction(cap) if ends else None,
                Fraction(rate),
                Fraction(deduction),
                Fraction(initial),
            )
        )
    return rows


def subject_tiers(rows: Sequence[Row]) -> RiskTiers:
    """The same rows as gridcore takes them; TierError where they are refused."""
    return RiskTiers(
        [
            RiskTier(
                max_value=None if cap is None else rounded(cap),
                maintenance_rate=rounded(rate),
                deduction=rounded(deduction),
                initial_rate=rounded(initial),
            )
            for cap, rate, deduction, initial in rows
        ]
    )


def row_of(rows: Sequence[Row], value: Fraction) -> Row:
    """The row of a position value; a boundary belongs to the lower one (M-5)."""
    return next(row for row in rows if row[0] is None or value <= row[0])


def maintenance(rows: Sequence[Row], value: Fraction) -> Fraction:
    """max(value * rate - deduction, 0)."""
    _, rate, deduction, _ = row_of(rows, value)
    return max(value * rate - deduction, Fraction(0))


def initial(rows: Sequence[Row], value: Fraction, leverage: Fraction) -> Fraction:
    """value * max(1 / leverage, tier rate)."""
    return value * max(1 / leverage, row_of(rows, value)[3])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A hedged pair: sizes, entries, equity at a mark."""

    long: Fraction
    long_entry: Fraction
    short: Fraction
    short_entry: Fraction
    equity: Fraction
    mark: Fraction

    @property
    def wallet(self) -> Fraction:
        """Cash: equity without the unrealised profit of both legs."""
        profit = self.long * (self.mark - self.long_entry)
        profit += self.short * (self.short_entry - self.mark)
        return self.equity - profit


def excess(pair: Pair, rows: Sequence[Row], price: Fraction) -> Fraction:
    """Wallet and profit of both legs at a price, beyond the maintenance margin there."""
    profit = pair.long * (price - pair.long_entry) + pair.short * (pair.short_entry - price)
    needed = maintenance(rows, pair.long * price) + maintenance(rows, pair.short * price)
    return pair.wallet + profit - needed


def crossings(pair: Pair, rows: Sequence[Row]) -> list[Fraction]:
    """Every price at which the excess changes between above 0 and not above 0, ascending."""
    bends: set[Fraction] = set()
    for size in (pair.long, pair.short):
        for cap, rate, deduction, _ in rows:
            if size and cap is not None:
                bends.add(cap / size)
            if size and rate and deduction:
                bends.add(deduction / rate / size)
    edges = [Fraction(0), *sorted(bends)]
    found: list[Fraction] = []
    for start, end in zip(edges, [*edges[1:], None], strict=True):
        width = (end - start) if end is not None else Fraction(1)
        first, second = start + width / 3, start + 2 * width / 3
        low, high = excess(pair, rows, first), excess(pair, rows, second)
        slope = (high - low) / (second - first)
        at_start = low - slope * (first - start)
        if start and (at_start > 0) is not (excess(pair, rows, start) > 0):
            found.append(start)
        if slope:
            root = first - low / slope
            if root > start and (end is None or root <= end):
                found.append(root)
    return sorted(set(found))


def right_liquidation(pair: Pair, rows: Sequence[Row]) -> tuple[Fraction | None, Fraction | None]:
    """Liquidation prices of long and short leg (README 15); None where there is none."""
    if not pair.long and not pair.short:
        return None, None
    safe = excess(pair, rows, pair.mark) > 0
    net = pair.long - pair.short
    if not net:
        return (None, None) if safe else (pair.mark, pair.mark)
    prices = crossings(pair, rows)
    below = [price for price in prices if price <= pair.mark]
    above = [price for price in prices if price >= pair.mark]
    towards_low = safe is (net > 0)
    nearest = below[-1:] if towards_low else above[:1]
    price = nearest[0] if nearest else (None if safe else pair.mark)
    return (price, None) if net > 0 else (None, price)


def recorded_liquidation(
    pair: Pair, rows: Sequence[Row]
) -> tuple[Fraction | None, Fraction | None]:
    """The old expression, which takes the leg's entry as its reference (L-1)."""
    value = pair.long * pair.long_entry + pair.short * pair.short_entry
    pool = pair.equity - maintenance(rows, value)
    net = pair.long - pair.short
    if pool <= 0:
        return (
            pair.long_entry if pair.long else None,
            pair.short_entry if pair.short else None,
        )
    if net > 0:
        price = max(pair.long_entry - pool / net, Fraction(0))
        return price or None, None
    if net < 0:
        price = pair.short_entry + pool / -net
        capped = not pair.long and price > 2 * pair.short_entry
        return None, None if capped else price
    return None, None
