"""The static one-way grid as a plain loop: five levels, one lot each."""

import numpy as np
import pytest

from bench.peers.rules import BUYS, SELLS, Terms, no_counts, trade_through

TERMS = Terms(np.array([10, 20, 30, 40, 50]), 2, 1.0, 1.0, 0.1)


@pytest.mark.parametrize(
    ("prices", "buys", "sells"),
    [
        ([45, 40, 45], 0, 0),
        ([45, 39], 1, 0),
        ([45, 39, 50], 1, 0),
        ([45, 39, 51], 1, 1),
        ([45, 39, 51, 39], 2, 1),
        ([45, 39, 29], 2, 0),
        ([45, 39, 29, 41, 51], 2, 2),
        ([45, 5], 3, 0),
        ([45, 5, 55], 3, 3),
    ],
)
def test_an_order_fills_only_strictly_beyond_its_level_and_its_neighbour_follows(
    prices: list[int], buys: int, sells: int
) -> None:
    """F-1. At first the centre, 30, waits; it has no order until another level filled."""
    counts = no_counts()

    lots, _, _ = trade_through(np.array(prices), TERMS, counts)

    assert (counts[BUYS], counts[SELLS]) == (buys, sells)
    assert lots == buys - sells


def test_cash_and_fees_are_those_of_the_levels() -> None:
    counts = no_counts()

    lots, cash, fees = trade_through(np.array([45, 39, 51]), TERMS, counts)

    assert (lots, cash) == (0, 10.0)
    assert fees == pytest.approx(9.0)
