from pathlib import Path

import pytest

from appkit.configuration.environment import interpolate
from appkit.configuration.problems import ConfigurationRefused
from appkit.configuration.yaml_text import Value, parse_yaml

FILE = Path("x.yaml")
ENVIRONMENT = {"HOME_URL": "sqlite:///a.db", "N": "5", "TRICK": "${N}", "EMPTY": ""}


def interpolated(text: str) -> Value:
    return interpolate(parse_yaml(text, FILE), ENVIRONMENT, FILE)


def test_variables_are_replaced_in_every_text_however_deep() -> None:
    """[REC] 11.7."""
    value = interpolated('a: ["${HOME_URL}", {b: "x${N}y${N}${EMPTY}"}]\nc: 5\n')
    assert value == {"a": ["sqlite:///a.db", {"b": "x5y5"}], "c": 5}


def test_two_dollars_stand_for_one_and_a_replaced_text_is_not_read_again() -> None:
    assert interpolated("a: $${N} ${TRICK} $5\n") == {"a": "${N} ${N} $5"}


def test_all_unset_variables_are_refused_together_with_their_places() -> None:
    with pytest.raises(ConfigurationRefused) as caught:
        interpolated("a: ${ONE}\nb:\n  - ${TWO}\n")
    assert [str(problem) for problem in caught.value.problems] == [
        "line 1: a: the environment variable ONE is not set; set it before starting",
        "line 3: b[0]: the environment variable TWO is not set; set it before starting",
    ]


@pytest.mark.parametrize("text", ["${", "${}", "${A-B}", "${N", "${1}"])
def test_a_misspelt_variable_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationRefused, match=r"expected \$\{NAME\}"):
        interpolated(f"a: '{text}'\n")
