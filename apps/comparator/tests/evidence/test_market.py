from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparator.evidence.market import LevelTrades, level_trades
from grid_db.bulk import TradeBlock
from gridcore.sides import BUY, SELL, SideType

Row = tuple[int, str, str, int]
"""At, price, size, taker: 1 buys, -1 sells, 0 unknown."""

ROWS: list[Row] = [
    (1, "100", "1", -1),
    (2, "100.1", "2", 1),
    (3, "100", "4", 1),
    (4, "99.9", "8", -1),
    (5, "100", "16", 0),
    (5, "100.2", "32", 1),
]


def block(rows: list[Row]) -> TradeBlock:
    def units(numbers: list[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.asarray([int(Decimal(number).scaleb(8)) for number in numbers], dtype=np.int64)

    return TradeBlock(
        at=np.asarray([row[0] for row in rows], dtype=np.int64),
        price=units([row[1] for row in rows]),
        size=units([row[2] for row in rows]),
        side=np.asarray([row[3] for row in rows], dtype=np.int8),
    )


def asked(side: SideType, start: int, end: int, price: str = "100") -> LevelTrades:
    return level_trades(block(ROWS), side, Decimal(price), start, end)


def test_a_bid_is_met_at_its_price_and_passed_below_it() -> None:
    found = asked(BUY, 1, 5)

    assert [found.at_price, found.beyond, found.reached] == [21, 8, 29]
    assert found.against == 17  # a buying taker meets asks, not bids
    assert (found.first_at, found.first_beyond_at, found.trades) == (1, 4, 4)


def test_an_ask_is_met_at_its_price_and_passed_above_it() -> None:
    found = asked(SELL, 1, 5)

    assert [found.at_price, found.beyond] == [21, 34]
    assert found.against == 20
    assert (found.first_at, found.first_beyond_at) == (1, 2)


@pytest.mark.parametrize(("start", "end", "trades"), [(2, 3, 1), (3, 5, 3), (6, 9, 0), (5, 4, 0)])
def test_both_ends_of_the_time_belong_to_it(start: int, end: int, trades: int) -> None:
    assert asked(BUY, start, end).trades == trades


def test_where_nothing_was_traded_there_is_no_first_time() -> None:
    found = asked(BUY, 1, 5, "99")

    assert found == LevelTrades(
        at_price=Decimal(0),
        against=Decimal(0),
        beyond=Decimal(0),
        trades=0,
        first_at=None,
        first_beyond_at=None,
    )


prices = st.sampled_from(["99.9", "100", "100.1"])


@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 9), prices, st.sampled_from(["1", "0.5"]), st.sampled_from([-1, 0, 1])
        ),
        max_size=12,
    ),
    price=prices,
    side=st.sampled_from(SideType),
    start=st.integers(0, 9),
    end=st.integers(0, 9),
)
def test_the_volumes_are_those_of_a_count_by_hand(
    rows: list[Row], price: str, side: SideType, start: int, end: int
) -> None:
    rows.sort(key=lambda row: row[0])
    level = Decimal(price)

    found = level_trades(block(rows), side, level, start, end)

    inside = [row for row in rows if start <= row[0] <= end]
    at_price = [row for row in inside if Decimal(row[1]) == level]
    better = [
        row for row in inside if (Decimal(row[1]) < level) is (side is BUY) and row not in at_price
    ]
    own_side = 1 if side is BUY else -1
    assert found.at_price == sum(Decimal(row[2]) for row in at_price)
    assert found.against == sum(Decimal(row[2]) for row in at_price if row[3] != own_side)
    assert found.beyond == sum(Decimal(row[2]) for row in better)
