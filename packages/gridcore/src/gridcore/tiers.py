"""Risk tiers: which maintenance and initial margin the exchange asks for a position value."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from itertools import pairwise

from gridcore.message import message

ZERO = Decimal(0)

_divide = Context(prec=28, rounding=ROUND_HALF_EVEN).divide
_divide_up = Context(prec=28, rounding=ROUND_CEILING).divide


class TierError(ValueError):
    """Risk tiers are incomplete or contradict themselves; the text names the field."""


@message
class RiskTier:
    """One row of the exchange's risk limits. `max_value` None: no upper bound.

    Values in quote currency, rates as fractions: 0.005 is 0.5 %.
    """

    max_value: Decimal | None
    maintenance_rate: Decimal
    deduction: Decimal
    initial_rate: Decimal


class RiskTiers:
    """The validated tiers of one symbol, ascending; the last one is open-ended (M-5)."""

    __slots__ = ("_caps", "_segments", "tiers")

    def __init__(self, tiers: Sequence[RiskTier]) -> None:
        self.tiers = tuple(tiers)
        _check_tiers(self.tiers)
        self._caps = [tier.max_value for tier in self.tiers if tier.max_value is not None]
        self._segments = MarginSegments(self.tiers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RiskTiers) and self.tiers == other.tiers

    def __hash__(self) -> int:
        return hash(self.tiers)

    def __repr__(self) -> str:
        return f"RiskTiers({list(self.tiers)!r})"

    @property
    def segments(self) -> "MarginSegments":
        """Maintenance margin as a piecewise linear function of the position value."""
        return self._segments

    def tier_of(self, value: Decimal) -> RiskTier:
        """The tier of a position value; a boundary belongs to the lower tier (M-5)."""
        if value < 0:
            raise ValueError(f"expected a position value of 0 or more, found {value}")
        return self.tiers[bisect_left(self._caps, value)]

    def maintenance_margin(self, value: Decimal) -> Decimal:
        """Maintenance margin of a position value: max(value * rate - deduction, 0) (M-5)."""
        tier = self.tier_of(value)
        margin = value * tier.maintenance_rate - tier.deduction
        return margin if margin > 0 else ZERO

    def initial_margin(self, value: Decimal, leverage: Decimal) -> Decimal:
        """Initial margin: value * max(1 / leverage, tier rate) (golden/README.md 5)."""
        if leverage <= 0:
            raise ValueError(f"expected a leverage above 0, found {leverage}")
        by_tier = value * self.tier_of(value).initial_rate
        by_leverage = _divide(value, leverage)
        return by_leverage if by_leverage > by_tier else by_tier


class InitialRates:
    """Initial margin at one leverage: a rate per tier, max(1 / leverage, tier rate), rounded up."""

    __slots__ = ("_caps", "_rates")

    def __init__(self, tiers: RiskTiers, leverage: Decimal) -> None:
        if leverage <= 0:
            raise ValueError(f"expected a leverage above 0, found {leverage}")
        by_leverage = _divide_up(Decimal(1), leverage)
        self._caps = [tier.max_value for tier in tiers.tiers if tier.max_value is not None]
        self._rates = [max(by_leverage, tier.initial_rate) for tier in tiers.tiers]

    def margin(self, value: Decimal) -> Decimal:
        """Initial margin of a value of 0 or more; a boundary belongs to the lower tier."""
        caps = self._caps
        if not caps or value <= caps[0]:
            return value * self._rates[0]
        return value * self._rates[bisect_left(caps, value)]


def _check_tiers(tiers: tuple[RiskTier, ...]) -> None:
    if not tiers:
        raise TierError("risk tiers: expected at least one row, found none")
    below = ZERO
    for number, tier in enumerate(tiers, start=1):
        for name in ("maintenance_rate", "initial_rate"):
            rate = getattr(tier, name)
            if not rate.is_finite() or not 0 <= rate <= 1:
                raise TierError(f"risk tier {number}: {name} must be from 0 to 1, found {rate}")
        if not tier.deduction.is_finite() or tier.deduction < 0:
            raise TierError(
                f"risk tier {number}: deduction must not be negative, found {tier.deduction}"
            )
        if tier.max_value is None:
            if number < len(tiers):
                raise TierError(f"risk tier {number}: only the last tier may be open-ended")
        elif not tier.max_value.is_finite() or tier.max_value <= below:
            raise TierError(
                f"risk tier {number}: max_value must be finite and above {below}, "
                f"found {tier.max_value}"
            )
        else:
            below = tier.max_value
    if tiers[-1].max_value is not None:
        raise TierError("risk tiers: the last tier must be open-ended (max_value None)")


def parse_tiers(rows: object) -> RiskTiers:
    """Read the exchange's riskLimit rows in any order; TierError names the field (M-7).

    Fields riskLimitValue, maintenanceMargin, mmDeduction and initialMargin, as texts; the last two
    may be "" or absent (0). The cap of the last row is dropped: beyond it nothing is known.
    """
    if not isinstance(rows, (list, tuple)) or not rows:
        raise TierError(f"risk tiers: expected a list of rows, found {rows!r}")
    parsed: list[tuple[Decimal, RiskTier]] = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise TierError(f"risk tier {number}: expected fields by name, found {row!r}")
        cap = _tier_number(row, "riskLimitValue", number)
        if cap is None or cap.is_nan() or cap <= 0:
            raise TierError(f"risk tier {number}: riskLimitValue must be above 0, found {cap}")
        rate = _tier_number(row, "maintenanceMargin", number)
        if rate is None:
            raise TierError(f"risk tier {number}: maintenanceMargin is missing")
        tier = RiskTier(
            max_value=cap,
            maintenance_rate=rate,
            deduction=_tier_number(row, "mmDeduction", number) or ZERO,
            initial_rate=_tier_number(row, "initialMargin", number) or ZERO,
        )
        parsed.append((cap, tier))
    parsed.sort(key=lambda pair: pair[0])
    for (lower, _), (upper, _) in pairwise(parsed):
        if lower == upper:
            raise TierError(f"risk tiers: riskLimitValue {upper} occurs twice")
    ordered = [tier for _, tier in parsed]
    last = ordered[-1]
    ordered[-1] = RiskTier(
        max_value=None,
        maintenance_rate=last.maintenance_rate,
        deduction=last.deduction,
        initial_rate=last.initial_rate,
    )
    return RiskTiers(ordered)


def _tier_number(row: Mapping[str, object], field: str, number: int) -> Decimal | None:
    found = row.get(field)
    if found is None or found == "":
        return None
    try:
        return Decimal(str(found))
    except InvalidOperation as error:
        raise TierError(f"risk tier {number}: {field} must be a number, found {found!r}") from error


class MarginSegments:
    """Maintenance margin of one leg as lines over its value: margin = value * rate - deduction.

    Where a tier's line lies below zero the margin is zero, which is a segment of its own.
    """

    __slots__ = ("caps", "lines")

    def __init__(self, tiers: Sequence[RiskTier]) -> None:
        self.caps: list[Decimal] = []
        self.lines: list[tuple[Decimal, Decimal]] = []
        floor = ZERO
        for tier in tiers:
            rate, deduction, cap = tier.maintenance_rate, tier.deduction, tier.max_value
            if deduction > 0 and floor * rate < deduction:
                zero_until = _divide(deduction, rate) if rate else None
                if zero_until is None or (cap is not None and zero_until >= cap):
                    self._append(cap, ZERO, ZERO)
                    floor = cap if cap is not None else floor
                    continue
                self._append(zero_until, ZERO, ZERO)
            self._append(cap, rate, deduction)
            floor = cap if cap is not None else floor

    def _append(self, cap: Decimal | None, rate: Decimal, deduction: Decimal) -> None:
        if cap is not None:
            self.caps.append(cap)
        self.lines.append((rate, deduction))

    def index_of(self, value: Decimal) -> int:
        """Number of the segment that holds a value; a boundary belongs to the lower one."""
        caps = self.caps
        if not caps or value <= caps[0]:
            return 0
        return bisect_left(caps, value)
