"""How long the loop was held up: it wakes at a steady pace and counts how late it was.

It refuses to know by whom.
"""

import asyncio
from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

PERIOD_S = 0.02
SLOW_S = 0.05
"""Nothing blocks the loop for longer (W26)."""


class LoopWatch(Collector):
    """Counts delays of the loop above SLOW_S; `longest_s` is the longest of all."""

    def __init__(self, read_s: Callable[[], float]) -> None:
        self.slow = 0
        self.longest_s = 0.0
        self._read_s = read_s

    def note(self, late_s: float) -> None:
        """One wake-up that came this late."""
        self.longest_s = max(self.longest_s, late_s)
        if late_s > SLOW_S:
            self.slow += 1

    async def run(self) -> None:
        """Watch until cancelled."""
        before = self._read_s()
        while True:
            await asyncio.sleep(PERIOD_S)
            now = self._read_s()
            self.note(now - before - PERIOD_S)
            before = now

    def collect(self) -> Iterable[Metric]:
        """Both numbers, for the metrics page."""
        slow = CounterMetricFamily(
            "gridbot_loop_slow", "How often the loop was held up for more than 50 ms"
        )
        slow.add_metric([], self.slow)
        longest = GaugeMetricFamily(
            "gridbot_loop_longest_seconds", "The longest that the loop was held up"
        )
        longest.add_metric([], self.longest_s)
        return slow, longest
