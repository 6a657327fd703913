"""Blocking work beside the event loop, in daemon threads that no shutdown has to wait for (L59)."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")


def beside(name: str, work: Callable[[], Result]) -> Awaitable[Result]:
    """Run `work` in a thread of its own; awaiting gives its result or raises what it raised.

    Whoever stops waiting leaves the thread to itself: it ends with the process at the latest.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Callable[[], None]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lambda: None if future.done() else result())

    def run() -> None:
        try:
            found = work()
        except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
            raised = error
            settle(lambda: future.set_exception(raised))
        else:
            settle(lambda: future.set_result(found))

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
