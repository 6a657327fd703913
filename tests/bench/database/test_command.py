"""The command line of the database's measurements."""

from pathlib import Path

import pytest

from bench.database.command import build_parser, entry, server


def test_without_options_both_dialects_are_measured() -> None:
    chosen = build_parser().parse_args([])

    assert (chosen.rows, chosen.naive_rows, chosen.rounds, chosen.only) == (
        100_000,
        10_000,
        3,
        None,
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--rows", "0"], "a whole number of at least 1"),
        (["--naive-rows", "9"], "at least 10"),
        (["--only", "sqlit"], "did you mean sqlite"),
    ],
)
def test_bad_usage_is_refused_with_what_was_expected(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(arguments) == 1
    assert expected in capsys.readouterr().err


def test_one_dialect_is_measured_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    code = entry(["--only", "sqlite", "--rows", "500", "--naive-rows", "50", "--rounds", "1"])

    out = capsys.readouterr().out
    assert code in (0, 3)
    assert (code == 0) == ("met" in out)
    assert "naive ORM insert" in out
    assert "postgresql" not in out


def test_the_file_of_sqlite_is_in_a_folder_that_goes() -> None:
    with server("sqlite") as url:
        folder = Path(url.removeprefix("sqlite:///")).parent
        assert folder.is_dir()

    assert not folder.exists()
