"""After the warm-up nothing is compiled any more."""

from typing import Any

import numpy as np

from tapes.compiled import read_only
from tapes.scan.ask import first_outside
from tapes.scan.index import ScanIndex
from tapes.scan.warm import warm_up


def test_a_tape_column_needs_no_further_compilation_after_the_warm_up() -> None:
    warm_up()
    kernel: Any = first_outside
    known = len(kernel.signatures)

    for width in (np.int32, np.int64):
        index = ScanIndex.build(read_only(np.arange(500, dtype=width)))
        index.first_outside(0, 500, -1, 499)

    assert len(kernel.signatures) == known
