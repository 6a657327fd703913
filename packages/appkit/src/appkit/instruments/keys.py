"""The configuration keys that state an instrument outright; they win over every other source."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from appkit.configuration import StrictModel
from appkit.instruments.facts import InstrumentFacts, RiskTier, checked_tiers

Positive = Annotated[Decimal, Field(gt=0)]
NotNegative = Annotated[Decimal, Field(ge=0)]
Rate = Annotated[Decimal, Field(ge=0, le=1)]


class RiskTierKeys(StrictModel):
    """One tier; `max_value` is left out for the last one, whose end is open anyway."""

    max_value: Positive | None = None
    maintenance_rate: Rate
    deduction: NotNegative = Decimal(0)
    initial_rate: Rate


class InstrumentKeys(StrictModel):
    """What the user states of one symbol; what is left out is looked up."""

    tick_size: Positive | None = None
    qty_step: Positive | None = None
    min_qty: Positive | None = None
    max_qty: Positive | None = None
    min_notional: NotNegative | None = None
    max_leverage: Positive | None = None
    funding_interval_minutes: Annotated[int, Field(gt=0)] | None = None
    min_price: Positive | None = None
    max_price: Positive | None = None
    tiers: tuple[RiskTierKeys, ...] | None = None

    @model_validator(mode="after")
    def _must_be_possible(self) -> "InstrumentKeys":
        self.facts("the instrument")
        return self

    def facts(self, symbol: str) -> InstrumentFacts:
        """These keys as facts about `symbol`."""
        tiers = None
        if self.tiers is not None:
            tiers = checked_tiers([RiskTier(**tier.model_dump()) for tier in self.tiers])
        stated = self.model_dump(exclude={"tiers"})
        return InstrumentFacts(symbol=symbol, tiers=tiers, **stated)
