"""The heap gives back what it does not use."""

import asyncio
import subprocess
import sys

import pytest

from gridbot.heap import Heap

PEAK = """
from gridbot.heap import Heap

def resident():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * 4096

heap = Heap()
heap.limit()
blocks = [b"x" * (100_000 + n) for n in range(1_000)]
last = b"x" * 100_000  # holds the end of the heap
peak = resident()
del blocks
heap.give_back()
print(peak - resident())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the heap of glibc")
def test_what_a_peak_took_goes_back_to_the_system_whatever_lies_behind_it() -> None:
    told = subprocess.run(
        [sys.executable, "-c", PEAK], capture_output=True, text=True, check=True, timeout=60
    )

    assert int(told.stdout) > 90_000_000


def test_it_gives_back_until_it_is_cancelled() -> None:
    async def story() -> bool:
        keeping = asyncio.create_task(Heap().keep())
        await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.wait([keeping])
        return keeping.cancelled()

    assert asyncio.run(story())
