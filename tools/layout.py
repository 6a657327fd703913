"""The rules about the tree: which files there are, what they are called, how long they may be.

Knows where things belong, and which rule of tools/architecture.py is for which file.
"""

import re
import subprocess
import tomllib
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tools import architecture, pins
from tools.architecture import Rule

LONGEST_SOURCE = 400
WITHOUT_TEST = frozenset({"__init__.py", "__main__.py"})
# Packages in the root: their sources lie flat, their tests beside the others.
ROOT_PACKAGES = ("bbu_reference", "tools")
# One letter of each stands in brackets, so that this file does not name what it forbids.
REGISTRY_HOSTS = re.compile(
    r"py[p]i\.org|python[h]osted\.org|registry\.npm[j]s|deb\.debi[a]n\.org"
    r"|anacond[a]\.org|proxy\.golan[g]\.org|crates\.i[o]"
)
MACHINE_PATHS = re.compile(
    r"(?<![\w.$})])/(?:(?:wor[k]|far[m])/(?:main|shared|steering|in|\.library)\b|roo[t]/\.|hom[e]/\w)"
)


def tracked_files(root: Path) -> list[Path]:
    """Lists the files that git keeps or would keep, relative to the root and sorted."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    run = subprocess.run(command, cwd=root, check=True, capture_output=True)
    names = {name for name in run.stdout.decode().split("\0") if name}
    return sorted(Path(name) for name in names if (root / name).is_file())


def is_test_file(path: Path) -> bool:
    """Tells sources from tests by the folder they lie in."""
    return "tests" in path.parts[:-1]


def sources(files: Iterable[Path]) -> list[Path]:
    """Picks the Python files that are not tests."""
    return [path for path in files if path.suffix == ".py" and not is_test_file(path)]


def expected_test(source: Path) -> list[Path]:
    """Names where a source module's test may lie; nothing for a script of no package.

    `packages/X/src/X/a/b.py` is tested in `packages/X/tests/a/test_b.py`.
    """
    name = f"test_{source.stem.lstrip('_')}.py"
    if "src" in source.parts:
        at = source.parts.index("src")
        inner = Path(*source.parts[at + 2 : -1])
        return [Path(*source.parts[:at]) / "tests" / inner / name]
    package = source.parts[0]
    if package not in ROOT_PACKAGES:
        return []
    inner = Path(*source.parts[1:-1])
    return [Path("tests") / package / inner / name, Path(package) / "tests" / inner / name]


def without_test_file(files: Sequence[Path]) -> list[str]:
    """Finds source modules that nobody tests under their own name."""
    present = set(files)
    faults = []
    for source in sources(files):
        places = expected_test(source)
        if source.name not in WITHOUT_TEST and places and not present.intersection(places):
            faults.append(f"{source}: expected its test in {' or '.join(map(str, places))}")
    return faults


def never_collected(files: Sequence[Path], testpaths: Sequence[str]) -> list[str]:
    """Finds tests that one pytest run at the root would pass by (LS-91)."""
    roots = set(testpaths)
    faults = []
    for path in files:
        if path.suffix != ".py":
            continue
        looks_like_test = path.name.startswith("test_") or path.name.endswith("_test.py")
        if looks_like_test and (path.parts[0] not in roots or not is_test_file(path)):
            faults.append(f"{path}: lies in no folder that pytest collects")
        if is_test_file(path) and path.name.endswith("_test.py"):
            faults.append(f"{path}: call it test_*.py")
    return faults


def incomplete_members(root: Path) -> list[str]:
    """Finds members without sources or without tests."""
    faults = []
    for member in pins.member_folders(root):
        name = member.relative_to(root)
        if not list(member.glob("src/*/__init__.py")):
            faults.append(f"{name}: expected src/<package>/__init__.py")
        if not list(member.glob("src/*/py.typed")):
            faults.append(f"{name}: expected src/<package>/py.typed")
        if not list(member.glob("tests/**/test_*.py")):
            faults.append(f"{name}: expected tests/ with at least one test file")
    return faults


def too_long(root: Path, files: Sequence[Path]) -> list[str]:
    """Finds source modules that hold more than one noun."""
    lengths = {path: len((root / path).read_bytes().splitlines()) for path in sources(files)}
    return [
        f"{path}: {length} lines, at most {LONGEST_SOURCE}"
        for path, length in lengths.items()
        if length > LONGEST_SOURCE
    ]


def named_places(text: str) -> list[str]:
    """Finds a package registry's host or a path of one machine in a text."""
    return [
        f"{number}: names a place of one machine or a registry: {found[0]}"
        for number, line in enumerate(text.splitlines(), start=1)
        for found in [REGISTRY_HOSTS.search(line) or MACHINE_PATHS.search(line)]
        if found
    ]


