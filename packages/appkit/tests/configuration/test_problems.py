from pathlib import Path

import pytest

from appkit.configuration.problems import ConfigurationRefused, KeyPath, Problem, path_text
from appkit.exits import ExitCode

ONE = Problem(path=("a", 0, "b"), line=3, text="bad")
TWO = Problem(path=(), line=None, text="worse")


@pytest.mark.parametrize(
    ("path", "expected"),
    [((), "(top level)"), (("a", 0, "b"), "a[0].b"), ((0, "a"), "[0].a")],
)
def test_a_path_reads_like_code(path: KeyPath, expected: str) -> None:
    assert path_text(path) == expected


def test_one_problem_is_told_on_one_line() -> None:
    assert str(ConfigurationRefused(Path("x.yaml"), [ONE])) == "x.yaml: line 3: a[0].b: bad"


def test_several_problems_are_listed_and_the_start_is_refused() -> None:
    refused = ConfigurationRefused(Path("x.yaml"), [ONE, TWO])
    assert str(refused) == ("x.yaml: 2 problems\n  line 3: a[0].b: bad\n  (top level): worse")
    assert refused.code is ExitCode.REFUSED
