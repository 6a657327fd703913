"""The laws that rows obey on a tape."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tapes.columns import UNKNOWN
from tapes.errors import TapeError
from tapes.rows import LastKey, check_tickers, check_trades

Columns = dict[str, Any]


def trades(**changes: list[int]) -> Columns:
    columns = {"time": [1, 2], "price": [5, 6], "size": [1, 1], "side": [1, -1], **changes}
    return {name: np.array(values, np.int64) for name, values in columns.items()}


def tickers(**changes: list[int]) -> Columns:
    columns = {name: [5, 6] for name in ("last", "bid", "ask", "mark", "funding")}
    columns |= {"time": [1, 1], "seq": [1, 2], **changes}
    return {name: np.array(values, np.int64) for name, values in columns.items()}


def test_good_trades_give_their_last_key() -> None:
    assert check_trades(trades(), bars=False, last=None) == LastKey(time_us=2, seq=None)
    assert check_trades(trades(seq=[3, 4]), bars=False, last=None).seq == 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price": [5, 0]}, "positive prices"),
        ({"size": [0, 1]}, "positive sizes"),
        ({"side": [1, 2]}, "sides"),
        ({"time": [2, 1]}, "order"),
        ({"size": [1]}, "one length"),
        ({"seq": [2, 1], "time": [1, 1]}, "order"),
    ],
)
def test_trades_that_break_a_law_are_refused(changes: dict[str, list[int]], words: str) -> None:
    with pytest.raises(TapeError, match=words):
        check_trades(trades(**changes), bars=False, last=None)


def test_a_bar_may_have_rows_without_volume() -> None:
    check_trades(trades(size=[0, 1]), bars=True, last=None)

    with pytest.raises(TapeError, match="zero or more"):
        check_trades(trades(size=[-1, 1]), bars=True, last=None)


def test_fractions_are_not_integers() -> None:
    columns = trades() | {"price": np.array([1.5, 2.5])}

    with pytest.raises(TapeError, match="integer columns"):
        check_trades(columns, bars=False, last=None)


@pytest.mark.parametrize(
    ("last", "check"),
    [
        (LastKey(time_us=3, seq=None), lambda last: check_trades(trades(), bars=False, last=last)),
        (LastKey(time_us=1, seq=1), lambda last: check_tickers(tickers(), last=last)),
    ],
)
def test_a_batch_must_follow_the_one_before(
    last: LastKey, check: Callable[[LastKey], LastKey]
) -> None:
    with pytest.raises(TapeError, match="order"):
        check(last)


def test_a_ticker_may_be_unknown_but_not_zero() -> None:
    check_tickers(tickers(bid=[UNKNOWN, 5], funding=[-1, 0]), last=None)

    with pytest.raises(TapeError, match="positive mark or UNKNOWN"):
        check_tickers(tickers(mark=[0, 5]), last=None)
