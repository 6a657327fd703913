"""Small mistakes that could be made in a module: one operator, constant or statement each.

Knows Python's syntax tree and which places say nothing about behaviour. Runs nothing.
"""

import ast
import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class MutantKind(StrEnum):
    """What is done to the code."""

    COMPARISON = "comparison"
    ARITHMETIC = "arithmetic"
    LOGIC = "logic"
    CONSTANT = "constant"
    REMOVED = "removed statement"


COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
}
# What these are given never reaches a decision.
NO_BEHAVIOUR = frozenset({"assert_never", "cast", "isinstance", "NewType", "TypeVar"})
TEXT_FUNCTIONS = frozenset({"__repr__", "__str__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One mistake: the bytes from `start` to `end` of a module become `after`.

    `context` is the line that it is made in. `identity` names it by module, function and content,
    so that it stays while lines move.
    """

    module: str
    function: str
    line: int
    kind: MutantKind
    start: int
    end: int
    before: str
    after: str
    context: str
    identity: str = ""

    def apply(self, source: str) -> str:
        """The module's text with the mistake in it."""
        content = source.encode()
        assert content[self.start : self.end].decode() == self.before, "another text than searched"
        return (content[: self.start] + self.after.encode() + content[self.end :]).decode()

    @property
    def change(self) -> str:
        """The mistake in one line."""
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        if self.kind is MutantKind.REMOVED:
            return f"removed: {before}"
        if self.kind is MutantKind.CONSTANT:
            return f"{before} -> {after} in: {self.context}"
        return f"{before} -> {after}"


def candidates(module: str, source: str) -> list[Mutant]:
    """All mistakes that can be made in a module, in the order of the text."""
    finder = _Finder(module, source)
    finder.visit(ast.parse(source))
    found = sorted(finder.found, key=lambda one: (one.start, one.end, one.kind, one.after))
    return _named(found)


def draw(found: Iterable[Mutant], count: int, seed: int) -> list[Mutant]:
    """Draws without preference; the same code, count and seed give the same mutants."""
    ordered = sorted(found, key=lambda one: (one.module, one.start, one.end, one.kind, one.after))
    return random.Random(seed).sample(ordered, min(count, len(ordered)))


def _named(found: Sequence[Mutant]) -> list[Mutant]:
    """Gives each its identity; equal ones in one function are counted."""
    seen: dict[str, int] = {}
    named = []
    for one in found:
        place = f"{one.module}:{one.function}"
        content = "\0".join((place, one.context, one.kind, one.before, one.after))
        nth = seen[content] = seen.get(content, 0) + 1
        digest = hashlib.sha256(f"{content}\0{nth}".encode()).hexdigest()[:8]
        named.append(replace(one, identity=f"{place}:{digest}"))
    return named


class _Finder(ast.NodeVisitor):
    """Walks a module and notes every mistake that can be made there."""

    def __init__(self, module: str, source: str) -> None:
        self.found: list[Mutant] = []
        self._module = module
        self._content = source.encode()
        self._names: list[str] = []
        self._functions: list[ast.FunctionDef] = []
        self._line_starts = [0]
        for line in self._content.splitlines(keepends=True):
            self._line_starts.append(self._line_starts[-1] + len(line))

    def _note(self, node: ast.expr | ast.stmt, kind: MutantKind, after: str) -> None:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        line_start, line_end = self._line_starts[node.lineno - 1 : node.lineno + 1]
        start = line_start + node.col_offset
        end = self._line_starts[node.end_lineno - 1] + node.end_col_offset
        self.found.append(
            Mutant(
                module=self._module,
                function=".".join(self._names) or "module",
                line=node.lineno,
                kind=kind,
                start=start,
                end=end,
                before=self._content[start:end].decode(),
                after=after,
                context=self._content[line_start:line_end].decode().strip(),
            )
        )

    def _note_expression(self, node: ast.expr, kind: MutantKind, after: ast.expr) -> None:
        # Brackets keep what stands around the expression from binding tighter than it did.
        self._note(node, kind, f"({ast.unparse(after)})")

    def _note_removal(self, node: ast.stmt) -> None:
        if self._functions:
            self._note(node, MutantKind.REMOVED, "pass")

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Values of enums are names."""
        if any(ast.unparse(base).endswith(("Enum", "Flag")) for base in node.bases):
            body: list[ast.stmt] = [n for n in node.body if isinstance(n, ast.FunctionDef)]
        else:
            body = node.body
        self._names.append(node.name)
        for statement in body:
            self.visit(statement)
        self._names.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Defaults and body; not decorators, annotations, or what is only for reading."""
        if node.name in TEXT_FUNCTIONS:
            return
        self._names.append(node.name)
        self._functions.append(node)
        defaults = [*node.args.defaults, *(one for one in node.args.kw_defaults if one)]
        for part in (*defaults, *node.body):
            self.visit(part)
        self._functions.pop()
        self._names.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """The value only."""
        if node.value is not None:
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        """What a constructor sets must be set, or its first reader fails: that shows nothing."""
        if any(
            isinstance(target, ast.Name) and target.id == "__slots__" for target in node.targets
        ):
            return
        stores = all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
        if stores and self._names[-1:] != ["__init__"]:
            self._note_removal(node)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Removed, or the other way round."""
        self._note_removal(node)
        swapped = ARITHMETIC.get(type(node.op))
        if swapped is not None:
            after = ast.AugAssign(target=node.target, op=swapped(), value=node.value)
            self._note(node, MutantKind.ARITHMETIC, ast.unparse(after))
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        """A call for its effect; texts that document are none."""
        if isinstance(node.value, ast.Constant):
            return
        if not (isinstance(node.value, ast.Call) and _called(node.value) in NO_BEHAVIOUR):
            self._note_removal(node)
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        """An early return; the last one of a function is its value."""
        if self._functions and node is not self._functions[-1].body[-1]:
            self._note_removal(node)
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Its text is for reading."""
        self._note_removal(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        """Removed."""
        self._note_removal(node)

    def visit_Break(self, node: ast.Break) -> None:
        """Removed."""
        self._note_removal(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        """Removed, unless it only forgets a name."""
        if not all(isinstance(target, ast.Name) for target in node.targets):
            self._note_removal(node)
        self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        """Never false in right code, so a weaker one cannot be told from it."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Texts are for reading."""

    def visit_Call(self, node: ast.Call) -> None:
        """Arguments too, unless they are types."""
        if _called(node) not in NO_BEHAVIOUR:
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Each comparison of the row for itself."""
        for at, operator in enumerate(node.ops):
            operators = [*node.ops[:at], COMPARISONS[type(operator)](), *node.ops[at + 1 :]]
            after = ast.Compare(left=node.left, ops=operators, comparators=node.comparators)
            self._note_expression(node, MutantKind.COMPARISON, after)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """`and` for `or`."""
        operator = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._note_expression(node, MutantKind.LOGIC, ast.BoolOp(op=operator, values=node.values))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """`not` left out."""
        if isinstance(node.op, ast.Not):
            self._note_expression(node, MutantKind.LOGIC, node.operand)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Plus for minus, times for divided by."""
        swapped = ARITHMETIC.get(type(node.op))
        if swapped is not None:
            after = ast.BinOp(left=node.left, op=swapped(), right=node.right)
            self._note_expression(node, MutantKind.ARITHMETIC, after)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """One more."""
        if type(node.value) is int:
            self._note(node, MutantKind.CONSTANT, str(node.value + 1))


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
