"""Folders that are still there after a loss of power: a new one is durable once the one above it
is. It refuses to know what lies in them."""

import os
from collections.abc import Callable
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make durable which names a folder holds; it blocks. OSError when the disk refuses."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def durable_folder(folder: Path, sync: Callable[[Path], None] = sync_folder) -> None:
    """Make a folder and every missing one above it, each of them durable; OSError when it cannot.

    What stands already is left as it is, and so is what lies above it, which may be unreadable.
    """
    missing: list[Path] = []
    above = folder
    while not above.exists():
        missing.append(above)
        above = above.parent
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        sync(made.parent)
