"""A simulated exchange on virtual time: hedge-mode USDT perpetuals, many symbols, one wallet."""

from simvenue.messages import (
    FillModel,
    FundingPrice,
    LegState,
    LiquidationPolicy,
    SymbolSpec,
    VenueBand,
    VenueConfig,
)
from simvenue.venue import SimVenue

__all__ = [
    "FillModel",
    "FundingPrice",
    "LegState",
    "LiquidationPolicy",
    "SimVenue",
    "SymbolSpec",
    "VenueBand",
    "VenueConfig",
]
