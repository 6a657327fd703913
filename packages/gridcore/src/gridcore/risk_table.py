"""The risk rules as a table: name, condition, severity and effect of every row (R-5, R-6, LS-04).

It knows which row says what; which row wins is decided in position.py.
"""

from collections.abc import Callable
from decimal import Context, Decimal
from enum import IntEnum

from gridcore.config import RiskConfig
from gridcore.events import Liquidation
from gridcore.message import message
from gridcore.sides import (
    LONG,
    SHORT,
    DirectionType,
    SideType,
    closing_side,
    opening_side,
    opposite,
)

# Margins are quotients of 28 digits; products with a threshold must not be rounded again.
_EXACT = Context(prec=80)
_multiply = _EXACT.multiply
_add = _EXACT.add

FLAT_SHORT_MARGIN = Decimal("0.0001")
"""Stands for a short margin of zero in the ratio of the margins (R-4)."""


class RiskSeverity(IntEnum):
    """How close a direction is to its liquidation."""

    NONE = 0
    MODERATE = 1
    EMERGENCY = 2


@message
class LegRisk:
    """One leg: size in base coin, average entry and liquidation price in quote currency."""

    size: Decimal
    entry: Decimal | None
    liquidation: Liquidation


@message
class PairRisk:
    """What the rules look at. Margins are ratios of position value to wallet, not dollars (R-7b).

    `price` is the last price and is known: an unknown price is not 0 (R-10).
    """

    long: LegRisk
    short: LegRisk
    long_margin: Decimal
    short_margin: Decimal
    price: Decimal
    low_balance: bool


@message
class RiskEffect:
    """The multiplier that a rule gives to the orders of one direction and side."""

    direction: DirectionType
    side: SideType
    multiplier: Decimal


@message(eq=False)
class RiskRule:
    """One row of the table. A `hedging` rule only says what it saw while the balance is low."""

    name: str
    direction: DirectionType
    severity: RiskSeverity
    condition: str
    applies: Callable[[PairRisk], bool]
    effect: RiskEffect
    hedging: bool


def emergency_limits(config: RiskConfig) -> dict[DirectionType, Decimal]:
    """Ratio of liquidation price to last price beyond which a direction is in emergency (R-5, R-6).

    A long is in danger above its limit (its liquidation price comes up to the market), a short
    below (LS-01).
    """
    return {
        LONG: config.long_emergency_factor * config.min_liq_ratio,
        SHORT: config.short_emergency_factor * config.max_liq_ratio,
    }


def endangered(
    direction: DirectionType, liquidation: Liquidation, limit: Decimal, price: Decimal
) -> bool:
    """Whether a liquidation price is beyond `limit` times the market price.

    An unknown one, and none at all, is not; a session that does not know it must not open.
    """
    if not isinstance(liquidation, Decimal):
        return False
    if direction is LONG:
        return liquidation > _multiply(limit, price)
    return 0 < liquidation < _multiply(limit, price)


def _danger(direction: DirectionType, limit: Decimal) -> Callable[[PairRisk], bool]:
    def long_in_danger(pair: PairRisk) -> bool:
        return endangered(LONG, pair.long.liquidation, limit, pair.price)

    def short_in_danger(pair: PairRisk) -> bool:
        return endangered(SHORT, pair.short.liquidation, limit, pair.price)

    return long_in_danger if direction is LONG else short_in_danger


def _low_margin(config: RiskConfig) -> Callable[[PairRisk], bool]:
    low, high, least = config.equal_ratio_low, config.equal_ratio_high, config.min_total_margin

    def low_margin(pair: PairRisk) -> bool:
        long = pair.long_margin
        short = pair.short_margin
        if _add(long, short) >= least:
            return False
        short = short or FLAT_SHORT_MARGIN
        return _multiply(low, short) < long < _multiply(high, short)

    return low_margin


def _smaller(direction: DirectionType, share: Decimal) -> Callable[[PairRisk], bool]:
    """Whether a leg's margin is below a share of the other's."""

    def long_smaller(pair: PairRisk) -> bool:
        return pair.long_margin < _multiply(share, pair.short_margin or FLAT_SHORT_MARGIN)

    def short_smaller(pair: PairRisk) -> bool:
        return (pair.short_margin or FLAT_SHORT_MARGIN) < _multiply(share, pair.long_margin)

    return long_smaller if direction is LONG else short_smaller


