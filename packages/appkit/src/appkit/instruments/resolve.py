"""Decides what is known of an instrument: given keys, fresh cache, exchange, stale cache (N-3).

Nothing is made up. It reads no clock: `now` is given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Protocol

from appkit.dates import instant_text
from appkit.exits import UserError
from appkit.instruments.cache import InstrumentCache
from appkit.instruments.facts import (
    FACT_NAMES,
    SIZING_FACTS,
    InstrumentFacts,
    InstrumentSpec,
    StampedFacts,
    complete,
)
from appkit.spelling import nearest
from gridcore.clock import HOUR_US, Instant

TTL_HOURS = 24
"""Hours for which a cached fact counts as fresh, unless the configuration says otherwise (N-3)."""


class Origin(Enum):
    """Where a fact came from, best first."""

    CONFIGURATION = "configuration"
    FRESH_CACHE = "fresh cache"
    EXCHANGE = "exchange"
    STALE_CACHE = "stale cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSilent:
    """The exchange could not be asked, or does not know the symbol; why, in words."""

    reason: str


class InstrumentSource(Protocol):
    """Someone who can be asked about a symbol now: the exchange, passed in by the app."""

    def fetch(self, symbol: str) -> InstrumentFacts | SourceSilent:
        """What the exchange says of `symbol`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedInstrument:
    """An instrument, where each known fact came from, and what the user should be told."""

    spec: InstrumentSpec
    origins: Mapping[str, Origin]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    facts: InstrumentFacts
    origin: Origin
    told: str


def resolve_instrument(
    symbol: str,
    *,
    now: Instant,
    cache: InstrumentCache,
    given: InstrumentFacts | None = None,
    source: InstrumentSource | None = None,
    ttl_hours: Decimal | int = TTL_HOURS,
    needed: Iterable[str] = SIZING_FACTS,
) -> ResolvedInstrument:
    """Put together what is known of `symbol`, each fact from the best source that states it.

    Order: `given` (the configuration), a cache entry younger than `ttl_hours`, `source`, an older
    cache entry with a warning. `source` is asked only when something of `needed` is still unknown,
    and its answer is kept in the cache. `needed` names facts besides those that sizing needs
    anyway, such as "tiers". What stays unknown is refused with the ways to supply it.
    """
    wanted = SIZING_FACTS | frozenset(needed)
    assert wanted <= set(FACT_NAMES), f"no such fact: {wanted - set(FACT_NAMES)}"
    contents = cache.read()
    warnings = list(contents.warnings)
    cached = contents.by_symbol.get(symbol, ())
    fresh = [half for half in cached if _is_fresh(half, now, ttl_hours)]
    candidates = [_Candidate(facts=given, origin=Origin.CONFIGURATION, told="")] if given else []
    candidates += [_from_cache(half, Origin.FRESH_CACHE) for half in fresh]
    silence: str | None = None
    if source is not None and not wanted <= _known(candidates):
        answer = source.fetch(symbol)
        if isinstance(answer, SourceSilent):
            silence = answer.reason
            warnings.append(f"{symbol}: the exchange gave no answer: {silence}")
        else:
            warnings += _kept(cache, StampedFacts(facts=answer, as_of=now, source="exchange"))
            candidates.append(_Candidate(facts=answer, origin=Origin.EXCHANGE, told=""))
    candidates += [_from_cache(half, Origin.STALE_CACHE) for half in cached if half not in fresh]

    chosen = _chosen(candidates)
    missing = wanted - chosen.keys()
    if missing:
        raise _unknown(symbol, missing, cache, silence, known_symbols=contents.by_symbol)
    warnings += _stale_warnings(symbol, chosen, ttl_hours)
    warnings += _contradictions(symbol, candidates)
    facts = InstrumentFacts(
        symbol=symbol, **{name: getattr(one.facts, name) for name, one in chosen.items()}
    )
    return ResolvedInstrument(
        spec=complete(facts),
        origins={name: one.origin for name, one in chosen.items()},
        warnings=tuple(warnings),
    )


def _kept(cache: InstrumentCache, stamped: StampedFacts) -> tuple[str, ...]:
    """A cache that cannot be written costs the next run a question, not this run its answer."""
    try:
        return cache.store([stamped])
    except OSError as error:
        return (f"{cache.path}: the answer could not be kept: {error.strerror}",)


def _is_fresh(half: StampedFacts, now: Instant, ttl_hours: Decimal | int) -> bool:
    """A stamp from the future proves nothing about today, so it is not fresh."""
    return 0 <= now - half.as_of < ttl_hours * HOUR_US


def _from_cache(half: StampedFacts, origin: Origin) -> _Candidate:
    told = f"{half.source} as of {instant_text(half.as_of)} UTC"
    return _Candidate(facts=half.facts, origin=origin, told=told)


def _known(candidates: Iterable[_Candidate]) -> frozenset[str]:
    return frozenset().union(*(one.facts.known() for one in candidates))


def _chosen(candidates: list[_Candidate]) -> dict[str, _Candidate]:
    """For every fact the first candidate that states it."""
    chosen: dict[str, _Candidate] = {}
    for one in candidates:
        for name in FACT_NAMES:
            if name in one.facts.known():
                chosen.setdefault(name, one)
    return chosen


def _stale_warnings(
    symbol: str, chosen: Mapping[str, _Candidate], ttl_hours: Decimal | int
) -> list[str]:
    stale: dict[str, list[str]] = {}
    for name, one in chosen.items():
        if one.origin is Origin.STALE_CACHE:
            stale.setdefault(one.told, []).append(name)
    return [
        f"{symbol}: {', '.join(names)} from the stale cache ({told}; fresh is {ttl_hours} h)"
        for told, names in stale.items()
    ]


def _contradictions(symbol: str, candidates: list[_Candidate]) -> list[str]:
    """Where the configuration wins over something else that is known (N-2: a what-if)."""
    if not candidates or candidates[0].origin is not Origin.CONFIGURATION:
        return []
    given, found = candidates[0].facts, _chosen(candidates[1:])
    texts = []
    for name in sorted(given.known() & found.keys()):
        mine, theirs = getattr(given, name), getattr(found[name].facts, name)
        if mine != theirs:
            shown = "" if name == "tiers" else f" {mine} instead of {theirs}"
            where = found[name].origin.value
            texts.append(f"{symbol}: the configuration's {name}{shown} wins over the {where}")
    return texts


def _unknown(
    symbol: str,
    missing: Iterable[str],
    cache: InstrumentCache,
    silence: str | None,
    known_symbols: Iterable[str],
) -> UserError:
    names = ", ".join(sorted(missing))
    symbols = set(known_symbols)
    near = nearest(symbol, symbols) if symbol not in symbols else None
    meant = f"did you mean {near}? Otherwise " if near else ""
    asked = "" if silence is None else f"; the exchange gave no answer: {silence}"
    return UserError(
        f"{symbol}: unknown {names} (looked into the configuration and {cache.path}{asked})",
        f"{meant}state them in the configuration under instruments.{symbol}, or fill the cache "
        f"from the exchange with `backtest instruments fetch {symbol}`, or from a saved listing "
        "with `backtest instruments import FILE`",
    )
