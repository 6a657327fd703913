"""A small tree with a session of two modules, one gate, and tests that leave one hole."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.mutation.breaks import Break
from tools.mutation.tree_copy import TreeCopy

COUNTER = '''\
"""Counts."""


class Counter:
    """Counts up to a limit."""

    __slots__ = ("limit", "seen")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.seen = 0

    def add(self, by: int) -> bool:
        """Whether it still fits."""
        if self.seen + by > self.limit:
            return False
        self.seen += by
        return True
'''
GATES = '''\
"""One gate."""


class OddGate:
    """Lets odd numbers through."""

    def check(self, number: int) -> bool:
        """By the last bit."""
        return number % 2 == 1


CHAIN: tuple[OddGate, ...] = (OddGate(),)
'''
TEST_COUNTER = """\
import gridcore.session.counter as counter


def test_it_counts() -> None:
    one = counter.Counter(3)

    assert one.add(2)
    assert one.seen == 2
    assert not one.add(2)
"""
TEST_GATES = """\
from hypothesis import given, strategies as st

from gridcore.session.gates import CHAIN


@given(st.integers(0, 50))
def test_even_numbers_stay_out(half: int) -> None:
    assert not CHAIN[0].check(2 * half)
"""
ROOT_CONFTEST = """\
from hypothesis import settings

settings.register_profile("tree", deadline=None)
settings.load_profile("tree")
"""
KERNEL = "packages/gridcore/src/gridcore"
TESTS = "packages/gridcore/tests/session"
FILES = {
    ".gitignore": "out/\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = ["--import-mode=importlib", "-ra"]\n',
    "conftest.py": ROOT_CONFTEST,
    f"{KERNEL}/__init__.py": "",
    f"{KERNEL}/session/__init__.py": "",
    f"{KERNEL}/session/counter.py": COUNTER,
    f"{KERNEL}/session/gates.py": GATES,
    f"{TESTS}/test_counter.py": TEST_COUNTER,
    f"{TESTS}/test_gates.py": TEST_GATES,
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return root


@pytest.fixture
def copy(tree: Path, tmp_path: Path) -> TreeCopy:
    return TreeCopy(tree, tmp_path / "copy")


@pytest.fixture
def counter_break() -> Callable[..., Break]:
    def make(
        *,
        name: str = "the sum is lost",
        module: str = "session/counter.py",
        old: str = "self.seen += by",
        new: str = "pass",
        tests: tuple[str, ...] = (f"{TESTS}/test_counter.py",),
    ) -> Break:
        return Break(name=name, module=module, old=old, new=new, tests=tests)

    return make


@pytest.fixture
def gate_break() -> Break:
    return Break(
        name="everything is odd",
        module="session/gates.py",
        old="return number % 2 == 1",
        new="return True",
        tests=(f"{TESTS}/test_gates.py",),
    )
