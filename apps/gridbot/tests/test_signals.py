"""Signals that end the process: asked for first, and then in any case."""

import asyncio
import os
import signal
import subprocess
import sys

from gridbot.signals import ending_on_signals
from gridbot.words import StopToken

HANGING = """
import asyncio, os, signal, sys
from gridbot import signals
signals.GONE_S = float(sys.argv[1])

async def main():
    stop = signals.StopToken()
    with signals.ending_on_signals(stop):
        print("ready", flush=True)
        await stop.wait()
        print("asked", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def test_the_first_signal_asks_for_the_end_with_its_name() -> None:
    async def story() -> str:
        stop = StopToken()
        with ending_on_signals(stop):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(stop.wait(), 10)
        return stop.reason

    assert asyncio.run(story()) == "SIGTERM"


def hanging(gone_s: str, *more: signal.Signals) -> int:
    """The exit code of a process that hangs after it was asked to end, and then got more."""
    with subprocess.Popen(
        [sys.executable, "-c", HANGING, gone_s], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "asked\n"
        for number in more:
            process.send_signal(number)
        return process.wait(60)


def test_a_second_signal_is_the_end() -> None:
    assert hanging("3600", signal.SIGTERM) == 130


def test_what_hangs_is_left_behind() -> None:
    assert hanging("0.05") == 2