def rules_for(path: Path) -> list[Rule]:
    """Picks the rules that a file must keep, by where it lies."""
    if path.suffix != ".py":
        return []
    rules: list[Rule] = [architecture.private_access]
    if is_test_file(path):
        return [*rules, architecture.mocks]
    if path.is_relative_to("packages/gridcore/src"):
        persistence = path.name == "persistence.py"
        rules += [
            partial(architecture.kernel_imports, persistence=persistence),
            partial(architecture.kernel_calls, persistence=persistence),
            partial(architecture.imports_of, module="gridcore.persistence"),
            architecture.floats,
        ]
    if path.is_relative_to("packages/simvenue/src"):
        rules.append(architecture.float_literals)
    return rules


def rule_faults(root: Path, files: Sequence[Path]) -> list[str]:
    """Applies to every file the rules that are for it."""
    faults = []
    for path in files:
        rules = rules_for(path)
        source = (root / path).read_text(encoding="utf-8") if rules else ""
        faults += [f"{path}:{fault}" for rule in rules for fault in rule(source)]
    return faults


def place_faults(root: Path, files: Sequence[Path]) -> list[str]:
    """Looks for named places in every file that is text."""
    faults = []
    for path in files:
        content = (root / path).read_bytes()
        if b"\0" not in content:
            text = content.decode("utf-8", errors="replace")
            faults += [f"{path}:{fault}" for fault in named_places(text)]
    return faults


def forgotten_members(root: Path) -> list[str]:
    """Finds members that a tool's list in pyproject.toml leaves out."""
    document = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    tool: dict[str, Any] = document["tool"]
    lists: dict[str, list[str]] = {
        "tool.mypy mypy_path": tool["mypy"]["mypy_path"],
        "tool.mypy files": tool["mypy"]["files"],
        "tool.coverage.run source": tool["coverage"]["run"]["source"],
        "tool.importlinter root_packages": tool["importlinter"]["root_packages"],
        "the layers of tool.importlinter": [
            name.strip()
            for contract in tool["importlinter"]["contracts"]
            for layer in contract.get("layers", [])
            for name in layer.split("|")
        ],
    }
    faults = []
    for package in (p for m in pins.member_folders(root) for p in sorted(m.glob("src/*"))):
        if not (package / "__init__.py").exists():
            continue
        folder = package.relative_to(root).parent
        wanted = {
            "tool.mypy mypy_path": f"$MYPY_CONFIG_FILE_DIR/{folder}",
            "tool.mypy files": folder.parts[0],
            "tool.coverage.run source": str(folder),
            "tool.importlinter root_packages": package.name,
            "the layers of tool.importlinter": package.name,
        }
        faults += [
            f"{key}: expected {value}, it is not in the list"
            for key, value in wanted.items()
            if value not in lists[key]
        ]
    return faults


def untyped_folders(files: Sequence[Path], checked: Sequence[str]) -> list[str]:
    """Finds files and folders of the root whose Python mypy is not told to read."""
    tops = {path.parts[0] for path in files if path.suffix == ".py"}
    return [
        f"tool.mypy files: expected {top}, it is not in the list"
        for top in sorted(tops - set(checked))
    ]
