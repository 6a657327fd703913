"""What counts as good, and how a finding is told."""

from dataclasses import replace
from typing import Any

import pytest

from bench.recorder_load.finding import Finding, line_of
from bench.recorder_load.samples import Sample


def test_a_run_that_meets_every_target_is_good_and_says_so(good: Finding) -> None:
    assert good.good()
    assert good.text().splitlines() == [
        "600 s: 620,000 public trades told, 1,033 a second (at least 1,000)",
        "620,000 kept, 0 of them wrong; 0 dead letters, 0 gaps; the recorder ended with 0",
        "from receipt to commit: 99 of 100 trades within 1 s (at most 2)",
        (
            "memory: 100.0 MiB after the warm-up, 104.0 MiB at the end: +4.0% (under 5%), "
            "at most 104.0 MiB"
        ),
        "processor: 15% of one",
    ]


@pytest.mark.parametrize(
    ("target", "missed"),
    [
        ("seconds", 620.1),
        ("kept", 619_999),
        ("kept", 620_001),
        ("wrong", 1),
        ("letters", 1),
        ("gaps", 1),
        ("delay_s", 5.0),
        ("exit_code", 2),
    ],
)
def test_a_run_that_misses_one_target_is_not_good(good: Finding, target: str, missed: Any) -> None:
    assert not replace(good, **{target: missed}).good()


def test_memory_that_grows_by_a_twentieth_is_not_good(
    good: Finding, at_warm_up: Sample, at_end: Sample
) -> None:
    grown = replace(at_end, memory=at_warm_up.memory * 105 // 100)

    assert not replace(good, samples=(at_warm_up, grown)).good()


def test_a_line_tells_only_what_happened_since_the_sample_before(
    at_warm_up: Sample, at_end: Sample
) -> None:
    assert line_of(0.0, at_warm_up, at_end) == (
        "minute 10.0:   1,042 trades/s, 99 % within 1 s, 104.0 MiB, 15% of a processor"
    )


def test_the_first_line_counts_from_nothing(at_warm_up: Sample) -> None:
    fresh = replace(at_warm_up, at_s=0.0, processor_s=8.0, written=0, within={})

    assert line_of(0.0, fresh, at_warm_up) == (
        "minute  2.0:   1,000 trades/s, 99 % within 1 s, 100.0 MiB, 10% of a processor"
    )
