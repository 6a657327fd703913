"""Each package is judged alone, against its own gate."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools import coverage_gate


def report(**covered_of_100: int) -> dict[str, Any]:
    files = {
        f"packages/{package}/src/{package}/x.py": {
            "summary": {"num_statements": 100, "covered_lines": covered}
        }
        for package, covered in covered_of_100.items()
    }
    return {"files": files}


@pytest.mark.parametrize(
    ("package", "covered", "passes"),
    [
        ("gridcore", 95, True),
        ("gridcore", 94, False),
        ("tapes", 85, True),
        ("tapes", 84, False),
    ],
)
def test_the_kernel_has_the_higher_gate(package: str, covered: int, passes: bool) -> None:
    rows = coverage_gate.measure(report(**{package: covered}), [package])

    assert [row.passes for row in rows] == [passes]


def test_a_good_package_does_not_hide_a_thin_one() -> None:
    rows = coverage_gate.measure(report(gridcore=100, tapes=10), ["gridcore", "tapes"])

    assert [row.passes for row in rows] == [True, False]
    assert coverage_gate.table(rows).splitlines()[-1].endswith("TOO LOW")


def test_shares_are_compared_without_rounding() -> None:
    row = coverage_gate.PackageCoverage(package="gridcore", lines=100_000, covered=94_999)

    assert not row.passes


def test_a_package_without_lines_leaves_nothing_uncovered() -> None:
    assert coverage_gate.PackageCoverage(package="tapes", lines=0, covered=0).passes


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("packages/gridcore/src/gridcore/session/gates.py", "gridcore"),
        ("apps/backtest/src/backtest/main.py", "backtest"),
        ("shared/db/src/grid_db/tables.py", "grid_db"),
        ("bbu_reference/check.py", "bbu_reference"),
    ],
)
def test_a_file_belongs_to_the_package_it_lies_in(path: str, package: str) -> None:
    assert coverage_gate.package_of(path) == package


@pytest.mark.parametrize(("covered", "code"), [(95, 0), (94, 3)])
def test_the_verdict_is_the_exit_code(
    workspace: Path, capsys: pytest.CaptureFixture[str], covered: int, code: int
) -> None:
    file = workspace / "coverage.json"
    kernel = report(gridcore=covered)["files"].popitem()[1]
    files = {
        "packages/kernel/src/kernel/x.py": kernel,
        "packages/gridcore/src/gridcore/x.py": kernel,
    }
    file.write_text(json.dumps({"files": files}), encoding="utf-8")
    (workspace / "packages/gridcore/src/gridcore").mkdir(parents=True)
    (workspace / "packages/gridcore/pyproject.toml").touch()
    (workspace / "packages/gridcore/src/gridcore/__init__.py").touch()

    assert coverage_gate.entry([str(file)], workspace) == code
    assert "gridcore" in capsys.readouterr().out


def test_a_member_that_was_not_measured_is_refused(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = workspace / "coverage.json"
    file.write_text(json.dumps({"files": {}}), encoding="utf-8")

    assert coverage_gate.entry([str(file)], workspace) == 1
    assert "expected package 'kernel' in the report" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["missing.json"], ["a", "b"]])
def test_a_report_that_is_not_there_is_refused_with_the_way_to_one(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert coverage_gate.entry(arguments) == 1
    assert "make test" in capsys.readouterr().err
