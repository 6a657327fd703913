"""What Prometheus is told: conventional names, honest types, and nothing where nothing is known."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from event_saver.delays import BOUNDS_US, DelayCounts
from event_saver.keeper import KeeperState
from event_saver.metrics import metrics_of
from event_saver.status import Status, StreamStatus, status_of
from event_saver.writer.writer import WriterState
from grid_db.words import Environment
from gridcore.clock import SECOND_US, Instant

GUIDE = Path("docs") / "guides" / "event-saver.md"
NOW = Instant(1_800_000_000 * SECOND_US)
NO_DELAYS = DelayCounts(within=(0,) * len(BOUNDS_US), total=0, sum_us=0)
TRADES = StreamStatus(
    name="trades",
    newest_us=Instant(NOW - 2 * SECOND_US),
    in_flight=3,
    writer=WriterState(
        alive=True,
        depth=3,
        written=100,
        inserted=90,
        buried=1,
        lost=0,
        dropped=2,
        failures=4,
        last_text="",
        last_commit_at=NOW,
    ),
    delays=DelayCounts(within=(0,) * 8 + (98,) * 5, total=100, sum_us=150 * SECOND_US),
)
QUIET = replace(
    TRADES,
    name="main",
    newest_us=Instant(0),
    writer=replace(TRADES.writer, last_commit_at=None),
    delays=NO_DELAYS,
)
KEEPER = KeeperState(open=1, filled=4, given_up=2, failed=3, audits=5, ended="")


def status(
    *streams: StreamStatus, keeper: KeeperState | None = KEEPER, down: Sequence[str] = ()
) -> Status:
    return status_of(
        now=NOW,
        environment=Environment.SIM,
        database="sqlite:///r.db",
        ready=not down,
        down=down,
        streams=streams,
        keeper=keeper,
    )


def lines(found: Status) -> list[str]:
    return metrics_of(found).decode().splitlines()


def families(found: Status) -> list[Metric]:
    return list(text_string_to_metric_families(metrics_of(found).decode()))


@pytest.mark.parametrize(
    "line",
    [
        'event_saver_info{environment="sim"} 1.0',
        "event_saver_healthy 0.0",
        "event_saver_ready 0.0",
        "event_saver_topics_down 1.0",
        "event_saver_exchange_timestamp_seconds 1.8e+09",
        'event_saver_newest_exchange_timestamp_seconds{stream="trades"} 1.799999998e+09',
        'event_saver_last_commit_timestamp_seconds{stream="trades"} 1.8e+09',
        'event_saver_queued_rows{stream="trades"} 3.0',
        'event_saver_database_failures_in_a_row{stream="trades"} 4.0',
        'event_saver_rows_written_total{stream="trades"} 100.0',
        'event_saver_rows_inserted_total{stream="trades"} 90.0',
        'event_saver_rows_buried_total{stream="trades"} 1.0',
        'event_saver_rows_lost_total{stream="trades"} 0.0',
        'event_saver_rows_dropped_total{stream="trades"} 2.0',
        "event_saver_gaps_open 1.0",
        "event_saver_gaps_filled_total 4.0",
        "event_saver_gaps_given_up_total 2.0",
        "event_saver_gap_attempts_failed_total 3.0",
        "event_saver_audits_total 5.0",
        'event_saver_commit_delay_seconds_bucket{le="1.0",stream="trades"} 0.0',
        'event_saver_commit_delay_seconds_bucket{le="2.0",stream="trades"} 98.0',
        'event_saver_commit_delay_seconds_bucket{le="+Inf",stream="trades"} 100.0',
        'event_saver_commit_delay_seconds_count{stream="trades"} 100.0',
        'event_saver_commit_delay_seconds_sum{stream="trades"} 150.0',
    ],
)
def test_the_status_is_told_in_these_words(line: str) -> None:
    assert line in lines(status(TRADES, down=["order"]))


def test_what_counts_up_is_a_counter_and_everything_is_explained() -> None:
    for family in families(status(TRADES)):
        if not family.name.startswith("event_saver"):
            continue
        assert family.documentation
        # The old text format has no word for infos.
        total = any(sample.name.endswith("_total") for sample in family.samples)
        assert (family.type == "counter") == total, family


def test_a_stream_that_has_brought_nothing_yet_has_no_times_and_no_delays() -> None:
    found = [line for line in lines(status(QUIET)) if "main" in line]

    assert found
    assert not any("timestamp" in line or "delay" in line for line in found)


def test_before_the_gap_keeper_there_is_nothing_to_tell_of_gaps() -> None:
    assert not any(
        line.startswith("event_saver_gap") for line in lines(status(TRADES, keeper=None))
    )


def test_the_process_tells_its_memory_and_its_processor_time() -> None:
    names = {family.name for family in families(status())}

    assert {"process_resident_memory_bytes", "process_cpu_seconds"} <= names


def test_every_name_in_the_guide_is_told() -> None:
    root = next(one for one in Path(__file__).parents if (one / GUIDE).is_file())
    written = re.findall(r"event_saver_[a-z_]*[a-z]\b", (root / GUIDE).read_text("utf-8"))

    told = "\n".join(lines(status(TRADES)))
    assert len(set(written)) > 15
    assert [name for name in written if f"\n{name}" not in told] == []
