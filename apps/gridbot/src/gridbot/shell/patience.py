"""Sits out the exchange's limits for a request thread, as long as its request is still wanted.

It knows which request the calling thread carries out; it refuses to know why one is not wanted.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from bybit_adapter.rest_client import machine_clock
from gridcore.clock import SECOND_US, Instant

LOOK_S: Final = 0.05
"""How long a request that nobody wants any more may go on waiting."""

Wanted = Callable[[], bool]

_own = threading.local()


class NoLongerWanted(Exception):
    """The request that waited here has not left, and does not leave any more."""


@contextmanager
def while_wanted(wanted: Wanted) -> Iterator[None]:
    """Within the block, waits of this thread end with NoLongerWanted once `wanted` says no."""
    _own.wanted = wanted
    try:
        yield
    finally:
        _own.wanted = None


def wait_until(at: Instant) -> None:
    """Sleep until an instant of the machine's clock."""
    wanted: Wanted | None = getattr(_own, "wanted", None)
    while (left_s := (at - machine_clock()) / SECOND_US) > 0:
        if wanted is not None and not wanted():
            raise NoLongerWanted
        time.sleep(left_s if wanted is None else min(left_s, LOOK_S))
