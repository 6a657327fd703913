"""Matching of fills (A-15): ids that come again, missing ones, jitter, empty sides, symbols."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparator.fills import FillTable
from comparator.matching import Matching, align, match_exact
from gridcore.clock import MINUTE_US, SECOND_US
from gridcore.sides import BUY, SELL

Make = Callable[..., Any]
Row = tuple[str, float]
CAP_S = 600
ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2400)), max_size=7)


def pairs(live: FillTable, backtest: FillTable, matching: Matching) -> list[tuple[str, int, int]]:
    """(id, occurrence of the live fill, of the backtest's) of each pair."""
    mine, theirs = live.identities(matching.live), backtest.identities(matching.backtest)
    assert [identity for identity, _ in mine] == [identity for identity, _ in theirs]
    return [
        (identity, one, other) for (identity, one), (_, other) in zip(mine, theirs, strict=True)
    ]


def cost_s(live: FillTable, backtest: FillTable, matching: Matching) -> float:
    apart = live.columns.at[matching.live] - backtest.columns.at[matching.backtest]
    alone = len(matching.live_only) + len(matching.backtest_only)
    return float(np.abs(apart).sum() / SECOND_US + alone * CAP_S / 2)


def least_cost_s(live: list[int], backtest: list[int]) -> float:
    """By brute force over all pairings that keep the order."""
    return min(
        sum(abs(a - b) for a, b in zip(mine, theirs, strict=True))
        + (len(live) + len(backtest) - 2 * count) * CAP_S / 2
        for count in range(min(len(live), len(backtest)) + 1)
        for mine in combinations(sorted(live), count)
        for theirs in combinations(sorted(backtest), count)
    )


@given(ROWS, ROWS)
def test_alignment_costs_the_least_possible(
    live: Make, backtest: Make, mine: list[Row], theirs: list[Row]
) -> None:
    recorded, simulated = live(*mine), backtest(*theirs)

    matching = align(recorded, simulated)

    expected = sum(
        least_cost_s(
            [int(at) for one, at in mine if one == identity],
            [int(at) for one, at in theirs if one == identity],
        )
        for identity in "ab"
    )
    assert cost_s(recorded, simulated, matching) == expected


@given(ROWS, ROWS)
def test_every_fill_is_in_exactly_one_place(
    live: Make, backtest: Make, mine: list[Row], theirs: list[Row]
) -> None:
    for matching in (
        align(live(*mine), backtest(*theirs)),
        match_exact(live(*mine), backtest(*theirs)),
    ):
        placed = [*matching.live.tolist(), *matching.live_only.tolist()]
        others = [*matching.backtest.tolist(), *matching.backtest_only.tolist()]
        assert sorted(placed) == list(range(len(mine)))
        assert sorted(others) == list(range(len(theirs)))
        assert len(matching.live) == len(matching.backtest)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10**6)), min_size=1), st.data())
def test_one_missing_occurrence_shifts_no_other_pair(
    live: Make, backtest: Make, rows: list[Row], data: st.DataObject
) -> None:
    """WK-25; of fills of one id at one time any may be the missing one."""
    rows = sorted(set(rows))
    gone = data.draw(st.sampled_from(rows))
    recorded, simulated = live(*rows), backtest(*(row for row in rows if row != gone))

    matching = align(recorded, simulated)

    assert recorded.columns.at[matching.live].tolist() == (
        simulated.columns.at[matching.backtest].tolist()
    )
    (alone,) = recorded.select(matching.live_only).rows()
    assert (alone.client_order_id, alone.at) == (gone[0], gone[1] * SECOND_US)
    assert len(matching.backtest_only) == 0


def test_a_missing_occurrence_in_the_middle_shifts_the_join_by_number(
    live: Make, backtest: Make
) -> None:
    """C-4: why the join is for parity only."""
    recorded = live(("a", 0), ("a", 1000), ("a", 2000))
    simulated = backtest(("a", 0), ("a", 2000))

    joined, aligned = match_exact(recorded, simulated), align(recorded, simulated)

    assert pairs(recorded, simulated, joined) == [("a", 0, 0), ("a", 1, 1)]
    assert pairs(recorded, simulated, aligned) == [("a", 0, 0), ("a", 2, 1)]
    assert recorded.identities(aligned.live_only) == [("a", 1)]


@given(ROWS, ROWS, st.randoms())
def test_the_order_of_reading_does_not_matter(
    live: Make, backtest: Make, mine: list[Row], theirs: list[Row], random: Any
) -> None:
    def matched(first: list[Row], second: list[Row]) -> list[tuple[str, int, int]]:
        recorded, simulated = live(*first), backtest(*second)
        return pairs(recorded, simulated, align(recorded, simulated))

    as_read = matched(mine, theirs)
    shuffled = random.sample(mine, len(mine)), random.sample(theirs, len(theirs))

    assert matched(*shuffled) == as_read


@pytest.mark.parametrize("shift_s", [-4, 4])
def test_jitter_in_either_direction_keeps_the_pairs(
    live: Make, backtest: Make, shift_s: int
) -> None:
    recorded = live(("a", 10), ("a", 20), ("b", 30))
    simulated = backtest(("a", 10 + shift_s), ("a", 20 + shift_s), ("b", 30 + shift_s))

    matching = align(recorded, simulated)

    assert pairs(recorded, simulated, matching) == [("a", 0, 0), ("a", 1, 1), ("b", 0, 0)]
    assert matching.ambiguous == ()


