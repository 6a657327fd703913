"""Carries log records to a thread that writes them, so that no disk holds up who logs.

The belt is bounded: what does not fit is counted, and told when there is room again.
"""

import logging
import queue
import threading
from collections.abc import Sequence
from contextlib import suppress

RECORDS_MAX = 10_000
CLOSE_S_MAX = 2.0
"""How long the end waits for the last lines; a disk that hangs is not waited for."""


class Conveyor(logging.Handler):
    """A handler that hands every record to others, in one thread of its own."""

    def __init__(self, handlers: Sequence[logging.Handler], records_max: int = RECORDS_MAX) -> None:
        super().__init__()
        self._handlers = tuple(handlers)
        self._belt: queue.Queue[logging.LogRecord | None] = queue.Queue(records_max)
        self._left_out = 0
        self._count = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record; never waits."""
        if record.args:
            # What it is about may change before the thread comes to it.
            record.msg, record.args = record.getMessage(), None
        try:
            self._belt.put_nowait(record)
        except queue.Full:
            with self._count:
                self._left_out += 1

    def close(self) -> None:
        """Write what is on the belt, for two seconds at most, and close the others."""
        self._ended.set()
        # Where it does not fit, the thread sees the flag once the belt is empty.
        with suppress(queue.Full):
            self._belt.put_nowait(None)
        self._thread.join(CLOSE_S_MAX)
        if not self._thread.is_alive():
            for handler in self._handlers:
                handler.close()
        super().close()

    def _carry(self) -> None:
        while not (self._ended.is_set() and self._belt.empty()):
            record = self._belt.get()
            if record is not None:
                self._write(record)
            with self._count:
                left_out, self._left_out = self._left_out, 0
            if left_out:
                self._write(_confession(left_out))

    def _write(self, record: logging.LogRecord) -> None:
        for handler in self._handlers:
            if record.levelno >= handler.level:
                handler.handle(record)


def _confession(left_out: int) -> logging.LogRecord:
    text = f"{left_out} lines did not fit and were left out"
    return logging.LogRecord("gridbot.logs", logging.WARNING, "", 0, text, None, None)
