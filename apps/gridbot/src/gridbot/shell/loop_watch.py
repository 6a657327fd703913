"""How long the loop was held up: it wakes at a steady pace and counts how late it was.

Time in which the machine gave its thread no processor is no hold-up, and counted apart. It refuses
to know by whom the loop was held up.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

PERIOD_S = 0.02
SLOW_S = 0.05
"""Nothing blocks the loop for longer (W26)."""


def starved_s() -> float:
    """Seconds for which the calling thread was ready to run and had no processor; 0 where the
    system does not tell."""
    try:
        told = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text()
    except OSError:
        return 0.0
    return int(told.split()[1]) / 1e9


class LoopWatch(Collector):
    """Counts delays of the loop above SLOW_S; `longest_s` is the longest of all.

    `read_s` is a steady clock, `starved_s` grows while the thread waits for a processor.
    """

    def __init__(
        self, read_s: Callable[[], float], starved_s: Callable[[], float] = starved_s
    ) -> None:
        self.slow = 0
        self.longest_s = 0.0
        self.starved_s = 0.0
        self._read_s = read_s
        self._read_starved_s = starved_s

    def note(self, late_s: float) -> None:
        """One wake-up that came this late."""
        self.longest_s = max(self.longest_s, late_s)
        if late_s > SLOW_S:
            self.slow += 1

    async def run(self) -> None:
        """Watch until cancelled."""
        before, starved_before = self._read_s(), self._read_starved_s()
        while True:
            await asyncio.sleep(PERIOD_S)
            now, starved = self._read_s(), self._read_starved_s()
            self.note(now - before - PERIOD_S - (starved - starved_before))
            self.starved_s += starved - starved_before
            before, starved_before = now, starved

    def collect(self) -> Iterable[Metric]:
        """All numbers, for the metrics page."""
        slow = CounterMetricFamily(
            "gridbot_loop_slow", "How often the loop was held up for more than 50 ms"
        )
        slow.add_metric([], self.slow)
        longest = GaugeMetricFamily(
            "gridbot_loop_longest_seconds", "The longest that the loop was held up"
        )
        longest.add_metric([], self.longest_s)
        starved = CounterMetricFamily(
            "gridbot_loop_starved_seconds", "For how long the machine gave the loop no processor"
        )
        starved.add_metric([], self.starved_s)
        return slow, longest, starved
