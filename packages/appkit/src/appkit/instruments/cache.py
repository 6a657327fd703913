"""The instrument cache file: validated on read, atomic on write, safe between processes.

It refuses to judge freshness: that is for whoever resolves an instrument.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appkit.atomic import write_text
from appkit.exits import UserError
from appkit.instruments.entry import Entry, from_entry, to_entry
from appkit.instruments.facts import FactsRefused, StampedFacts

DEFAULT_CACHE_FILE = Path("instruments.json")
"""The default of the configuration key `instrument_cache`: beside the configuration file."""

SIZE_MAX = 10 * 1024 * 1024
"""Bytes of the largest cache file that is read (L-5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheContents:
    """What the file holds by symbol, and what had to be left out, in words."""

    by_symbol: dict[str, tuple[StampedFacts, ...]]
    warnings: tuple[str, ...]


class InstrumentCache:
    """One JSON file: symbol -> entry. A missing file is an empty cache."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> CacheContents:
        """Everything in the file; an unreadable file is kept aside and reported, never trusted."""
        entries, warnings = self._entries()
        by_symbol: dict[str, tuple[StampedFacts, ...]] = {}
        for symbol, entry in entries.items():
            try:
                by_symbol[symbol] = from_entry(symbol, entry)
            except FactsRefused as error:
                warnings.append(f"{self.path}: the entry of {symbol} is ignored: {error}")
        return CacheContents(by_symbol=by_symbol, warnings=tuple(warnings))

    def store(self, stamped: Iterable[StampedFacts]) -> tuple[str, ...]:
        """Merge facts into the file in one atomic write; returns warnings.

        The stamp is always renewed, also when nothing else changed. Other symbols keep what they
        have, even entries that cannot be read. A lock file keeps two writers apart.
        """
        with self._locked():
            entries, warnings = self._entries(locked=True)
            for one in stamped:
                symbol = one.facts.symbol
                previous = entries.get(symbol)
                kept: Entry = previous if isinstance(previous, dict) else {}
                entries[symbol] = kept | to_entry(one)
            ordered = {symbol: entries[symbol] for symbol in sorted(entries)}
            write_text(self.path, json.dumps(ordered, indent=1) + "\n")
        return tuple(warnings)

    def _entries(self, *, locked: bool = False) -> tuple[dict[str, Any], list[str]]:
        content = self._content()
        if content is None:
            return {}, []
        entries, fault = _decoded(content)
        if entries is not None:
            return entries, []
        if not locked:
            # Another process may have mended the file since: look again while nobody writes.
            with self._locked():
                return self._entries(locked=True)
        aside = self._put_aside()
        return {}, [f"{self.path} is corrupt ({fault}); it was moved to {aside} and not used"]

    def _content(self) -> bytes | None:
        try:
            with self.path.open("rb") as file:
                content = file.read(SIZE_MAX + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UserError(
                f"cannot read the instrument cache {self.path}: {error.strerror}"
            ) from error
        if len(content) > SIZE_MAX:
            raise UserError(
                f"the instrument cache {self.path} is larger than {SIZE_MAX} bytes",
                "check that the path names a cache file",
            )
        return content

    def _put_aside(self) -> Path:
        number = 0
        while True:
            ending = ".corrupt" if number == 0 else f".corrupt-{number}"
            aside = self.path.with_name(self.path.name + ending)
            if not aside.exists():
                os.rename(self.path, aside)
                return aside
            number += 1

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_name(self.path.name + ".lock")
        with lock.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _decoded(content: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        entries = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        return None, str(error)
    if not isinstance(entries, dict):
        return None, "expected a mapping of symbols"
    return entries, ""
