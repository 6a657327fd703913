"""The key that wraps every credential's own key: from the environment or a file, never printed.

It refuses passphrases, short keys and key files that others may read.
"""

import base64
import binascii
import os
import stat
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32
VARIABLE: Final = "GRIDBOT_MASTER_KEY"
FILE_VARIABLE: Final = "GRIDBOT_MASTER_KEY_FILE"
_FORM = f"{KEY_BYTES} random bytes as base64 (44 characters; `openssl rand -base64 32` prints such)"


class MasterKeyError(Exception):
    """No usable master key; the message says what to set, and never what was found in it."""


class MasterKey:
    """A 256-bit key; `key_id` names it in rows and messages and tells nothing about it."""

    __slots__ = ("_secret", "key_id")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise MasterKeyError(f"master key: expected {_FORM}, found {len(secret)} bytes")
        self._secret = bytes(secret)
        self.key_id = sha256(b"grid_db master key:" + self._secret).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"MasterKey(key_id={self.key_id!r})"

    def __reduce__(self) -> str:
        raise TypeError("a master key is not pickled: pickles end up in files and messages")

    def reveal(self) -> bytes:
        """The key itself, for the cipher."""
        return self._secret

    @classmethod
    def generate(cls) -> "MasterKey":
        """A fresh random key."""
        return cls(os.urandom(KEY_BYTES))

    @classmethod
    def parse(cls, text: str, origin: str) -> "MasterKey":
        """A key as base64, of either alphabet; `origin` names where it was found, for errors."""
        compact = text.strip().replace("-", "+").replace("_", "/")
        try:
            secret = base64.b64decode(compact, validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) != KEY_BYTES:
            raise MasterKeyError(
                f"{origin}: expected {_FORM}, found {len(text.strip())} characters that are not"
            )
        return cls(secret)

    def write(self, path: Path) -> None:
        """Create a key file that only its owner may read.

        Raises MasterKeyError when the file exists: a key that is overwritten is lost, and with it
        every credential that it wraps.
        """
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise MasterKeyError(
                f"{path}: expected no such file, found one; a key is never overwritten: "
                "choose another name"
            ) from None
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(self._secret) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def from_file(path: Path) -> MasterKey:
    """The key of a key file."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise MasterKeyError(
            f"{path}: expected a master key file, found {error.strerror}; "
            f"write {_FORM} into it, readable by its owner only"
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise MasterKeyError(
            f"{path}: expected a key file that only its owner may read, found mode "
            f"{stat.S_IMODE(mode):o}; run chmod 600 on it"
        )
    return MasterKey.parse(text, str(path))


def from_environment(environment: Mapping[str, str]) -> MasterKey:
    """The key named by GRIDBOT_MASTER_KEY (the key itself) or GRIDBOT_MASTER_KEY_FILE (a path)."""
    key, file = environment.get(VARIABLE, ""), environment.get(FILE_VARIABLE, "")
    if key and file:
        raise MasterKeyError(
            f"master key: expected one of {VARIABLE} and {FILE_VARIABLE}, found both; unset one"
        )
    if key:
        return MasterKey.parse(key, VARIABLE)
    if file:
        return from_file(Path(file))
    raise MasterKeyError(
        f"master key: expected {VARIABLE} ({_FORM}) or {FILE_VARIABLE} (a file with it), "
        "found neither; credentials in the database cannot be read without it"
    )
