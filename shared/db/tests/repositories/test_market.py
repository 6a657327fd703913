from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from grid_db import repositories
from grid_db.words import Environment

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers

SIM, TESTNET = Environment.SIM, Environment.TESTNET


def test_a_trade_is_stored_once(session: Session, make: "Makers") -> None:
    trades = repositories.as_admin(session).trades
    first, second = make.trade("t1"), make.trade("t2", seq=8)

    assert trades.record([first, second, first]) == [0, 1]
    assert trades.record([second]) == []

    assert trades.in_range(SIM, "LTCUSDT", make.at(1), make.at(1)) == [first, second]
    assert trades.exists(SIM, "LTCUSDT", make.at(1), "t1")
    assert not trades.exists(SIM, "LTCUSDT", make.at(1), "t3")


def test_one_trade_id_in_two_environments_or_symbols_is_two_trades(
    session: Session, make: "Makers"
) -> None:
    """W38: testnet and mainnet rows of one symbol collided."""
    trades = repositories.as_admin(session).trades
    rows = [
        make.trade("t"),
        make.trade("t", environment=TESTNET),
        make.trade("t", symbol="SOLUSDT"),
    ]

    assert trades.record(rows) == [0, 1, 2]

    assert trades.in_range(TESTNET, "LTCUSDT", make.at(0), make.at(9)) == [rows[1]]


def test_trades_of_one_time_keep_the_markets_order(session: Session, make: "Makers") -> None:
    """By cross sequence where it is told, else as they were stored."""
    trades = repositories.as_admin(session).trades
    trades.record([make.trade("late", 2), make.trade("z", 1), make.trade("a", 1)])
    trades.record([make.trade("second", 3, seq=9), make.trade("first", 3, seq=8)])

    found = trades.in_range(SIM, "LTCUSDT", make.at(0), make.at(9))

    assert [row.trade_id for row in found] == ["z", "a", "late", "first", "second"]


def test_a_read_of_trades_is_bounded(session: Session, make: "Makers") -> None:
    trades = repositories.as_admin(session).trades
    trades.record([make.trade(str(number), number) for number in range(5)])

    found = trades.in_range(SIM, "LTCUSDT", make.at(0), make.at(9), limit=2)

    assert [row.trade_id for row in found] == ["0", "1"]


def test_a_price_that_would_be_cut_is_refused(session: Session, make: "Makers") -> None:
    trades = repositories.as_admin(session).trades

    with pytest.raises(StatementError, match="at most 8 digits after the point"):
        trades.record([make.trade("t", price=Decimal("0.123456789"))])


def test_the_newest_time_is_told_of_each_symbol(session: Session, make: "Makers") -> None:
    admin = repositories.as_admin(session)
    admin.trades.record([make.trade("t1", 1), make.trade("t2", 4)])
    admin.tickers.record([make.ticker(2), make.ticker(3)])

    assert admin.trades.last_ts(SIM, "LTCUSDT") == make.at(4)
    assert admin.tickers.last_ts(SIM, "LTCUSDT") == make.at(3)
    assert admin.trades.last_ts(TESTNET, "LTCUSDT") is None
    assert admin.trades.last_ts(SIM, "LTCUSDT", until=make.at(3)) == make.at(1)
    assert admin.tickers.last_ts(SIM, "LTCUSDT", until=make.at(1)) is None


def test_of_two_tickers_of_one_time_the_first_stays(session: Session, make: "Makers") -> None:
    tickers = repositories.as_admin(session).tickers
    first = make.ticker(1)

    assert tickers.record([first, make.ticker(1, last_price=Decimal(55))]) == [0]

    assert tickers.in_range(SIM, "LTCUSDT", make.at(0), make.at(9)) == [first]
    assert tickers.latest(SIM, "LTCUSDT") == first
    assert tickers.latest(SIM, "SOLUSDT") is None


def test_a_mark_price_is_the_newest_that_was_known_then(session: Session, make: "Makers") -> None:
    tickers = repositories.as_admin(session).tickers
    tickers.record(
        [
            make.ticker(1, mark_price=Decimal(50)),
            make.ticker(2, mark_price=None),
            make.ticker(3, mark_price=Decimal(51)),
        ]
    )

    marks = [tickers.mark_at_or_before(SIM, "LTCUSDT", make.at(at)) for at in (0, 1, 2, 3)]

    assert marks == [None, Decimal(50), Decimal(50), Decimal(51)]


def test_tickers_that_were_stored_after_later_ones_are_counted(
    session: Session, make: "Makers"
) -> None:
    """Of those from the start to before the end alone, and of one symbol."""
    tickers = repositories.as_admin(session).tickers
    tickers.record([make.ticker(seconds) for seconds in (1, 3, 2, 5, 4, 9, 8)])
    tickers.record([make.ticker(0, symbol="SOLUSDT")])

    def count(first: float, last: float) -> int:
        return tickers.out_of_order(SIM, "LTCUSDT", make.at(first), make.at(last))

    assert count(0, 10) == 3
    assert count(0, 4) == 1
    assert count(5, 9) == 0
