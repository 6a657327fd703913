"""Folders and files that appear whole or not at all.

Knows temporary names and renames; refuses to know what is written.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tapes.errors import TapeError, disk_error

_PARTIAL = ".partial-"


class FolderInMaking:
    """A folder that is filled under a hidden name beside its target and renamed when complete.

    TapeError when the target exists and is not to be replaced, or cannot be made.
    """

    def __init__(self, target: Path, *, replace: bool) -> None:
        self.target = Path(os.path.abspath(target))
        self._replace = replace
        if self.target.exists() and not replace:
            raise TapeError(
                f"{target} cannot be made",
                expected="a name that is not taken",
                found="a file or folder of that name",
                mend="Choose another name, or say that it may be replaced (--replace).",
            )
        self.path = _partial_name(self.target)
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(self.target)
            self.path.mkdir()
        except OSError as error:
            raise disk_error(f"{target} cannot be made", error) from error

    def discard(self) -> None:
        """Remove what was written so far; the target stays as it was."""
        shutil.rmtree(self.path, ignore_errors=True)

    def publish(self) -> None:
        """Make everything durable and give the folder its final name."""
        try:
            for file in sorted(self.path.iterdir()):
                sync(file)
            sync(self.path)
            self._take_name()
            sync(self.target.parent)
        except OSError as error:
            self.discard()
            raise disk_error(f"{self.target.name} cannot be written", error) from error

    def _take_name(self) -> None:
        if not (self._replace and self.target.exists()):
            os.rename(self.path, self.target)
            return
        old = self.path.with_name(f"{self.path.name}-old")
        os.rename(self.target, old)
        try:
            os.rename(self.path, self.target)
        except OSError:
            os.rename(old, self.target)
            raise
        _remove(old)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Yield a hidden path beside `target`; renamed onto it when the block ends well, else
    removed."""
    partial = _partial_name(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        sync(partial)
        os.replace(partial, target)
    except OSError as error:
        raise disk_error(f"{target.name} cannot be written", error) from error
    finally:
        # Where the folder itself could not be made there is nothing to remove.
        with suppress(OSError):
            partial.unlink()


def sync(path: Path) -> None:
    """Wait until the disk has a file or a folder's list of names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _partial_name(target: Path) -> Path:
    return target.with_name(f".{target.name}{_PARTIAL}{os.getpid()}")


def _remove_abandoned(target: Path) -> None:
    """Remove what processes that were killed while making the same target left behind."""
    prefix = f".{target.name}{_PARTIAL}"
    for path in target.parent.glob(f"{prefix}*"):
        owner = path.name.removeprefix(prefix).removesuffix("-old")
        if owner.isdigit() and (int(owner) == os.getpid() or not _is_running(int(owner))):
            _remove(path)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
