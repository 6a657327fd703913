"""Writes an account's journal: lines durable before what they cause leaves.

It knows when a file ends and a new one begins; it refuses to know what the lines mean.
"""

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from appkit.account_setup import AccountSetup, write_setup
from appkit.beside import beside
from appkit.exits import RunFailed
from appkit.journals.files import (
    PLAIN,
    account_folder,
    journal_folder,
    journal_path,
    setup_path,
)
from gridbot.folders import durable_folder, sync_folder
from gridbot.journal.archive import Archive
from gridbot.journal.retention import Retention
from gridbot.words import JournalUnwritable
from gridcore.clock import MINUTE_US, Instant, utc_midnight
from gridcore.events import Event
from gridcore.message import message
from gridcore.session.codec import FORMAT, Header, Line, encode_line
from gridcore.session.effects import Effects

Memory = Callable[[], dict[str, object]]
"""All memory of the session as it is now."""
Sync = Callable[[int], None]
"""Returns when what was written to a file would survive a loss of power; OSError when it cannot."""

PATIENCE_S: Final = 5.0
"""How long the disk may take, before what waits for it counts as not written."""


@message
class JournalLimits:
    """When a file is full, how much waits for a disk that takes nothing, and what is kept."""

    file_bytes_max: int = 256 * 1024 * 1024
    waiting_bytes_max: int = 64 * 1024 * 1024
    kept: Retention = Retention()


@message
class _Beginning:
    """A file to be begun: the number and the memory of its header, as of one moment.

    `anew`: lines before it were given up, so that only this file can go on. `must`: the old one
    does not do instead.
    """

    seq: int
    now: Instant
    memory: dict[str, object]
    anew: bool
    must: bool


