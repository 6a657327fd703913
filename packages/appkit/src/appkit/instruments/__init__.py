"""What is known of an instrument and from where: given keys, the cache file, a listing, a source.

Nothing here is ever made up: what nobody stated is None, or refused with the way to supply it.
"""

from appkit.instruments.cache import DEFAULT_CACHE_FILE, CacheContents, InstrumentCache
from appkit.instruments.exchange import AskRows, ExchangeRows, ExchangeSource
from appkit.instruments.facts import InstrumentFacts, InstrumentSpec, RiskTier, StampedFacts
from appkit.instruments.keys import InstrumentKeys, RiskTierKeys
from appkit.instruments.listing import Listing, import_listing
from appkit.instruments.resolve import (
    InstrumentSource,
    Origin,
    ResolvedInstrument,
    SourceSilent,
    resolve_instrument,
)

__all__ = [
    "DEFAULT_CACHE_FILE",
    "AskRows",
    "CacheContents",
    "ExchangeRows",
    "ExchangeSource",
    "InstrumentCache",
    "InstrumentFacts",
    "InstrumentKeys",
    "InstrumentSource",
    "InstrumentSpec",
    "Listing",
    "Origin",
    "ResolvedInstrument",
    "RiskTier",
    "RiskTierKeys",
    "SourceSilent",
    "StampedFacts",
    "import_listing",
    "resolve_instrument",
]
