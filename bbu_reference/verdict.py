"""The verdict on vector files as text and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from bbu_reference.framework import FileReport, Tally

SHOWN_FAILURES = 5


def as_text(reports: Sequence[FileReport]) -> Iterator[str]:
    """Lines: per file its strata and rules, and a total."""
    for report in reports:
        yield from _file_lines(report)
    yield ""
    yield _counts("total", _sum(reports))


def _file_lines(report: FileReport) -> Iterator[str]:
    owner = f"  owned by {report.owner}" if report.owner else ""
    yield f"{report.file}: {report.units} cases and steps{owner}"
    for stratum, tally in report.strata.items():
        yield _counts(f"  {stratum}", tally)
        for failure in tally.failures[:SHOWN_FAILURES]:
            yield f"    FAILED {failure.where}: {failure.text}"
        if len(tally.failures) > SHOWN_FAILURES:
            yield f"    FAILED and {len(tally.failures) - SHOWN_FAILURES} more"
    for name, count in sorted(report.rule_counts().items()):
        rule = report.rules[name]
        adr = f" (ADR {rule.adr})" if rule.adr else ""
        yield f"  on purpose, {name}: {count}{adr}. {rule.reason}"
    for rule in report.unargued_rules():
        yield f"  FAILED {rule.name} excuses more than a tenth of the file and names no ADR"


def _counts(name: str, tally: Tally) -> str:
    return (
        f"{name:<22} agreed {tally.agreed:>5}  on purpose {tally.deviated:>4}  "
        f"failed {len(tally.failures):>3}  skipped {tally.skipped:>3}  later {tally.owned:>4}"
    )


def _sum(reports: Sequence[FileReport]) -> Tally:
    total = Tally()
    for report in reports:
        for tally in report.strata.values():
            total.agreed += tally.agreed
            total.deviated += tally.deviated
            total.failures += tally.failures
            total.skipped += tally.skipped
            total.owned += tally.owned
    return total


def as_json(reports: Sequence[FileReport]) -> dict[str, Any]:
    """The same verdict for programs."""
    return {
        "passed": all(report.passed for report in reports),
        "files": [
            {
                "file": report.file,
                "kind": report.name,
                "owner": report.owner,
                "passed": report.passed,
                "strata": {name: _tally(tally) for name, tally in report.strata.items()},
                "rules": {
                    name: {
                        "count": count,
                        "reason": report.rules[name].reason,
                        "adr": report.rules[name].adr,
                    }
                    for name, count in sorted(report.rule_counts().items())
                },
                "unargued_rules": [rule.name for rule in report.unargued_rules()],
            }
            for report in reports
        ],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "agreed": tally.agreed,
        "deviated": tally.deviated,
        "by_rule": dict(sorted(tally.by_rule.items())),
        "failed": [{"where": failure.where, "text": failure.text} for failure in tally.failures],
        "skipped": tally.skipped,
        "owned": tally.owned,
    }
