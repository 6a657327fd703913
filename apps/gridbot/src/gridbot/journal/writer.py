"""Writes an account's journal: lines durable before what they cause leaves.

It knows when a file ends and a new one begins; it refuses to know what the lines mean.
"""

import errno
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from appkit.beside import beside
from appkit.exits import RunFailed
from gridbot.journal.archive import Archive
from gridbot.journal.files import (
    PLAIN,
    account_folder,
    journal_folder,
    journal_path,
    setup_path,
)
from gridbot.journal.retention import Retention
from gridbot.journal.setup import AccountSetup, write_setup
from gridbot.words import JournalUnwritable
from gridcore.clock import MINUTE_US, Instant, utc_midnight
from gridcore.events import Event
from gridcore.message import message
from gridcore.session.codec import FORMAT, Header, Line, encode_line
from gridcore.session.effects import Effects

Memory = Callable[[], dict[str, object]]
"""All memory of the session as it is now."""

PATIENCE_S: Final = 5.0
"""How long a write waits for one before it that the disk has not taken yet."""


@message
class JournalLimits:
    """When a file is full, how much waits for a disk that takes nothing, and what is kept."""

    file_bytes_max: int = 256 * 1024 * 1024
    waiting_bytes_max: int = 64 * 1024 * 1024
    kept: Retention = Retention()


