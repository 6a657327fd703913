"""The smaller blocks of a backtest's configuration: fill model, latency, fees, safety."""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from appkit.configuration import StrictModel
from gridcore.config import NO_COUNT_LIMIT, NO_NOTIONAL_LIMIT, ConfigError, SafetyConfig
from simvenue.messages import FillModel


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("expected a finite number")
    return value


def _not_float(value: Any) -> Any:
    """A float has lost the digits that were written; only text and whole numbers may come in."""
    if isinstance(value, float):
        raise ValueError("expected a number written as text or as a Decimal, not as a float")
    return value


Number = Annotated[Decimal, BeforeValidator(_not_float), AfterValidator(_finite)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Rate = Annotated[Number, Field(ge=0, le=1)]


def _between(low: str, high: str) -> Callable[[Decimal], Decimal]:
    def check(value: Decimal) -> Decimal:
        if not Decimal(low) <= value <= Decimal(high):
            raise ValueError(f"expected a fraction from {low} to {high}")
        return value

    return check


def _matching(pattern: str, expected: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise ValueError(f"expected {expected}")
        return value

    return check


FeeRate = Annotated[Number, AfterValidator(_between("-0.01", "0.01"))]
"""A share of the traded value; negative is a rebate."""
FundingRate = Annotated[Number, AfterValidator(_between("-0.05", "0.05"))]
Name = Annotated[
    str, AfterValidator(_matching(r"[^\x00-\x1f\x7f]{1,64}", "1 to 64 printable characters"))
]
Symbol = Annotated[
    str, AfterValidator(_matching(r"[A-Z0-9][A-Z0-9._-]{1,31}", "a symbol such as BTCUSDT"))
]


class WindDownMode(StrEnum):
    """What becomes of positions at the end of the run."""

    LEAVE_OPEN = "leave_open"
    CLOSE_ALL = "close_all"


class FillModelConfig(StrictModel):
    """How the simulated venue fills resting orders."""

    name: FillModel = FillModel.STRICT_CROSS
    queue_ahead_factor: NotNegative | None = None

    @field_validator("queue_ahead_factor")
    @classmethod
    def _only_for_the_queue(cls, value: Decimal | None, context: Any) -> Decimal | None:
        if value is not None and context.data.get("name") is not FillModel.QUEUE:
            raise ValueError("expected this key only beside `name: queue`; it has no effect else")
        return value


class LatencyConfig(StrictModel):
    """How long a request takes to reach the venue's book, in milliseconds."""

    place_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    cancel_ms: Annotated[int, Field(ge=0, le=60_000)] = 0


class FeesConfig(StrictModel):
    """Fee rates of every strategy that does not state its own."""

    maker: FeeRate = Decimal("0.0002")
    taker: FeeRate = Decimal("0.00055")


_SAFETY = SafetyConfig()


def _or_off(off: object) -> Callable[[Any], Any]:
    """Reads `off` as `off`; a limit of 0 would stop everything and is refused."""

    def read(value: Any) -> Any:
        if value == "off":
            return off
        if not isinstance(value, bool) and value == 0:
            raise ValueError("expected a limit above 0, or `off` for none")
        return value

    return read


CountLimit = Annotated[int, Field(gt=0)]
Percentage = Annotated[Number, Field(gt=0, le=100)]


class SafetyBlock(StrictModel):
    """The limits of the session and how long a silence may last; the defaults are those of live.

    A `max_*` that is left out is derived from the grid and the amount; `off` takes it away.
    """

    audit_orders_s: Annotated[int, Field(gt=0)] = _SAFETY.audit_orders_s
    audit_positions_s: Annotated[int, Field(gt=0)] = _SAFETY.audit_positions_s
    audit_wallet_s: Annotated[int, Field(gt=0)] = _SAFETY.audit_wallet_s
    ticker_gap_s: Annotated[int, Field(gt=0)] = _SAFETY.ticker_gap_s
    emergency_clear_s: Annotated[int, Field(gt=0)] = _SAFETY.emergency_clear_s
    rebuild_run_s: Annotated[int, Field(gt=0)] = _SAFETY.rebuild_run_s
    max_open_orders: Annotated[CountLimit | None, BeforeValidator(_or_off(NO_COUNT_LIMIT))] = (
        _SAFETY.max_open_orders
    )
    max_placements_per_minute: Annotated[
        CountLimit | None, BeforeValidator(_or_off(NO_COUNT_LIMIT))
    ] = _SAFETY.max_placements_per_minute
    max_notional: Annotated[Positive | None, BeforeValidator(_or_off(NO_NOTIONAL_LIMIT))] = (
        _SAFETY.max_notional
    )
    notional_factor: Positive = _SAFETY.notional_factor
    session_loss_pct: Annotated[Percentage | None, BeforeValidator(_or_off(None))] = (
        _SAFETY.session_loss_pct
    )
    session_loss_limit: Positive | None = _SAFETY.session_loss_limit
    drawdown_limit_pct: Annotated[Percentage | None, BeforeValidator(_or_off(None))] = (
        _SAFETY.drawdown_limit_pct
    )
    retry_delays_s: tuple[Annotated[int, Field(gt=0)], ...] = _SAFETY.retry_delays_s
    retry_window_s: Annotated[int, Field(gt=0)] = _SAFETY.retry_window_s

    @model_validator(mode="after")
    def _every_key_must_count(self) -> "SafetyBlock":
        for key, winner in (
            ("notional_factor", "max_notional"),
            ("session_loss_pct", "session_loss_limit"),
        ):
            written = key in self.model_fields_set and getattr(self, key) is not None
            if written and getattr(self, winner) is not None:
                raise ValueError(
                    f"expected {key} or {winner}, found both: beside {winner}, {key} has no "
                    "effect; remove one"
                )
        try:
            self.settings()
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return self

    def settings(self) -> SafetyConfig:
        """The kernel's safety settings."""
        return SafetyConfig(**self.model_dump())
