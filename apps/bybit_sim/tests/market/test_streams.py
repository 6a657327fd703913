"""The streams of one symbol: one of each topic that is offered."""

from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.streams import PublicStreams


def test_there_is_a_stream_for_every_topic_of_a_symbol() -> None:
    streams = PublicStreams(BTCUSDT)

    topics = [
        streams.ticker.topic,
        *(book.topic for book in streams.depths.values()),
        *(candles.topic for candles in streams.klines.values()),
    ]

    assert topics[:4] == [
        "tickers.BTCUSDT",
        "orderbook.1.BTCUSDT",
        "orderbook.50.BTCUSDT",
        "kline.1.BTCUSDT",
    ]
    assert len(set(topics)) == len(topics) == 3 + 13
