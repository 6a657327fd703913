"""Fills are in the inbox before the ticker that came with them; trades end at the venue."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bybit_adapter.normalizer.words import Received
from gridbot.shadow.market_ear import MarketEar
from gridbot.shell.inbox import Inbox, InboxFull
from gridbot.shell.words import Item, TickersUp
from gridcore.events import Event, Execution, Ticker
from gridcore.session.effects import SnapshotKind
from gridcore.sides import SELL

Tell = Callable[[Event], Received]


@pytest.fixture
def received(shadow: Any) -> Tell:
    """An event of the market as it comes from the stream."""
    return lambda event: Received(
        event=event, topic="", exchange_at=shadow.now, received_at=shadow.now, raw={}
    )


def test_a_trade_fills_and_only_tickers_go_on_behind_it(shadow: Any, received: Tell) -> None:
    async def story() -> list[Item]:
        inbox: Inbox[Item] = Inbox()
        ear = MarketEar(shadow.venue, inbox)
        shadow.venue.send(shadow.order(990_000))
        ear.offer(received(shadow.trade(989_000, SELL)))
        fills = shadow.new()
        ear.offer(received(shadow.ticker(989_000)))
        ear.put(TickersUp(symbols=("BTCUSDT",)))
        assert any(isinstance(one, Execution) for one in fills)
        return list(inbox.drain())

    ticker, news = asyncio.run(story())

    assert isinstance(ticker, Received)
    assert isinstance(ticker.event, Ticker)
    assert news == TickersUp(symbols=("BTCUSDT",))


def test_a_loop_that_does_not_keep_up_loses_its_tickers_and_no_fill(
    shadow: Any, received: Tell
) -> None:
    async def story() -> None:
        ear = MarketEar(shadow.venue, Inbox(items_max=1))
        shadow.venue.send(shadow.order(990_000))
        ear.offer(received(shadow.ticker()))
        ear.offer(received(shadow.trade(989_000, SELL)))
        with pytest.raises(InboxFull):
            ear.offer(received(shadow.ticker()))

    asyncio.run(story())
    shadow.new()
    shadow.venue.send(shadow.ask(SnapshotKind.POSITIONS))

    assert [leg.size for leg in shadow.new()[0].legs] == [100, 0]
