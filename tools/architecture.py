"""The rules that one source file can break, as functions from its text to the faults found.

Knows Python's syntax tree. Reads no file: tools/layout.py says which file each rule is for.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache

Rule = Callable[[str], list[str]]

KERNEL_NEVER_IMPORTS = frozenset(
    {
        "asyncio",
        "logging",
        "os",
        "pathlib",
        "random",
        "secrets",
        "socket",
        "threading",
        "time",
        "uuid",
    }
)
PERSISTENCE_MAY_IMPORT = frozenset({"os", "pathlib", "threading"})
CLOCK_READERS = frozenset({"today", "utcnow"})  # and `now`, where it is called
WHOLE_NUMBER_MATH = frozenset({"comb", "factorial", "gcd", "isqrt", "lcm", "perm", "prod"})
NAMEDTUPLE_METHODS = frozenset({"_asdict", "_field_defaults", "_fields", "_make", "_replace"})
# Public in spite of their names: the standard library documents them; pybit hides modules so.
DOCUMENTED = frozenset({"_exit", "_thread", "_http_manager", "_websocket_trading"})
# Exact on Decimals, as they only pick or halve; every other average goes through a float.
EXACT_STATISTICS = frozenset({"median", "median_high", "median_low", "mode", "multimode"})
EXACT_NAMES = {"cmath": frozenset[str](), "math": WHOLE_NUMBER_MATH, "statistics": EXACT_STATISTICS}


@lru_cache(maxsize=1)
def parsed(source: str) -> ast.Module:
    """The syntax tree of a source; one file's rules, judged in turn, share it."""
    return ast.parse(source)


def imported_modules(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yields (line, module, name) of every import; the name is "" for a plain import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, node.module or ".", alias.name


def kernel_imports(source: str, *, own: str = "gridcore", persistence: bool = False) -> list[str]:
    """Finds imports that the kernel must not have: third parties, clocks, chance, input and output.

    `persistence` is the one module that may touch files.
    """
    forbidden = KERNEL_NEVER_IMPORTS - (PERSISTENCE_MAY_IMPORT if persistence else frozenset())
    faults = []
    for line, module, _ in imported_modules(parsed(source)):
        top = module.split(".")[0]
        if top in forbidden:
            faults.append(f"{line}: the kernel never imports {top}")
        elif top != own and top not in sys.stdlib_module_names:
            faults.append(f"{line}: the kernel imports only the standard library, found {module}")
    return faults


def kernel_calls(source: str, *, persistence: bool = False) -> list[str]:
    """Finds calls that open a file or read the clock; also when the function is only handed on."""
    faults = []
    for node in ast.walk(parsed(source)):
        match node:
            case ast.Name(id="open", ctx=ast.Load()) if not persistence:
                faults.append(f"{node.lineno}: the kernel opens no file")
            case ast.Attribute(value=ast.Name(id="io"), attr="open") if not persistence:
                faults.append(f"{node.lineno}: the kernel opens no file")
            case ast.Attribute(attr=reader) if reader in CLOCK_READERS:
                faults.append(f"{node.lineno}: the kernel reads no clock, found {reader}")
            case ast.Attribute(attr="now", value=owner) if _last_name(owner) == "datetime":
                faults.append(f"{node.lineno}: the kernel reads no clock, found datetime.now")
            case ast.Call(func=ast.Attribute(attr="now", value=owner)) if (
                _last_name(owner) != "datetime"
            ):
                faults.append(f"{node.lineno}: the kernel reads no clock, found now()")
    return faults


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
    return ""


def float_literals(source: str) -> list[str]:
    """Finds numbers written as floats; also complex ones, which are made of two."""
    return [
        f"{node.lineno}: float literal {node.value!r}"
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
    ]


def floats(source: str) -> list[str]:
    """Finds every way in which a float is written down, called for, or used as a type.

    `isinstance(x, float)` stays possible: a refusal must be able to name what it refuses.
    """
    tree = parsed(source)
    tests = [
        n for n in ast.walk(tree) if isinstance(n, ast.Call) and _last_name(n.func) == "isinstance"
    ]
    refused = {
        id(name) for test in tests for argument in test.args[1:] for name in ast.walk(argument)
    }
    faults = float_literals(source)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="float" | "complex" as name) if id(node) not in refused:
                faults.append(f"{node.lineno}: the name {name}")
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (
                module in EXACT_NAMES and name not in EXACT_NAMES[module]
            ):
                faults.append(f"{node.lineno}: {module}.{name} makes or takes floats")
    for line, module, name in imported_modules(tree):
        if name and module in EXACT_NAMES and name not in EXACT_NAMES[module]:
            faults.append(f"{line}: {module}.{name} makes or takes floats")
    return faults


def private_access(source: str) -> list[str]:
    """Finds the use of another module's private names, by attribute or by import.

    What a module itself defines it may use on any object, as `other._ticks` in `__eq__`.
    """
    tree = parsed(source)
    own = _own_private_names(tree)
    faults = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and _is_private(node.attr)
            and node.attr not in own | NAMEDTUPLE_METHODS | DOCUMENTED
            and _last_name(node.value) not in {"self", "cls"}
        ):
            faults.append(f"{node.lineno}: private {ast.unparse(node)}")
    for line, module, name in imported_modules(tree):
        words = [*module.split("."), name]
        if any(_is_private(word) and word not in DOCUMENTED for word in words):
            faults.append(f"{line}: private import {module} {name}")
    return faults


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name != "_"


def _own_private_names(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                names.add(name)
    return {name for name in names if _is_private(name)}


def mocks(source: str) -> list[str]:
    """Finds mocks: a fake at a port is a class that somebody wrote."""
    return [
        f"{line}: {module} {name}: write a fake at the port"
        for line, module, name in imported_modules(parsed(source))
        if "mock" in f"{module}.{name}".split(".") or module == "pytest_mock"
    ]


def imports_of(source: str, module: str) -> list[str]:
    """Finds imports of one module, by either spelling."""
    parent, _, child = module.rpartition(".")
    return [
        f"{line}: imports {module}"
        for line, found, name in imported_modules(parsed(source))
        if found == module or (found, name) == (parent, child)
    ]
