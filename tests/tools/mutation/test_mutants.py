"""Which mistakes are made, and which would say nothing."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.mutation import mutants
from tools.mutation.breaks import KERNEL, session_modules
from tools.mutation.mutants import Mutant, MutantKind

ROOT = Path(__file__).resolve().parents[3]
SOURCES = {
    module: (ROOT / KERNEL / module).read_text(encoding="utf-8") for module in session_modules(ROOT)
}
SESSION = [one for module in SOURCES for one in mutants.candidates(module, SOURCES[module])]


def changes(source: str) -> list[tuple[MutantKind, str]]:
    return [(one.kind, one.change) for one in mutants.candidates("m.py", source)]


def in_function(statement: str) -> str:
    return f"def f(self, a, b):\n    {statement}\n    return None\n"


@pytest.mark.parametrize(
    ("expression", "kind", "after"),
    [
        ("a < b", MutantKind.COMPARISON, "(a <= b)"),
        ("a >= b", MutantKind.COMPARISON, "(a > b)"),
        ("a == b", MutantKind.COMPARISON, "(a != b)"),
        ("a is None", MutantKind.COMPARISON, "(a is not None)"),
        ("a not in b", MutantKind.COMPARISON, "(a in b)"),
        ("a + b", MutantKind.ARITHMETIC, "(a - b)"),
        ("a // b", MutantKind.ARITHMETIC, "(a * b)"),
        ("a and b", MutantKind.LOGIC, "(a or b)"),
        ("not a", MutantKind.LOGIC, "(a)"),
        ("41", MutantKind.CONSTANT, "42 in: x = 41"),
    ],
)
def test_operators_and_constants_are_swapped(expression: str, kind: MutantKind, after: str) -> None:
    assert changes(f"x = {expression}\n") == [(kind, f"{expression} -> {after}")]


@pytest.mark.parametrize(
    "statement",
    [
        "self.x = a",
        "self.x[a] = b",
        "a.append(b)",
        "del a[b]",
        "raise ValueError(f'{1 + 1}')",
        "if a: return b",
        "while a: break",
        "for a in b: continue",
    ],
)
def test_statements_are_removed(statement: str) -> None:
    kinds = [kind for kind, _ in changes(in_function(statement))]

    assert kinds == [MutantKind.REMOVED]


def test_a_running_sum_is_removed_and_turned_round() -> None:
    assert changes(in_function("self.x += a")) == [
        (MutantKind.ARITHMETIC, "self.x += a -> self.x -= a"),
        (MutantKind.REMOVED, "removed: self.x += a"),
    ]


def test_each_comparison_of_a_row_is_swapped_for_itself() -> None:
    assert [change for _, change in changes("x = a < b <= c\n")] == [
        "a < b <= c -> (a < b < c)",
        "a < b <= c -> (a <= b <= c)",
    ]


def test_brackets_keep_the_meaning_of_what_stands_around() -> None:
    source = "x = a * b * c\n"

    applied = [one.apply(source) for one in mutants.candidates("m.py", source)]

    assert applied == ["x = (a // b) * c\n", "x = (a * b // c)\n"]


@pytest.mark.parametrize(
    "source",
    [
        '"""A module says 1 < 2."""\n',
        'class A:\n    """Words."""\n\n    __slots__ = ("a" + "b",)\n',
        "class A:\n    def __repr__(self):\n        return str(1 + self.x)\n",
        "class A:\n    def __init__(self, a):\n        self.a = a\n",
        "class Mode(IntEnum):\n    HALT = 3\n",
        "x: Literal[1] = y\n",
        "def f(a: Literal[1]) -> Literal[2]:\n    return a\n",
        "def f(a):\n    assert a > 0, 'expected more than 0'\n",
        "x = f'{a + 1}'\n",
        "x = isinstance(a, B | C)\n",
        "x = True\n",
        "@message(order=1)\nclass A:\n    pass\n",
        "def f(a):\n    assert_never(a)\n",
        "def f(a):\n    del a\n",
        "call()\n",
    ],
)
def test_what_says_nothing_about_behaviour_is_left_alone(source: str) -> None:
    assert changes(source) == []


def test_characters_of_several_bytes_do_not_shift_the_place() -> None:
    source = 'x = "é" if a < b else "ü"\n'

    assert [one.apply(source) for one in mutants.candidates("m.py", source)] == [
        'x = "é" if (a <= b) else "ü"\n'
    ]


def test_an_identity_stays_while_lines_move_and_changes_with_the_line_itself() -> None:
    source = in_function("self.x = a < b")
    (first, *_) = mutants.candidates("m.py", source)

    (moved, *_) = mutants.candidates("m.py", f"import a\n\n{source}")
    (other, *_) = mutants.candidates("m.py", in_function("self.y = a < b"))

    assert moved.identity == first.identity
    assert moved.line == first.line + 2
    assert other.identity != first.identity
    assert first.identity.startswith("m.py:f:")


def test_equal_mistakes_in_one_function_have_different_identities() -> None:
    source = "def f(a):\n    a.go()\n    a.go()\n"

    identities = {one.identity for one in mutants.candidates("m.py", source)}

    assert len(identities) == 2


def test_the_same_code_and_seed_give_the_same_mutants_in_any_order_of_search() -> None:
    drawn = mutants.draw(SESSION, 50, seed=1)

    assert mutants.draw(reversed(SESSION), 50, seed=1) == drawn
    assert mutants.draw(SESSION, 50, seed=2) != drawn
    assert len({one.identity for one in drawn}) == 50


def test_drawing_more_than_there_are_gives_all() -> None:
    found = mutants.candidates("m.py", "x = a < b\n")

    assert mutants.draw(found, 50, seed=1) == found


def test_every_mutant_of_the_session_has_its_own_identity() -> None:
    assert len({one.identity for one in SESSION}) == len(SESSION)


@given(st.sampled_from(SESSION))
def test_every_mutant_of_the_session_is_other_code_that_compiles(one: Mutant) -> None:
    changed = ast.parse(one.apply(SOURCES[one.module]))

    assert ast.dump(changed) != ast.dump(ast.parse(SOURCES[one.module]))
