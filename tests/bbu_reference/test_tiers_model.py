"""Margins and liquidation without gridcore, and the old expression (L-1)."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from bbu_reference.tiers_model import (
    Pair,
    Row,
    crossings,
    excess,
    flat_rows,
    initial,
    maintenance,
    recorded_liquidation,
    right_liquidation,
    rounded,
    subject_tiers,
    table_rows,
)

F = Fraction
LTC: list[Row] = [
    (F(200000), F("0.01"), F(0), F("0.02")),
    (F(400000), F("0.015"), F(1000), F("0.03")),
    (None, F("0.02"), F(3000), F("0.04")),
]


def pair(long: str, long_at: str, short: str, short_at: str, equity: str, mark: str = "57") -> Pair:
    return Pair(
        long=F(long),
        long_entry=F(long_at),
        short=F(short),
        short_entry=F(short_at),
        equity=F(equity),
        mark=F(mark),
    )


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        (("5", "56", ".5", "58", "150"), ("23.353333", None)),
        (("5", "56", ".5", "58", "400"), (None, None)),
        (("2.2", "56", "3.1", "58", "100"), (None, "165.744444")),
        (("0", "0", "3", "58", "100"), (None, "90.753333")),
        (("0", "0", "3", "58", "300"), (None, None)),
        (("3", "56", "3", "58", "90"), (None, None)),
        (("10", "56", "0", "0", "5"), ("56.000000", None)),
    ],
)
def test_the_old_expression_gives_the_vectors_of_the_specification(
    legs: tuple[str, ...], expected: tuple[str | None, str | None]
) -> None:
    """L-1."""
    found = recorded_liquidation(pair(*legs), LTC)

    texts = tuple(None if price is None else f"{rounded(price):.6f}" for price in found)
    assert texts == expected


def test_nothing_is_left_at_the_right_price() -> None:
    """golden/README.md 15."""
    state = pair("5", "56", ".5", "58", "150", "57")

    price, none = right_liquidation(state, LTC)

    assert none is None
    assert price is not None
    assert excess(state, LTC, price) == 0
    assert price != recorded_liquidation(state, LTC)[0]


def test_a_crossing_may_be_a_jump_between_tiers() -> None:
    steep: list[Row] = [(F(1000), F("0.01"), F(0), F(0)), (None, F("0.51"), F(0), F(0))]
    state = pair("0", "0", "10", "95", "250", "90")

    assert crossings(state, steep) == [100]


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        (("0", "0", "0", "0", "5", "57"), (None, None)),
        (("3", "56", "3", "58", "90", "57"), (None, None)),
        (("3", "56", "3", "58", "-9", "57"), (57, 57)),
        (("0", "0", "3", "58", "-300", "57"), (None, 57)),
    ],
)
def test_pairs_without_a_root(
    legs: tuple[str, str, str, str, str, str], expected: tuple[int | None, int | None]
) -> None:
    assert right_liquidation(pair(*legs), LTC) == expected


def test_margins() -> None:
    assert maintenance(LTC, F(200000)) == 2000
    assert maintenance(LTC, F(300000)) == 3500
    assert initial(LTC, F(1000), F(10)) == 100
    assert initial(LTC, F(1000), F(100)) == 20


def test_tables_come_from_the_header() -> None:
    document: dict[str, Any] = {
        "header": {
            "tiers[max]": {
                "BTCUSDT": [["5", "0.1", "0", "0.2"], ["Infinity", "0.2", "1", "0.3"]],
                "DEFAULT": [["Infinity", "0.3", "0", "0.4"]],
            },
            "custom_tiers": [[["50000", "0.02", "0", "0"]]],
        }
    }

    assert [row[0] for row in table_rows(document, "BTCUSDT", None)] == [5, None]
    assert table_rows(document, "LTCUSDT", None)[0][1] == F("0.3")
    assert table_rows(document, "BTCUSDT", 0) == [(None, F("0.02"), F(0), F(0))]
    assert subject_tiers(flat_rows()).maintenance_margin(Decimal(1000)) == 5
    assert str(rounded(F(1, 3))) == "0." + "3" * 28
