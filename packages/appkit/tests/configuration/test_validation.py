from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, model_validator

from appkit.configuration import ConfigurationRefused, StrictModel, parse


class Fill(Enum):
    STRICT_CROSS = "strict_cross"
    TOUCH = "touch"


class Strategy(StrictModel):
    symbol: str
    grid_count: Annotated[int, Field(ge=4)] = 50
    grid_step: Annotated[Decimal, Field(gt=0)] = Decimal("0.2")
    fill_model: Fill = Fill.STRICT_CROSS
    enabled: bool = True
    api_key: Annotated[str, Field(min_length=10)] = "0123456789"

    @model_validator(mode="after")
    def _small(self) -> "Strategy":
        if self.grid_count > 1000:
            raise ValueError("grid_count and grid_step do not fit together")
        return self


class Root(StrictModel):
    strategies: list[Strategy]
    weights: list[int] = Field(default_factory=list)
    database_url: Annotated[str, Field(max_length=10)] = "x"


MIGRATIONS = {
    "long_koef": "was renamed; use early_imbalance_multiplier",
    "chase_*": "chasing is not built: an order is never moved after the market",
}


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationRefused) as caught:
        parse(Root, text, Path("x.yaml"), migrations=MIGRATIONS, environment={})
    return [str(problem) for problem in caught.value.problems]


def strategy(line: str) -> list[str]:
    return problems(f"strategies:\n  - symbol: BTCUSDT\n    {line}\n")


def test_an_unknown_key_is_refused_with_its_path_and_the_nearest_known_one() -> None:
    assert strategy("grid_setp: 0.1") == [
        "line 3: strategies[0].grid_setp: unknown key, did you mean grid_step?"
    ]


def test_an_unknown_key_like_no_other_lists_the_known_ones() -> None:
    assert problems("strategies: []\nvolatility: 1\n") == [
        "line 2: volatility: unknown key; known here: database_url, strategies, weights"
    ]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("long_koef", "was renamed; use early_imbalance_multiplier"),
        ("chase_step", "chasing is not built: an order is never moved after the market"),
    ],
)
def test_a_key_of_older_configurations_says_what_to_do(key: str, told: str) -> None:
    assert strategy(f"{key}: 1") == [f"line 3: strategies[0].{key}: {told}"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("grid_count: many", "grid_count: expected a whole number, found 'many'"),
        ("grid_count: 4.5", "grid_count: expected a whole number, found 4.5"),
        ("grid_count: 3", "grid_count: expected a number greater than or equal to 4, found 3"),
        ("grid_step: 0", "grid_step: expected a number greater than 0, found 0"),
        ("grid_step: -0.10", "grid_step: expected a number greater than 0, found -0.1"),
        ("grid_step: .nan", "grid_step: expected a finite number, found NaN"),
        ("grid_step: wide", "grid_step: expected a number, found 'wide'"),
        ("grid_step: true", "grid_step: expected a number, found true"),
        ("grid_step:", "grid_step: expected a number, found nothing"),
        ("grid_step: [1, 2]", "grid_step: expected a number, found a list of 2"),
        ("grid_step: {a: 1}", "grid_step: expected a number, found a mapping"),
        ("enabled: perhaps", "enabled: expected true or false, found 'perhaps'"),
        (
            "fill_model: tuoch",
            "fill_model: expected 'strict_cross' or 'touch', found 'tuoch', did you mean touch?",
        ),
        ("fill_model: 7", "fill_model: expected 'strict_cross' or 'touch', found 7"),
    ],
)
def test_a_wrong_value_says_what_was_expected_and_found(line: str, told: str) -> None:
    assert strategy(line) == [f"line 3: strategies[0].{told}"]


def test_a_boolean_is_no_number_not_even_in_a_list() -> None:
    assert problems("strategies: []\nweights: [1, true]\n") == [
        "line 2: weights[1]: expected a number, found true"
    ]
    assert strategy("grid_count: false") == [
        "line 3: strategies[0].grid_count: expected a number, found false"
    ]


def test_yes_and_no_are_booleans_where_one_is_wanted() -> None:
    made = parse(Root, "strategies: [{symbol: x, enabled: no}]\n", Path("x"), environment={})
    assert made.strategies[0].enabled is False


def test_a_missing_key_is_told_at_the_mapping_it_belongs_to() -> None:
    assert problems("strategies:\n  - enabled: true\n") == [
        "line 2: strategies[0].symbol: missing; expected a value for this key beside enabled"
    ]


def test_a_value_that_must_be_a_mapping_or_a_list_is_told() -> None:
    assert problems("strategies: [5]\n") == ["line 1: strategies[0]: expected a mapping, found 5"]
    assert problems("strategies: all\n") == ["line 1: strategies: expected a list, found 'all'"]


def test_a_rule_over_several_keys_is_told_at_their_mapping() -> None:
    assert strategy("grid_count: 2000") == [
        "line 2: strategies[0]: grid_count and grid_step do not fit together, found a mapping"
    ]


def test_all_problems_are_listed_in_the_order_of_the_file() -> None:
    told = problems("databse_url: x\nstrategies:\n  - symbol: 5\n    grid_count: 1\n    x: 1\n")
    assert [line.split(":")[0] for line in told] == ["line 1", "line 3", "line 4", "line 5"]


def test_secrets_and_logins_are_not_shown() -> None:
    (hidden,) = strategy("api_key: hush")
    assert hidden.endswith("at least 10 characters, found a value that is not shown here")
    told = problems("strategies: []\ndatabase_url: postgresql://me:hush@host/db\n")
    assert "hush" not in told[0]
    assert "found 'postgresql://...@host/db'" in told[0]


def test_a_long_text_is_shortened() -> None:
    told = problems(f"strategies: []\ndatabase_url: {'x' * 500}\n")
    assert told[0].endswith(f"found '{'x' * 60}...'")


class Several(StrictModel):
    """At least one entry, each of which may have a fault of its own."""

    strategies: Annotated[tuple[Strategy, ...], Field(min_length=1)]


def complaints(text: str) -> list[str]:
    with pytest.raises(ConfigurationRefused) as caught:
        parse(Several, text, Path("config.yaml"))
    return [str(problem) for problem in caught.value.problems]


def test_a_list_is_not_too_short_because_its_entries_have_faults() -> None:
    told = complaints("strategies:\n  - {nme: a}\n")

    assert not any("at least" in line for line in told)


def test_an_empty_list_is_too_short() -> None:
    assert any("at least" in line for line in complaints("strategies: []\n"))
