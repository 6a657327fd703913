"""A status as Prometheus text: names with their units, counters that end in _total.

It knows names and shapes; it refuses to know how anything was counted.
"""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from event_saver.delays import BOUNDS_US, DelayCounts
from event_saver.keeper import KeeperState
from event_saver.status import Status, StreamStatus
from gridcore.clock import SECOND_US

PREFIX = "event_saver"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ROWS = {
    "written": "rows committed, those that were there already included",
    "inserted": "rows committed that were new to the database",
    "buried": "rows that became dead letters, because the database refuses them",
    "lost": "rows that could not even become dead letters",
    "dropped": "public rows let go because the queue was full; each is in a gap",
}


def metrics_of(status: Status) -> bytes:
    """The text of `/metrics`: the status, and the memory and processor time of the process.

    Timestamps are the exchange's time except that of the last commit, which is this machine's.
    Counters begin at 0 with the process.
    """
    registry = CollectorRegistry()
    registry.register(_StatusCollector(status))
    ProcessCollector(registry=registry)
    text: bytes = generate_latest(registry)
    return text


class _StatusCollector(Collector):
    """The families of one status."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Every family with its samples."""
        status = self._status
        yield InfoMetricFamily(
            PREFIX, "what is recorded where", value={"environment": status.environment.value}
        )
        yield _gauge("healthy", "1 when everything works", status.healthy)
        yield _gauge("ready", "1 when every stream delivers", status.ready)
        yield _gauge("topics_down", "topics that do not deliver now", len(status.down))
        yield _gauge(
            "exchange_timestamp_seconds",
            "the exchange's time now, as far as the recorder knows it",
            status.at_us / SECOND_US,
        )
        yield from _of_streams({stream.name: stream for stream in status.streams})
        if status.keeper is not None:
            yield from _of_gaps(status.keeper)


def _of_streams(streams: Mapping[str, StreamStatus]) -> Iterator[Metric]:
    newest = _by_stream("newest_exchange_timestamp_seconds", "exchange time of the newest message")
    queued = _by_stream("queued_rows", "rows received and not committed yet")
    failures = _by_stream(
        "database_failures_in_a_row", "attempts since the last one that the database answered"
    )
    committed = _by_stream("last_commit_timestamp_seconds", "when a batch was committed last")
    delays = HistogramMetricFamily(
        f"{PREFIX}_commit_delay_seconds",
        "time from the receipt of a row to its commit",
        labels=["stream"],
    )
    for name, stream in streams.items():
        writer = stream.writer
        queued.add_metric([name], writer.depth)
        failures.add_metric([name], writer.failures)
        if stream.newest_us:
            newest.add_metric([name], stream.newest_us / SECOND_US)
        if writer.last_commit_at is not None:
            committed.add_metric([name], writer.last_commit_at / SECOND_US)
        if stream.delays.total:
            delays.add_metric([name], _buckets(stream.delays), stream.delays.sum_us / SECOND_US)
    yield from (newest, queued, failures, committed, delays)
    for fate, help_text in _ROWS.items():
        rows = CounterMetricFamily(f"{PREFIX}_rows_{fate}", help_text, labels=["stream"])
        for name, stream in streams.items():
            rows.add_metric([name], getattr(stream.writer, fate))
        yield rows


def _of_gaps(keeper: KeeperState) -> Iterator[Metric]:
    yield _gauge("gaps_open", "gaps that are still to be filled", keeper.open)
    yield _counter("gaps_filled", "gaps that were filled", keeper.filled)
    yield _counter("gaps_given_up", "gaps that the exchange cannot fill any more", keeper.given_up)
    yield _counter("gap_attempts_failed", "attempts at a gap that failed", keeper.failed)
    yield _counter("audits", "comparisons with the exchange's list that were made", keeper.audits)


def _buckets(delays: DelayCounts) -> list[tuple[str, float]]:
    bounds = [str(bound / SECOND_US) for bound in BOUNDS_US]
    return [*zip(bounds, delays.within, strict=True), ("+Inf", delays.total)]


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", help_text, value=value)


def _counter(name: str, help_text: str, value: int) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", help_text, value=value)


def _by_stream(name: str, help_text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", help_text, labels=["stream"])
