"""States are saved one at a time, and nobody waits for the disk but the end."""

import asyncio

import pytest

from gridbot.shell.keeping import Keeping


class Disk:
    """Takes the memory at once, and saves it when it is let go."""

    def __init__(self) -> None:
        self.memory = 0
        self.taken: list[int] = []
        self.free = asyncio.Event()
        self.error: Exception | None = None

    async def keep(self) -> None:
        self.taken.append(self.memory)
        await self.free.wait()
        if self.error is not None:
            raise self.error


def test_the_memory_is_that_of_the_call_and_only_one_save_is_under_way() -> None:
    async def story() -> None:
        disk = Disk()
        keeping = Keeping(disk.keep)
        await keeping.begin()
        disk.memory = 1
        await keeping.begin()

        assert keeping.busy
        assert disk.taken == [0]

    asyncio.run(story())


def test_the_end_saves_once_more_behind_the_one_under_way() -> None:
    async def story() -> None:
        disk = Disk()
        keeping = Keeping(disk.keep)
        await keeping.begin()
        disk.memory = 1
        asyncio.get_running_loop().call_later(0.01, disk.free.set)
        await keeping.end()

        assert disk.taken == [0, 1]
        assert not keeping.busy

    asyncio.run(story())


def test_a_disk_that_hangs_does_not_hold_up_the_end() -> None:
    async def story() -> None:
        disk = Disk()
        keeping = Keeping(disk.keep, last_s_max=0.01)
        await keeping.begin()
        await keeping.end()

        assert disk.taken == [0]
        assert keeping.busy

    asyncio.run(story())


def test_an_error_of_a_save_is_raised_by_the_next() -> None:
    async def story() -> None:
        disk = Disk()
        disk.free.set()
        disk.error = ValueError("a defect")
        keeping = Keeping(disk.keep)
        await keeping.begin()
        await asyncio.sleep(0)

        with pytest.raises(ValueError, match="a defect"):
            await keeping.begin()

    asyncio.run(story())
