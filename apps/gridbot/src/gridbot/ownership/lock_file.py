"""One process of this machine per key and symbol: a file that the operating system locks.

The lock ends with the process, however it ends; what the file says is for people only.
"""

import fcntl
import hashlib
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from appkit.dates import instant_text
from appkit.exits import UserError
from gridbot.folders import durable_folder
from gridcore.clock import Instant

HOME_LOCK = "daemon.lock"
_LONGEST = 4096


class LockFile:
    """A lock that is held until it is released or the process ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let another process take it. The file stays: who removes it may remove another's."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "LockFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def lock_folder(environment: Mapping[str, str]) -> Path:
    """Where all processes of this user lock, whatever their configurations name as data folder."""
    state = environment.get("XDG_STATE_HOME")
    base = Path(state) if state else Path(environment.get("HOME") or "~").expanduser()
    return (base if state else base / ".local" / "state") / "gridbot" / "locks"


def key_hash(endpoint_url: str, wallet: str) -> str:
    """What stands for an account of the exchange (questions.wallet_name): 16 hex digits that do
    not tell it.

    Two configurations that name it differently have the same; a simulator's URL keeps apart what
    only shares a demonstration user.
    """
    return hashlib.sha256(f"{endpoint_url.rstrip('/')}\n{wallet}".encode()).hexdigest()[:16]


def hold(folder: Path, account_key: str, symbol: str, account: str, now: Instant) -> LockFile:
    """Take the lock of a key (see key_hash) and symbol, or UserError naming the holder."""
    path = folder / f"{account_key}-{symbol}.lock"
    found = _locked(path, now, account=account, symbol=symbol)
    if isinstance(found, LockFile):
        return found
    raise UserError(
        f"{symbol} of account {account} is traded by another process: {found}",
        f"stop that one first; two would place every order twice (the lock is {path})",
    )


def hold_home(home: Path, now: Instant) -> LockFile:
    """Take the lock of a folder in which one daemon keeps its data, or UserError naming it."""
    found = _locked(home / HOME_LOCK, now)
    if isinstance(found, LockFile):
        return found
    raise UserError(
        f"another gridbot keeps its data in {home}: {found}",
        "stop that one first, or give this one a data_folder of its own",
    )


def _locked(path: Path, now: Instant, **words: str) -> LockFile | str:
    """The lock, or who holds it."""
    durable_folder(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _told(descriptor)
        os.close(descriptor)
        return holder
    text = json.dumps(
        {"pid": os.getpid(), "host": platform.node(), "since": instant_text(now), **words}
    )
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode() + b"\n", 0)
    return LockFile(path, descriptor)


def _told(descriptor: int) -> str:
    text = os.pread(descriptor, _LONGEST, 0).decode("utf-8", "replace")
    try:
        said = json.loads(text)
        told = f"pid {said['pid']} on {said['host']} since {said['since']} UTC"
        return f"{told}, as account {said['account']}" if "account" in said else told
    except (ValueError, KeyError, TypeError):
        return "it has not said which"
