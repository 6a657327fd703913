"""Lines are written in another thread, in order; what does not fit is counted."""

import logging
import threading

from gridbot.logs.conveyor import Conveyor


class Slow(logging.Handler):
    """A disk that hangs until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.reached = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.reached.set()
        self.free.wait(10)
        self.lines.append(record.getMessage())


def record(text: str, *values: object, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("a", level, "", 0, text, values, None)


def test_a_disk_that_hangs_holds_nobody_up_and_what_did_not_fit_is_told() -> None:
    disk = Slow()
    conveyor = Conveyor([disk], records_max=2)
    conveyor.handle(record("line 1"))
    disk.reached.wait(10)

    for number in range(2, 7):
        conveyor.handle(record("line %s", number))
    disk.free.set()
    conveyor.close()

    assert disk.lines == [
        "line 1",
        "3 lines did not fit and were left out",
        "line 2",
        "line 3",
    ]


def test_a_line_says_what_was_so_when_it_was_logged() -> None:
    disk = Slow()
    conveyor = Conveyor([disk])
    changing = [1]

    conveyor.handle(record("found %s", changing))
    changing.append(2)
    disk.free.set()
    conveyor.close()

    assert disk.lines == ["found [1]"]


def test_each_handler_takes_what_is_grave_enough_for_it() -> None:
    everything, grave = Slow(), Slow()
    grave.setLevel(logging.WARNING)
    conveyor = Conveyor([everything, grave])
    everything.free.set()
    grave.free.set()

    conveyor.handle(record("mild"))
    conveyor.handle(record("bad", level=logging.ERROR))
    conveyor.close()

    assert (everything.lines, grave.lines) == (["mild", "bad"], ["bad"])
