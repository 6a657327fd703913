"""Where an account's files lie and how they are named; it reads and writes none of them.

One folder holds all that is remembered of an account, so that one move sets it aside:
`FOLDER/accounts/NAME/state.json` and `FOLDER/accounts/NAME/journal/`.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gridcore.clock import SECOND_US, Instant
from gridcore.message import message

PLAIN: Final = ".jsonl"
COMPRESSED: Final = ".jsonl.zst"
SETUP: Final = ".setup.json"
_STEM: Final = re.compile(r"(?P<seq>\d{12,})-(?P<began>\d{8}T\d{6})Z")


@message
class JournalFile:
    """One file of a journal: the number of its first line, and the second in which it began."""

    path: Path
    first_seq: int
    began: Instant

    @property
    def is_compressed(self) -> bool:
        """Whether it is closed and packed."""
        return self.path.name.endswith(COMPRESSED)


def account_folder(folder: Path, account: str) -> Path:
    """Where everything of an account lies; any name makes a folder of its own, inside `folder`."""
    name = quote(account, safe=" ")
    # Names of dots alone are ways up.
    return folder / "accounts" / (name if name.strip(".") else name.replace(".", "%2E"))


def journal_folder(folder: Path, account: str) -> Path:
    """Where an account's journal lies."""
    return account_folder(folder, account) / "journal"


def state_path(folder: Path, account: str) -> Path:
    """The file of an account's saved state."""
    return account_folder(folder, account) / "state.json"


def journal_path(folder: Path, account: str, first_seq: int, began: Instant) -> Path:
    """The file that begins with a line of this number at this time; names sort as they began."""
    moment = datetime.fromtimestamp(began // SECOND_US, UTC)
    name = f"{first_seq:012d}-{moment:%Y%m%dT%H%M%S}Z{PLAIN}"
    return journal_folder(folder, account) / name


def stem_of(path: Path) -> str:
    """The name of a journal file without its endings."""
    return path.name.removesuffix(".zst").removesuffix(PLAIN)


def is_journal(path: Path) -> bool:
    """Whether a file bears the name of a journal's, plain or packed."""
    return path.name.endswith((PLAIN, COMPRESSED)) and _STEM.fullmatch(stem_of(path)) is not None


def setup_path(path: Path) -> Path:
    """The file beside a journal file that says what its session was set up with."""
    return path.with_name(stem_of(path) + SETUP)


def compressed_path(path: Path) -> Path:
    """The packed form of a plain journal file."""
    return path.with_name(stem_of(path) + COMPRESSED)


def journal_files(folder: Path, account: str) -> list[JournalFile]:
    """An account's journal files, the oldest first; of a file and its packed form the file."""
    found: dict[str, JournalFile] = {}
    for ending in (COMPRESSED, PLAIN):
        for path in journal_folder(folder, account).glob(f"*{ending}"):
            form = _STEM.fullmatch(stem_of(path))
            if form is not None:
                found[stem_of(path)] = JournalFile(
                    path=path, first_seq=int(form["seq"]), began=_began(form["began"])
                )
    return sorted(found.values(), key=lambda file: (file.first_seq, file.began))


def _began(text: str) -> Instant:
    moment = datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return Instant(int(moment.timestamp()) * SECOND_US)
