"""Runs our side against vector files: which module judges which kind, and the verdict on all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bbu_reference import (
    client_order_id,
    comparator,
    engine_trace,
    grid_build,
    grid_update,
    normalizer,
    pnl,
    qty,
    risk_multipliers,
)
from bbu_reference.framework import FileReport
from bbu_reference.vectors import UnreadableVectors, read_vectors, vector_files

CHECKERS: dict[str, Callable[[dict[str, Any], FileReport], None]] = {
    "client_order_id": client_order_id.check,
    "comparator": comparator.check,
    "engine_trace": engine_trace.check,
    "grid_build": grid_build.check,
    "grid_update": grid_update.check,
    "normalizer": normalizer.check,
    "pnl": pnl.check,
    "qty": qty.check,
    "risk_multipliers": risk_multipliers.check,
}
OWNERS: dict[str, str] = {}
"""Kinds that a later issue brings the subject of."""


def check_folder(folder: Path) -> list[FileReport]:
    """Judge every vector file of a folder."""
    return [check_file(path) for path in vector_files(folder)]


def check_file(path: Path) -> FileReport:
    """Judge one vector file; what cannot be read, or is of an unknown kind, failed."""
    report = FileReport(name="unknown", file=path.name)
    try:
        document = read_vectors(path)
    except UnreadableVectors as error:
        report.fail("file", path.name, str(error))
        return report
    report.name = str(document["header"].get("name"))
    if report.name in OWNERS:
        report.owner = OWNERS[report.name]
        for case in document["cases"]:
            report.tally(str(case.get("s", "unknown"))).owned += 1
        return report
    checker = CHECKERS.get(report.name)
    if checker is None:
        known = ", ".join(sorted([*CHECKERS, *OWNERS]))
        report.fail("file", path.name, f"expected one of {known}, found {report.name!r}")
        return report
    try:
        checker(document, report)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        report.fail("file", path.name, f"header: {type(error).__name__}: {error}")
    return report