class JournalWriter:
    """The journal of one account: one file for each process and UTC day.

    `append` and `commit` are for one thread at a time, in this order after the session has handled
    the events: `commit` may begin a new file, whose header is the session's memory at that moment.
    What the disk does not take waits, within a bound; beyond it the lines are given up, and the
    next commit that succeeds begins a new file, which needs none of them. A disk that hangs holds
    one commit up for `patience_s`, and those after it not at all, until it answers.
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
        patience_s: float = PATIENCE_S,
        sync: Sync = os.fsync,
    ) -> None:
        self._folder = folder
        self._account = account
        self._name = f"journal-{account}"
        self._setup = setup
        self._code_version = code_version
        self._memory = memory
        self._limits = limits
        self._patience_s = patience_s
        self._sync = sync
        self._archive = Archive(folder, account, limits.kept)
        self._seq = first_seq
        self._now = now
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._waiting_since: Instant | None = None
        self._gave_up = False
        self._counting = threading.Lock()
        self._writing = threading.Lock()
        self._under_way: asyncio.Future[None] | None = None
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
        patience_s: float = PATIENCE_S,
        sync: Sync = os.fsync,
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
            patience_s=patience_s,
            sync=sync,
        )
        try:
            place = journal_folder(folder, account)
            durable_folder(place)
            # Orders and balances are nobody else's business on this machine.
            account_folder(folder, account).chmod(0o700)
            for remains in place.glob(f".*{PLAIN}.tmp"):
                remains.unlink()
            writer._begin(writer._beginning())
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
    def waiting_since(self) -> Instant | None:
        """When the oldest line that is not durable was handled; None when all of them are."""
        return self._waiting_since

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
        with self._counting:
            if self._waiting_since is None:
                self._waiting_since = now
            if self._gave_up:
                return
            self._waiting.append(lines.encode("ascii"))
            self._waiting_bytes += len(lines)
            if self._waiting_bytes > self._limits.waiting_bytes_max:
                self._give_up()

    async def commit(self) -> None:
        """Return when everything appended is durable; JournalUnwritable when it is not, after
        `patience_s` at the latest."""
        if not self._waiting and not self._gave_up:
            return
        self._must_answer()
        await self._beside(self._beginning() if self._wants_file() else None)

    def commit_now(self) -> None:
        """The same for whoever may block."""
        if self._waiting or self._gave_up:
            beginning = self._beginning() if self._wants_file() else None
            self._write(len(self._waiting), beginning)

    async def rotate(self) -> None:
        """Begin a new file now, behind everything appended; JournalUnwritable when it cannot."""
        self._must_answer()
        await self._beside(self._beginning(must=True))

    def close(self) -> None:
        """Make everything durable and end; it blocks. JournalUnwritable when lines are lost."""
        if self._closed:
            return
        self._closed = True
        self.commit_now()
        # A write that nobody waited for may be beginning a file.
        if not self._writing.acquire(timeout=self._patience_s):
            raise JournalUnwritable(f"{self._path}: the disk does not answer")
        os.close(self._file)
        self._writing.release()

    # -- inside ----------------------------------------------------------------------------

    def _wants_file(self) -> bool:
        if self._gave_up:
            return True
        full = self._size + self._waiting_bytes > self._limits.file_bytes_max
        another_day = utc_midnight(self._now) != utc_midnight(self._began)
        return (full or another_day) and self._now >= self._begin_not_before

    def _beginning(self, *, must: bool = False) -> _Beginning:
        """What a file begins with now; lines that are appended from here on follow it."""
        with self._counting:
            anew, self._gave_up = self._gave_up, False
            seq, self._seq = self._seq, self._seq + 1
        return _Beginning(
            seq=seq, now=self._now, memory=self._memory(), anew=anew, must=must or anew
        )

    def _call_off(self, beginning: _Beginning) -> None:
        """The file was not begun: its number is free again, or missing before lines that are lost
        by that."""
        with self._counting:
            is_last = self._seq == beginning.seq + 1
            if is_last:
                self._seq = beginning.seq
            if beginning.anew or not is_last:
                self._give_up()

    def _give_up(self) -> None:
        self._gave_up = True
        self._waiting.clear()
        self._waiting_bytes = 0

    def _must_answer(self) -> None:
        if self._under_way is not None and not self._under_way.done():
            raise JournalUnwritable(f"{self._path}: the disk does not answer")

    async def _beside(self, beginning: _Beginning | None) -> None:
        """Write in a thread, as long as the disk answers in time."""
        count = len(self._waiting)
        write = beside(self._name, lambda: self._write(count, beginning))
        self._under_way = asyncio.ensure_future(write)
        done, _ = await asyncio.wait((self._under_way,), timeout=self._patience_s)
        if not done:
            self._under_way.add_done_callback(_looked_at)
            raise JournalUnwritable(
                f"{self._path}: the disk does not answer within {self._patience_s:g} s"
            )
        self._under_way.result()

    def _write(self, count: int, beginning: _Beginning | None) -> None:
        """Make the first `count` lines that wait durable, and begin a file behind them."""
        begun = False
        try:
            if not self._writing.acquire(timeout=self._patience_s):
                raise JournalUnwritable(f"{self._path}: the disk does not answer")
            try:
                if beginning is None or not beginning.anew:
                    self._append_to_file(count)
                begun = beginning is not None and self._has_begun(beginning)
            except OSError as error:
                raise JournalUnwritable(f"{self._path}: {error.strerror or error}") from error
            finally:
                self._writing.release()
        finally:
            if beginning is not None and not begun:
                self._call_off(beginning)

    def _append_to_file(self, count: int) -> None:
        """Write and synchronise; what failed before is written again, whole.

        A failed fsync says nothing of what reached the disk, so all since the last good one goes
        again.
        """
        os.ftruncate(self._file, self._size)
        with self._counting:
            taken, through = self._waiting[:count], self._now
        content = b"".join(taken)
        _write_all(self._file, content)
        self._sync(self._file)
        self._size += len(content)
        with self._counting:
            # Whoever did not wait for this may have appended since, or given up what waited.
            del self._waiting[: len(taken)]
            self._waiting_bytes = sum(map(len, self._waiting))
            behind = self._waiting or self._gave_up
            self._waiting_since = through if behind else None

    def _has_begun(self, beginning: _Beginning) -> bool:
        before = self._file
        try:
            self._begin(beginning)
        except OSError:
            if beginning.must:
                raise
            # The old file still takes lines: that it is too long harms nobody.
            self._begin_not_before = Instant(self._now + MINUTE_US)
            return False
        if beginning.anew and not self._waiting:
            self._waiting_since = None
        os.close(before)
        return True

    def _begin(self, beginning: _Beginning) -> None:
        """Begin a file: it appears whole, with its header and the setup beside it."""
        header = Header(
            format=FORMAT,
            config_hash=self._setup.config_hash,
            code_version=self._code_version,
            snapshot=beginning.memory,
        )
        seq, now = beginning.seq, beginning.now
        line = encode_line(Line(seq=seq, now=now, body=header)) + "\n"
        path = journal_path(self._folder, self._account, seq, now)
        write_setup(setup_path(path), self._setup)
        self._file = _new_file(path, line.encode("ascii"))
        self._path, self._began, self._size = path, now, len(line)
        self._archive.tidy(seq, now)


def _looked_at(write: "asyncio.Future[None]") -> None:
    """Nobody waits for it any more: how it ends is seen by the next write."""
    if not write.cancelled():
        write.exception()


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
        sync_folder(path.parent)
        when_it_fails.pop_all()
    return file


def _write_all(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]
