"""What becomes of journal files that are no longer written: packed, and deleted when surplus.

It knows files; which may go is decided in `retention`.
"""

import threading
from pathlib import Path
from typing import Final

import zstandard

from appkit.atomic import atomic_bytes
from appkit.journals.files import (
    JournalFile,
    compressed_path,
    journal_files,
    journal_folder,
    setup_path,
)
from gridbot.journal.retention import Retention, surplus
from gridcore.clock import Instant

LEVEL: Final = 6


class Archive:
    """Packs and prunes the closed files of one account, beside whoever writes."""

    def __init__(self, folder: Path, account: str, kept: Retention) -> None:
        self._folder = folder
        self._account = account
        self._kept = kept
        self._one_at_a_time = threading.Lock()
        self._thread: threading.Thread | None = None
        self.error = ""
        """Why files could not be packed or deleted the last time; empty when they could."""

    def tidy(self, active_seq: int, now: Instant) -> None:
        """Begin to pack and prune the files before the one that begins with line `active_seq`.

        That is done in a daemon thread; the end of the process interrupts it without harm.
        """
        self._thread = threading.Thread(
            target=self.tidy_now,
            args=(active_seq, now),
            name=f"archive-{self._account}",
            daemon=True,
        )
        self._thread.start()

    def wait(self, patience_s: float) -> bool:
        """Wait until nothing is being packed; whether that came within `patience_s`."""
        if self._thread is not None:
            self._thread.join(patience_s)
            return not self._thread.is_alive()
        return True

    def tidy_now(self, active_seq: int, now: Instant) -> None:
        """The same at once; what the disk refuses is told in `error`."""
        with self._one_at_a_time:
            try:
                self._clear_remains()
                for file in self._upto(active_seq)[:-1]:
                    if not file.is_compressed:
                        pack(file.path)
                self._prune(active_seq, now)
            except OSError as error:
                self.error = f"{error.filename or self._account}: {error.strerror or error}"
            else:
                self.error = ""

    def _upto(self, active_seq: int) -> list[JournalFile]:
        """The files up to the active one: a newer one may have been begun meanwhile."""
        files = journal_files(self._folder, self._account)
        return [file for file in files if file.first_seq <= active_seq]

    def _prune(self, active_seq: int, now: Instant) -> None:
        sizes = [(file, file.path.stat().st_size) for file in self._upto(active_seq)]
        for file in surplus(sizes, self._kept, now):
            file.path.unlink()
            setup_path(file.path).unlink(missing_ok=True)

    def _clear_remains(self) -> None:
        """Delete what packing left unfinished when a process ended."""
        folder = journal_folder(self._folder, self._account)
        for remains in folder.glob(".*.jsonl.zst.*.tmp"):
            remains.unlink(missing_ok=True)


def pack(path: Path) -> None:
    """Replace a plain file by its packed form; OSError leaves the plain one."""
    target = compressed_path(path)
    with path.open("rb") as source, atomic_bytes(target) as packed:
        zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).copy_stream(source, packed)
    path.unlink()
