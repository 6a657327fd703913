"""Trades and prices by hand."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bybit_sim.market.controls import injected_trade, moved_rows
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import TickerRow, TradeRow
from gridcore.clock import Instant
from gridcore.sides import SideType

Trade = Callable[..., TradeRow]
Ticker = Callable[..., TickerRow]


def test_an_injected_trade_is_a_row_of_now(market: SymbolMarket) -> None:
    row = injected_trade(market, Instant(9), Decimal("100.5"), Decimal("0.02"), SideType.SELL)

    assert row == TradeRow("BTCUSDT", Instant(9), 0, 1005, 20, -1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("price", "qty", "message"),
    [
        ("100.05", "0.02", "not a multiple of the tick"),
        ("100.1", "0.0005", "not a multiple of the step"),
        ("0", "0.02", "above 0"),
        ("100", "-1", "above 0"),
    ],
)
def test_an_impossible_trade_is_refused_with_the_reason(
    market: SymbolMarket, price: str, qty: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        injected_trade(market, Instant(9), Decimal(price), Decimal(qty), SideType.BUY)


def test_a_moved_price_is_a_trade_and_the_distance(market: SymbolMarket, trade: Trade) -> None:
    market.play([trade(1000)])

    distance, rows = moved_rows(market, Instant(9), Decimal("97.0"))

    assert distance == -30
    assert rows == [TradeRow("BTCUSDT", Instant(9), 0, 970, 1, -1)]  # type: ignore[arg-type]


def test_a_market_with_tickers_moves_its_quotes_and_its_mark_as_far(
    market: SymbolMarket, ticker: Ticker
) -> None:
    market.records_tickers = True
    market.play([ticker(1000, mark="100.04", bid=999, ask=1001)])

    distance, rows = moved_rows(market, Instant(9), Decimal("101.0"))

    moved = rows[1]
    assert isinstance(moved, TickerRow)
    assert distance == 10
    assert (moved.last, moved.bid, moved.ask) == (1010, 1009, 1011)
    assert moved.mark == Decimal("101.04")


def test_before_the_first_row_a_market_is_put_at_a_price_and_not_shifted(
    market: SymbolMarket,
) -> None:
    distance, rows = moved_rows(market, Instant(9), Decimal("97.0"))

    assert distance == 0
    assert len(rows) == 1
    with pytest.raises(ValueError, match="above 0"):
        moved_rows(market, Instant(9), Decimal(0))
