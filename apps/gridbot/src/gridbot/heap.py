"""The C library's heap of a process that runs for weeks: peaks are given back to the system.

It knows glibc; elsewhere it does nothing. It refuses to know what is allocated.
"""

import asyncio
import ctypes
from typing import Final

from appkit.beside import beside

GIVE_BACK_S: Final = 5.0
ARENAS_MAX: Final = 2
"""Threads of Python take turns anyway; an arena for each keeps the peak of each."""
MAPPED_FROM_BYTES: Final = 256 * 1024
"""Larger blocks (a state as text) are pages of their own, which go back when they are freed. Set by
hand it stays: glibc raises its own with every large block that is freed."""

_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8


class Heap:
    """The heap of this process. Made before threads are begun: `limit` concerns those to come."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        self._glibc = library if hasattr(library, "malloc_trim") else None

    def limit(self) -> bool:
        """Few arenas, and large blocks apart; whether the C library does so."""
        if self._glibc is None:
            return False
        arenas = self._glibc.mallopt(_M_ARENA_MAX, ARENAS_MAX)
        mapped = self._glibc.mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
        return bool(arenas and mapped)

    def give_back(self) -> bool:
        """Return free pages to the system, which takes milliseconds; whether there were any."""
        return self._glibc is not None and bool(self._glibc.malloc_trim(0))

    async def keep(self) -> None:
        """Give back every few seconds, beside the loop, until cancelled."""
        while True:
            await asyncio.sleep(GIVE_BACK_S)
            await beside("heap", self.give_back)
