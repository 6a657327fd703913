"""Shows how far long work has come, on stderr only; it never touches the result on stdout."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

LINE_INTERVAL_S = 10.0
"""Seconds before the first plain line and between two of them, when stderr is no terminal."""

_SHARE = 1000
"""The display follows the work in steps of a thousandth, so that telling it costs nothing."""

Clock = Callable[[], float]


class Progress(Protocol):
    """What the working code sees; both calls cost one comparison nearly always."""

    def advance(self, count: int = 1) -> None:
        """Tell that `count` more units are done."""

    def update(self, done: int) -> None:
        """Tell that `done` units are done in all."""


class _Counter:
    """Counts, and shows only when another share of the work is done."""

    def __init__(self, total: int | None) -> None:
        self._done = 0
        self._step = max(1, (total or 0) // _SHARE)
        self._next = 0

    def advance(self, count: int = 1) -> None:
        self.update(self._done + count)

    def update(self, done: int) -> None:
        self._done = done
        if done >= self._next:
            self._next = done + self._step
            self._show(done)

    def _show(self, done: int) -> None:
        """Shows nothing: the silent progress."""


class _Lines(_Counter):
    def __init__(
        self, total: int | None, label: tuple[str, str], out: TextIO, clock: Clock
    ) -> None:
        super().__init__(total)
        self._total, self._label, self._out, self._clock = total, label, out, clock
        self._due = clock() + LINE_INTERVAL_S

    def _show(self, done: int) -> None:
        now = self._clock()
        if now < self._due:
            return
        self._due = now + LINE_INTERVAL_S
        description, unit = self._label
        share = f"{100 * done // self._total} % " if self._total else ""
        of_total = f" of {self._total:,}" if self._total else ""
        print(f"{description}: {share}({done:,}{of_total} {unit})", file=self._out, flush=True)


class _Bar(_Counter):
    def __init__(self, total: int | None, display: RichProgress, description: str) -> None:
        super().__init__(total)
        self._display = display
        self._task = display.add_task(description, total=total)

    def _show(self, done: int) -> None:
        self._display.update(self._task, completed=done)


class _RateColumn(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {self._unit}/s" if speed else "", style="dim")


@contextmanager
def progress_bar(
    total: int | None,
    description: str,
    unit: str,
    *,
    quiet: bool = False,
    stream: TextIO | None = None,
    clock: Clock = time.monotonic,
) -> Iterator[Progress]:
    """A progress display for `total` units of work (None when unknown).

    On a terminal a bar that disappears at the end; elsewhere a plain line at most every ten
    seconds, so that short work stays silent; with `quiet` (--json, --quiet) nothing at all.
    """
    out = sys.stderr if stream is None else stream
    if quiet:
        yield _Counter(total)
    elif not out.isatty():
        yield _Lines(total, (description, unit), out, clock)
    else:
        with _display(unit, out) as display:
            bar = _Bar(total, display, description)
            yield bar


def _display(unit: str, out: TextIO) -> RichProgress:
    return RichProgress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(unit),
        TimeRemainingColumn(),
        console=Console(file=out),
        transient=True,
    )
