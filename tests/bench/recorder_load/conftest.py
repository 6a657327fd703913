"""Samples and findings as a run makes them."""

from dataclasses import replace

import pytest

from bench.recorder_load.finding import Finding
from bench.recorder_load.samples import Sample

MIB = 1 << 20
INFINITE = float("inf")


@pytest.fixture
def at_warm_up() -> Sample:
    return Sample(
        at_s=120.0,
        memory=100 * MIB,
        processor_s=20.0,
        written=120_000,
        within={0.5: 100_000, 1.0: 119_000, 2.0: 120_000, INFINITE: 120_000},
    )


@pytest.fixture
def at_end(at_warm_up: Sample) -> Sample:
    return replace(
        at_warm_up,
        at_s=600.0,
        memory=104 * MIB,
        processor_s=92.0,
        written=620_000,
        within={0.5: 400_000, 1.0: 617_000, 2.0: 620_000, INFINITE: 620_000},
    )


@pytest.fixture
def good(at_warm_up: Sample, at_end: Sample) -> Finding:
    return Finding(
        seconds=600.0,
        told=620_000,
        kept=620_000,
        wrong=0,
        letters=0,
        gaps=0,
        delay_s=1.0,
        samples=(at_warm_up, at_end),
        exit_code=0,
    )
