"""The bench's markets: made once, and folded between two mirrors."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.markets import bench_tape, mirrored, mirrored_tape
from tapes.tape import Tape

PRICES = st.lists(st.integers(1, 10_000), min_size=1, max_size=50).map(np.array)
WALLS = st.tuples(st.integers(1, 9_000), st.integers(1, 1_000))


@given(PRICES, WALLS)
def test_mirrored_prices_stay_between_the_mirrors_and_never_move_faster(
    prices: np.ndarray, walls: tuple[int, int]
) -> None:
    low, width = walls

    folded, _ = mirrored(prices, low, low + width)

    assert folded.min() >= low
    assert folded.max() <= low + width
    assert (np.abs(np.diff(folded)) <= np.abs(np.diff(prices))).all()


def test_a_price_beyond_a_mirror_lies_as_far_before_it_and_is_turned() -> None:
    folded, turned = mirrored(np.array([150, 199, 200, 203, 99, 310]), 100, 200)

    assert folded.tolist() == [150, 199, 200, 197, 101, 110]
    assert turned.tolist() == [False, False, False, True, True, False]


def test_mirrors_that_leave_no_room_are_refused() -> None:
    with pytest.raises(ValueError, match="low below high"):
        mirrored(np.array([1]), 5, 5)


def test_a_market_is_made_once_and_found_again(tmp_path: Path) -> None:
    first = bench_tape(tmp_path, 1000)
    written = (first.path / "manifest.json").stat().st_mtime_ns

    again = bench_tape(tmp_path, 1000)

    assert again.path == first.path
    assert (again.path / "manifest.json").stat().st_mtime_ns == written
    assert len(again.trades) == 1000


def test_a_longer_market_begins_like_a_shorter_one(tmp_path: Path) -> None:
    short, long = bench_tape(tmp_path, 1000), bench_tape(tmp_path, 2000)

    assert (long.trades.price[:1000] == short.trades.price).all()
    assert (long.trades.time[:1000] == short.trades.time).all()


def test_a_mirrored_tape_keeps_times_and_sizes_and_turns_takers_with_the_price(
    lively_tape: Callable[[int], Tape], tmp_path: Path
) -> None:
    tape = lively_tape(1)
    first = int(tape.trades.price[0])

    folded = mirrored_tape(tmp_path, tape, [first - 500, first, first + 500])

    assert (folded.trades.time == tape.trades.time).all()
    assert (folded.trades.size == tape.trades.size).all()
    assert folded.trades.price.min() > first - 500
    assert folded.trades.price.max() < first + 500
    _, turned = mirrored(tape.trades.price, first - 499, first + 499)
    assert (folded.trades.side[turned] == -tape.trades.side[turned]).all()
    assert folded.manifest.gaps == ()
