"""A hedged pair and what its risk rules say: multipliers per kind of order, severity per direction.

A pure function of both legs, the last price and the configuration; it refuses to remember anything.
"""

from decimal import Decimal

from gridcore.config import RiskConfig
from gridcore.message import message
from gridcore.pnl import margin_ratio, mark_value
from gridcore.risk_table import (
    LegRisk,
    PairRisk,
    RiskEffect,
    RiskRule,
    RiskSeverity,
    direction_rules,
    emergency_limits,
    endangered,
    generate_rule_table_markdown,
)
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

__all__ = [
    "NEUTRAL",
    "LegRisk",
    "PairRisk",
    "RiskEffect",
    "RiskRule",
    "RiskRules",
    "RiskSeverity",
    "RiskVerdict",
    "generate_rule_table_markdown",
    "mark_margins",
]


ONE = Decimal(1)


@message
class RiskVerdict:
    """Multipliers of the four kinds of orders, severity per direction, and the rules that fired."""

    long_buy: Decimal
    long_sell: Decimal
    short_buy: Decimal
    short_sell: Decimal
    long_severity: RiskSeverity
    short_severity: RiskSeverity
    fired: tuple[str, ...]

    def multiplier(self, direction: DirectionType, side: SideType) -> Decimal:
        """What the amount of an order of this direction and side is multiplied by."""
        if direction is LONG:
            return self.long_buy if side is BUY else self.long_sell
        return self.short_buy if side is BUY else self.short_sell

    def severity(self, direction: DirectionType) -> RiskSeverity:
        """How close this direction is to its liquidation."""
        return self.long_severity if direction is LONG else self.short_severity


NEUTRAL = RiskVerdict(
    long_buy=ONE,
    long_sell=ONE,
    short_buy=ONE,
    short_sell=ONE,
    long_severity=RiskSeverity.NONE,
    short_severity=RiskSeverity.NONE,
    fired=(),
)


def mark_margins(
    long: LegRisk, short: LegRisk, mark: Decimal, equity: Decimal
) -> tuple[Decimal, Decimal]:
    """Margins of both legs as notional at mark over equity, the one basis in use (R-7b)."""
    return (
        margin_ratio(mark_value(long.size, mark), equity),
        margin_ratio(mark_value(short.size, mark), equity),
    )


class RiskRules:
    """The table for one configuration. The first rule that applies decides for its direction."""

    __slots__ = (
        "_emergency",
        "_long",
        "_moderate",
        "_share",
        "_short",
        "config",
        "table",
    )

    def __init__(self, config: RiskConfig) -> None:
        self.config = config
        self._long = direction_rules(LONG, config)
        self._short = direction_rules(SHORT, config)
        self.table = self._long + self._short
        self._emergency = emergency_limits(config)
        self._moderate = {LONG: config.min_liq_ratio, SHORT: config.max_liq_ratio}
        self._share = max(config.losing_ratio, config.small_ratio)

    def judge(self, pair: PairRisk) -> RiskVerdict:
        """Multipliers and severities of a pair (R-3 to R-9).

        A flat leg, or one without an entry, has no rules. Where two rules set the same multiplier
        the more severe one wins, so that an emergency is never overwritten (R-9). Raises ValueError
        for a price of 0 or below: an unknown price is not a price (LS-29).
        """
        if pair.price <= 0:
            raise ValueError(f"expected a known last price above 0, found {pair.price}")
        if not self.config.enabled:
            return NEUTRAL
        long_rule = short_rule = None
        if pair.long.size > 0 and pair.long.entry:
            for rule in self._long:
                if rule.applies(pair):
                    long_rule = rule
                    break
        if pair.short.size > 0 and pair.short.entry:
            for rule in self._short:
                if rule.applies(pair):
                    short_rule = rule
                    break
        if long_rule is None and short_rule is None:
            return NEUTRAL
        return _merge(long_rule, short_rule, pair.low_balance)

    def even(
        self, long_qty: Decimal, short_qty: Decimal, mark: Decimal | None, equity: Decimal
    ) -> bool:
        """Whether no rule of size can apply: large enough together, neither leg small.

        Margins are compared as values, without dividing by the equity (R-7b). Dangers are not
        looked at. False when it cannot be told.
        """
        if mark is None or equity <= 0 or not short_qty:
            return False
        long, short = long_qty * mark, short_qty * mark
        share = self._share
        return (
            long + short >= self.config.min_total_margin * equity
            and long >= share * short
            and short >= share * long
        )

    def severity(self, direction: DirectionType, leg: LegRisk, price: Decimal) -> RiskSeverity:
        """How close one leg is to its liquidation at a price, without the other rules."""
        liquidation = leg.liquidation
        if not self.config.enabled or leg.size <= 0 or not leg.entry:
            return RiskSeverity.NONE
        if endangered(direction, liquidation, self._emergency[direction], price):
            return RiskSeverity.EMERGENCY
        if endangered(direction, liquidation, self._moderate[direction], price):
            return RiskSeverity.MODERATE
        return RiskSeverity.NONE


def _merge(
    long_rule: RiskRule | None, short_rule: RiskRule | None, low_balance: bool
) -> RiskVerdict:
    """Both directions' effects, the more severe one applied last."""
    fired = [rule for rule in (long_rule, short_rule) if rule is not None]
    multipliers = {(LONG, BUY): ONE, (LONG, SELL): ONE, (SHORT, BUY): ONE, (SHORT, SELL): ONE}
    for rule in sorted(fired, key=lambda rule: rule.severity):
        if not (rule.hedging and low_balance):
            effect = rule.effect
            multipliers[effect.direction, effect.side] = effect.multiplier
    return RiskVerdict(
        long_buy=multipliers[LONG, BUY],
        long_sell=multipliers[LONG, SELL],
        short_buy=multipliers[SHORT, BUY],
        short_sell=multipliers[SHORT, SELL],
        long_severity=long_rule.severity if long_rule else RiskSeverity.NONE,
        short_severity=short_rule.severity if short_rule else RiskSeverity.NONE,
        fired=tuple(rule.name for rule in fired),
    )
