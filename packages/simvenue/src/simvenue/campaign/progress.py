"""How far a campaign has come, on stderr: a line that is rewritten, or one for every tenth."""

from typing import TextIO


class Progress:
    """Shows seeds done out of all; on a terminal always, else at every tenth of the work."""

    __slots__ = ("_all", "_done", "_failed", "_out", "_shown", "_terminal")

    def __init__(self, every: int, out: TextIO) -> None:
        self._all = every
        self._out = out
        self._terminal = out.isatty()
        self._done = 0
        self._failed = 0
        self._shown = 0

    def advance(self, seeds: int, failed: int) -> None:
        """So many more seeds are done, and so many of them broke a law."""
        self._done += seeds
        self._failed += failed
        tenth = 10 * self._done // self._all if self._all else 10
        if not self._terminal and tenth == self._shown:
            return
        self._shown = tenth
        share = 100 * self._done // self._all if self._all else 100
        line = f"{share:3d} %  {self._done:,} of {self._all:,} seeds, {self._failed:,} failed"
        self._out.write(f"\r{line}" if self._terminal else f"{line}\n")
        self._out.flush()

    def close(self) -> None:
        """End the line that was rewritten."""
        if self._terminal and self._done:
            self._out.write("\n")
            self._out.flush()
