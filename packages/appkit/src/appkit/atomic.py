"""Files and folders that appear whole or not at all; it knows nothing of what is in them."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from appkit.exits import UserError

MARKER = ".written-by-gridbot"
"""The file that says a folder is ours and may be replaced; its text names what wrote it."""


@contextmanager
def atomic_text(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 text file that takes the place of `path` when the block ends well.

    When anything fails, a full disk included, what stood at `path` still stands there and nothing
    is left behind. Lines end as they are written. A link is followed.
    """
    with _replacing(path) as temporary:
        with temporary.open("x", encoding="utf-8", newline="") as file:
            yield file
        _sync(temporary, os.O_RDONLY)


@contextmanager
def atomic_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a binary file that takes the place of `path` when the block ends well."""
    with _replacing(path) as temporary:
        with temporary.open("xb") as file:
            yield file
        _sync(temporary, os.O_RDONLY)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file atomically, as UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file atomically."""
    with atomic_bytes(path) as file:
        file.write(content)


@contextmanager
def staging_folder(target: Path, kind: str) -> Iterator[Path]:
    """A new folder beside `target` that takes its name when the block ends well.

    `kind` says in one word what the folder holds; it is written into the marker file. A `target`
    that exists is replaced only when it is empty or bears the marker of the same kind; else
    UserError, before any work is done. When anything fails the folder vanishes and `target` stays
    as it was. Two renames cannot be one: a power cut between them leaves the previous folder
    beside `target` under a name ending in `.old`.
    """
    target = Path(os.path.realpath(target))
    _check_replaceable(target, kind)
    with _parents(target):
        staging = _sibling(target, "tmp")
        with ExitStack() as when_it_fails:
            when_it_fails.callback(shutil.rmtree, staging, ignore_errors=True)
            staging.mkdir()
            yield staging
            (staging / MARKER).write_text(kind + "\n", encoding="utf-8")
            _sync_tree(staging)
            _check_replaceable(target, kind)
            _swap(staging, target)
            when_it_fails.pop_all()
        _sync_folder(target.parent)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    target = Path(os.path.realpath(path))
    with _parents(target):
        temporary = _sibling(target, "tmp")
        with ExitStack() as when_it_fails:
            when_it_fails.callback(temporary.unlink, missing_ok=True)
            yield temporary
            os.replace(temporary, target)
            when_it_fails.pop_all()
        _sync_folder(target.parent)


def _swap(staging: Path, target: Path) -> None:
    if not target.exists():
        os.rename(staging, target)
        return
    previous = _sibling(target, "old")
    os.rename(target, previous)
    with ExitStack() as when_it_fails:
        when_it_fails.callback(os.rename, previous, target)
        os.rename(staging, target)
        when_it_fails.pop_all()
    shutil.rmtree(previous, ignore_errors=True)


def _check_replaceable(target: Path, kind: str) -> None:
    if not target.exists():
        return
    hint = "choose another folder, or remove this one yourself"
    if not target.is_dir():
        raise UserError(f"cannot write the folder {target}: a file of that name exists", hint)
    marker = target / MARKER
    if marker.is_file():
        found = marker.read_text(encoding="utf-8", errors="replace").strip()
        if found == kind:
            return
        raise UserError(f"will not replace {target}: it holds {found!r}, not {kind!r}", hint)
    if any(target.iterdir()):
        found = "it is not empty and bears no mark of ours"
        raise UserError(f"will not replace {target}: {found}", hint)


@contextmanager
def _parents(target: Path) -> Iterator[None]:
    """Make the folders above `target`, and remove those that were made when the work fails."""
    missing = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as when_it_fails:
        when_it_fails.callback(_remove_empty, missing)
        yield
        when_it_fails.pop_all()


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        # Another program may have put something into it meanwhile; then it stays.
        with suppress(OSError):
            folder.rmdir()


def _sibling(target: Path, ending: str) -> Path:
    """A name of our own on the same file system, where a rename is atomic."""
    return target.with_name(f".{target.name}.{secrets.token_hex(6)}.{ending}")


def _sync_tree(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            _sync(Path(parent) / name, os.O_RDONLY)
        _sync_folder(Path(parent))


def _sync_folder(folder: Path) -> None:
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
