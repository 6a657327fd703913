"""Whether a recording is good enough to judge a bot by it (strategy.md 18.11, 18.12)."""

from comparator.quality.findings import (
    Finding,
    FindingKind,
    Quality,
    QualityLimits,
    Severity,
)
from comparator.quality.judging import judge_quality

__all__ = [
    "Finding",
    "FindingKind",
    "Quality",
    "QualityLimits",
    "Severity",
    "judge_quality",
]
