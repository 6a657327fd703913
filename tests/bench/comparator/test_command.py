"""The command line of the comparison's measurement."""

import pytest

from bench.comparator.command import build_parser, entry


def test_without_options_a_million_fills_are_compared() -> None:
    chosen = build_parser().parse_args([])

    assert (chosen.fills, chosen.seed) == (1_000_000, 1)


@pytest.mark.parametrize("fills", ["0", "-1", "many"])
def test_bad_usage_is_refused_with_what_was_expected(
    fills: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry([f"--fills={fills}"]) == 1
    assert "expected a whole number of at least 1" in capsys.readouterr().err


def test_seconds_and_memory_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    code = entry(["--fills", "3000", "--seed", "7"])

    out = capsys.readouterr().out
    assert code == 0
    assert "s in all, less than 30: met" in out
    assert "GiB, less than 2: met" in out
