"""A table of deliberate breaks cannot rot unseen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.mutation import breaks
from tools.mutation.breaks import BadTable, Break, DoesNotApply

ROOT = Path(__file__).resolve().parents[3]

MakeBreak = Callable[..., Break]


def test_every_break_applies_and_every_module_and_gate_of_the_session_has_one() -> None:
    table = breaks.read_table(breaks.TABLE.read_text(encoding="utf-8"))

    faults = breaks.table_faults(ROOT, table)

    assert not faults, "\n".join(["", *faults])


def test_a_table_names_its_breaks_module_by_module() -> None:
    text = """
        [["session/a.py"]]
        name = "n"
        old = "x"
        new = "y"

        [["session/a.py"]]
        name = "m"
        old = "x"
        new = "z"
        tests = ["tests/test_b.py"]
    """

    first, second = breaks.read_table(text)

    assert first == Break(
        name="n",
        module="session/a.py",
        old="x",
        new="y",
        tests=(
            "packages/gridcore/tests/session/test_a.py",
            "packages/gridcore/tests/session",
        ),
    )
    assert (second.name, second.tests) == ("m", ("tests/test_b.py",))


@pytest.mark.parametrize("row", ['name = "n"', 'name = "n"\nold = ""\nnew = ""\nwhy = ""'])
def test_a_row_with_other_keys_is_refused(row: str) -> None:
    with pytest.raises(BadTable, match="expected the keys name, old, new"):
        breaks.read_table(f'[["session/a.py"]]\n{row}')


def test_a_break_replaces_its_old_text(counter_break: MakeBreak) -> None:
    one = counter_break(old="b", new="x")

    assert one.apply("a b c") == "a x c"


@pytest.mark.parametrize(("source", "times"), [("a c", "0 times"), ("b b", "2 times")])
def test_old_text_that_is_not_there_exactly_once_is_refused(
    counter_break: MakeBreak, source: str, times: str
) -> None:
    with pytest.raises(DoesNotApply, match=times):
        counter_break(old="b", new="x").apply(source)


def test_a_table_with_every_module_and_gate_is_whole(
    tree: Path, counter_break: MakeBreak, gate_break: Break
) -> None:
    assert breaks.table_faults(tree, [counter_break(), gate_break]) == []


def test_a_module_without_a_break_is_found(tree: Path, gate_break: Break) -> None:
    assert breaks.table_faults(tree, [gate_break]) == [
        "session/counter.py: expected at least one deliberate break, it has none"
    ]


def test_a_gate_of_the_chain_without_a_break_is_found(tree: Path, counter_break: MakeBreak) -> None:
    elsewhere = counter_break(
        name="the chain is empty", module="session/gates.py", old="(OddGate(),)", new="()"
    )

    assert breaks.table_faults(tree, [counter_break(), elsewhere]) == [
        "OddGate: expected at least one deliberate break of this gate, it has none"
    ]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"old": "self.seen -= by"}, "expected its old text once"),
        ({"module": "session/gone.py"}, "expected a module session/gone.py"),
        ({"new": "self.seen +="}, "invalid syntax"),
        ({"tests": ()}, "expected the tests that notice it"),
        ({"tests": ("packages/gone.py::test_x",)}, "expected a test at packages/gone.py::test_x"),
        ({"name": "everything is odd"}, "expected one break of this name"),
    ],
)
def test_a_break_that_rots_is_found(
    tree: Path,
    counter_break: MakeBreak,
    gate_break: Break,
    given: dict[str, str | tuple[str, ...]],
    fault: str,
) -> None:
    faults = breaks.table_faults(tree, [counter_break(**given), gate_break])

    assert fault in "\n".join(faults)


def test_gates_are_read_from_the_chain_in_either_spelling() -> None:
    assert breaks.gates_of_chain("CHAIN = (A(), b.C(1))\nOTHER = (D(),)\n") == ["A", "b.C"]
    assert breaks.gates_of_chain("CHAIN: tuple[A] = (A(),)\n") == ["A"]
    assert breaks.gates_of_chain("x = 1\n") == []