class JournalWriter:
    """The journal of one account: one file for each process and UTC day.

    `append` and `commit` are for one thread at a time, in this order after the session has handled
    the events: `commit` may begin a new file, whose header is the session's memory at that moment.
    What the disk does not take waits, within a bound; beyond it the lines are given up, and the
    next commit that succeeds begins a new file, which needs none of them.
    """

    def __init__(
        self,
        folder: Path,
        account: str,
        *,
        setup: AccountSetup,
        code_version: str,
        memory: Memory,
        first_seq: int,
        now: Instant,
        limits: JournalLimits,
    ) -> None:
        self._folder = folder
        self._account = account
        self._name = f"journal-{account}"
        self._setup = setup
        self._code_version = code_version
        self._memory = memory
        self._limits = limits
        self._archive = Archive(folder, account, limits.kept)
        self._seq = first_seq
        self._now = now
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._gave_up = False
        self._writing = threading.Lock()
        self._closed = False
        self._file = -1
        self._path = Path()
        self._began = now
        self._size = 0
        self._begin_not_before = now

    @classmethod
    def open(
        cls,
        folder: Path,
        account: str,
        *,
        setup: AccountSetup,
        code_version: str,
        memory: Memory,
        first_seq: int,
        now: Instant,
        limits: JournalLimits | None = None,
    ) -> "JournalWriter":
        """A journal whose new file begins with line `first_seq`: the header, with `memory()`.

        Files that earlier processes left are packed and pruned beside. It blocks; RunFailed when
        the disk does not take the beginning.
        """
        writer = cls(
            folder,
            account,
            setup=setup,
            code_version=code_version,
            memory=memory,
            first_seq=first_seq,
            now=now,
            limits=JournalLimits() if limits is None else limits,
        )
        try:
            place = journal_folder(folder, account)
            place.mkdir(parents=True, exist_ok=True)
            # Orders and balances are nobody else's business on this machine.
            account_folder(folder, account).chmod(0o700)
            for remains in place.glob(f".*{PLAIN}.tmp"):
                remains.unlink()
            writer._begin(memory())
        except OSError as error:
            raise RunFailed(
                f"cannot write the journal of {account} below {folder}: {error.strerror or error}",
                "free some space, or name another data_folder",
            ) from error
        return writer

    # -- looking ---------------------------------------------------------------------------

    @property
    def path(self) -> Path:
        """The file that is being written."""
        return self._path

    @property
    def next_seq(self) -> int:
        """The number of the next line: what a saved state says it was taken before."""
        return self._seq

    @property
    def waiting_bytes(self) -> int:
        """How much is not durable yet."""
        return self._waiting_bytes

    @property
    def archive(self) -> Archive:
        """What becomes of files that are full."""
        return self._archive

    # -- writing ---------------------------------------------------------------------------

    def append(self, event: Event, effects: Effects, now: Instant) -> None:
        """Take a handled event with what it caused; nothing is durable yet."""
        lines = encode_line(Line(seq=self._seq, now=now, body=event)) + "\n"
        self._seq += 1
        if effects:
            lines += encode_line(Line(seq=self._seq, now=now, body=effects)) + "\n"
            self._seq += 1
        self._now = now
        if self._gave_up:
            return
        self._waiting.append(lines.encode("ascii"))
        self._waiting_bytes += len(lines)
        if self._waiting_bytes > self._limits.waiting_bytes_max:
            self._gave_up = True
            self._waiting.clear()
            self._waiting_bytes = 0

    async def commit(self) -> None:
        """Return when everything appended is durable; JournalUnwritable when it is not."""
        if not self._waiting and not self._gave_up:
            return
        memory = self._memory() if self._wants_file() else None
        await beside(self._name, lambda: self._write(memory))

    def commit_now(self) -> None:
        """The same for whoever may block."""
        if self._waiting or self._gave_up:
            self._write(self._memory() if self._wants_file() else None)

    async def rotate(self) -> None:
        """Begin a new file now, behind everything appended; JournalUnwritable when it cannot."""
        memory = self._memory()
        await beside(self._name, lambda: self._write(memory, must_begin=True))

    def close(self) -> None:
        """Make everything durable and end; it blocks. JournalUnwritable when lines are lost."""
        if self._closed:
            return
        self._closed = True
        self.commit_now()
        os.close(self._file)

    # -- inside ----------------------------------------------------------------------------

    def _wants_file(self) -> bool:
        if self._gave_up:
            return True
        full = self._size + self._waiting_bytes > self._limits.file_bytes_max
        another_day = utc_midnight(self._now) != utc_midnight(self._began)
        return (full or another_day) and self._now >= self._begin_not_before

    def _write(self, memory: dict[str, object] | None, *, must_begin: bool = False) -> None:
        """Make what waits durable; with `memory`, begin a file behind it."""
        if not self._writing.acquire(timeout=PATIENCE_S):
            raise JournalUnwritable(f"{self._path}: the disk does not answer")
        try:
            if not self._gave_up:
                self._append_to_file()
            if memory is not None:
                self._change_file(memory, must_begin=must_begin or self._gave_up)
        except OSError as error:
            raise JournalUnwritable(f"{self._path}: {error.strerror or error}") from error
        finally:
            self._writing.release()

    def _append_to_file(self) -> None:
        """Write and synchronise; what failed before is written again, whole.

        A failed fsync says nothing of what reached the disk, so all since the last good one goes
        again.
        """
        os.ftruncate(self._file, self._size)
        taken = list(self._waiting)
        content = b"".join(taken)
        _write_all(self._file, content)
        os.fsync(self._file)
        self._size += len(content)
        # Whoever was cancelled while waiting for this may have appended since.
        del self._waiting[: len(taken)]
        self._waiting_bytes -= len(content)

    def _change_file(self, memory: dict[str, object], *, must_begin: bool) -> None:
        before = self._file
        try:
            self._begin(memory)
        except OSError:
            if must_begin:
                raise
            # The old file still takes lines: that it is too long harms nobody.
            self._begin_not_before = Instant(self._now + MINUTE_US)
            return
        self._gave_up = False
        os.close(before)

    def _begin(self, memory: dict[str, object]) -> None:
        """Begin a file: it appears whole, with its header and the setup beside it."""
        header = Header(
            format=FORMAT,
            config_hash=self._setup.config_hash,
            code_version=self._code_version,
            snapshot=memory,
        )
        line = encode_line(Line(seq=self._seq, now=self._now, body=header)) + "\n"
        path = journal_path(self._folder, self._account, self._seq, self._now)
        write_setup(setup_path(path), self._setup)
        self._file = _new_file(path, line.encode("ascii"))
        self._path, self._began, self._size = path, self._now, len(line)
        self._seq += 1
        self._archive.tidy(self._seq - 1, self._now)


def _new_file(path: Path, content: bytes) -> int:
    """A durable file of this content that appears whole, open for appending."""
    if path.exists():
        raise FileExistsError(errno.EEXIST, "a journal file of this name exists", str(path))
    unnamed = path.with_name(f".{path.name}.tmp")
    with ExitStack() as when_it_fails:
        file = os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        when_it_fails.callback(os.close, file)
        when_it_fails.callback(unnamed.unlink, missing_ok=True)
        _write_all(file, content)
        os.fsync(file)
        os.rename(unnamed, path)
        when_it_fails.callback(path.unlink, missing_ok=True)
        _sync_folder(path.parent)
        when_it_fails.pop_all()
    return file


def _write_all(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
