"""What `comparator demo` refuses; tests/integration/test_closed_loop.py runs it."""

from pathlib import Path

import pytest

from comparator.cli import entry


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--minutes", "0"], "--minutes: expected 1 to 240, found 0"),
        (["--minutes", "241"], "--minutes: expected 1 to 240, found 241"),
        (["--seed", "-1"], "--seed: expected 0 or more, found -1"),
    ],
)
def test_numbers_that_make_no_mission_are_refused(
    options: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = entry(["demo", "--out", str(tmp_path / "out"), *options])

    assert code == 1
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
