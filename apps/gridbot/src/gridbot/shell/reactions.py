"""How fast the daemon reacts: from the receipt of a ticker frame to the request it caused leaving.

It counts and shows; it refuses to know requests.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gridcore.clock import SECOND_US

BOUNDS_S = ("0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.25", "0.5", "1", "2.5")
"""Upper bounds as Prometheus writes them; what is above waited for the exchange's limits."""

_BOUNDS_US = tuple(int(float(bound) * SECOND_US) for bound in BOUNDS_S)


class Reactions(Collector):
    """One histogram for each account of a process. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, list[int]] = {}
        self._sums_us: dict[str, int] = {}

    def add(self, account: str, took_us: int) -> None:
        """One request has left so long after the frame that caused it was received."""
        with self._lock:
            counts = self._counts.setdefault(account, [0] * (len(_BOUNDS_US) + 1))
            counts[bisect_left(_BOUNDS_US, took_us)] += 1
            self._sums_us[account] = self._sums_us.get(account, 0) + took_us

    def collect(self) -> Iterable[Metric]:
        """All histograms, for the metrics page."""
        family = HistogramMetricFamily(
            "gridbot_reaction_seconds",
            "time from the receipt of a ticker frame to the request that it caused leaving",
            labels=["account"],
        )
        with self._lock:
            for account, counts in self._counts.items():
                family.add_metric(
                    [account], _cumulative(counts), self._sums_us[account] / SECOND_US
                )
        return (family,)


def _cumulative(counts: list[int]) -> list[tuple[str, float]]:
    total = 0
    rows: list[tuple[str, float]] = []
    for bound, count in zip((*BOUNDS_S, "+Inf"), counts, strict=True):
        total += count
        rows.append((bound, total))
    return rows
