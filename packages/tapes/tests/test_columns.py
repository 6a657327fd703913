"""Rows at the edge of the API."""

from collections.abc import Callable

from tapes.columns import SPECS_BY_NAME, UNKNOWN, TickerColumns, TradeColumns


def test_unknown_values_of_a_ticker_are_none_at_the_edge(
    tickers_of: Callable[..., TickerColumns],
) -> None:
    tickers = tickers_of([(5, 7, 100, UNKNOWN, 101, UNKNOWN, -3)])

    row = tickers.row(0)

    assert (row.time_us, row.seq, row.last, row.bid) == (5, 7, 100, None)
    assert (row.ask, row.mark, row.funding) == (101, None, -3)


def test_column_sets_know_their_length(
    trades_of: Callable[..., TradeColumns], tickers_of: Callable[..., TickerColumns]
) -> None:
    assert len(trades_of([1, 2], [3, 4])) == 2
    assert len(tickers_of([])) == 0


def test_columns_are_named_by_set_and_name() -> None:
    assert SPECS_BY_NAME["trades.price"].name == "price"
    assert SPECS_BY_NAME["tickers.mark"].bytes_max == 8
