"""The block `safety:` of a configuration: the session's limits, as every program reads them.

What the limits do is the kernel's; here they are only read.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from appkit.configuration.model import StrictModel
from appkit.numbers import CountLimit, Percentage, Positive
from gridcore.config import NO_COUNT_LIMIT, NO_NOTIONAL_LIMIT, ConfigError, SafetyConfig

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
