"""Looks at everything that a recording should have, and says whether it is enough to judge by."""

from collections.abc import Iterator

from comparator.evidence.recorded import Evidence
from comparator.quality.account import account_findings, stream_findings
from comparator.quality.findings import (
    Finding,
    FindingKind,
    Part,
    Quality,
    QualityLimits,
    Severity,
)
from comparator.quality.market import market_findings
from comparator.quality.reconstruction import position_findings

_DEFAULT = QualityLimits()


def judge_quality(evidence: Evidence, limits: QualityLimits = _DEFAULT) -> Quality:
    """The quality of the recording of a run within its window, over all symbols asked for.

    The score is the sound share of the worst part. No data and stale data bar a judgement, and so
    do rows that cannot be true: the recording is contaminated, the strategy is not to blame.
    """
    seen = list(_looked_at(evidence, limits))
    findings = [one for one in seen if isinstance(one, Finding)]
    parts = [one for one in seen if isinstance(one, Part)]
    score = min(part.sound for part in parts)
    reasons = [
        f"{finding.symbol or 'account'}: {finding.text}"
        for finding in findings
        if finding.severity is Severity.BARS
    ]
    reasons += [
        f"{part.name}: {part.sound:.2%} of it is sound, {limits.score_min:.2%} is asked for"
        for part in parts
        if part.sound < limits.score_min
    ]
    return Quality(
        score=score,
        parts={part.name: part.sound for part in parts},
        findings=tuple(findings),
        reasons=tuple(reasons),
    )


def _looked_at(evidence: Evidence, limits: QualityLimits) -> Iterator[Finding | Part]:
    run = evidence.run
    for symbol in run.symbols:
        yield from market_findings(evidence, symbol, limits)
        yield from account_findings(evidence, symbol, limits)
        yield from position_findings(evidence, symbol, limits)
    yield from stream_findings(evidence)
    if run.is_mixed:
        yield Finding(
            kind=FindingKind.SETUP_MIXED,
            severity=Severity.BARS,
            symbol=None,
            count=1,
            text="the bot was started again with another configuration: "
            "name one of its runs with --run-id",
        )
    for fault in run.faults:
        yield Finding(
            kind=FindingKind.SETUP_MISSING,
            severity=Severity.TOLD,
            symbol=None,
            count=1,
            text=fault,
        )
