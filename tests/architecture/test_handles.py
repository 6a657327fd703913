"""The tables of scenarios and lessons are whole, and every test that they name exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
HANDLE = re.compile(r"[A-Z]+-?\d+")


def handles(prefix: str, last: int, digits: int) -> list[str]:
    return [f"{prefix}{number:0{digits}d}" for number in range(1, last + 1)]


SCENARIOS = handles("A", 50, 2)
LESSONS = [*handles("L", 138, 2), *handles("X-", 6, 1), *handles("LS-", 98, 2)]


def rows(name: str) -> list[list[str]]:
    """The cells of every row whose first cell is a handle."""
    lines = (DOCS / name).read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return [row for row in cells if row and HANDLE.fullmatch(row[0])]


@cache
def functions(path: str) -> frozenset[str]:
    """Names of the functions that a test file defines; none for a file that does not exist."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("name", "wanted"), [("scenarios.md", SCENARIOS), ("lessons.md", LESSONS)])
def test_every_handle_has_one_row(name: str, wanted: list[str]) -> None:
    found = [row[0] for row in rows(name)]

    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("name", ["scenarios.md", "lessons.md"])
def test_every_row_names_a_test_or_who_owns_it(name: str) -> None:
    empty = [row[0] for row in rows(name) if not NAMED.search(row[2]) and not row[3]]

    assert empty == []


@pytest.mark.parametrize("name", ["scenarios.md", "lessons.md"])
def test_every_test_that_a_table_names_exists(name: str) -> None:
    named = [match.groups() for row in rows(name) for match in NAMED.finditer(row[2])]

    missing = [f"{path}::{function}" for path, function in named if function not in functions(path)]

    assert named
    assert missing == []
