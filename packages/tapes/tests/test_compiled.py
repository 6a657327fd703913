"""Kernels are compiled once and stay testable."""

import numpy as np
import pytest

from tapes.compiled import compiled, python_twin, read_only


@compiled
def double(value: int) -> int:
    """A kernel."""
    return 2 * value


def test_a_kernel_and_its_python_twin_decide_alike() -> None:
    assert double(21) == 42
    assert python_twin(double)(21) == 42


def test_the_twin_of_a_plain_function_is_itself() -> None:
    assert python_twin(read_only) is read_only


def test_a_read_only_view_shares_memory_and_refuses_writing() -> None:
    values = np.arange(3, dtype=np.int32)

    view = read_only(values)

    assert np.shares_memory(view, values)
    assert values.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1


def test_a_strided_column_becomes_contiguous() -> None:
    view = read_only(np.arange(6, dtype=np.int64)[::2])

    assert view.flags.c_contiguous
    assert view.tolist() == [0, 2, 4]
