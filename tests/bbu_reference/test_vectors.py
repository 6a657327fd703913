"""Reading vector files, and refusing what is none."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bbu_reference.vectors import BUNDLED, UnreadableVectors, read_vectors, vector_files

GOOD: dict[str, Any] = {"header": {"name": "qty", "format": 1, "cases": 0}, "cases": []}


def test_the_bundled_vectors_are_complete() -> None:
    assert [path.name for path in vector_files(BUNDLED)] == [
        "client_order_id.json",
        "comparator.json",
        "engine_trace.json.gz",
        "grid_build.json",
        "grid_update.json",
        "normalizer.json",
        "pnl.json",
        "qty.json",
        "risk_multipliers.json.gz",
    ]


def test_a_file_is_read_plain_or_packed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(GOOD), encoding="utf-8")
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(json.dumps(GOOD).encode()))
    (tmp_path / "README.md").write_text("none of ours", encoding="utf-8")

    assert [read_vectors(path) for path in vector_files(tmp_path)] == [GOOD, GOOD]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "expected JSON"),
        ("[]", "expected an object"),
        ("{}", "header and cases"),
        ('{"header": {}, "cases": {}}', "header and cases"),
        (json.dumps({**GOOD, "header": {"format": 2, "cases": 0}}), "expected format 1, found 2"),
        (json.dumps({**GOOD, "cases": [1]}), "expected 0 cases, found 1"),
    ],
)
def test_what_is_no_vector_file_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(UnreadableVectors, match=complaint):
        read_vectors(path)


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b"{}")[:-9])

    with pytest.raises(UnreadableVectors, match="expected JSON"):
        read_vectors(path)
