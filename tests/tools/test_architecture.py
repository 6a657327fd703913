"""Each rule bites: a small source that breaks it is caught, one that keeps it is not."""

import pytest

from tools import architecture


@pytest.mark.parametrize(
    "module",
    [
        "asyncio", "logging", "os", "pathlib", "random", "secrets", "socket", "threading", "time",
        "uuid", "numpy", "pydantic", "tapes",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["import {}", "import {} as x", "from {} import x"])
def test_the_kernel_may_not_import(module: str, form: str) -> None:
    assert len(architecture.kernel_imports(form.format(module))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import os.path",
        "from os.path import join",
        "import decimal, socket",
        "def f():\n    import time",
        "from numba.core import types",
    ],
)
def test_a_kernel_import_is_found_wherever_it_hides(source: str) -> None:
    assert len(architecture.kernel_imports(source)) == 1


def test_the_kernel_may_import_the_standard_library_and_itself() -> None:
    source = (
        "import hashlib, json\nfrom decimal import Decimal\nfrom gridcore.sides import SideType"
    )

    assert architecture.kernel_imports(source) == []


@pytest.mark.parametrize("module", ["os", "pathlib", "threading"])
def test_only_persistence_may_touch_files(module: str) -> None:
    assert architecture.kernel_imports(f"import {module}", persistence=True) == []


@pytest.mark.parametrize("module", ["time", "random", "asyncio", "socket"])
def test_persistence_is_bound_by_every_other_rule(module: str) -> None:
    assert len(architecture.kernel_imports(f"import {module}", persistence=True)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "open('x')",
        "with open('x') as f: pass",
        "opener = open",
        "io.open('x')",
        "datetime.now(UTC)",
        "datetime.datetime.now()",
        "datetime.utcnow()",
        "date.today()",
        "dt.now()",
        "read = datetime.now",
    ],
)
def test_the_kernel_may_not_open_files_or_read_clocks(source: str) -> None:
    assert len(architecture.kernel_calls(source)) == 1


@pytest.mark.parametrize("source", ["order.now", "is_open(order)", "order.open", "now = 5"])
def test_words_that_only_look_like_a_clock_or_a_file_are_fine(source: str) -> None:
    assert architecture.kernel_calls(source) == []


def test_persistence_may_open_files_but_reads_no_clock() -> None:
    assert architecture.kernel_calls("open('x')", persistence=True) == []
    assert len(architecture.kernel_calls("datetime.now()", persistence=True)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "x = 0.5",
        "x = 1e-8",
        "x = 2j",
        "x = float('1')",
        "def f(x: float) -> None: ...",
        "x: list[float] = []",
        "def f() -> float | None: ...",
        "import math\nx = math.inf",
        "import math\nx = math.sqrt(2)",
        "from math import inf",
        "from statistics import fmean",
        "import statistics\nx = statistics.stdev(y)",
        "import cmath\nx = cmath.sqrt(2)",
    ],
)
def test_floats_are_found_in_every_guise(source: str) -> None:
    assert len(architecture.floats(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "x = 5",
        "x = '0.5'",
        "import math\nx = math.gcd(4, 6)",
        "from math import isqrt",
        "from statistics import median",
        "if isinstance(x, float): raise TypeError('expected an int')",
        "if isinstance(x, float | str): raise TypeError('expected an int')",
        "class floating: ...",
    ],
)
def test_whole_numbers_and_the_refusal_of_floats_are_fine(source: str) -> None:
    assert architecture.floats(source) == []


@pytest.mark.parametrize("source", ["fee = 0.0006", "x = [1, 2.0]"])
def test_a_float_literal_is_found(source: str) -> None:
    assert len(architecture.float_literals(source)) == 1


def test_a_float_type_without_a_literal_is_left_to_the_stricter_rule() -> None:
    assert architecture.float_literals("x = float(y)") == []


@pytest.mark.parametrize(
    "source",
    [
        "engine._grid",
        "engine.grid._levels.clear()",
        "session._orders[0]",
        "make()._x",
        "from gridcore.grid import _round",
        "from gridcore._inner import Level",
        "import gridcore._inner",
        "other.__secret",
    ],
)
def test_private_access_is_found(source: str) -> None:
    assert len(architecture.private_access(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n def f(self): return self._x",
        "class A:\n @classmethod\n def f(cls): return cls._x",
        "class A:\n def __init__(self): self._x = 1\n def f(self, other): return other._x",
        "class A:\n _x: int = 1\n\ndef f(a): return a._x",
        "row._replace(x=1)._asdict()",
        "x.__class__.__name__",
        "from __future__ import annotations",
        "import os\nos._exit(1)",
        "for _ in x: pass",
    ],
)
def test_own_names_and_documented_names_are_fine(source: str) -> None:
    assert architecture.private_access(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "import unittest.mock",
        "from unittest import mock",
        "from unittest.mock import MagicMock",
        "import mock",
        "from pytest_mock import MockerFixture",
    ],
)
def test_mocks_are_found(source: str) -> None:
    assert len(architecture.mocks(source)) == 1


def test_a_fake_is_no_mock() -> None:
    assert architecture.mocks("from tests.fakes import FakeVenue") == []


@pytest.mark.parametrize(
    "source",
    [
        "import gridcore.persistence",
        "from gridcore import persistence",
        "from gridcore.persistence import GridAnchorStore",
    ],
)
def test_an_import_of_one_module_is_found_by_either_spelling(source: str) -> None:
    assert len(architecture.imports_of(source, "gridcore.persistence")) == 1


def test_an_import_of_a_sibling_is_another_module() -> None:
    source = "from gridcore import grid\nimport gridcore.persistent"

    assert architecture.imports_of(source, "gridcore.persistence") == []


def test_a_fault_names_its_line() -> None:
    assert architecture.kernel_imports("\n\nimport time") == ["3: the kernel never imports time"]
