"""A column is as narrow as its values allow."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.column_file import ColumnFile
from tapes.columns import SPECS_BY_NAME
from tapes.errors import TapeError

PRICE = SPECS_BY_NAME["trades.price"]
SIDE = SPECS_BY_NAME["trades.side"]


@settings(deadline=None, max_examples=50)
@given(
    batches=st.lists(st.lists(st.integers(-(2**40), 2**40), max_size=4), max_size=5),
)
def test_what_was_appended_is_read_back_whatever_its_width(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]]
) -> None:
    folder = tmp_path_factory.mktemp("column")
    file = ColumnFile(folder, PRICE)

    for batch in batches:
        file.append(np.array(batch, np.int64))
    record = file.finish()

    raw = (folder / record.file).read_bytes()
    expected = [value for batch in batches for value in batch]
    assert np.frombuffer(raw, record.dtype).tolist() == expected
    assert record.rows == len(expected)
    assert record.sha256 == hashlib.sha256(raw).hexdigest()
    assert [path.name for path in folder.iterdir()] == [record.file]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([2**31 - 1], "<i4"), ([2**31], "<i8"), ([-(2**31)], "<i4"), ([-(2**31) - 1], "<i8")],
)
def test_the_width_changes_exactly_where_32_bits_end(
    tmp_path: Path, values: list[int], dtype: str
) -> None:
    file = ColumnFile(tmp_path, PRICE)

    file.append(np.array(values, np.int64))

    assert file.finish().dtype == dtype


def test_a_value_that_fits_no_width_is_refused(tmp_path: Path) -> None:
    file = ColumnFile(tmp_path, SIDE)

    with pytest.raises(TapeError, match=r"trades\.side cannot hold"):
        file.append(np.array([200]))
    file.close()
