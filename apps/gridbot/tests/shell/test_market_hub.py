"""One public stream for all accounts: each hears its own symbols, in its own units."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.normalizer.words import DeadLetter, Received
from bybit_adapter.ws_client.words import Connected, Fatal, FatalKind, Outage, Reason, Restored
from gridbot.shell.inbox import Inbox, InboxFull
from gridbot.shell.market_hub import MarketHub
from gridbot.shell.words import Ended, Item, TickersDown, TickersUp
from gridcore.clock import Instant
from gridcore.events import PublicTrade, Ticker
from gridcore.instrument import Instrument

AT = Instant(1_767_225_600_000_000)


def instrument(symbol: str, tick: str = "0.1") -> Instrument:
    return Instrument(
        symbol=symbol,
        tick_size=Decimal(tick),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(100),
        min_notional=Decimal(5),
    )


class Stream:
    """A stream client that only remembers."""

    def __init__(self, topics: Sequence[str]) -> None:
        self.topics = tuple(topics)
        self.started = self.closed = False

    def start(self) -> None:
        self.started = True

    def close(self) -> bool:
        self.closed = True
        return True


class Market:
    """A hub with two accounts: one trades both symbols, the other bitcoin in ticks of 0.5."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.letters: list[DeadLetter] = []
        self.hub = MarketHub(self._make)
        self.first: Inbox[Item] = Inbox(items_max=3)
        self.second: Inbox[Item] = Inbox(items_max=3)
        both = {symbol: instrument(symbol) for symbol in ("BTCUSDT", "ETHUSDT")}
        self.hub.subscribe(self.first, both, self.letters.append)
        coarse = {"BTCUSDT": instrument("BTCUSDT", "0.5")}
        self.hub.subscribe(self.second, coarse, self.letters.append)

    def _make(self, topics: Sequence[str], ear: object) -> Stream:
        assert ear is self.hub
        self.streams.append(Stream(topics))
        return self.streams[-1]

    def say(self, symbol: str, price: str, kind: str = "snapshot", after_ms: int = 0) -> None:
        data = {"symbol": symbol, "lastPrice": price}
        frame = {
            "topic": f"tickers.{symbol}",
            "type": kind,
            "ts": AT // 1000 + after_ms,
            "cs": after_ms + 1,
            "data": data,
        }
        self.hub.on_frame(json.dumps(frame), AT)


def prices(inbox: Inbox[Item]) -> list[tuple[str, Any]]:
    return [
        (one.event.symbol, one.event.last)
        for one in inbox.drain()
        if isinstance(one, Received) and isinstance(one.event, Ticker)
    ]


def play(story: Callable[[Market], Awaitable[None]]) -> None:
    async def whole() -> None:
        await story(Market())

    asyncio.run(whole())


def test_one_stream_subscribes_to_the_symbols_of_all() -> None:
    """W33."""

    async def story(market: Market) -> None:
        market.hub.connect()

        (stream,) = market.streams
        assert stream.topics == ("tickers.BTCUSDT", "tickers.ETHUSDT")
        assert stream.started

    play(story)


def test_each_account_hears_its_symbols_in_its_own_ticks() -> None:
    async def story(market: Market) -> None:
        market.say("BTCUSDT", "100000")
        market.say("ETHUSDT", "4000")

        assert prices(market.first) == [("BTCUSDT", 1_000_000), ("ETHUSDT", 40_000)]
        assert prices(market.second) == [("BTCUSDT", 200_000)]

    play(story)


