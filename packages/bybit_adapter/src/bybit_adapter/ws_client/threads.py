"""Blocking calls of a library that may never return, each in a daemon thread of its own.

Nothing here waits for them: whoever starts one keeps its deadline. Daemon, so that a hung call
never holds up the end of the process (L59: an executor's threads are joined at exit).
"""

import threading
from collections.abc import Callable

Spawn = Callable[[str, Callable[[], None]], None]
"""Runs a named piece of work beside the caller, and returns at once."""


def spawn_daemon(name: str, work: Callable[[], None]) -> None:
    """Runs `work` in a new daemon thread."""
    threading.Thread(target=work, name=name, daemon=True).start()


class Gate:
    """Lets frames of one connection through to the consumer until it is closed for ever.

    Once `close` has returned True, no frame is being delivered and none will be: what the consumer
    is told afterwards comes after the last frame.
    """

    __slots__ = ("_lock", "_open")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = True

    def close(self, patience_s: float) -> bool:
        """Closes; False when a delivery is still going on after `patience_s`."""
        self._open = False
        if not self._lock.acquire(timeout=patience_s):
            return False
        self._lock.release()
        return True

    def deliver(self, take: Callable[[], None]) -> None:
        """Calls `take` unless closed."""
        with self._lock:
            if self._open:
                take()
