"""The bench's command line."""

import pytest

from bench.command import build_parser, entry


def test_without_options_every_job_is_chosen() -> None:
    chosen = build_parser().parse_args([])

    assert (chosen.only, chosen.quick, chosen.repeat) == ("abcde", False, 7)


def test_jobs_are_chosen_by_their_letters() -> None:
    assert build_parser().parse_args(["--only", "a, c"]).only == "ac"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--only", "f"], "letters of a,b,c,d,e"),
        (["--only", ""], "letters of a,b,c,d,e"),
        (["--repeat", "0"], "a whole number above 0"),
        (["--repeat", "-3"], "a whole number above 0"),
        (["--repet", "3"], "did you mean --repeat?"),
    ],
)
def test_bad_usage_is_refused_with_what_was_expected(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(arguments) == 1
    assert expected in capsys.readouterr().err
