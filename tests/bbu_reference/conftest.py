"""Small selections of the bundled vectors, and the way to judge and to corrupt them."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from bbu_reference.check import CHECKERS
from bbu_reference.framework import FileReport
from bbu_reference.vectors import BUNDLED, read_vectors

FILES = {
    name: BUNDLED / f"{name}.json{suffix}"
    for name, suffix in (
        ("client_order_id", ""),
        ("comparator", ""),
        ("engine_trace", ".gz"),
        ("grid_build", ""),
        ("grid_update", ""),
        ("normalizer", ""),
        ("pnl", ""),
        ("qty", ""),
        ("risk_multipliers", ".gz"),
    )
}
_READ: dict[str, dict[str, Any]] = {}


def _stratum(case: Any) -> str:
    return str(case["s"] if isinstance(case, dict) else case[1])


@pytest.fixture
def sample() -> Callable[..., dict[str, Any]]:
    """A document with the first cases of every stratum, or of one."""

    def take(name: str, each: int = 2, stratum: str | None = None) -> dict[str, Any]:
        if name not in _READ:
            _READ[name] = read_vectors(FILES[name])
        document = _READ[name]
        taken: dict[str, list[Any]] = {}
        for case in document["cases"]:
            chosen = taken.setdefault(_stratum(case), [])
            if len(chosen) < each and stratum in (None, _stratum(case)):
                chosen.append(case)
        cases = [case for chosen in taken.values() for case in chosen]
        return copy.deepcopy({"header": document["header"], "cases": cases})

    return take


@pytest.fixture
def judge() -> Callable[[str, dict[str, Any]], FileReport]:
    """The report on a document."""

    def run(name: str, document: dict[str, Any]) -> FileReport:
        report = FileReport(name=name, file=f"{name}.json")
        CHECKERS[name](document, report)
        return report

    return run


@pytest.fixture
def survivors(
    judge: Callable[[str, dict[str, Any]], FileReport],
) -> Callable[[str, dict[str, Any], Callable[[Any], bool]], list[str]]:
    """Cases whose corruption nobody noticed; `corrupt` says whether it changed the case."""

    def corrupt_each(
        name: str, document: dict[str, Any], corrupt: Callable[[Any], bool]
    ) -> list[str]:
        header = {
            key: value
            for key, value in document["header"].items()
            if key not in ("prefix_cases", "config_validation", "restore_grid_cases")
        }
        unnoticed = []
        corrupted = 0
        for case in document["cases"]:
            changed = copy.deepcopy(case)
            if not corrupt(changed):
                continue
            corrupted += 1
            if judge(name, {"header": header, "cases": [changed]}).passed:
                unnoticed.append(str(case["id"] if isinstance(case, dict) else case[0]))
        assert corrupted, "nothing was corrupted"
        return unnoticed

    return corrupt_each
