"""SIGTERM and SIGINT as the request to end, and as the end itself."""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from appkit.exits import ExitCode
from gridbot.words import StopToken

GONE_S = 14.5
"""After the signal that asked for the end: then the process is gone, whatever still hangs."""


@contextmanager
def ending_on_signals(stop: StopToken) -> Iterator[None]:
    """The first signal asks for the end, a second one is the end (130). It comes in any case: what
    neither answers nor ends is left behind after GONE_S, with the exit code of a failure."""
    loop = asyncio.get_running_loop()
    gone = threading.Timer(GONE_S, os._exit, (ExitCode.FAILED,))
    gone.daemon = True

    def ask(name: str) -> None:
        if stop.requested:
            os._exit(ExitCode.INTERRUPTED)
        gone.start()
        stop.request(name)

    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, ask, number.name)
    try:
        yield
    finally:
        gone.cancel()
        for number in numbers:
            loop.remove_signal_handler(number)
