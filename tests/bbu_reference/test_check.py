"""The command: folders in, verdicts and exit codes out."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from bbu_reference.__main__ import main
from bbu_reference.check import check_file
from bbu_reference.vectors import BUNDLED

ROOT = Path(__file__).resolve().parents[2]


def put(folder: Path, name: str, document: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.untraced
def test_nothing_fails_on_the_bundled_vectors(capsys: pytest.CaptureFixture[str]) -> None:
    """What the issue asks to be shown, and that every large rule names an ADR that exists."""
    assert main(["check", "--json"]) == 0

    verdict = json.loads(capsys.readouterr().out)
    assert verdict["passed"]
    assert [file["file"] for file in verdict["files"] if file["owner"]] == []
    decisions = {path.name[:4] for path in (ROOT / "docs" / "adr").iterdir()}
    for file in verdict["files"]:
        for rule in file["rules"].values():
            assert rule["adr"] is None or rule["adr"] in decisions


def test_one_folder_is_judged_and_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(BUNDLED / "client_order_id.json", tmp_path)

    assert main(["check", str(tmp_path)]) == 0

    assert re.search(r"^total .* failed   0 ", capsys.readouterr().out, re.MULTILINE)


def test_one_wrong_case_fails_the_folder(tmp_path: Path) -> None:
    document = json.loads((BUNDLED / "client_order_id.json").read_bytes())
    document["cases"][0]["out"] = "0" * 16
    put(tmp_path, "client_order_id.json", document)

    assert main(["check", str(tmp_path)]) == 3


@pytest.mark.parametrize(
    "document",
    [
        {"header": {"name": "novel", "format": 1, "cases": 0}, "cases": []},
        {"header": {"name": "qty", "format": 1, "cases": 0}, "cases": []},
        {"header": {"name": "qty", "format": 7, "cases": 0}, "cases": []},
        [],
    ],
)
def test_a_file_that_cannot_be_judged_fails(tmp_path: Path, document: Any) -> None:
    """An unknown kind, a header without its instruments, another format, no object."""
    assert not check_file(put(tmp_path, "a.json", document)).passed


def test_a_folder_without_vectors_has_nothing_to_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path)]) == 4
    assert "no vector files" in capsys.readouterr().err


def test_bad_usage_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none")]) == 1
    with pytest.raises(SystemExit) as refused:
        main(["chek"])
    assert refused.value.code == 1
    assert "expected a folder" in capsys.readouterr().err
