"""The words of the quality gate: limits, findings, and what they come to.

It refuses to know how anything is found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from comparator.loading.spans import Span, holes_between
from gridcore.clock import MINUTE_US, SECOND_US


class FindingKind(StrEnum):
    """What may be wrong with a recording."""

    NO_TICKERS = "no_tickers"
    NO_TRADES = "no_trades"
    NO_EXECUTIONS = "no_executions"
    STALE = "stale"
    TICKERS_MISSING = "tickers_missing"
    QUIET = "quiet"
    TRADES_MISSING = "trades_missing"
    STREAM_MISSING = "stream_missing"
    TIME_DECREASES = "time_decreases"
    TIME_IMPOSSIBLE = "time_impossible"
    OUTSIDE_MARKET = "outside_market"
    MARKET_NOT_THERE = "market_not_there"
    POSITION_MISMATCH = "position_mismatch"
    ORDER_WITHOUT_END = "order_without_end"
    SETUP_MIXED = "setup_mixed"
    SETUP_MISSING = "setup_missing"


class Severity(StrEnum):
    """What a finding does to the judgement."""

    BARS = "bars"
    """Nothing can be judged."""
    LOWERS = "lowers"
    """It takes something from the score."""
    TOLD = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimits:
    """What a recording may lack. `silence_us`: no market is quiet for so long (18.11: 5 s).

    `score_min`: the least share of the worst part that is enough.
    """

    ticker_gap_us: int = 5 * SECOND_US
    silence_us: int = MINUTE_US
    stale_us: int = 5 * MINUTE_US
    clock_us: int = SECOND_US
    outside_pct: Decimal = Decimal(1)
    score_min: Decimal = Decimal("0.95")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of fault of one symbol (None: of the account); `spans` are where, in order."""

    kind: FindingKind
    severity: Severity
    symbol: str | None
    count: int
    text: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that was looked at, and the share of it that is sound, from 0 to 1."""

    name: str
    sound: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The judgement. `score` is the share of the worst part; `reasons` say why it is not enough."""

    score: Decimal
    parts: Mapping[str, Decimal]
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Whether a verdict may rest on this recording."""
        return not self.reasons


def share(bad: int, of: int) -> Decimal:
    """The sound share of a number of things; of nothing, all is sound."""
    return Decimal(1) - Decimal(min(bad, of)) / of if of else Decimal(1)


def covered_us(spans: Sequence[Span], within: Span) -> int:
    """How much of `within` the spans cover together."""
    rest = holes_between([span.cut(within) for span in spans], within)
    return within.length_us - sum(span.length_us for span in rest)
