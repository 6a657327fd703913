"""Whether a compiled kernel is at hand: gridcore and simvenue as machine code, made by mypyc.

The compiled kernel is the same source. It lies in a folder named after the digest of that source,
so that changed code is never run in its old form. Imports nothing of the project.
"""

import hashlib
import importlib.util
import os
import platform
import sys
from enum import StrEnum
from pathlib import Path

PACKAGES = ("gridcore", "simvenue")
FOLDER = ".compiled"
INTERPRETED_VARIABLE = "GRID_KERNEL"
"""Set to "interpreted" to run the sources although a compiled kernel is there."""


class KernelKind(StrEnum):
    """In which form the kernel runs."""

    COMPILED = "compiled"
    INTERPRETED = "interpreted"


def source_folders() -> list[Path]:
    """Where the sources of the kernel's packages lie; empty when they are not installed."""
    folders = []
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            folders.append(Path(spec.origin).parent)
    return folders


def source_digest(folders: list[Path]) -> str:
    """Digest of the sources, the interpreter and the machine that they would be compiled for."""
    digest = hashlib.sha256()
    digest.update(f"{sys.implementation.cache_tag} {platform.machine()}".encode())
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.relative_to(folder.parent).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def checkout_of(folders: list[Path]) -> Path | None:
    """The root of the checkout that the sources belong to; None for an installed package."""
    for folder in folders:
        for parent in folder.parents:
            if (parent / "tools" / "compile_kernel.py").is_file():
                return parent
    return None


def compiled_folder() -> Path | None:
    """Where the compiled form of these very sources belongs; None without a checkout."""
    folders = source_folders()
    root = checkout_of(folders)
    return None if root is None else root / FOLDER / source_digest(folders)


def prefer_compiled() -> KernelKind:
    """Put the compiled kernel first on the import path if it is there; before it is imported."""
    if os.environ.get(INTERPRETED_VARIABLE) == KernelKind.INTERPRETED:
        return KernelKind.INTERPRETED
    folder = compiled_folder()
    if folder is None or not (folder / "complete").is_file():
        return KernelKind.INTERPRETED
    sys.path.insert(0, str(folder))
    return KernelKind.COMPILED


def kernel_kind() -> KernelKind:
    """In which form the kernel of this process runs."""
    spec = importlib.util.find_spec("gridcore.engine")
    is_source = spec is None or spec.origin is None or spec.origin.endswith(".py")
    return KernelKind.INTERPRETED if is_source else KernelKind.COMPILED
