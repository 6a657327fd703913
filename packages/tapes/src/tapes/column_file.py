"""One growing column on disk: little-endian integers, as narrow as their values allow.

Knows widths and hashes; refuses to know what the values mean.
"""

import hashlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tapes.columns import ColumnSpec
from tapes.compiled import Integers
from tapes.errors import TapeError
from tapes.manifest import DTYPES, ColumnRecord

_COPY_BYTES = 1 << 22


class ColumnFile:
    """Appends integers to a file; starts at the narrow width and rewrites itself once when a value
    does not fit. OSError passes through to the owner of the folder."""

    def __init__(self, folder: Path, spec: ColumnSpec) -> None:
        self._folder = folder
        self._spec = spec
        self._bytes = spec.bytes_min
        self._rows = 0
        self._digest = hashlib.sha256()
        self._handle: BinaryIO = self._path().open("wb")

    def append(self, values: Integers) -> None:
        """Write the values behind those already written; TapeError when 64 bits are too few."""
        if len(values) == 0:
            return
        low, high = int(values.min()), int(values.max())
        while not _fits(low, high, self._bytes):
            if self._bytes == self._spec.bytes_max:
                raise TapeError(
                    f"column {self._spec.full_name} cannot hold its values",
                    expected=f"integers of at most {8 * self._bytes} bits",
                    found=f"values from {low} to {high}",
                    mend="Check the tick size and the quantity step.",
                )
            self._widen()
        block = np.ascontiguousarray(values, dtype=DTYPES[self._bytes]).tobytes()
        self._handle.write(block)
        self._digest.update(block)
        self._rows += len(values)

    def finish(self) -> ColumnRecord:
        """Close the file and describe it."""
        self._handle.close()
        return ColumnRecord(
            name=self._spec.full_name,
            file=self._path().name,
            dtype=DTYPES[self._bytes],
            rows=self._rows,
            sha256=self._digest.hexdigest(),
        )

    def close(self) -> None:
        """Close the file without describing it."""
        self._handle.close()

    def _path(self) -> Path:
        return self._folder / f"{self._spec.full_name}.i{self._bytes}"

    def _widen(self) -> None:
        narrow_type = DTYPES[self._bytes]
        narrow_path = self._path()
        self._handle.close()
        self._bytes = self._spec.bytes_max
        self._digest = hashlib.sha256()
        self._handle = self._path().open("wb")
        with narrow_path.open("rb") as narrow:
            while block := narrow.read(_COPY_BYTES):
                wide = np.frombuffer(block, dtype=narrow_type).astype(DTYPES[self._bytes])
                self._handle.write(wide.tobytes())
                self._digest.update(wide.tobytes())
        narrow_path.unlink()


def _fits(low: int, high: int, width: int) -> bool:
    limit = 1 << (8 * width - 1)
    return -limit <= low and high < limit
