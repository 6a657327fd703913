"""The daemon's sign of life: written whole, read leniently."""

import asyncio
import os
from pathlib import Path

import pytest

from gridbot.guard.heartbeat import (
    TURN_S_MAX,
    Heartbeat,
    HeartbeatKeeper,
    read_heartbeat,
    write_heartbeat,
)

ACCOUNTS = frozenset({"main"})
BEAT = Heartbeat(pid=7, number=3, accounts=ACCOUNTS, port=18100, ended=False)


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
        keeper = HeartbeatKeeper(tmp_path, ACCOUNTS, {})
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

    assert first == Heartbeat(pid=os.getpid(), number=1, accounts=ACCOUNTS, port=4711, ended=False)
    assert last == Heartbeat(pid=os.getpid(), number=2, accounts=ACCOUNTS, port=4711, ended=True)


class Standing:
    """An account whose loop came round so many seconds ago."""

    def __init__(self, age_s: float) -> None:
        self.age_s = age_s

    def turned_age_s(self) -> float:
        return self.age_s


def test_while_the_loop_of_one_account_stands_still_there_is_no_beat(tmp_path: Path) -> None:
    """An event loop that runs tends no orders of an account that hangs."""
    stuck = Standing(TURN_S_MAX + 1)

    async def story() -> list[Heartbeat | None]:
        keeper = HeartbeatKeeper(tmp_path, ACCOUNTS, {"main": Standing(0.2), "spare": stuck})
        beating = asyncio.create_task(keeper.run())
        await asyncio.sleep(0.05)
        silent = read_heartbeat(tmp_path)
        beating.cancel()
        stuck.age_s = 0.1
        again = asyncio.create_task(keeper.run())
        while read_heartbeat(tmp_path) is None:
            await asyncio.sleep(0.005)
        again.cancel()
        return [silent, read_heartbeat(tmp_path)]

    silent, loud = asyncio.run(story())

    assert silent is None
    assert loud is not None


def test_a_disk_that_takes_nothing_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    async def story() -> bool:
        keeper = HeartbeatKeeper(tmp_path / "file", ACCOUNTS, {})
        beating = asyncio.create_task(keeper.run())
        await asyncio.sleep(0.05)
        lives = not beating.done()
        beating.cancel()
        return lives

    assert asyncio.run(story())


def test_a_daemon_that_never_traded_leaves_what_an_earlier_one_said(tmp_path: Path) -> None:
    write_heartbeat(tmp_path, BEAT)

    asyncio.run(HeartbeatKeeper(tmp_path, ACCOUNTS, {}).end())

    assert read_heartbeat(tmp_path) == BEAT
