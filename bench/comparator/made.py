"""Fills of a live run and of its backtest, made from a seed: which belong together is known.

Three symbols with a grid of levels each. Of every occurrence the backtest has the fill a little
earlier or later; some occurrences are missing on either side; some orders filled at two prices.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comparator.exact import ExactColumn
from comparator.fills import FillColumns, Rows
from gridcore.clock import SECOND_US

SYMBOLS = (b"BTCUSDT", b"ETHUSDT", b"SOLUSDT")
LEVELS = 200
MEAN_GAP_US = 20 * SECOND_US
JITTER_US = 2 * SECOND_US
MISSING = 0.005
TWO_PRICES = 0.01
"""The share of orders that filled at two prices, so that no decimal gives their mean."""
_QTY_PLACES, _PRICE_PLACES, _MONEY_PLACES = 3, 2, 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MadeFills:
    """Columns of both sides in order of time, and the rows that are of one occurrence."""

    live: FillColumns
    backtest: FillColumns
    live_rows: Rows
    backtest_rows: Rows


def made_fills(count: int, seed: int) -> MadeFills:
    """About `count` fills on each side."""
    random = np.random.default_rng(seed)
    at = np.cumsum(random.integers(1, 2 * MEAN_GAP_US, count)) + JITTER_US
    level = random.integers(0, len(SYMBOLS) * LEVELS * 2, count)
    late = random.integers(-JITTER_US, JITTER_US + 1, count)
    order = np.argsort(at + late, kind="stable")
    in_live, in_backtest = (random.random((2, count)) >= MISSING).astype(np.bool_)
    two_prices = random.random(count) < TWO_PRICES
    live = _columns(level, at, two_prices, random).take(in_live)
    backtest = _columns(level, at + late, two_prices & in_live, random)
    backtest = backtest.take(order[in_backtest[order]])
    both = np.flatnonzero(in_live & in_backtest)
    place = np.empty(count, dtype=np.int64)
    place[order] = np.cumsum(in_backtest[order]) - 1
    return MadeFills(
        live=live,
        backtest=backtest,
        live_rows=(np.cumsum(in_live) - 1)[both],
        backtest_rows=place[both],
    )


def _columns(
    level: NDArray[np.int64],
    at: NDArray[np.int64],
    two_prices: NDArray[np.bool_],
    random: np.random.Generator,
) -> FillColumns:
    count = len(level)
    side = (level % 2).astype(np.int8)
    symbol = np.array(SYMBOLS)[level // 2 % len(SYMBOLS)]
    price = 90_000_00 + 17 * level
    qty = 2 + level % 5
    notional = price * qty + two_prices
    closes = random.random(count) < 0.5
    return FillColumns(
        client_order_id=_texts(level * 2_654_435_761 % 2**61, 16),
        symbol=symbol,
        strat_id=np.full(count, b"grid"),
        side=side,
        direction=np.where(closes, 1 - side, side).astype(np.int8),
        direction_found=np.zeros(count, dtype=np.int8),
        notional=ExactColumn(notional, _PRICE_PLACES + _QTY_PLACES),
        qty=ExactColumn(qty, _QTY_PLACES),
        fee=ExactColumn(notional * 200, _MONEY_PLACES),
        realised=ExactColumn(np.where(closes, notional * 3, 0), _MONEY_PLACES),
        at=at,
        first_at=at,
        order_id=_texts(np.arange(count) * 2_654_435_761 % 2**61, 16),
        executions=1 + two_prices.astype(np.int64),
        is_maker=np.ones(count, dtype=np.int8),
    )


def _texts(numbers: NDArray[np.int64], digits: int) -> NDArray[np.bytes_]:
    """Hexadecimal texts of numbers of 0 or more."""
    alphabet = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    letters = np.empty((len(numbers), digits), dtype=np.uint8)
    for place in range(digits):
        letters[:, digits - 1 - place] = alphabet[(numbers >> (4 * place)) & 15]
    return letters.view(f"S{digits}").reshape(len(numbers))
