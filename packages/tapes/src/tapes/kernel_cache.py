"""Where compiled kernels are kept between runs.

numba notices a change of a kernel's own file only, not of the kernels it calls in other files, and
would then run old code. The folder's name therefore carries a digest of all sources together.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from numba import config

_PREFIX = "kernels-"


def sources_digest(package: Path) -> str:
    """A digest over every Python source of a package, by relative path and content."""
    digest = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        digest.update(str(source.relative_to(package)).encode() + b"\0")
        digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def prepare_folder(candidates: list[Path], digest: str) -> Path | None:
    """The first place where the folder for this digest is or can be made; None when nowhere.

    A new folder replaces those of earlier sources in the same place.
    """
    for place in candidates:
        folder = place / f"{_PREFIX}{digest}"
        if folder.is_dir() and os.access(folder, os.W_OK):
            return folder
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            for other in place.glob(f"{_PREFIX}*"):
                if other != folder:
                    shutil.rmtree(other, ignore_errors=True)
            return folder
    return None


@contextmanager
def kept_in(folder: Path | None) -> Iterator[bool]:
    """Make numba keep what is decorated inside the block in `folder`; yields whether it can."""
    # numba fills this module with its settings when it is loaded.
    settings: Any = config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = before if folder is None else str(folder)
    try:
        yield folder is not None
    finally:
        settings.CACHE_DIR = before


def usual_places(package: Path, environment: str) -> list[Path]:
    """NUMBA_CACHE_DIR when it is set, else beside the sources, else in the user's cache."""
    if environment:
        return [Path(environment)]
    home = Path(os.path.expanduser("~"))
    return [package / "__pycache__", home / ".cache" / "tapes"]


_PACKAGE = Path(__file__).parent
FOLDER = prepare_folder(
    usual_places(_PACKAGE, os.environ.get("NUMBA_CACHE_DIR", "")), sources_digest(_PACKAGE)
)
