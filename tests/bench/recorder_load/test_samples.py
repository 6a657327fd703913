"""Samples are read from the recorder's own metrics, those of the trades among all streams."""

from bench.recorder_load.samples import Sample, percentile, read
from event_saver.delays import BOUNDS_US, DelayCounts
from event_saver.metrics import metrics_of
from event_saver.status import StreamStatus, status_of
from event_saver.writer.writer import WriterState
from grid_db.words import Environment
from gridcore.clock import Instant

INFINITE = float("inf")


def stream(name: str, written: int) -> StreamStatus:
    return StreamStatus(
        name=name,
        newest_us=Instant(0),
        in_flight=0,
        writer=WriterState(
            alive=True,
            depth=0,
            written=written,
            inserted=0,
            buried=0,
            lost=0,
            dropped=0,
            failures=0,
            last_text="",
            last_commit_at=None,
        ),
        delays=DelayCounts(within=(written,) * len(BOUNDS_US), total=written + 1, sum_us=0),
    )


def test_a_sample_is_what_the_metrics_say_of_trades() -> None:
    status = status_of(
        now=Instant(0),
        environment=Environment.SIM,
        database="",
        ready=True,
        down=(),
        streams=[stream("trades", 7), stream("tickers", 9)],
        keeper=None,
    )

    found = read(metrics_of(status).decode(), 3.0)

    assert (found.at_s, found.written) == (3.0, 7)
    assert (found.within[0.005], found.within[2.0], found.within[INFINITE]) == (7, 7, 8)
    assert found.memory > 1_000_000
    assert found.processor_s > 0


def test_a_percentile_is_the_least_bound_that_holds_the_share(at_warm_up: Sample) -> None:
    within = at_warm_up.within

    assert [percentile(within, share) for share in (0.5, 0.99, 0.9999)] == [0.5, 1.0, 2.0]
    assert percentile({1.0: 98, INFINITE: 100}, 0.99) == INFINITE
    assert percentile({1.0: 99, INFINITE: 100}, 0.99) == 1.0
