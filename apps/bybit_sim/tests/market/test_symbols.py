"""One symbol's market: what rows make of it, and what REST tells (bybit.md A.3)."""

from collections.abc import Callable
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.exchange.words import Row
from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.run import TradeRun
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import TickerRow, TradeRow
from gridcore.clock import HOUR_US, MINUTE_US, SECOND_US, Instant
from gridcore.instrument import Steps, Ticks

Trade = Callable[..., TradeRow]
Ticker = Callable[..., TickerRow]

TICKER_FIELDS = {
    *("symbol", "lastPrice", "indexPrice", "markPrice", "prevPrice24h", "price24hPcnt"),
    *("highPrice24h", "lowPrice24h", "prevPrice1h", "openInterest", "openInterestValue"),
    *("turnover24h", "volume24h", "fundingRate", "nextFundingTime", "predictedDeliveryPrice"),
    *("basisRate", "deliveryFeeRate", "deliveryTime", "ask1Size", "bid1Price", "ask1Price"),
    *("bid1Size", "basis", "preOpenPrice", "preQty", "curPreListingPhase"),
    *("fundingIntervalHour", "basisRateYear", "fundingCap"),
    *("singleOpenInterest", "singleOpenInterestValue"),
}


def played(market: SymbolMarket, *rows: TradeRow | TickerRow) -> SymbolMarket:
    for row in rows:
        market.advance(row.at)
        market.play([row])
    return market


def texts(row: Row, *names: str) -> list[object]:
    return [row[name] for name in names]


def test_the_ticker_row_is_complete_and_all_text(market: SymbolMarket, trade: Trade) -> None:
    row = played(market, trade(541_234)).ticker_row()

    assert set(row) == TICKER_FIELDS
    assert all(isinstance(value, str) for value in row.values())
    assert row["lastPrice"] == row["markPrice"] == row["indexPrice"] == "54123.40"
    assert row["fundingRate"] == "0.0001"
    assert row["fundingIntervalHour"] == "8"


def test_before_the_first_row_prices_are_absent_and_never_0(market: SymbolMarket) -> None:
    row = market.ticker_row()

    assert set(row) == TICKER_FIELDS
    assert texts(row, "lastPrice", "markPrice", "bid1Price", "highPrice24h") == [""] * 4
    assert market.last_price is None
    assert market.price_limits() is None
    assert texts(market.price_limit_row(Instant(5_000)), "buyLmt", "ts") == ["", "5"]


def test_a_trade_only_tape_quotes_one_tick_around_the_last_price(
    market: SymbolMarket, trade: Trade
) -> None:
    row = played(market, trade(1000)).ticker_row()

    assert texts(row, "bid1Price", "ask1Price") == ["99.90", "100.10"]
    assert market.best_bid is None


def test_a_literal_market_makes_up_no_quotes(market: SymbolMarket, trade: Trade) -> None:
    market.literal = True

    row = played(market, trade(1000)).ticker_row()

    assert texts(row, "bid1Price", "bid1Size", "ask1Price", "ask1Size") == [""] * 4
    assert row["lastPrice"] == "100.00"


def test_recorded_quotes_mark_and_rate_are_told_as_recorded(
    market: SymbolMarket, ticker: Ticker
) -> None:
    market.records_tickers = True

    seen = ticker(1000, mark="100.057", bid=998, ask=1001, rate="-0.00025")
    row = played(market, seen).ticker_row()

    assert texts(row, "lastPrice", "markPrice", "bid1Price", "ask1Price", "fundingRate") == [
        "100.00",
        "100.057",
        "99.80",
        "100.10",
        "-0.00025",
    ]
    assert (market.mark, market.best_bid) == (Decimal("100.057"), Decimal("99.80"))
    assert market.funding_rate == Decimal("-0.00025")


def test_recorded_quotes_stay_until_the_next_ticker_as_the_venues_hold_them(
    market: SymbolMarket, trade: Trade, ticker: Ticker
) -> None:
    """What is shown decides whether a post-only order would take; so does what the venue holds."""
    played(market, ticker(1000, bid=999, ask=1001), trade(1010, after_s=1))

    assert market.quotes() == (999, 1001)
    assert texts(market.ticker_row(), "lastPrice", "bid1Price") == ["101.00", "99.90"]


def test_a_book_is_built_around_the_last_price_where_a_quote_is_unknown_or_crossed(
    market: SymbolMarket, ticker: Ticker
) -> None:
    shown = [
        played(market, seen).quotes()
        for seen in (
            ticker(1000, bid=999),
            ticker(1000, bid=1001, ask=1001),
            ticker(1, bid=None, ask=None),
        )
    ]

    assert shown == [(999, 1001), (999, 1001), (1, 2)]


def test_the_last_price_of_a_literal_market_is_that_of_its_ticker(
    market: SymbolMarket, trade: Trade, ticker: Ticker
) -> None:
    """Lockstep shows what the backtest sees: trades between two tickers are no tickers."""
    market.records_tickers = True
    market.literal = True
    played(market, ticker(1000), trade(1010, after_s=1))

    assert market.ticker_row()["lastPrice"] == "100.00"
    assert market.last == 1010


