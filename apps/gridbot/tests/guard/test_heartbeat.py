"""The daemon's sign of life: written whole, read leniently."""

import asyncio
import os
from pathlib import Path

import pytest

from gridbot.guard.heartbeat import (
    Heartbeat,
    HeartbeatKeeper,
    read_heartbeat,
    write_heartbeat,
)

BEAT = Heartbeat(pid=7, number=3, port=18100, ended=False)


def test_a_beat_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_heartbeat(tmp_path / "new", BEAT)

    assert read_heartbeat(tmp_path / "new") == BEAT
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["heartbeat.json"]


def test_where_no_daemon_ever_ran_there_is_no_beat(tmp_path: Path) -> None:
    assert read_heartbeat(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", '{"pid": 1, "number": 2}', '{"pid": "1"}', "\x00"])
def test_a_file_that_says_something_else_is_told_from_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "heartbeat.json").write_text(text, encoding="utf-8")

    with pytest.raises(ValueError):
        read_heartbeat(tmp_path)


def test_a_keeper_beats_at_once_and_says_when_it_ends(tmp_path: Path) -> None:
    async def story() -> list[Heartbeat | None]:
        keeper = HeartbeatKeeper(tmp_path)
        keeper.port = 4711
        beating = asyncio.create_task(keeper.run())
        while read_heartbeat(tmp_path) is None:
            await asyncio.sleep(0.005)
        first = read_heartbeat(tmp_path)
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await keeper.end()
        return [first, read_heartbeat(tmp_path)]

    first, last = asyncio.run(story())

    assert first == Heartbeat(pid=os.getpid(), number=1, port=4711, ended=False)
    assert last == Heartbeat(pid=os.getpid(), number=2, port=4711, ended=True)


def test_a_disk_that_takes_nothing_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    async def story() -> bool:
        keeper = HeartbeatKeeper(tmp_path / "file")
        beating = asyncio.create_task(keeper.run())
        await asyncio.sleep(0.05)
        lives = not beating.done()
        beating.cancel()
        return lives

    assert asyncio.run(story())


def test_a_daemon_that_never_traded_leaves_what_an_earlier_one_said(tmp_path: Path) -> None:
    write_heartbeat(tmp_path, BEAT)

    asyncio.run(HeartbeatKeeper(tmp_path).end())

    assert read_heartbeat(tmp_path) == BEAT
