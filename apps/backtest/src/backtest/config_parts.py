"""The smaller blocks of a backtest's configuration: fill model, latency, fees, the end."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from appkit.configuration import StrictModel
from appkit.numbers import FeeRate, NotNegative
from simvenue.messages import FillModel


class WindDownMode(StrEnum):
    """What becomes of positions at the end of the run."""

    LEAVE_OPEN = "leave_open"
    CLOSE_ALL = "close_all"


class FillModelConfig(StrictModel):
    """How the simulated venue fills resting orders."""

    name: FillModel = FillModel.STRICT_CROSS
    queue_ahead_factor: NotNegative | None = None
    partial_fills: Annotated[int, Field(ge=0, le=1000)] = 0
    partial_fills_seed: str | None = None

    @field_validator("queue_ahead_factor")
    @classmethod
    def _only_for_the_queue(cls, value: Decimal | None, context: Any) -> Decimal | None:
        if value is not None and context.data.get("name") is not FillModel.QUEUE:
            raise ValueError("expected this key only beside `name: queue`; it has no effect else")
        return value

    @model_validator(mode="after")
    def _a_seed_only_for_parts(self) -> Self:
        if self.partial_fills_seed is not None and not self.partial_fills:
            raise ValueError(
                "partial_fills_seed: expected this key only beside `partial_fills` above 0; "
                "it has no effect else"
            )
        return self


class LatencyConfig(StrictModel):
    """How long a request takes to reach the venue's book, in milliseconds."""

    place_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    cancel_ms: Annotated[int, Field(ge=0, le=60_000)] = 0


class FeesConfig(StrictModel):
    """Fee rates of every strategy that does not state its own."""

    maker: FeeRate = Decimal("0.0002")
    taker: FeeRate = Decimal("0.00055")