def test_an_id_that_is_used_again_pairs_with_the_fill_of_its_time(
    live: Make, backtest: Make
) -> None:
    """LS-84."""
    recorded = live(("a", 0), ("a", 7200))
    simulated = backtest(("a", 7201), ("a", 14400))

    matching = align(recorded, simulated)

    assert pairs(recorded, simulated, matching) == [("a", 1, 0)]
    assert recorded.identities(matching.live_only) == [("a", 0)]
    assert simulated.identities(matching.backtest_only) == [("a", 1)]


def test_fills_of_another_symbol_or_side_never_pair(
    live: Make, backtest: Make, make_fill: Make
) -> None:
    recorded = live(make_fill("a", 0, symbol="ETHUSDT"), make_fill("a", 1, side=SELL))
    simulated = backtest(make_fill("a", 0, symbol="SOLUSDT"), make_fill("a", 1, side=BUY))

    matching = align(recorded, simulated)

    assert len(matching.live) == 0
    assert len(matching.live_only) == len(matching.backtest_only) == 2


def test_an_empty_side_leaves_the_other_one_alone(live: Make, backtest: Make) -> None:
    for match in (align, match_exact):
        nothing = match(live(), backtest())
        only_live = match(live(("b", 0), ("a", 1)), backtest())
        only_backtest = match(live(), backtest(("a", 1)))
        assert [len(one) for one in (nothing.live, nothing.live_only)] == [0, 0]
        assert only_live.live_only.tolist() == [1, 0]
        assert only_backtest.backtest_only.tolist() == [0]


def test_pairs_and_lonely_fills_are_sorted_by_id_and_occurrence(live: Make, backtest: Make) -> None:
    recorded = live(("b", 0), ("a", 1), ("b", 2), ("a", 5000), ("b", 9000))
    simulated = backtest(("b", 0), ("a", 1), ("b", 2))

    matching = align(recorded, simulated)

    assert pairs(recorded, simulated, matching) == [("a", 0, 0), ("b", 0, 0), ("b", 1, 1)]
    assert recorded.identities(matching.live_only) == [("a", 1), ("b", 2)]


def test_fills_of_which_either_could_be_the_paired_one_are_told(
    live: Make, backtest: Make, make_fill: Make
) -> None:
    recorded = live(make_fill("a", 10, qty="1"), make_fill("a", 20, qty="2"), make_fill("b", 10))
    simulated = backtest(make_fill("a", 15), make_fill("b", 10))

    matching = align(recorded, simulated)

    (told,) = matching.ambiguous
    assert (told.client_order_id, told.symbol) == ("a", "BTCUSDT")
    assert [recorded.row(row).at for row in told.live] == [10 * SECOND_US, 20 * SECOND_US]
    assert told.backtest == ()
    assert pairs(recorded, simulated, matching) == [("a", 0, 0), ("b", 0, 0)]


def test_two_fills_at_one_time_against_one_are_ambiguous_on_the_right_side(
    live: Make, backtest: Make, make_fill: Make
) -> None:
    recorded = live(("a", 10))
    simulated = backtest(make_fill("a", 10, order_id="1"), make_fill("a", 10, order_id="2"))

    (told,) = align(recorded, simulated).ambiguous

    assert (told.live, told.backtest) == ((), (0, 1))


def test_the_cap_decides_how_far_apart_a_pair_may_be(live: Make, backtest: Make) -> None:
    recorded, simulated = live(("a", 0)), backtest(("a", 90))

    assert len(align(recorded, simulated).live) == 1
    assert len(align(recorded, simulated, cap_us=MINUTE_US).live) == 0


def test_exactly_the_cap_apart_is_a_pair_that_could_as_well_be_none(
    live: Make, backtest: Make
) -> None:
    matching = align(live(("a", 0)), backtest(("a", CAP_S)))

    assert len(matching.live) == 1
    assert (matching.ambiguous[0].live, matching.ambiguous[0].backtest) == ((0,), (0,))


def test_a_dense_id_without_silence_is_still_aligned_exactly(live: Make, backtest: Make) -> None:
    rows = [("a", 60 * number) for number in range(300)]
    recorded = live(*rows)
    simulated = backtest(*(row for number, row in enumerate(rows) if number not in (40, 222)))

    matching = align(recorded, simulated)

    assert recorded.identities(matching.live_only) == [("a", 40), ("a", 222)]
    assert matching.ambiguous == ()


def test_pairs_that_cost_more_than_the_cap_together_are_still_pairs(
    live: Make, backtest: Make
) -> None:
    """Many small distances of one unbroken run exceed the cap, yet nothing better exists."""
    recorded = live(*(("a", 300 * number) for number in range(100)))
    simulated = backtest(*(("a", 300 * number + 20) for number in range(100)))

    matching = align(recorded, simulated)

    assert len(matching.live) == 100
    assert matching.live.tolist() == matching.backtest.tolist()


def test_tables_of_the_wrong_source_are_refused(live: Make, backtest: Make) -> None:
    with pytest.raises(ValueError, match="expected live fills, found backtest ones"):
        align(backtest(), live())