def _losing_and_smaller(direction: DirectionType, share: Decimal) -> Callable[[PairRisk], bool]:
    smaller = _smaller(direction, share)

    def long_losing(pair: PairRisk) -> bool:
        entry = pair.long.entry
        return smaller(pair) and entry is not None and pair.price < entry

    def short_losing(pair: PairRisk) -> bool:
        entry = pair.short.entry
        return smaller(pair) and entry is not None and pair.price > entry

    return long_losing if direction is LONG else short_losing


def direction_rules(direction: DirectionType, config: RiskConfig) -> tuple[RiskRule, ...]:
    """The rules of one direction in the order of their precedence (R-5, R-6)."""
    word = direction.value
    other = opposite(direction)
    compare = ">" if direction is LONG else "<"
    moderate = config.min_liq_ratio if direction is LONG else config.max_liq_ratio
    emergency = emergency_limits(config)[direction]
    losing, small = config.losing_ratio, config.small_ratio
    close_faster = RiskEffect(
        direction=direction, side=closing_side(direction), multiplier=config.emergency_multiplier
    )
    keep_the_hedge = RiskEffect(
        direction=other, side=closing_side(other), multiplier=config.throttle_multiplier
    )
    grow = RiskEffect(
        direction=direction, side=opening_side(direction), multiplier=config.growth_multiplier
    )
    close_slower = RiskEffect(
        direction=direction, side=closing_side(direction), multiplier=config.throttle_multiplier
    )
    on_low_margin = grow if config.increase_same_position_on_low_margin else close_slower

    def rule(
        name: str,
        severity: RiskSeverity,
        condition: str,
        applies: Callable[[PairRisk], bool],
        effect: RiskEffect,
        hedging: bool = False,
    ) -> RiskRule:
        return RiskRule(
            name=f"{word}_{name}",
            direction=direction,
            severity=severity,
            condition=condition,
            applies=applies,
            effect=effect,
            hedging=hedging,
        )

    return (
        rule(
            "emergency",
            RiskSeverity.EMERGENCY,
            f"liquidation / price {compare} {emergency.normalize():f}",
            _danger(direction, emergency),
            close_faster,
        ),
        rule(
            "moderate",
            RiskSeverity.MODERATE,
            f"liquidation / price {compare} {moderate.normalize():f}",
            _danger(direction, moderate),
            keep_the_hedge,
            hedging=True,
        ),
        rule(
            "low_margin",
            RiskSeverity.NONE,
            f"{config.equal_ratio_low} < long margin / short margin < {config.equal_ratio_high} "
            f"and both together < {config.min_total_margin}",
            _low_margin(config),
            on_low_margin,
        ),
        rule(
            "small_and_losing",
            RiskSeverity.NONE,
            f"{word} margin < {losing} * {other.value} margin, and the {word} loses",
            _losing_and_smaller(direction, losing),
            grow,
        ),
        rule(
            "small",
            RiskSeverity.NONE,
            f"{word} margin < {small} * {other.value} margin",
            _smaller(direction, small),
            grow,
        ),
    )


def rule_table(config: RiskConfig) -> tuple[RiskRule, ...]:
    """All rows: the long chain, then the short chain."""
    return direction_rules(LONG, config) + direction_rules(SHORT, config)


def generate_rule_table_markdown(config: RiskConfig) -> str:
    """The rule table as Markdown, for the documentation (LS-04)."""
    lines = [
        "| rule | severity | first condition that holds | effect |",
        "|---|---|---|---|",
    ]
    for rule in rule_table(config):
        effect = rule.effect
        hedging = ", not while the balance is low" if rule.hedging else ""
        lines.append(
            f"| {rule.name} | {rule.severity.name.lower()} | {rule.condition} | "
            f"{effect.direction.value} {effect.side.value} x {effect.multiplier}{hedging} |"
        )
    return "\n".join(lines) + "\n"
