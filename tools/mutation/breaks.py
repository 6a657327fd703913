"""A deliberate break: one mistake with a name, where it is made, and which tests must notice.

Knows how the table of breaks is read, and when it is whole. The table itself is breaks.toml.
"""

import ast
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KERNEL = Path("packages/gridcore/src/gridcore")
SESSION = "session"
TESTS = Path("packages/gridcore/tests")
SESSION_TESTS = (TESTS / SESSION).as_posix()
TABLE = Path(__file__).with_name("breaks.toml")
GATES = f"{SESSION}/gates.py"
CHAIN = "CHAIN"


class BadTable(Exception):
    """The table of breaks cannot be read."""


class DoesNotApply(Exception):
    """The code is not what the break was written for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One mistake: in `module`, relative to gridcore's sources, `old` becomes `new`.

    `tests` are paths or node ids relative to the root, run in this order; one test must fail.
    """

    name: str
    module: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The module's file, relative to the root."""
        return KERNEL / self.module

    def apply(self, source: str) -> str:
        """The module's text with the mistake in it. Raises DoesNotApply."""
        found = source.count(self.old)
        if found != 1:
            raise DoesNotApply(
                f"{self.name}: expected its old text once in {self.module}, found it {found} times"
            )
        return source.replace(self.old, self.new)


def own_tests(module: str) -> str:
    """Where the tests of a module lie, relative to the root."""
    path = TESTS / module
    return path.with_name(f"test_{path.name}").as_posix()


def read_table(text: str) -> list[Break]:
    """The breaks of a TOML document: for each module a list of tables, in this order.

    Keys are `name`, `old`, `new`, and `tests` where others notice than the module's own and the
    session's. Raises BadTable.
    """
    document: dict[str, list[dict[str, Any]]] = tomllib.loads(text)
    return [_row(module, row) for module, rows in document.items() for row in rows]


def _row(module: str, row: dict[str, Any]) -> Break:
    keys = {"name", "old", "new"}
    if set(row) - {"tests"} != keys:
        raise BadTable(f"{module}: expected the keys name, old, new, found {', '.join(row)}")
    tests = tuple(row.get("tests", [own_tests(module), SESSION_TESTS]))
    return Break(name=row["name"], module=module, old=row["old"], new=row["new"], tests=tests)


def table_faults(root: Path, breaks: Sequence[Break]) -> list[str]:
    """Finds breaks that no longer apply, and modules and gates of the session without one."""
    faults = [f"{name}: expected one break of this name" for name in _repeated(breaks)]
    broken_modules: set[str] = set()
    broken_classes: set[str] = set()
    for one in breaks:
        faults += _test_faults(root, one)
        file = root / one.path
        if not file.is_file():
            faults.append(f"{one.name}: expected a module {one.module}, it is not there")
            continue
        source = file.read_text(encoding="utf-8")
        try:
            ast.parse(one.apply(source))
        except (DoesNotApply, SyntaxError) as fault:
            faults.append(str(fault) if isinstance(fault, DoesNotApply) else f"{one.name}: {fault}")
            continue
        broken_modules.add(one.module)
        broken_classes.update(_class_around(source, source.index(one.old)))
    faults += [
        f"{module}: expected at least one deliberate break, it has none"
        for module in session_modules(root)
        if module not in broken_modules
    ]
    faults += [
        f"{gate}: expected at least one deliberate break of this gate, it has none"
        for gate in gates_of_chain((root / KERNEL / GATES).read_text(encoding="utf-8"))
        if gate not in broken_classes
    ]
    return faults


def session_modules(root: Path) -> list[str]:
    """The modules of the session, relative to gridcore's sources."""
    folder = root / KERNEL / SESSION
    files = sorted(p for p in folder.rglob("*.py") if p.name != "__init__.py")
    return [p.relative_to(root / KERNEL).as_posix() for p in files]


def gates_of_chain(source: str) -> list[str]:
    """The classes of the gates in CHAIN, in its order."""
    for node in ast.parse(source).body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Tuple(elts=gates)):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Tuple(elts=gates)):
                pass
            case _:
                continue
        if name == CHAIN:
            return [ast.unparse(g.func) for g in gates if isinstance(g, ast.Call)]
    return []


def _repeated(breaks: Sequence[Break]) -> list[str]:
    names = [one.name for one in breaks]
    return sorted({name for name in names if names.count(name) > 1})


def _test_faults(root: Path, one: Break) -> Iterator[str]:
    if not one.tests:
        yield f"{one.name}: expected the tests that notice it, found none"
    for test in one.tests:
        if not (root / test.split("::")[0]).exists():
            yield f"{one.name}: expected a test at {test}, it is not there"


def _class_around(source: str, position: int) -> list[str]:
    line = source.count("\n", 0, position) + 1
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.lineno <= line <= (node.end_lineno or line)
    ]
