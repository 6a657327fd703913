"""The risk rules without gridcore: as they should be in exact numbers, and as recorded in floats.

The recorded one keeps state over passes, lets the later direction overwrite the earlier one, and
judges flat legs that still have an entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, TypeVar

from bbu_reference.numbers import near_threshold

Number = TypeVar("Number", float, Fraction)

CELLS = ("long.Buy", "long.Sell", "short.Buy", "short.Sell")
NO_SHORT = "0.0001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg(Generic[Number]):
    """One leg of a case; the entry is None where the recording has none or 0."""

    size: Number
    entry: Number | None
    liquidation: Number
    margin: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Generic[Number]):
    """The inputs of a case in one kind of number."""

    min_liq: Number
    max_liq: Number
    min_total: Number
    increase: bool
    price: Number
    low_balance: bool
    long: Leg[Number]
    short: Leg[Number]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """The rule that one direction fires: its rank (1 emergency, 2 moderate, 3 to 5 sizing)."""

    rank: int
    cell: str | None
    multiplier: str


def read_case(columns: Sequence[Any], number: type[Number]) -> Case[Number]:
    """The inputs of one row of risk_multipliers."""
    config, price, low_balance, long, short = columns[2], *columns[3:5], columns[6], columns[7]

    def leg(row: Sequence[Any]) -> Leg[Number]:
        size, entry, liquidation, _leverage, margin, _value = row
        known = entry is not None and number(entry) != 0
        return Leg(
            size=number(size),
            entry=number(entry) if known else None,
            liquidation=number(liquidation),
            margin=number(margin),
        )

    return Case(
        min_liq=number(config[0]),
        max_liq=number(config[1]),
        min_total=number(config[3]),
        increase=bool(config[4]),
        price=number(price),
        low_balance=bool(low_balance),
        long=leg(long),
        short=leg(short),
    )


def fires(case: Case[Number], direction: str, number: type[Number]) -> Fired | None:
    """The first rule of a direction that holds (R-4 to R-7)."""
    is_long = direction == "long"
    own = case.long if is_long else case.short
    if own.entry is None:
        return None
    own_buy, own_sell = f"{direction}.Buy", f"{direction}.Sell"
    grow, close = (own_buy, own_sell) if is_long else (own_sell, own_buy)
    hedge = "short.Buy" if is_long else "long.Sell"
    danger = own.liquidation / case.price if case.price else number("0")
    ratio = case.long.margin / (case.short.margin or number(NO_SHORT))
    if is_long:
        emergency = danger > number("1.05") * case.min_liq
        moderate = danger > case.min_liq
        losing = case.price < own.entry
        small, smaller = ratio < number("0.5"), ratio < number("0.2")
    else:
        emergency = 0 < danger < number("0.95") * case.max_liq
        moderate = 0 < danger < case.max_liq
        losing = case.price > own.entry
        small, smaller = ratio > number("2"), ratio > number("5")
    if emergency:
        return Fired(rank=1, cell=close, multiplier="1.5")
    if moderate:
        return Fired(rank=2, cell=None if case.low_balance else hedge, multiplier="0.5")
    equal = number("0.94") < ratio < number("1.05")
    if equal and case.long.margin + case.short.margin < case.min_total:
        if case.increase:
            return Fired(rank=3, cell=grow, multiplier="2")
        return Fired(rank=3, cell=close, multiplier="0.5")
    if small and losing:
        return Fired(rank=4, cell=grow, multiplier="2")
    return Fired(rank=5, cell=grow, multiplier="2") if smaller else None


def right_multipliers(columns: Sequence[Any]) -> tuple[Fraction, ...]:
    """Both directions judged once, flat legs not at all, the graver effect on top."""
    case = read_case(columns, Fraction)
    fired = [
        fires(case, direction, Fraction)
        for direction, leg in (("long", case.long), ("short", case.short))
        if leg.size > 0
    ]
    cells = dict.fromkeys(CELLS, Fraction(1))
    effects = [effect for effect in fired if effect is not None and effect.cell is not None]
    for effect in sorted(effects, key=lambda effect: -min(effect.rank, 3)):
        assert effect.cell is not None
        cells[effect.cell] = Fraction(effect.multiplier)
    return tuple(cells[cell] for cell in CELLS)


def recorded_multipliers(columns: Sequence[Any]) -> tuple[Fraction, ...]:
    """The recorded passes: each direction in the given order writes over what is there."""
    case = read_case(columns, float)
    cells = dict.fromkeys(CELLS, Fraction(1))
    for letter in columns[8]:
        effect = fires(case, "long" if letter == "l" else "short", float)
        if effect is not None and effect.cell is not None:
            cells[effect.cell] = Fraction(effect.multiplier)
    return tuple(cells[cell] for cell in CELLS)


def near_a_threshold(columns: Sequence[Any]) -> bool:
    """Whether some compared value lies within 1e-9 of its threshold."""
    case = read_case(columns, Fraction)
    ratio = case.long.margin / (case.short.margin or Fraction(NO_SHORT))
    total = case.long.margin + case.short.margin
    pairs = [(ratio, Fraction(text)) for text in ("0.94", "1.05", "0.5", "0.2", "2", "5")]
    pairs.append((total, case.min_total))
    if case.price:
        long_danger = case.long.liquidation / case.price
        short_danger = case.short.liquidation / case.price
        pairs += [
            (long_danger, case.min_liq),
            (long_danger, case.min_liq * Fraction("1.05")),
            (short_danger, case.max_liq),
            (short_danger, case.max_liq * Fraction("0.95")),
        ]
    for leg in (case.long, case.short):
        if leg.entry is not None:
            pairs.append((case.price, leg.entry))
    return any(near_threshold(value, threshold) for value, threshold in pairs)
