"""Judges a coverage report package by package; an average over all would hide a thin one."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import pins

ROOT = Path(__file__).resolve().parent.parent
GATES_PCT = {"gridcore": 95.0}
OTHER_GATE_PCT = 85.0
APART_FROM_MEMBERS = ("bbu_reference", "tools")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCoverage:
    """Lines of one package that tests can reach, and those that they did reach."""

    package: str
    lines: int
    covered: int

    @property
    def covered_pct(self) -> float:
        """The share in percent; a package without lines leaves nothing uncovered."""
        return 100.0 * self.covered / self.lines if self.lines else 100.0

    @property
    def gate_pct(self) -> float:
        """The share that this package must reach."""
        return GATES_PCT.get(self.package, OTHER_GATE_PCT)

    @property
    def passes(self) -> bool:
        """Compares without rounding, so that 94.999 % is not 95 %."""
        return self.covered_pct >= self.gate_pct


def package_of(path: str) -> str:
    """Names the package of a source file: the folder after `src`, else the first folder."""
    parts = Path(path).parts
    return parts[parts.index("src") + 1] if "src" in parts else parts[0]


def measure(report: Mapping[str, Any], packages: Sequence[str]) -> list[PackageCoverage]:
    """Sums a coverage JSON report over each package, in the order given.

    Raises KeyError with the package's name when the report has no file of it.
    """
    lines: dict[str, int] = {}
    covered: dict[str, int] = {}
    for path, file in report["files"].items():
        package = package_of(path)
        lines[package] = lines.get(package, 0) + file["summary"]["num_statements"]
        covered[package] = covered.get(package, 0) + file["summary"]["covered_lines"]
    return [PackageCoverage(package=p, lines=lines[p], covered=covered[p]) for p in packages]


def expected_packages(root: Path) -> list[str]:
    """Lists the members' packages, and those in the root that carry code of their own."""
    folders = [package for member in pins.member_folders(root) for package in member.glob("src/*")]
    folders += [root / name for name in APART_FROM_MEMBERS]
    return sorted(folder.name for folder in folders if (folder / "__init__.py").exists())


def table(rows: Sequence[PackageCoverage]) -> str:
    """Writes one line per package."""
    head = f"{'package':<16}{'lines':>8}{'covered':>10}{'gate':>8}"
    body = [
        f"{row.package:<16}{row.lines:>8}{row.covered_pct:>8.1f} %{row.gate_pct:>6.0f} %"
        f"{'' if row.passes else '  TOO LOW'}"
        for row in rows
    ]
    return "\n".join([head, *body])


def entry(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Prints the table; 0 every gate passed, 1 unusable report, 3 a package lies below its gate."""
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        print(
            "expected the path of a coverage JSON report, "
            f"found {' '.join(arguments) or 'nothing'}: run `make test`, which writes it",
            file=sys.stderr,
        )
        return 1
    report = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    try:
        rows = measure(report, expected_packages(root))
    except KeyError as missing:
        print(
            f"expected package {missing} in the report, found no file of it: "
            "name its folder in [tool.coverage.run] source of pyproject.toml",
            file=sys.stderr,
        )
        return 1
    print(table(rows))
    return 0 if all(row.passes for row in rows) else 3


if __name__ == "__main__":
    sys.exit(entry(sys.argv[1:]))
