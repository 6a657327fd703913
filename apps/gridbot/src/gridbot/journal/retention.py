"""How much of a journal is kept: which files may go. It deletes nothing itself."""

from collections.abc import Sequence
from typing import Final

from appkit.journals.files import JournalFile
from gridcore.clock import DAY_US, Instant
from gridcore.message import message

GIBIBYTE: Final = 1024**3


@message
class Retention:
    """What is kept of an account's closed journal files, packed: both bounds hold."""

    days_max: int = 90
    bytes_max: int = 2 * GIBIBYTE

    def __post_init__(self) -> None:
        for name in ("days_max", "bytes_max"):
            value = getattr(self, name)
            if value < 1:
                raise ValueError(f"journal {name}: expected a whole number above 0, found {value}")


def surplus(
    files: Sequence[tuple[JournalFile, int]], kept: Retention, now: Instant
) -> list[JournalFile]:
    """The files that may go: the oldest first, of (file, bytes) in the order of their beginning.

    The last file is being written and always stays: its header holds all memory. A file is as old
    as its end, where the next one begins.
    """
    if not files:
        return []
    ends = [file.began for file, _ in files[1:]]
    total = sum(size for _, size in files)
    gone: list[JournalFile] = []
    for (file, size), end in zip(files[:-1], ends, strict=True):
        if now - end <= kept.days_max * DAY_US and total <= kept.bytes_max:
            break
        gone.append(file)
        total -= size
    return gone
