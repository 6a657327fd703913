"""Alignment of two series of times: exactly the best one, by brute force and by law."""

from itertools import combinations
from typing import NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st

from comparator.alignment import Alignment, align_times

CAP = 10
TIMES = st.lists(st.integers(0, 40), max_size=6).map(sorted)
FEW_TIMES = st.lists(st.integers(0, 12), max_size=5).map(sorted)


class Found(NamedTuple):
    live: tuple[int, ...]
    backtest: tuple[int, ...]


def every_alignment(live: list[int], backtest: list[int]) -> dict[Found, int]:
    """All pairings that keep the order, with twice their cost."""
    return {
        Found(mine, theirs): CAP * (len(live) + len(backtest) - 2 * count)
        + sum(2 * abs(live[i] - backtest[j]) for i, j in zip(mine, theirs, strict=True))
        for count in range(min(len(live), len(backtest)) + 1)
        for mine in combinations(range(len(live)), count)
        for theirs in combinations(range(len(backtest)), count)
    }


def cheapest(live: list[int], backtest: list[int]) -> list[Found]:
    alignments = every_alignment(live, backtest)
    least = min(alignments.values())
    return [found for found, cost in alignments.items() if cost == least]


def keeping(live: list[int], backtest: list[int], found: Found) -> list[tuple[int, int, int]]:
    """What an alignment keeps, in order of time: least is the one that keeps the earliest."""
    kept = [(live[row], 0, row) for row in found.live]
    kept += [(backtest[row], 1, row) for row in found.backtest]
    return [*sorted(kept), (10**9, 0, 0)]


@given(TIMES, TIMES)
@example([0, 0], [0])
@example([5], [0, 10])
@example([0], [10])
@example([0, 4], [4, 8])
def test_the_cost_is_the_least_of_all_alignments(live: list[int], backtest: list[int]) -> None:
    best = cheapest(live, backtest)

    found = align_times(live, backtest, CAP)

    expected = min(best, key=lambda one: keeping(live, backtest, one))
    assert (found.live, found.backtest) == expected


@given(FEW_TIMES, FEW_TIMES)
def test_rows_are_unsure_when_some_best_alignment_pairs_them_and_another_does_not(
    live: list[int], backtest: list[int]
) -> None:
    best = cheapest(live, backtest)

    found = align_times(live, backtest, CAP)

    fates = [{row in one.live for one in best} for row in range(len(live))]
    others = [{row in one.backtest for one in best} for row in range(len(backtest))]
    assert found.unsure_live == tuple(row for row, fate in enumerate(fates) if len(fate) > 1)
    assert found.unsure_backtest == tuple(row for row, fate in enumerate(others) if len(fate) > 1)


@given(TIMES, TIMES)
def test_the_sides_can_be_exchanged(live: list[int], backtest: list[int]) -> None:
    found = align_times(live, backtest, CAP)
    turned = align_times(backtest, live, CAP)

    costs = every_alignment(live, backtest)
    assert costs[Found(found.live, found.backtest)] == costs[Found(turned.backtest, turned.live)]
    assert set(found.unsure_live) == set(turned.unsure_backtest)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60, unique=True), st.data())
def test_removing_one_row_shifts_no_other_pair(times: list[int], data: st.DataObject) -> None:
    times.sort()
    gone = data.draw(st.integers(0, len(times) - 1))

    found = align_times(times, times[:gone] + times[gone + 1 :], CAP)

    rest = [row for row in range(len(times)) if row != gone]
    assert found.live == tuple(rest)
    assert found.backtest == tuple(range(len(rest)))
    assert found.unsure_live == found.unsure_backtest == ()


@given(
    st.lists(st.tuples(st.integers(21, 60), st.integers(-10, 10)), max_size=40),
)
def test_jitter_both_ways_keeps_every_pair(steps: list[tuple[int, int]]) -> None:
    """LS-76: neither side has to be the earlier one."""
    live: list[int] = []
    for gap, _ in steps:
        live.append((live[-1] if live else 0) + gap)
    backtest = [at + jitter for at, (_, jitter) in zip(live, steps, strict=True)]

    found = align_times(live, backtest, CAP)

    assert found.live == found.backtest == tuple(range(len(steps)))


def test_nothing_pairs_with_nothing() -> None:
    empty = Alignment(live=(), backtest=(), unsure_live=(), unsure_backtest=())

    assert align_times([], [], CAP) == empty
    assert align_times([1, 2], [], CAP) == empty
    assert align_times([], [3], CAP) == empty


def test_a_pair_farther_apart_than_the_cap_is_none() -> None:
    assert align_times([0], [11], CAP).live == ()
    assert align_times([0], [9], CAP).live == (0,)


def test_exactly_the_cap_is_a_pair_and_unsure() -> None:
    found = align_times([0], [10], CAP)

    assert (found.live, found.unsure_live, found.unsure_backtest) == ((0,), (0,), (0,))


def test_a_long_dense_series_with_missing_rows_is_aligned_exactly() -> None:
    """Never silent for as long as the cap, so it cannot be cut: every 97th of 20,000 is missing."""
    times = list(range(0, 60_000, 3))
    missing = set(range(5, len(times), 97))
    backtest = [at + (row % 2) for row, at in enumerate(times) if row not in missing]

    found = align_times(times, backtest, CAP)

    assert found.live == tuple(row for row in range(len(times)) if row not in missing)
