"""An append-only file that owes its entries to the database: durable, in order, until settled.

It knows bytes, checksums and files; it refuses to know what the entries mean.
"""

import errno
import fcntl
import os
import threading
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from gridcore.message import message

SEGMENT_BYTES_MAX = 16 * 1024 * 1024
ENTRY_BYTES_MAX = 8 * 1024 * 1024
"""No frame of a private stream comes near this size."""

_CHECKSUM_LENGTH = 8


class JournalBusy(RuntimeError):
    """Another process keeps this journal."""


class JournalFailed(OSError):
    """The disk did not take an entry: nothing of it was kept."""


@message
class Place:
    """Where an entry begins: the number of its segment, and the byte in it."""

    segment: int
    offset: int


class Journal:
    """The entries of one stream that the database has not taken yet, oldest first.

    `append` puts entries where a killed process does not lose them; after `sync` a power cut does
    not lose them either: they are acknowledged. `settle` says how many of the oldest are done with;
    a segment vanishes with its last entry. What a crash leaves is read again, so whoever takes the
    entries must take one twice. `sync` may run beside everything else; otherwise one thread at a
    time. `damaged` are lines that an earlier process acknowledged and that cannot be read any more.
    JournalBusy when another process keeps it.
    """

    def __init__(
        self, folder: Path, name: str, *, segment_bytes_max: int = SEGMENT_BYTES_MAX
    ) -> None:
        self.damaged: list[bytes] = []
        self._folder = folder
        self._name = name
        self._segment_bytes_max = segment_bytes_max
        self._swapping = threading.Lock()
        self._closed = False
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder / f"{name}.lock")
        self._owed: deque[tuple[int, int]] = deque()
        """(segment, entries of it that are not settled), oldest first."""
        for number in self._numbers():
            self._adopt(number)
        self._active = self._owed[-1][0] if self._owed else 1
        if not self._owed:
            self._owed.append((self._active, 0))
        self._file = self._opened(self._active)
        self._size = os.fstat(self._file).st_size
        self._synced = self._size
        self._discard_settled()

    def __len__(self) -> int:
        return sum(count for _, count in self._owed)

    @property
    def first(self) -> Place:
        """Where the oldest entry begins that was there when the journal was opened."""
        return Place(segment=self._owed[0][0], offset=0)

    @property
    def unsynced(self) -> bool:
        """Whether an entry is not acknowledged yet."""
        return self._synced < self._size

    def append(self, entries: Sequence[bytes]) -> Place:
        """Add entries behind the others and say where the first begins.

        An entry is one line: ValueError for one with a line feed, or of more than 8 MiB.
        JournalFailed when the disk does not take them; then none of them was added.
        """
        lines = b"".join(_line(entry) for entry in entries)
        if self._closed:
            raise JournalFailed(errno.EBADF, "the journal is closed", self._path(self._active))
        try:
            if self._size and self._size + len(lines) > self._segment_bytes_max:
                self._rotate()
            place = Place(segment=self._active, offset=self._size)
            _write_all(self._file, lines)
        except OSError as error:
            os.ftruncate(self._file, self._size)
            raise JournalFailed(error.errno, error.strerror, self._path(self._active)) from error
        self._size += len(lines)
        segment, count = self._owed[-1]
        self._owed[-1] = (segment, count + len(entries))
        return place

    def sync(self) -> None:
        """Make everything that was appended survive a power cut."""
        with self._swapping:
            if self._closed:
                return
            size = self._size
            try:
                os.fsync(self._file)
            except OSError as error:
                path = self._path(self._active)
                raise JournalFailed(error.errno, error.strerror, path) from error
            self._synced = size

    def read(self, place: Place, limit: int) -> tuple[list[bytes], Place]:
        """At most `limit` entries from `place` on, and where the next one begins."""
        found: list[bytes] = []
        segment, offset = place.segment, place.offset
        if segment < self._owed[0][0]:
            # The place is the end of a segment that has vanished meanwhile.
            segment, offset = self._owed[0][0], 0
        while len(found) < limit:
            for line, end in _lines(self._path(segment), offset):
                offset = end
                entry = _entry(line)
                if entry is not None:
                    found.append(entry)
                if len(found) == limit:
                    break
            else:
                if segment >= self._active:
                    break
                segment, offset = segment + 1, 0
        return found, Place(segment=segment, offset=offset)

    def settle(self, count: int) -> None:
        """The `count` oldest entries are done with; ValueError when there are not as many."""
        if count > len(self):
            raise ValueError(f"expected at most {len(self)} entries to settle, found {count}")
        while count:
            segment, owed = self._owed[0]
            part = min(count, owed)
            self._owed[0] = (segment, owed - part)
            count -= part
            if not self._discard_settled():
                break
        assert count == 0

    def close(self) -> None:
        """Give the files up; what is not settled stays in them.

        A thread that comes too late finds a journal that takes nothing and settles nothing.
        """
        with self._swapping:
            if self._closed:
                return
            self._closed = True
            try:
                os.fsync(self._file)
            except OSError as error:
                raise JournalFailed(
                    error.errno, error.strerror, self._path(self._active)
                ) from error
            finally:
                os.close(self._file)
                os.close(self._lock)

    # -- segments --------------------------------------------------------------------------

    def _numbers(self) -> list[int]:
        found = []
        for path in self._folder.glob(f"{self._name}.*.journal"):
            number = path.name.removeprefix(f"{self._name}.").removesuffix(".journal")
            if number.isdecimal():
                found.append(int(number))
        return sorted(found)

    def _path(self, segment: int) -> Path:
        return self._folder / f"{self._name}.{segment:06d}.journal"

    def _opened(self, segment: int) -> int:
        return os.open(self._path(segment), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def _adopt(self, segment: int) -> None:
        """Count what a former process left, and cut off what it did not finish to write."""
        count, end = 0, 0
        waiting: list[bytes] = []
        path = self._path(segment)
        for line, after in _lines(path, 0):
            if _entry(line) is None:
                waiting.append(line)
                continue
            self.damaged.extend(waiting)
            waiting.clear()
            count, end = count + 1, after
        # Behind the last good line there is only what was never acknowledged.
        os.truncate(path, end)
        self._owed.append((segment, count))

    def _rotate(self) -> None:
        with self._swapping:
            os.fsync(self._file)
            file = self._opened(self._active + 1)
            os.close(self._file)
            self._file = file
            self._active += 1
            self._size = self._synced = 0
        self._owed.append((self._active, 0))
        self._sync_folder()

    def _discard_settled(self) -> bool:
        """Remove settled segments from the front; whether entries are left."""
        while len(self._owed) > 1 and self._owed[0][1] == 0:
            segment, _ = self._owed.popleft()
            with self._swapping:
                if not self._closed:
                    self._path(segment).unlink(missing_ok=True)
        if self._owed[0][1]:
            return True
        if self._size:
            with self._swapping:
                if not self._closed:
                    os.ftruncate(self._file, 0)
                    self._size = self._synced = 0
        return False

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise JournalBusy(
            f"expected a journal of our own, found {path} kept by another process; stop that one,"
            " or choose another folder"
        ) from error
    return descriptor


def _line(entry: bytes) -> bytes:
    if b"\n" in entry or len(entry) > ENTRY_BYTES_MAX:
        raise ValueError(f"expected one line of at most {ENTRY_BYTES_MAX} bytes")
    return b"%08x %b\n" % (zlib.crc32(entry), entry)


def _write_all(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]


def _lines(path: Path, offset: int) -> Iterator[tuple[bytes, int]]:
    """Every line from an offset on, and where it ends."""
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            offset += len(line)
            yield line, offset


def _entry(line: bytes) -> bytes | None:
    """The entry of a line; None when it was not written to its end, or has changed since."""
    entry = line[_CHECKSUM_LENGTH + 1 : -1]
    if not line.endswith(b"\n") or line != _line(entry):
        return None
    return entry
