"""What an operator is told: ages, counts, health; as JSON and as a file."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from event_saver.codec import Item, Record, time_of
from event_saver.delays import BOUNDS_US, DelayCounts
from event_saver.keeper import KeeperState
from event_saver.status import Status, StreamStatus, status_of, stream_of
from event_saver.writer.batches import BatchLimits, Written
from event_saver.writer.queue import DroppingQueue
from event_saver.writer.writer import Writer, WriterState
from grid_db.words import Environment
from gridcore.clock import SECOND_US, Instant

NOW = Instant(1_800_000_000 * SECOND_US)
WRITER = WriterState(
    alive=True,
    depth=3,
    written=100,
    inserted=90,
    buried=1,
    lost=0,
    dropped=2,
    failures=0,
    last_text="",
    last_commit_at=NOW,
)
DELAYS = DelayCounts(within=(0,) * len(BOUNDS_US), total=0, sum_us=0)
KEEPER = KeeperState(open=1, filled=4, given_up=2, failed=3, audits=5, ended="")


def status(
    writer: WriterState = WRITER, keeper: KeeperState | None = KEEPER, ready: bool = True
) -> Status:
    return status_of(
        now=NOW,
        environment=Environment.SIM,
        database="sqlite:///r.db",
        ready=ready,
        down=[] if ready else ["order"],
        streams=[
            StreamStatus(
                name="trades",
                newest_us=Instant(NOW - 2 * SECOND_US),
                in_flight=3,
                writer=writer,
                delays=DELAYS,
            ),
            StreamStatus(
                name="main", newest_us=Instant(0), in_flight=0, writer=WRITER, delays=DELAYS
            ),
        ],
        keeper=keeper,
    )


def test_the_age_of_a_stream_is_that_of_its_newest_message_and_unknown_before_the_first() -> None:
    found = status().as_json()["streams"]

    assert (found["trades"]["age_s"], found["trades"]["depth"]) == (2.0, 3)
    assert (found["main"]["age_s"], found["main"]["newest_us"]) == (None, None)


def test_everything_is_healthy_when_all_works() -> None:
    assert status().healthy
    assert status(keeper=None).healthy


@pytest.mark.parametrize(
    "sick",
    [
        status(writer=replace(WRITER, alive=False)),
        status(writer=replace(WRITER, failures=1)),
        status(ready=False),
        status(keeper=replace(KEEPER, ended="authentication: refused")),
    ],
)
def test_a_dead_writer_a_database_away_a_stream_down_or_an_end_is_not_healthy(
    sick: Status,
) -> None:
    assert not sick.healthy
    assert sick.as_json()["healthy"] is False


def test_the_health_file_is_the_status_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "health.json"

    status().write(path)

    assert json.loads(path.read_text()) == status().as_json()


class Shelf:
    """A sink that takes everything."""

    def write(self, items: Sequence[Item]) -> Written:
        return Written(inserted=len(items))

    def bury(self, item: Item, text: str) -> Written:
        return Written(inserted=1)


def test_a_stream_is_told_as_its_writer_is(records: dict[str, Record]) -> None:
    queue: DroppingQueue[Item] = DroppingQueue(9)
    writer = Writer("trades", queue, Shelf(), limits=BatchLimits(items_max=1), at_of=time_of)
    trade = records["PublicTrade"]
    writer.put([trade, trade, trade])
    writer.turn()

    found = stream_of(writer, DELAYS)

    assert (found.name, found.newest_us, found.in_flight) == ("trades", time_of(trade), 2)
    assert (found.writer.depth, found.writer.written) == (2, 1)
    assert found.delays == DELAYS
