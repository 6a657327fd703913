"""What the database tells of a recorded market."""

from collections.abc import Callable
from typing import Any

from backtest.recordings.market import RecordedMarket
from grid_db.words import Environment, Stream

Look = Callable[..., RecordedMarket]


def test_counts_and_beginnings_are_of_one_symbol_and_environment(
    recording: Any, market: Look, at: Callable[[int], int]
) -> None:
    for ms in (1000, 1000, 2000):
        recording.trade(ms)
    recording.ticker(1500)
    recording.symbol = "ETHUSDT"
    recording.trade(10)

    found = market()

    assert found.first_us(Stream.TRADES) == at(1000)
    assert found.first_us(Stream.TICKERS) == at(1500)
    assert found.count(Stream.TRADES, 0) == 3
    assert found.count(Stream.TRADES, at(1000), at(2000)) == 2
    assert found.counter(Stream.TICKERS)(at(1500), at(1501)) == 1
    assert market(environment=Environment.MAINNET).first_us(Stream.TRADES) is None


def test_rows_come_from_an_instant_on(
    recording: Any, market: Look, at: Callable[[int], int]
) -> None:
    for ms in (1000, 2000, 3000):
        recording.trade(ms)
        recording.ticker(ms)

    trades = [int(time) for block in market().trades(at(2000)) for time in block.at]
    tickers = [int(time) for block in market().tickers(at(3000)) for time in block.at]

    assert trades == [at(2000), at(3000)]
    assert tickers == [at(3000)]


def test_the_ledger_is_asked_by_stream_and_time(
    recording: Any, market: Look, at: Callable[[int], int]
) -> None:
    recording.gap(1000, 2000)
    recording.gap(1000, 2000, stream=Stream.TICKERS)

    assert len(market().gaps(Stream.TRADES, at(2000), at(3000))) == 1
    assert market().gaps(Stream.TRADES, at(2001), at(3000)) == []


def test_the_symbols_that_were_recorded_are_listed(recording: Any, market: Look) -> None:
    for symbol in ("SOLUSDT", "BTCUSDT", "ETHUSDT", "BTCUSDT"):
        recording.symbol = symbol
        recording.trade(1000)

    assert market().recorded_symbols() == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert market(environment=Environment.DEMO).recorded_symbols() == []
