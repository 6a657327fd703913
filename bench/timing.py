"""Repeated measurements and what is said of them; it knows no job and reads one clock."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Seconds of several runs of one job."""

    seconds: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.seconds or min(self.seconds) <= 0:
            raise ValueError(f"expected one or more times above 0, found {self.seconds}")

    @property
    def median(self) -> float:
        """The middle one: a busy machine spoils some runs, not most of them."""
        return median(self.seconds)

    def rate(self, ticks: int) -> float:
        """Ticks per second of the median run."""
        return ticks / self.median

    def text(self) -> str:
        """Median, least and most, in milliseconds."""
        shown = [1e3 * value for value in (self.median, min(self.seconds), max(self.seconds))]
        digits = 0 if shown[0] >= 100 else 1
        middle, least, most = (f"{value:,.{digits}f}" for value in shown)
        return f"{middle} ms (median of {len(self.seconds)}, {least} .. {most})"


def timed(job: Callable[[], Outcome]) -> tuple[float, Outcome]:
    """Run a job once: (seconds, what it returned). Garbage of earlier runs is collected before."""
    gc.collect()
    began = time.perf_counter()
    outcome = job()
    return time.perf_counter() - began, outcome


def repeated(job: Callable[[], Outcome], times: int) -> tuple[Spread, Outcome]:
    """Run a job several times; (all times, the last outcome). Only one outcome is kept alive."""
    seconds: list[float] = []
    for _ in range(times - 1):
        seconds.append(timed(job)[0])
    last, outcome = timed(job)
    return Spread(seconds=(*seconds, last)), outcome


def far_apart(counts: Sequence[int], tolerance: float) -> bool:
    """Whether the largest count exceeds the smallest by more than `tolerance` of it."""
    return max(counts) - min(counts) > tolerance * min(counts)
