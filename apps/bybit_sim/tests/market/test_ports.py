"""The real exchange and the real hub fit the player's ports."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.account_spec import AccountSpec
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import Lifetime, NewOrder, OrderType, PrivateTopic
from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.feed import Feed
from bybit_sim.market.player import Player
from bybit_sim.market.ports import Outlet, PlayedExchange
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.sockets.hub import Hub
from gridcore.clock import Instant
from gridcore.sides import BUY
from tapes import Tape
from tapes.synth import MarketParameters, make_tape


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


@pytest.mark.untraced
@pytest.mark.parametrize("tickers", [False, True])
@pytest.mark.parametrize("partial_fills", [0, 500])
def test_accounts_fare_the_same_at_max_speed_and_step_by_step(
    tickers: bool,
    partial_fills: int,
    tmp_path: Path,
    start: Instant,
    make_spec: Callable[..., AccountSpec],
    outlet: Callable[..., Any],
    play: Callable[..., None],
) -> None:
    """Two accounts with orders at different prices: the rows that are skipped changed nothing."""
    recorded = make_tape(
        tmp_path / "tape",
        MarketParameters(
            seed=11,
            rows=20_000,
            start_us=start,
            tick_size="0.10",
            volatility=3.0,
            trades_per_second=0.5,
            tickers=tickers,
        ),
    )
    told = []
    for speed in ("max", "lockstep"):
        markets = {"BTCUSDT": SymbolMarket(BTCUSDT, start)}
        specs = [make_spec(uid=uid, partial_fills=partial_fills, seed=uid) for uid in (1, 2)]
        accounts = [Account(spec, markets, start) for spec in specs]
        exchange = Exchange(accounts, markets, start)
        feed = Feed([(BTCUSDT, recorded)])
        opening = feed.next_step()
        assert opening is not None
        exchange.play(opening)
        for uid, account in enumerate(accounts, start=1):
            for step in range(1, 9):
                price = 100_000 - 150 * step - 40 * uid
                account.create(order(f"{uid}-{step}", price), exchange.now)
        sent = outlet(set())
        sent.push(exchange.take_pushes())

        play(Player(exchange, feed, sent, speed))

        told.append((sent.pushes, [account.dump(exchange.now) for account in accounts]))

    assert told[0] == told[1]
    assert sum(push.topic is PrivateTopic.EXECUTION for push in told[0][0]) >= 8


def order(link: str, price: int) -> NewOrder:
    return NewOrder(
        symbol="BTCUSDT",
        side=BUY,
        order_type=OrderType.LIMIT,
        qty="0.010",
        price=str(price),
        lifetime=Lifetime.GTC,
        position_idx=1,
        order_link_id=link,
        reduce_only=False,
        close_on_trigger=False,
    )
