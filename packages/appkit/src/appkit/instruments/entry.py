"""The cache file's entry for one symbol, to and from facts; it opens no file.

An entry has two halves with a stamp of their own, since the exchange serves them apart: the
instrument's limits (`cached_at`, `source`) and its tiers (`tiers_cached_at`, `tiers_source`).
Numbers are texts (13.7, L-5).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from appkit.dates import instant_iso, parse_instant
from appkit.decimals import parse_decimal, plain_text
from appkit.exits import UserError
from appkit.instruments.facts import (
    FACT_NAMES,
    FactsRefused,
    InstrumentFacts,
    RiskTier,
    StampedFacts,
    checked_tiers,
)

Entry = dict[str, Any]

_TEXTS = frozenset({"status"})
_WHOLE = frozenset({"funding_interval_minutes"})
_LIMITS = tuple(name for name in FACT_NAMES if name != "tiers")


def to_entry(stamped: StampedFacts) -> Entry:
    """The part of an entry that `stamped` states; it replaces the same half of an older entry."""
    facts, stamp = stamped.facts, instant_iso(stamped.as_of)
    entry: Entry = {}
    limits = {name: _written(getattr(facts, name)) for name in _LIMITS}
    stated = {name: value for name, value in limits.items() if value is not None}
    if stated:
        entry |= {**limits, "cached_at": stamp, "source": stamped.source}
    if facts.tiers is not None:
        entry["tiers"] = [_tier_entry(tier) for tier in facts.tiers]
        entry |= {"tiers_cached_at": stamp, "tiers_source": stamped.source}
    return entry


def from_entry(symbol: str, entry: object) -> tuple[StampedFacts, ...]:
    """The halves of an entry that are there; FactsRefused says what cannot be read.

    A half without a stamp was true at an unknown time: it is stamped with the epoch, so stale.
    """
    if not isinstance(entry, dict):
        raise FactsRefused("the entry must be a mapping")
    halves = []
    limits = {name: _read_limit(name, entry.get(name)) for name in _LIMITS}
    if any(value is not None for value in limits.values()):
        facts = InstrumentFacts(symbol=symbol, **limits)
        halves.append(_stamped(facts, entry, "cached_at", "source"))
    if entry.get("tiers") is not None:
        facts = InstrumentFacts(symbol=symbol, tiers=_read_tiers(entry["tiers"]))
        prefix = "tiers_" if "tiers_cached_at" in entry else ""
        halves.append(_stamped(facts, entry, f"{prefix}cached_at", f"{prefix}source"))
    return tuple(halves)


def _written(value: Decimal | int | str | None) -> object:
    return plain_text(value) if isinstance(value, Decimal) else value


def _tier_entry(tier: RiskTier) -> Entry:
    return {
        "max_value": _written(tier.max_value),
        "mmr_rate": plain_text(tier.maintenance_rate),
        "deduction": plain_text(tier.deduction),
        "imr_rate": plain_text(tier.initial_rate),
    }


def _stamped(
    facts: InstrumentFacts, entry: Mapping[str, Any], stamp: str, source: str
) -> StampedFacts:
    text = entry.get(stamp, "1970-01-01")
    if not isinstance(text, str):
        raise FactsRefused(f"{stamp} must be a UTC time in text, found {text!r}")
    try:
        as_of = parse_instant(text, stamp)
    except UserError as error:
        raise FactsRefused(error.message) from error
    return StampedFacts(facts=facts, as_of=as_of, source=str(entry.get(source, "unknown")))


def _read_limit(name: str, value: object) -> Any:
    if value is None:
        return None
    if name in _TEXTS:
        if not isinstance(value, str):
            raise FactsRefused(f"{name} must be a text, found {value!r}")
        return value
    if name in _WHOLE:
        if not isinstance(value, int) or isinstance(value, bool):
            raise FactsRefused(f"{name} must be a whole number, found {value!r}")
        return value
    return read_number(name, value)


def read_number(name: str, value: object) -> Decimal:
    """A number written as text (or a whole number); FactsRefused names the field."""
    number = parse_decimal(str(value)) if isinstance(value, str | int) else None
    if number is None or isinstance(value, bool):
        raise FactsRefused(f"{name} must be a number written as text, found {value!r}")
    return number


def _read_tiers(rows: object) -> tuple[RiskTier, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FactsRefused("tiers must be a list of mappings")
    tiers = [
        RiskTier(
            max_value=_read_cap(row.get("max_value")),
            maintenance_rate=read_number("mmr_rate", row.get("mmr_rate")),
            deduction=read_number("deduction", row.get("deduction")),
            initial_rate=read_number("imr_rate", row.get("imr_rate")),
        )
        for row in rows
    ]
    return checked_tiers(tiers)


def _read_cap(value: object) -> Decimal | None:
    """Caches of the earlier bots write "Infinity" for the open end."""
    return None if value in (None, "Infinity") else read_number("max_value", value)
