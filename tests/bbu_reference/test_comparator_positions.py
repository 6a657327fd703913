"""Positions and equity in fractions, on cases that can be seen through."""

from fractions import Fraction
from typing import Any

from bbu_reference.comparator_positions import buckets, equity_figures, position_figures, positions


def leg(at: int, side: str = "Buy", size: str = "2", **others: Any) -> list[Any]:
    fields = {"entry": "100", "mark": "110", "cum": "1", **others}
    entry, mark, cum = fields["entry"], fields["mark"], fields["cum"]
    return [side, at, size, entry, "5", "3", mark, "1", "1", cum, "1", "1"]


def test_a_row_pairs_once_within_five_seconds() -> None:
    pairs = positions([leg(0), leg(100)], [leg(5000), leg(5100), leg(5101)])

    assert [(pair[1], pair[2]) for pair in pairs] == [(0, 5000), (100, 5100), (None, 5101)]


def test_profit_is_at_the_live_mark_and_lacking_numbers_are_missed() -> None:
    (pair,) = positions([leg(0, side="Sell")], [leg(0, side="Sell", entry="100.05", mark="7")])
    (lacking,) = positions([leg(0, cum=None)], [leg(0)])

    assert pair[5][3] == Fraction(1, 10)
    assert not pair[3]
    assert lacking[3]


def test_different_positions_are_only_counted() -> None:
    pairs = positions([leg(0), leg(9000)], [leg(0, size="3"), leg(9000, cum="4")])

    figures = position_figures(pairs, ())

    assert figures["position_pairs_state_diverged"] == figures["position_pairs_compared"] == 1
    assert figures["cum_realised_pnl_final_delta"] == 3


def test_flat_legs_do_not_diverge_by_their_entry() -> None:
    (pair,) = positions([leg(0, size="0")], [leg(0, size="0", entry="7")])

    assert not pair[4]


def test_buckets_hold_the_last_amounts() -> None:
    points = buckets([[5, "1"], [9, "2"], [15, "3"]], [[6, "4"]], 10)

    assert points == [(5, Fraction(2), Fraction(4)), (15, Fraction(3), None)]
    assert equity_figures(points) == (Fraction(2), Fraction(2), Fraction(0))
    assert buckets([], [], 10) == []
