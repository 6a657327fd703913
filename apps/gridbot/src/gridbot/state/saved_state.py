"""The session's memory as one file per account, whole or not at all; it refuses to know what is in
the memory."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from appkit.account_setup import AccountSetup, SetupUnreadable, setup_body, setup_from
from appkit.atomic import write_bytes
from appkit.journals.files import state_path
from gridcore.message import message

FORMAT: Final = 1
CORRUPT: Final = ".corrupt"


class StateUnreadable(ValueError):
    """The file is not what this program wrote; the text says where it fails."""


@message
class SavedState:
    """All memory of a session before it handled the event of journal line `seq`, and what the
    session was set up with: its ticks and steps mean nothing without."""

    seq: int
    setup: AccountSetup
    snapshot: dict[str, object]


def save(
    folder: Path, account: str, snapshot: dict[str, object], seq: int, setup: AccountSetup
) -> None:
    """Save a snapshot, taken when line `seq` was the next one; it blocks. OSError leaves the file
    before it as it was."""
    # A day's memory is megabytes of text: it is made once, and the digest is of the same bytes.
    content = _bytes({"setup": setup_body(setup), "snapshot": snapshot})
    head = {"format": FORMAT, "account": account, "seq": seq, "sha256": _digest(content)}
    whole = b"".join((_bytes(head)[:-1], b",", memoryview(content)[1:], b"\n"))
    write_bytes(state_path(folder, account), whole)


def load(folder: Path, account: str) -> SavedState | None:
    """The inverse of save; None when nothing was saved. StateUnreadable for any other content."""
    path = state_path(folder, account)
    try:
        state = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise StateUnreadable(f"{path}: expected a saved state in JSON, {error}") from error
    names = ("format", "account", "seq", "sha256", "setup", "snapshot")
    if not isinstance(state, dict) or tuple(state) != names:
        raise StateUnreadable(f"{path}: expected an object of {', '.join(names)}")
    snapshot, seq = state["snapshot"], state["seq"]
    if state["format"] != FORMAT:
        raise StateUnreadable(f"{path}: expected format {FORMAT}, found {state['format']!r}")
    if state["account"] != account:
        raise StateUnreadable(f"{path}: expected account {account!r}, found {state['account']!r}")
    if type(seq) is not int or seq < 0 or not isinstance(snapshot, dict):
        raise StateUnreadable(f"{path}: expected a line number and a snapshot")
    if state["sha256"] != _digest(_bytes({"setup": state["setup"], "snapshot": snapshot})):
        raise StateUnreadable(f"{path}: the snapshot was changed after it was written")
    try:
        return SavedState(seq=seq, setup=setup_from(state["setup"]), snapshot=snapshot)
    except SetupUnreadable as error:
        raise StateUnreadable(f"{path}: {error}") from error


def keep_corrupt_copy(folder: Path, account: str) -> Path:
    """Copy a file that cannot be read, before another takes its place; where the copy is."""
    path = state_path(folder, account)
    copy = path.with_name(path.name + CORRUPT)
    number = 1
    while copy.exists() and copy.read_bytes() != path.read_bytes():
        number += 1
        copy = path.with_name(f"{path.name}{CORRUPT}-{number}")
    shutil.copy2(path, copy)
    return copy


def _bytes(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
