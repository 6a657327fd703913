"""Records of what is known of one instrument; every number is exact, unknown is None."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from itertools import pairwise

from appkit.exits import UserError
from gridcore.clock import Instant
from gridcore.instrument import Instrument

POSITIVE = (
    "tick_size",
    "qty_step",
    "min_qty",
    "max_qty",
    "max_leverage",
    "min_price",
    "max_price",
)
"""The numbers that must be above zero where they are known."""


class FactsRefused(ValueError):
    """A fact about an instrument that cannot be true; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTier:
    """One step of the margin table: it applies to position values up to `max_value` (M-5).

    `max_value` is in quote currency, None for the last, open-ended tier. Maintenance margin of a
    value v is v * maintenance_rate - deduction.
    """

    max_value: Decimal | None
    maintenance_rate: Decimal
    deduction: Decimal
    initial_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentFacts:
    """What one source says of a symbol; None is what it does not say.

    Prices in quote per base coin, quantities in base coin, `min_notional` in quote currency.
    """

    symbol: str
    tick_size: Decimal | None = None
    qty_step: Decimal | None = None
    min_qty: Decimal | None = None
    max_qty: Decimal | None = None
    min_notional: Decimal | None = None
    max_leverage: Decimal | None = None
    funding_interval_minutes: int | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    status: str | None = None
    tiers: tuple[RiskTier, ...] | None = None

    def __post_init__(self) -> None:
        for name in POSITIVE:
            value = getattr(self, name)
            if value is not None and not (value.is_finite() and value > 0):
                raise FactsRefused(f"{name} must be above zero, found {value}")
        least = self.min_notional
        if least is not None and not (least.is_finite() and least >= 0):
            raise FactsRefused(f"min_notional must not be negative, found {least}")
        minutes = self.funding_interval_minutes
        if minutes is not None and minutes <= 0:
            raise FactsRefused(f"funding_interval_minutes must be above zero, found {minutes}")
        _ascending("min_qty", self.min_qty, "max_qty", self.max_qty)
        _ascending("min_price", self.min_price, "max_price", self.max_price)

    def known(self) -> frozenset[str]:
        """The names of the fields that this source states."""
        return frozenset(name for name in FACT_NAMES if getattr(self, name) is not None)


FACT_NAMES = tuple(field.name for field in fields(InstrumentFacts) if field.name != "symbol")
"""Every fact there is about an instrument, besides its symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StampedFacts:
    """Facts with where they came from and when they were true (UTC microseconds)."""

    facts: InstrumentFacts
    as_of: Instant
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentSpec:
    """An instrument with everything that sizing an order needs; the rest may be unknown."""

    symbol: str
    tick_size: Decimal
    qty_step: Decimal
    min_qty: Decimal
    max_qty: Decimal
    min_notional: Decimal
    max_leverage: Decimal | None
    funding_interval_minutes: int | None
    min_price: Decimal | None
    max_price: Decimal | None
    status: str | None
    tiers: tuple[RiskTier, ...] | None

    def to_gridcore(self) -> Instrument:
        """The kernel's instrument."""
        return Instrument(
            symbol=self.symbol,
            tick_size=self.tick_size,
            qty_step=self.qty_step,
            min_qty=self.min_qty,
            max_qty=self.max_qty,
            min_notional=self.min_notional,
        )


SIZING_FACTS = frozenset({"tick_size", "qty_step", "min_qty", "max_qty", "min_notional"})
"""Without these no order can be sized."""


def complete(facts: InstrumentFacts) -> InstrumentSpec:
    """The facts as a specification; UserError names the sizing facts that are missing."""
    missing = sorted(SIZING_FACTS - facts.known())
    if missing:
        raise UserError(f"{facts.symbol}: unknown {', '.join(missing)}")
    return InstrumentSpec(**{field.name: getattr(facts, field.name) for field in fields(facts)})


def checked_tiers(tiers: Sequence[RiskTier]) -> tuple[RiskTier, ...]:
    """The tiers in ascending order, the last one open-ended; FactsRefused names the field (M-7)."""
    if not tiers:
        raise FactsRefused("tiers must not be empty")
    for tier in tiers:
        _check_tier(tier)
    ordered = sorted(tiers, key=lambda tier: (tier.max_value is None, tier.max_value or 0))
    for lower, upper in pairwise(ordered):
        if lower.max_value == upper.max_value:
            raise FactsRefused(f"tiers: the boundary max_value {lower.max_value} stands twice")
    return (*ordered[:-1], replace(ordered[-1], max_value=None))


def _check_tier(tier: RiskTier) -> None:
    if tier.max_value is not None and not (tier.max_value.is_finite() and tier.max_value > 0):
        raise FactsRefused(f"tiers: max_value must be positive, found {tier.max_value}")
    for name in ("maintenance_rate", "initial_rate"):
        rate = getattr(tier, name)
        if not (rate.is_finite() and 0 <= rate <= 1):
            raise FactsRefused(f"tiers: {name} must be from 0 to 1, found {rate}")
    if not tier.deduction.is_finite() or tier.deduction < 0:
        raise FactsRefused(f"tiers: deduction must not be negative, found {tier.deduction}")


def _ascending(low: str, least: Decimal | None, high: str, most: Decimal | None) -> None:
    if least is not None and most is not None and least > most:
        raise FactsRefused(f"{low} {least} is above {high} {most}")
