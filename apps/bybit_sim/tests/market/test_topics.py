"""Public topics: which exist, what a fresh subscriber gets, and what comes next (bybit.md B.3)."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from bybit_sim.exchange.words import PublicFrame
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.topics import PublicTopics
from bybit_sim.market.words import TradeRow
from gridcore.clock import SECOND_US, Instant

Trade = Callable[..., TradeRow]
ALL = ("tickers", "publicTrade", "orderbook.1", "orderbook.50", "kline.1", "kline.D")


def decoded(frames: tuple[PublicFrame, ...] | list[PublicFrame] | None) -> list[dict[str, Any]]:
    assert frames is not None
    return [orjson.loads(frame.body) for frame in frames]


def everybody(topic: str) -> bool:
    return True


def nobody(topic: str) -> bool:
    return False


def only(*topics: str) -> Callable[[str], bool]:
    return lambda topic: topic in topics


@pytest.fixture
def topics(market: SymbolMarket, trade: Trade) -> PublicTopics:
    market.play([trade(1000)])
    return PublicTopics({"BTCUSDT": market})


@pytest.mark.parametrize(
    "topic",
    [
        "tickers.XRPUSDT",
        "tickers",
        "tickers.",
        "orderbook.2.BTCUSDT",
        "orderbook.BTCUSDT",
        "kline.2.BTCUSDT",
        "kline.BTCUSDT",
        "publicTrade.BTCUSDT.x",
        "liquidation.BTCUSDT",
        "",
    ],
)
def test_there_is_no_such_topic(topics: PublicTopics, topic: str) -> None:
    assert topics.snapshot_frames(topic) is None


@pytest.mark.parametrize("kind", ALL)
def test_a_fresh_subscriber_gets_the_state_of_now(topics: PublicTopics, kind: str) -> None:
    topic = f"{kind}.BTCUSDT"

    frames = decoded(topics.snapshot_frames(topic))

    assert [(frame["topic"], frame["type"]) for frame in frames] == (
        [] if kind == "publicTrade" else [(topic, "snapshot")]
    )


def test_before_the_first_row_there_is_no_book_and_no_candle(market: SymbolMarket) -> None:
    topics = PublicTopics({"BTCUSDT": market})

    assert topics.snapshot_frames("orderbook.50.BTCUSDT") == ()
    assert topics.snapshot_frames("kline.1.BTCUSDT") == ()
    assert topics.state_frames(only("orderbook.1.BTCUSDT", "kline.1.BTCUSDT")) == []


def test_after_a_snapshot_only_changes_are_told(
    topics: PublicTopics, market: SymbolMarket, trade: Trade
) -> None:
    topics.snapshot_frames("tickers.BTCUSDT")
    topics.snapshot_frames("orderbook.50.BTCUSDT")
    market.play([trade(1001)])

    ticker, book = decoded(topics.state_frames(only("tickers.BTCUSDT", "orderbook.50.BTCUSDT")))

    assert (ticker["type"], book["type"]) == ("delta", "delta")
    assert ticker["data"]["lastPrice"] == "100.10"
    assert "fundingRate" not in ticker["data"]
    assert ["100.10", "0"] in book["data"]["a"]


def test_who_comes_after_everybody_left_gets_a_new_snapshot(
    topics: PublicTopics, market: SymbolMarket, trade: Trade
) -> None:
    topics.snapshot_frames("tickers.BTCUSDT")
    topics.state_frames(nobody)
    market.play([trade(1005)])

    (frame,) = decoded(topics.snapshot_frames("tickers.BTCUSDT"))

    assert frame["data"]["lastPrice"] == "100.50"


def test_trades_are_kept_only_for_those_who_listen(
    topics: PublicTopics, market: SymbolMarket, trade: Trade
) -> None:
    topics.listen(nobody)
    market.play([trade(1001)])
    topics.listen(everybody)
    market.play([trade(1002)])

    (frame,) = decoded(topics.trade_frames())

    assert [element["p"] for element in frame["data"]] == ["100.20"]
    assert topics.trade_frames() == []


def test_a_fresh_subscriber_of_trades_hears_the_next_one(
    topics: PublicTopics, market: SymbolMarket, trade: Trade
) -> None:
    topics.snapshot_frames("publicTrade.BTCUSDT")
    market.play([trade(1002)])

    assert len(topics.trade_frames()) == 1


def test_a_candle_is_confirmed_exactly_once(
    topics: PublicTopics, market: SymbolMarket, start: Instant
) -> None:
    wanted = only("kline.1.BTCUSDT")
    told = decoded(topics.state_frames(wanted))
    for second in (30, 59, 60, 61, 119):
        market.advance(Instant(start + second * SECOND_US))
        told += decoded(topics.state_frames(wanted))

    confirmed = [frame["data"][0]["confirm"] for frame in told]
    starts = [frame["data"][0]["start"] - start // 1000 for frame in told]
    assert confirmed == [False, True, False]
    assert starts == [0, 0, 60_000]


def test_a_literal_market_tells_a_ticker_exactly_when_a_row_brought_one(
    topics: PublicTopics, market: SymbolMarket, trade: Trade
) -> None:
    market.literal = True
    wanted = only("tickers.BTCUSDT")

    first = topics.state_frames(wanted)
    quiet = topics.state_frames(wanted)
    market.play([trade(1000)])
    again = topics.state_frames(wanted)

    assert [len(frames) for frames in (first, quiet, again)] == [1, 0, 1]


def test_a_quiet_level_1_is_repeated_after_three_seconds_with_the_same_update_id(
    topics: PublicTopics, market: SymbolMarket, trade: Trade
) -> None:
    wanted = only("orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT")
    (shown,) = decoded(topics.snapshot_frames("orderbook.1.BTCUSDT"))

    told = [decoded(topics.repeated_frames(wanted, wall_s)) for wall_s in (10, 12.9, 13, 15.9, 16)]
    market.play([trade(1007)])
    topics.state_frames(wanted)
    later = [topics.repeated_frames(wanted, wall_s) for wall_s in (18, 20.9)]

    assert [len(frames) for frames in told] == [0, 0, 1, 0, 1]
    assert told[2][0]["data"]["u"] == shown["data"]["u"]
    assert later == [[], []]
    assert topics.repeated_frames(nobody, 40) == []
