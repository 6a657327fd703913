"""The real exchange and the real hub fit the player's ports."""

import asyncio
from collections.abc import Callable

from bybit_sim.exchange.exchange import Exchange
from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.feed import Feed
from bybit_sim.market.player import Player
from bybit_sim.market.ports import Outlet, PlayedExchange
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.sockets.hub import Hub
from gridcore.clock import Instant
from tapes import Tape


def test_a_player_drives_the_exchange_and_the_hub(
    tape: Callable[..., Tape], market: SymbolMarket, start: Instant
) -> None:
    exchange: PlayedExchange = Exchange([], {"BTCUSDT": market}, start)
    hub: Outlet = Hub()
    feed = Feed([(BTCUSDT, tape([(0, 1000, 1, 1), (5, 1001, 1, 1)]))])

    asyncio.run(Player(exchange, feed, hub, "max").run())

    assert market.last == 1001
    assert exchange.now == start + 5
    assert hub.sent == 0
