"""What is measured: tables, matching and every figure of two sets of fills, in this process.

Knows the order of work; refuses to believe a result that is worse than the made pairs.
"""

import time
from dataclasses import dataclass

import numpy as np

from appkit.exits import RunFailed
from bench.comparator.made import MadeFills, made_fills
from bench.memory import STATUS, resident_memory
from comparator.fills import FillTable, Source
from comparator.matching import CAP_US, Matching, align
from comparator.metrics import TradeMetrics, trade_metrics
from gridcore.clock import SECOND_US

SECONDS_MAX = 30.0
MEMORY_MAX = 2 << 30
_GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was measured; `memory` is the peak of the whole process in bytes."""

    metrics: TradeMetrics
    tables_seconds: float
    align_seconds: float
    metrics_seconds: float
    memory: int

    @property
    def seconds(self) -> float:
        """Of the whole comparison."""
        return self.tables_seconds + self.align_seconds + self.metrics_seconds

    def good(self) -> bool:
        """Whether both targets are met."""
        return self.seconds < SECONDS_MAX and self.memory < MEMORY_MAX

    def text(self) -> str:
        """The findings, one in a line."""
        found = self.metrics
        sizes = f"{found.total_live_trades:,} live fills, {found.total_backtest_trades:,} of the"
        alone = f"{found.live_only_count:,} live only, {found.backtest_only_count:,} backtest only"
        parts = f"tables {self.tables_seconds:.1f} s, alignment {self.align_seconds:.1f} s, metrics"
        in_time, in_memory = self.seconds < SECONDS_MAX, self.memory < MEMORY_MAX
        lines = (
            f"{sizes} backtest",
            f"{found.matched_count:,} pairs, {alone}, {found.ambiguous_ids:,} ambiguous",
            f"{parts} {self.metrics_seconds:.1f} s",
            f"{self.seconds:.1f} s in all, less than {SECONDS_MAX:g}: {_verdict(in_time)}",
            f"{self.memory / _GIB:.2f} GiB, less than {MEMORY_MAX / _GIB:g}: {_verdict(in_memory)}",
        )
        return "".join(f"{line}\n" for line in lines)


def measure(fills: int, seed: int) -> Found:
    """Make fills and compare them; RunFailed when the pairs cost more than the made ones."""
    made = made_fills(fills, seed)
    began = time.perf_counter()
    live = FillTable.of_columns(made.live, Source.LIVE)
    backtest = FillTable.of_columns(made.backtest, Source.BACKTEST)
    tabled = time.perf_counter()
    matching = align(live, backtest)
    aligned = time.perf_counter()
    metrics = trade_metrics(live, backtest, matching)
    ended = time.perf_counter()
    expect_cheapest(made, live, backtest, matching)
    return Found(
        metrics=metrics,
        tables_seconds=tabled - began,
        align_seconds=aligned - tabled,
        metrics_seconds=ended - aligned,
        memory=resident_memory(STATUS.read_text(encoding="ascii")).peak,
    )


def expect_cheapest(
    made: MadeFills, live: FillTable, backtest: FillTable, matching: Matching
) -> None:
    """RunFailed when the alignment costs more than the pairs that were made."""
    total = len(live) + len(backtest)
    apart = np.abs(live.columns.at[matching.live] - backtest.columns.at[matching.backtest])
    known = np.abs(made.live.at[made.live_rows] - made.backtest.at[made.backtest_rows])
    found_us = 2 * int(apart.sum()) + CAP_US * (total - 2 * len(apart))
    known_us = 2 * int(known.sum()) + CAP_US * (total - 2 * len(known))
    if found_us > known_us:
        excess = (found_us - known_us) / 2 / SECOND_US
        raise RunFailed(
            f"the pairs cost {excess:g} s more than those that were made",
            "the alignment is not the cheapest one: see comparator.alignment",
        )


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"
