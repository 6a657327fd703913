"""What a strategy is told: grid, risk, sizing and safety settings, validated once, immutable."""

from decimal import Decimal
from enum import StrEnum

from gridcore.message import message


class ConfigError(ValueError):
    """A setting is outside its range; the text says what was expected and what was found."""


class SidePolicy(StrEnum):
    """follow: sides are derived from the market; on_fill: as the old bots recorded them."""

    FOLLOW = "follow"
    ON_FILL = "on_fill"


class CloseGate(StrEnum):
    """Whether closes may cover the whole position, or must leave a remainder as recorded."""

    ALLOW_EQUAL = "allow_equal"
    STRICT = "strict"


class IdentitySalt(StrEnum):
    """Whether strat_id enters the identity hash; `none` matches the oldest recordings (I-4)."""

    STRAT_ID = "strat_id"
    NONE = "none"


def require(condition: bool, name: str, expected: str, found: object) -> None:
    """Raise ConfigError unless `condition` holds."""
    if not condition:
        raise ConfigError(f"{name}: expected {expected}, found {found}")


def _finite(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite()


@message
class GridConfig:
    """Geometry of the grid. `grid_step` is a percentage: 0.2 means 0.2 %."""

    grid_count: int = 50
    grid_step: Decimal = Decimal("0.2")
    rebalance_threshold: Decimal = Decimal("0.3")
    side_policy: SidePolicy = SidePolicy.FOLLOW
    max_last_mark_gap_pct: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        whole = isinstance(self.grid_count, int) and not isinstance(self.grid_count, bool)
        require(
            whole and self.grid_count > 0,
            "grid_count",
            "a whole number above 0",
            self.grid_count,
        )
        require(
            _finite(self.grid_step) and 0 < self.grid_step < 100,
            "grid_step",
            "a percentage above 0 and below 100",
            self.grid_step,
        )
        require(
            _finite(self.rebalance_threshold) and 0 < self.rebalance_threshold < 1,
            "rebalance_threshold",
            "a number strictly between 0 and 1",
            self.rebalance_threshold,
        )
        require(
            _finite(self.max_last_mark_gap_pct) and self.max_last_mark_gap_pct > 0,
            "max_last_mark_gap_pct",
            "a percentage above 0",
            self.max_last_mark_gap_pct,
        )

    @property
    def level_count(self) -> int:
        """Number of levels: the middle one and grid_count // 2 on each side (G-2)."""
        return 2 * (self.grid_count // 2) + 1


@message
class RiskConfig:
    """Thresholds of the risk rules (R-2); the rules' own numbers are settings, too (WK-09)."""

    enabled: bool = True
    min_liq_ratio: Decimal = Decimal("0.8")
    max_liq_ratio: Decimal = Decimal("1.2")
    max_margin: Decimal = Decimal(8)
    min_total_margin: Decimal = Decimal("0.15")
    increase_same_position_on_low_margin: bool = False
    emergency_cancels_opens: bool = True
    low_balance_fraction: Decimal = Decimal("0.10")
    long_emergency_factor: Decimal = Decimal("1.05")
    short_emergency_factor: Decimal = Decimal("0.95")
    equal_ratio_low: Decimal = Decimal("0.94")
    equal_ratio_high: Decimal = Decimal("1.05")
    losing_ratio: Decimal = Decimal("0.5")
    small_ratio: Decimal = Decimal("0.2")
    emergency_multiplier: Decimal = Decimal("1.5")
    throttle_multiplier: Decimal = Decimal("0.5")
    growth_multiplier: Decimal = Decimal(2)

    def __post_init__(self) -> None:
        for name in ("min_liq_ratio", "max_liq_ratio", "max_margin"):
            value = getattr(self, name)
            require(_finite(value) and value > 0, name, "a finite number above 0", value)
        require(
            _finite(self.min_total_margin) and self.min_total_margin >= 0,
            "min_total_margin",
            "a finite number, 0 or more",
            self.min_total_margin,
        )


@message
class SizingConfig:
    """How large an order is. `amount`: x<fraction of wallet>, <USDT> or b<base quantity>."""

    amount: str = "x0.001"
    early_imbalance_multiplier: Decimal = Decimal(1)
    leverage: Decimal = Decimal(10)

    def __post_init__(self) -> None:
        require(
            _finite(self.early_imbalance_multiplier) and 0 < self.early_imbalance_multiplier <= 100,
            "early_imbalance_multiplier",
            "a number in (0, 100]",
            self.early_imbalance_multiplier,
        )
        require(
            _finite(self.leverage) and 1 <= self.leverage <= 125,
            "leverage",
            "a number from 1 to 125",
            self.leverage,
        )


NO_COUNT_LIMIT = 10**18
"""The value of a limit on a number of orders that is off."""

NO_NOTIONAL_LIMIT = Decimal("1e30")
"""The value of a limit in quote currency that is off."""


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@message
class SafetyConfig:
    """Limits that hold whatever the strategy wants, and how long a silence may last.

    None: `max_*` are derived from the grid and the sizing (session/caps.py), `session_loss_pct`
    and `drawdown_limit_pct` are off, `session_loss_limit` leaves the word to the percentage. A
    `max_*` is off when it is NO_COUNT_LIMIT or NO_NOTIONAL_LIMIT; 0 is refused.
    Amounts in quote currency; percentages: 10 means 10 %.
    """

    audit_orders_s: int = 61
    audit_positions_s: int = 63
    audit_wallet_s: int = 300
    ticker_gap_s: int = 60
    emergency_clear_s: int = 60
    rebuild_run_s: int = 1
    max_open_orders: int | None = None
    """Orders of one strategy that are not at their end."""
    max_placements_per_minute: int | None = None
    """Placements of one strategy in any 60 s; cancels do not count."""
    max_notional: Decimal | None = None
    """Value of one direction of one strategy: position, resting and reserved opens, candidate."""
    notional_factor: Decimal = Decimal("1.5")
    """The derived max_notional over the value of all opens of one side."""
    session_loss_pct: Decimal | None = Decimal(10)
    """Percentage of the UTC day's first balance that may be lost on that day."""
    session_loss_limit: Decimal | None = None
    """The same as an amount; it wins over the percentage."""
    drawdown_limit_pct: Decimal | None = None
    """How far equity, unrealised profit included, may fall below the UTC day's peak."""
    retry_delays_s: tuple[int, ...] = (1, 2, 4)
    """What passes before each retry of a placement that was refused for a passing reason."""
    retry_window_s: int = 30
    """A placement first refused longer ago than this is not retried."""

    def __post_init__(self) -> None:
        for name in (
            "audit_orders_s",
            "audit_positions_s",
            "audit_wallet_s",
            "ticker_gap_s",
            "emergency_clear_s",
            "rebuild_run_s",
            "retry_window_s",
        ):
            value = getattr(self, name)
            require(_whole(value) and value > 0, name, "whole seconds above 0", value)
        for name in ("max_open_orders", "max_placements_per_minute"):
            value = getattr(self, name)
            if value is not None:
                require(_whole(value) and value > 0, name, "a whole number above 0", value)
        for name in ("max_notional", "session_loss_limit"):
            value = getattr(self, name)
            if value is not None:
                require(_finite(value) and value > 0, name, "an amount above 0", value)
        require(
            _finite(self.notional_factor) and self.notional_factor >= 1,
            "notional_factor",
            "a number of 1 or more, so that one side of the grid fits",
            self.notional_factor,
        )
        for name in ("session_loss_pct", "drawdown_limit_pct"):
            value = getattr(self, name)
            if value is not None:
                require(
                    _finite(value) and 0 < value <= 100,
                    name,
                    "a percentage above 0 and at most 100",
                    value,
                )
        self._check_retries()

    def _check_retries(self) -> None:
        delays = self.retry_delays_s
        require(
            0 < len(delays) <= 10 and all(_whole(delay) and delay > 0 for delay in delays),
            "retry_delays_s",
            "1 to 10 delays in whole seconds above 0",
            delays,
        )
        require(
            sum(delays) <= self.retry_window_s,
            "retry_delays_s",
            f"delays that fit into retry_window_s ({self.retry_window_s} s)",
            f"{sum(delays)} s in all",
        )
