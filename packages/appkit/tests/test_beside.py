"""Blocking work beside the loop: results, errors, and nobody waits for what hangs."""

import asyncio
import threading

import pytest

from appkit.beside import beside


def test_the_result_comes_back_and_the_work_ran_in_a_thread_that_holds_up_no_exit() -> None:
    async def ask() -> tuple[bool, str]:
        return await beside(
            "asker",
            lambda: (threading.current_thread().daemon, threading.current_thread().name),
        )

    assert asyncio.run(ask()) == (True, "asker")


def test_what_the_work_raised_is_raised_where_it_is_awaited() -> None:
    def fail() -> None:
        raise ValueError("no")

    async def ask() -> None:
        await beside("asker", fail)

    with pytest.raises(ValueError, match="no"):
        asyncio.run(ask())


def test_work_that_hangs_can_be_left_alone() -> None:
    go, gone = threading.Event(), threading.Event()

    def hang() -> None:
        go.wait()
        gone.set()

    async def ask() -> None:
        await asyncio.wait_for(beside("asker", hang), 0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(ask())

    go.set()
    assert gone.wait(60)


def test_work_that_ends_after_the_waiting_was_given_up_disturbs_nobody() -> None:
    go = threading.Event()

    async def ask() -> str:
        future = asyncio.ensure_future(beside("asker", go.wait))
        await asyncio.sleep(0)
        future.cancel()
        go.set()
        return await beside("other", lambda: "still here")

    assert asyncio.run(ask()) == "still here"