def test_an_absent_mark_or_rate_leaves_the_known_one(market: SymbolMarket, ticker: Ticker) -> None:
    played(market, ticker(1000, mark="99.5", rate="0.0003"), ticker(1001, after_s=1))

    assert market.mark == Decimal("99.5")
    assert market.funding_rate == Decimal("0.0003")
    assert market.bid is None


def test_the_day_is_told_of_its_trades(market: SymbolMarket, trade: Trade) -> None:
    played(
        market,
        trade(1000, qty=10),
        trade(1200, after_s=70, qty=5),
        trade(900, after_s=140, qty=1),
        trade(1100, after_s=7200, qty=4),
    )

    row = market.ticker_row()

    assert texts(row, "highPrice24h", "lowPrice24h", "prevPrice24h", "price24hPcnt") == [
        "120.00",
        "90.00",
        "100.00",
        "0.100000",
    ]
    assert texts(row, "volume24h", "turnover24h", "prevPrice1h") == ["0.020", "2.1300", "90.00"]


def test_candles_are_told_as_lists_of_texts_newest_first(
    market: SymbolMarket, trade: Trade, start: Instant
) -> None:
    played(market, trade(1000, qty=10), trade(1010, after_s=61, qty=2))

    rows = market.kline_rows("1", None, None, 5)

    assert rows == [
        [str(start // 1000 + 60_000), "100.00", "101.00", "100.00", "101.00", "0.002", "0.20200"],
        [str(start // 1000), "100.00", "100.00", "100.00", "100.00", "0.010", "1.00000"],
    ]
    assert market.kline_rows("1", start // 1000, start // 1000, 5) == rows[1:]
    assert market.kline_rows("2", None, None, 5) is None


def test_funding_is_settled_at_whole_intervals_and_remembered_newest_first(
    market: SymbolMarket, ticker: Ticker, start: Instant
) -> None:
    assert market.next_funding == start + 8 * HOUR_US
    played(market, ticker(1000, rate="0.0002"))
    market.advance(Instant(start + 8 * HOUR_US))
    played(market, ticker(1000, after_s=9 * 3600, rate="0.0005"))
    market.advance(Instant(start + 17 * HOUR_US))

    rows = market.funding_rows(None, None, 5)

    assert [row["fundingRate"] for row in rows] == ["0.0005", "0.0002"]
    assert rows[1] == {
        "symbol": "BTCUSDT",
        "fundingRate": "0.0002",
        "fundingRateTimestamp": str((start + 8 * HOUR_US) // 1000),
    }
    early = (start + 9 * HOUR_US) // 1000
    assert [row["fundingRate"] for row in market.funding_rows(None, early, 5)] == ["0.0002"]
    assert [row["fundingRate"] for row in market.funding_rows(early, None, 5)] == ["0.0005"]
    assert len(market.funding_rows(None, None, 1)) == 1


def test_the_price_limits_lie_around_mark_and_index_on_the_tick(
    market: SymbolMarket, ticker: Ticker
) -> None:
    played(market, ticker(1000, mark="100.04"))

    row = market.price_limit_row(Instant(7_000))

    assert row == {"symbol": "BTCUSDT", "buyLmt": "101.00", "sellLmt": "99.10", "ts": "7"}


def test_time_never_goes_back(market: SymbolMarket, start: Instant) -> None:
    market.advance(Instant(start + HOUR_US))
    market.advance(start)

    assert market.now == start + HOUR_US


def test_the_ticker_of_the_stream_adds_the_tick_direction(
    market: SymbolMarket, trade: Trade
) -> None:
    played(market, trade(1000), trade(990, after_s=1))

    assert market.ticker_fields() == market.ticker_row() | {"tickDirection": "MinusTick"}


@given(
    moves=st.lists(
        st.tuples(
            st.integers(0, 40 * SECOND_US),
            st.integers(1, 2000),
            st.integers(1, 9),
            st.sampled_from([-1, 0, 1]),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_a_run_of_trades_leaves_the_market_as_one_by_one(
    moves: list[tuple[int, int, int, int]],
) -> None:
    begin = Instant(1_767_571_200 * SECOND_US)
    rows, now = [], begin
    for wait, price, qty, side in moves:
        now = Instant(now + wait)
        rows.append(TradeRow("BTCUSDT", now, 0, Ticks(price), Steps(qty), side))
    one_by_one = played(SymbolMarket(BTCUSDT, begin), *rows)
    together = SymbolMarket(BTCUSDT, begin)
    run = TradeRun(
        "BTCUSDT",
        np.array([row.at for row in rows]),
        np.array([row.price for row in rows]),
        np.array([row.qty for row in rows]),
        np.array([row.side for row in rows]),
    )

    together.play_run(run)

    assert together.ticker_fields() == one_by_one.ticker_fields()
    assert together.trade_rows(100) == one_by_one.trade_rows(100)
    for interval in ("1", "3", "5", "D"):
        assert together.kline_rows(interval, None, None, 100) == one_by_one.kline_rows(
            interval, None, None, 100
        )
    assert together.klines.take_closed() == one_by_one.klines.take_closed()
    assert together.now == one_by_one.now
    assert together.klines.minute_end - MINUTE_US <= together.now
