"""The risk rules without gridcore: R-8, R-9."""

from fractions import Fraction
from typing import Any

import pytest

from bbu_reference.risk_model import (
    near_a_threshold,
    read_case,
    recorded_multipliers,
    right_multipliers,
)


def columns(
    *,
    long_liq: str = "0",
    short_liq: str = "0",
    margins: tuple[str, str] = ("0.4", "0.4"),
    price: str = "100",
    order: str = "ls",
    low_balance: int = 0,
    increase: int = 0,
    long_size: str = "1",
) -> list[Any]:
    config = ["0.8", "1.2", "8.0", "0.15", increase]
    long = [long_size, "100", long_liq, 1, margins[0], "40"]
    short = ["1", "100", short_liq, 1, margins[1], "40"]
    return ["r1", "dense", config, price, low_balance, "100", long, short, order, [], [], "same"]


def numbers(*texts: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(text) for text in texts)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (columns(long_liq="85"), numbers("1", "1.5", "1", "1")),
        (columns(long_liq="82"), numbers("1", "1", "0.5", "1")),
        (columns(long_liq="82", low_balance=1), numbers("1", "1", "1", "1")),
        (columns(short_liq="113"), numbers("1", "1", "1.5", "1")),
        (columns(short_liq="118"), numbers("1", "0.5", "1", "1")),
        (columns(margins=("0.05", "0.05")), numbers("1", "0.5", "0.5", "1")),
        (columns(margins=("0.05", "0.05"), increase=1), numbers("2", "1", "1", "2")),
        (columns(margins=("0.2", "0.6"), price="99"), numbers("2", "1", "1", "1")),
        (columns(margins=("0.6", "0.1")), numbers("1", "1", "1", "2")),
        (columns(margins=("0.3", "0.6"), price="99"), numbers("1", "1", "1", "1")),
    ],
)
def test_both_models_give_the_recorded_examples(
    row: list[Any], expected: tuple[Fraction, ...]
) -> None:
    assert right_multipliers(row) == recorded_multipliers(row) == expected


def test_the_recorded_model_lets_the_milder_rule_overwrite() -> None:
    """R-9."""
    both = columns(long_liq="85", short_liq="118")

    assert recorded_multipliers(both)[1] == Fraction("0.5")
    assert right_multipliers(both)[1] == Fraction("1.5")


def test_the_recorded_model_judges_flat_legs_and_follows_the_order() -> None:
    flat = columns(long_liq="85", long_size="0")
    short_only = columns(long_liq="85", order="s")

    assert (recorded_multipliers(flat)[1], right_multipliers(flat)[1]) == numbers("1.5", "1")
    assert (recorded_multipliers(short_only)[1], right_multipliers(short_only)[1]) == numbers(
        "1", "1.5"
    )


def test_a_case_is_read_in_either_kind_of_number() -> None:
    row = columns(long_liq="85")
    row[6][1] = None

    assert read_case(row, Fraction).long.entry is None
    assert read_case(row, float).long.liquidation == 85.0


def test_nearness_to_a_threshold() -> None:
    assert near_a_threshold(columns(long_liq="84"))
    assert near_a_threshold(columns(margins=("0.3", "0.6")))
    assert not near_a_threshold(columns(long_liq="83", price="99"))
