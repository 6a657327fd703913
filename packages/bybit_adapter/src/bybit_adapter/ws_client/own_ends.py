"""Ends of sockets that we bring about ourselves: websocket-client logs every end as an error.

It knows that library's logger, and takes nothing else out of it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

LIBRARY = "websocket"


class _OwnEnds(logging.Filter):
    """Lets through what is no word of a socket's thread that was told to end."""

    def __init__(self) -> None:
        super().__init__()
        self._threads: set[int | None] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread not in self._threads

    @contextmanager
    def hushing(self, thread: int | None) -> Iterator[None]:
        # A thread's number is given anew once it has ended.
        self._threads.add(thread)
        try:
            yield
        finally:
            self._threads.discard(thread)


_OWN_ENDS = _OwnEnds()


@contextmanager
def own_end(thread: int | None) -> Iterator[None]:
    """The socket of this thread is ended by us while the block runs: its last words are no news."""
    logging.getLogger(LIBRARY).addFilter(_OWN_ENDS)
    with _OWN_ENDS.hushing(thread):
        yield
