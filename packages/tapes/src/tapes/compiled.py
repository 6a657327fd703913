"""The one place that meets numba: compiles a kernel, and hands out its plain Python twin for
tests."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

from tapes.kernel_cache import FOLDER, kept_in

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Integers = npt.NDArray[Any]


def compiled(kernel: Kernel) -> Kernel:
    """Compile a kernel on first use, keep the machine code on disk, release the GIL in it."""
    with kept_in(FOLDER) as keep:
        return cast(Kernel, njit(cache=keep, nogil=True)(kernel))


def python_twin(kernel: Kernel) -> Kernel:
    """The uncompiled function behind a kernel: the same decisions, visible to coverage."""
    return cast(Kernel, getattr(kernel, "py_func", kernel))


def read_only(values: Integers) -> Integers:
    """A contiguous view that cannot be written: the one array type that the kernels are compiled
    for."""
    view = np.ascontiguousarray(values).view(np.ndarray)
    if view is values:
        view = values[:]
    view.flags.writeable = False
    return view