def test_only_who_asks_for_trades_hears_them() -> None:
    """A shadow's venue lives on them."""

    async def story(market: Market) -> None:
        shadow: Inbox[Item] = Inbox()
        coarse = {"BTCUSDT": instrument("BTCUSDT", "0.5")}
        market.hub.subscribe(shadow, coarse, market.letters.append, trades=True)
        market.hub.connect()
        row = {"T": AT // 1000, "s": "BTCUSDT", "S": "Buy", "v": "0.5", "p": "100000", "i": "x"}
        frame = {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": AT // 1000}
        market.hub.on_frame(json.dumps(frame | {"data": [row]}), AT)
        market.say("BTCUSDT", "100001")

        assert market.streams[-1].topics[-1] == "publicTrade.BTCUSDT"
        trade, ticker = [one.event for one in shadow.drain() if isinstance(one, Received)]
        assert isinstance(trade, PublicTrade)
        assert (trade.price, trade.qty) == (200_000, 500)
        assert isinstance(ticker, Ticker)
        assert prices(market.second) == [("BTCUSDT", 200_002)]
        assert not market.letters

    play(story)


def test_trades_that_do_not_come_are_no_loss_of_tickers() -> None:
    async def story(market: Market) -> None:
        shadow: Inbox[Item] = Inbox()
        coarse = {"BTCUSDT": instrument("BTCUSDT")}
        market.hub.subscribe(shadow, coarse, market.letters.append, trades=True)
        topics = ("publicTrade.BTCUSDT",)
        restored = Restored(
            topics=topics, since=AT, until=AT, reason=Reason.TOPIC_SILENT, detail=""
        )
        market.hub.on_restored(restored)

        assert not shadow.drain()

    play(story)


def test_a_new_connection_forgets_what_was_merged() -> None:
    """A39."""

    async def story(market: Market) -> None:
        market.say("BTCUSDT", "100000")
        market.hub.on_connected(Connected(generation=2, at=AT))
        market.say("BTCUSDT", "100001", kind="delta", after_ms=5)

        assert prices(market.second) == [("BTCUSDT", 200_000)]

    play(story)


def test_an_outage_and_its_end_are_told_to_those_whom_they_concern() -> None:
    async def story(market: Market) -> None:
        topics = ("tickers.ETHUSDT",)
        outage = Outage(topics=topics, since=AT, noticed_at=AT, reason=Reason.CLOSED, detail="")
        until = Restored(topics=topics, since=AT, until=AT, reason=Reason.CLOSED, detail="")
        market.hub.on_outage(outage)
        market.hub.on_restored(until)

        assert list(market.first.drain()) == [
            TickersDown(symbols=("ETHUSDT",), since=AT, reason="closed"),
            TickersUp(symbols=("ETHUSDT",)),
        ]
        assert list(market.second.drain()) == []

    play(story)


def test_a_stream_that_has_given_up_ends_everybody() -> None:
    async def story(market: Market) -> None:
        market.hub.on_fatal(Fatal(kind=FatalKind.CONSUMER, at=AT, detail="too slow"))

        ended = Ended(text="the public stream has ended: consumer: too slow")
        assert list(market.first.drain()) == [ended]
        assert list(market.second.drain()) == [ended]

    play(story)


def test_a_full_inbox_counts_as_the_loss_of_the_connection() -> None:
    async def story(market: Market) -> None:
        for number in range(3):
            market.say("BTCUSDT", str(100_000 + number), after_ms=number)

        with pytest.raises(InboxFull):
            market.say("BTCUSDT", "100009", after_ms=9)

    play(story)


def test_who_left_hears_nothing_and_the_next_stream_is_without_their_symbols() -> None:
    async def story(market: Market) -> None:
        market.hub.connect()
        market.hub.unsubscribe(market.first)
        market.hub.connect()
        market.say("BTCUSDT", "100000")

        before, after = market.streams
        assert before.closed
        assert after.topics == ("tickers.BTCUSDT",)
        assert list(market.first.drain()) == []
        market.hub.unsubscribe(market.second)
        market.hub.connect()
        market.hub.close()
        assert after.closed
        assert len(market.streams) == 2

    play(story)


def test_what_cannot_be_read_is_a_dead_letter_and_what_is_no_ticker_is_nothing() -> None:
    async def story(market: Market) -> None:
        market.hub.on_frame("{", AT)
        market.hub.on_frame(json.dumps({"op": "subscribe", "success": True}), AT)

        assert len(market.letters) == 2
        assert list(market.first.drain()) == []

    play(story)


class SlowStream(Stream):
    """A stream client whose end takes its time."""

    def __init__(self, topics: Sequence[str], both: threading.Barrier) -> None:
        super().__init__(topics)
        self._both = both

    def close(self) -> bool:
        with suppress(threading.BrokenBarrierError):
            self._both.wait(0.1)
        return super().close()


def test_two_that_connect_at_once_leave_one_stream_and_a_close_leaves_none() -> None:
    """Two sessions that begin anew at the same change of a tick."""
    streams: list[SlowStream] = []
    both = threading.Barrier(2)

    def make(topics: Sequence[str], ear: object) -> Stream:
        streams.append(SlowStream(topics, both))
        return streams[-1]

    async def story() -> None:
        hub = MarketHub(make)
        hub.subscribe(Inbox(items_max=3), {"BTCUSDT": instrument("BTCUSDT")}, lambda letter: None)
        hub.connect()
        await asyncio.gather(asyncio.to_thread(hub.connect), asyncio.to_thread(hub.connect))
        open_ones = [one for one in streams if not one.closed]
        hub.close()
        hub.connect()

        assert len(open_ones) == 1
        assert all(one.closed for one in streams)

    asyncio.run(story())
