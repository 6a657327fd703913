"""What the tests of the page share: an exchange of one symbol and two accounts, and fakes at the
ports of player, hub and server.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.account_spec import AccountSpec
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import ApiKey, Push
from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault
from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import Step, TickerRow, TradeRow
from bybit_sim.page.requests import RequestLog
from gridcore.clock import SECOND_US, Instant
from gridcore.instrument import Steps, Ticks
from gridcore.sides import SideType

START = Instant(1_700_000_000_000_000)
Client = TestClient[web.Request, web.Application]


class FakePlayer:
    """Notes what it is asked; refuses the speed `fast` and prices off the tick."""

    def __init__(self) -> None:
        self.speed = "1x"
        self.paused = False
        self.ended = False
        self.done: list[tuple[object, ...]] = []

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def step(self, count: int) -> None:
        self.done.append(("step", count))

    def set_speed(self, speed: str) -> None:
        if speed == "fast":
            raise ValueError("expected 1x, 60x, max or lockstep, found 'fast'")
        self.speed = speed

    def inject_trade(self, symbol: str, price: Decimal, qty: Decimal, side: SideType) -> None:
        if price % Decimal("0.10"):
            raise ValueError(f"expected a price on the tick 0.10, found {price}")
        self.done.append(("trade", symbol, price, qty, side))

    def move_price(self, symbol: str, price: Decimal) -> None:
        if price % Decimal("0.10"):
            raise ValueError(f"expected a price on the tick 0.10, found {price}")
        self.done.append(("price", symbol, price))


class FakeHub:
    """Keeps the pushes."""

    def __init__(self) -> None:
        self.pushed: list[Push] = []

    def push(self, pushes: Sequence[Push]) -> None:
        self.pushed.extend(pushes)


class Kind(StrEnum):
    """Kinds of sockets are words of an enum."""

    PUBLIC = "public"
    PRIVATE = "private"


@dataclass
class FakeConnection:
    """An open socket."""

    kind: Kind
    uid: int | None


@dataclass
class FakeServer:
    """Two public sockets and a private one; notes what ends them."""

    ended: list[tuple[str | None, int | None, Fault]] = field(default_factory=list)

    def connections(self) -> Sequence[FakeConnection]:
        public = FakeConnection(Kind.PUBLIC, None)
        return (public, FakeConnection(Kind.PRIVATE, 1), public)

    def disconnect(self, kind: str | None, uid: int | None, fault: Fault) -> int:
        self.ended.append((kind, uid, fault))
        return 2


class FakeSimulation:
    """A simulator of BTCUSDT at 50,000 with the accounts `first` (1) and `second` (2)."""

    def __init__(self) -> None:
        market = SymbolMarket(BTCUSDT, START)
        specs = [
            AccountSpec(
                uid=uid, name=name, keys=(ApiKey(key=name, secret="s"),), balance=Decimal(10_000)
            )
            for uid, name in ((1, "first"), (2, "second"))
        ]
        markets = {"BTCUSDT": market}
        accounts = [Account(spec, markets, START) for spec in specs]
        self.exchange = Exchange(accounts, markets, START)
        self.player = FakePlayer()
        self.hub = FakeHub()
        self.server = FakeServer()
        self.board = FaultBoard(1)
        self.requests = RequestLog()
        self.elapsed = 5_000
        self._seq = 0
        self.trade(500_000)

    def elapsed_ms(self) -> int:
        return self.elapsed

    def trade(self, ticks: int) -> None:
        """One trade and a ticker a second after the last, at a price in ticks of 0.10."""
        self._seq += 2
        at = Instant(self.exchange.now + SECOND_US)
        ticker = TickerRow(
            symbol="BTCUSDT",
            at=at,
            seq=self._seq,
            last=Ticks(ticks),
            mark=Decimal(ticks) / 10,
            bid=Ticks(ticks - 1),
            ask=Ticks(ticks + 1),
            funding_rate=Decimal("0.0001"),
        )
        trade = TradeRow("BTCUSDT", at, self._seq + 1, Ticks(ticks), Steps(5), 1)
        self.hub.push(self.exchange.play(Step(at, (ticker, trade))))


@pytest.fixture
def simulation() -> FakeSimulation:
    return FakeSimulation()


@pytest.fixture
def with_client() -> Callable[
    [Callable[[web.Application], None], Callable[[Client], Awaitable[Any]]], Any
]:
    """Runs an exchange of requests with an application on loopback."""

    def run(
        build: Callable[[web.Application], None], talk: Callable[[Client], Awaitable[Any]]
    ) -> Any:
        async def whole() -> Any:
            app = web.Application()
            build(app)
            async with TestClient(TestServer(app, host="127.0.0.1")) as client:
                return await talk(client)

        return asyncio.run(whole())

    return run
