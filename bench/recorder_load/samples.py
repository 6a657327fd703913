"""What a running recorder says of itself on `/metrics`, at one moment.

It reads the names that an operator's Prometheus reads; it refuses to look into the process.
"""

import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

PATIENCE_S = 10
DELAY = "event_saver_commit_delay_seconds_bucket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One moment. `at_s` is of a steady clock, `memory` in bytes, `processor_s` since the start.

    `within`: how many trades were committed within so many seconds of their receipt; empty before
    the first.
    """

    at_s: float
    memory: int
    processor_s: float
    written: int
    within: Mapping[float, int]


def sample(url: str) -> Sample:
    """Ask the recorder whose pages are at `url`."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=PATIENCE_S) as answer:
        return read(answer.read().decode(), time.monotonic())


def read(text: str, at_s: float) -> Sample:
    """A sample of the text of `/metrics`; KeyError when a number is not there."""
    numbers: dict[str, float] = {}
    within: dict[float, int] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            if one.labels.get("stream", "trades") != "trades":
                continue
            if one.name == DELAY:
                within[float(one.labels["le"])] = int(one.value)
            else:
                numbers[one.name] = one.value
    return Sample(
        at_s=at_s,
        memory=int(numbers["process_resident_memory_bytes"]),
        processor_s=numbers["process_cpu_seconds_total"],
        written=int(numbers["event_saver_rows_written_total"]),
        within=within,
    )


def percentile(within: Mapping[float, int], share: float) -> float:
    """The least bound, in seconds, that holds this share of all; infinite when none does."""
    total = within[float("inf")]
    return min(
        (bound for bound, count in within.items() if count >= share * total), default=float("inf")
    )
