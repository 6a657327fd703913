"""A market of round numbers, tapes of a few rows, an exchange and an outlet at the player's ports,
and an event loop on which waiting takes no time."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from bybit_sim.exchange.words import PrivateTopic, PublicFrame, Push
from bybit_sim.market.facts import BTCUSDT, SymbolFacts
from bybit_sim.market.player import Player
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import Step, TickerRow, TradeRow
from gridcore.clock import SECOND_US, Instant
from gridcore.instrument import Steps, Ticks
from simvenue import VenueBand
from tapes import UNKNOWN, Tape, TapeHeader, TapeWriter, TickerColumns, TradeColumns

START = Instant(1_767_571_200 * SECOND_US)
"""Monday, 2026-01-05 00:00 UTC."""


class VirtualSelector(selectors.DefaultSelector):
    """Waits by moving its clock: nothing takes time."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            self.now_s += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only by waiting."""

    def __init__(self) -> None:
        self.selector = VirtualSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now_s


class FakeExchange:
    """The exchange as the player drives it: rows at or beyond the band push to account 1001."""

    def __init__(
        self,
        markets: dict[str, SymbolMarket],
        band: tuple[int | None, int | None] = (None, None),
        deadlines: Sequence[int] = (),
    ) -> None:
        self.now = START
        self.markets = markets
        self.played: list[Step] = []
        self.fired: list[int] = []
        self._deadlines = [Instant(START + at) for at in deadlines]
        self._band = VenueBand(
            trade_low=band[0],
            trade_high=band[1],
            mark_low=None,
            mark_high=None,
            bid_high=None,
            ask_low=None,
        )

    def next_deadline(self) -> Instant | None:
        return self._deadlines[0] if self._deadlines else None

    def advance(self, now: Instant) -> tuple[Push, ...]:
        pushes = []
        while self._deadlines and self._deadlines[0] <= now:
            due = self._deadlines.pop(0)
            self.fired.append(due - START)
            pushes.append(self._push(PrivateTopic.WALLET, due))
        self.now = max(self.now, now)
        for market in self.markets.values():
            market.advance(self.now)
        return tuple(pushes)

    def play(self, step: Step) -> tuple[Push, ...]:
        pushes = list(self.advance(step.at))
        self.played.append(step)
        for row in step.rows:
            self.markets[row.symbol].play([row])
            if isinstance(row, TradeRow) and self._matters(row.price):
                pushes.append(self._push(PrivateTopic.ORDER, step.at))
        return tuple(pushes)

    def quiet_band(self, symbol: str) -> VenueBand:
        return self._band

    def _matters(self, price: int) -> bool:
        low, high = self._band.trade_low, self._band.trade_high
        return (low is not None and price <= low) or (high is not None and price >= high)

    def _push(self, topic: PrivateTopic, at: Instant) -> Push:
        return Push(uid=1001, topic=topic, rows=({"at": at - START},), at=at)


class Outlet:
    """Takes frames for the topics in `topics` (None: for all) and decodes them.

    `at_s` holds the wall clock, in seconds, of every entry of `order`.
    """

    def __init__(self, topics: set[str] | None = None) -> None:
        self.topics = topics
        self.frames: list[dict[str, Any]] = []
        self.pushes: list[Push] = []
        self.order: list[str] = []
        self.at_s: list[float] = []
        self.sent = 0
        self.patience_s: float | None = -1.0

    def wanted(self, topic: str) -> bool:
        return self.topics is None or topic in self.topics

    def publish(self, frames: Sequence[PublicFrame]) -> None:
        for frame in frames:
            if self.wanted(frame.topic):
                self.sent += 1
                self._note(frame.topic)
                self.frames.append(orjson.loads(frame.body))

    def push(self, pushes: Sequence[Push]) -> None:
        self.sent += len(pushes)
        self.pushes += pushes
        for push in pushes:
            self._note(f"push {push.topic.value}")

    async def drain(self, patience_s: float | None = None) -> None:
        self.patience_s = patience_s
        await asyncio.sleep(0)

    async def barrier(self) -> None:
        await asyncio.sleep(0)

    def _note(self, what: str) -> None:
        self.order.append(what)
        try:
            self.at_s.append(asyncio.get_running_loop().time())
        except RuntimeError:
            self.at_s.append(0.0)

    def of(self, topic: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["topic"] == topic]


@pytest.fixture
def play() -> Callable[..., None]:
    """Run a player to its end on virtual time; `during(player)` acts beside it."""

    def run(player: Player, during: Callable[[Player], Awaitable[None]] | None = None) -> None:
        async def both() -> None:
            task = asyncio.ensure_future(player.run())
            if during is not None:
                await during(player)
            await task

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(both())

    return run


@pytest.fixture
def exchange() -> Callable[..., FakeExchange]:
    return FakeExchange


@pytest.fixture
def start() -> Instant:
    return START


@pytest.fixture
def outlet() -> Callable[..., Outlet]:
    return Outlet


@pytest.fixture
def market() -> SymbolMarket:
    return SymbolMarket(BTCUSDT, START, seed=7)


@pytest.fixture
def trade() -> Callable[..., TradeRow]:
    """A trade `after_s` seconds after the start; prices in ticks of 0.10, sizes in 0.001 BTC."""

    def make(price: int, *, after_s: float = 0, qty: int = 10, side: int = 1) -> TradeRow:
        at = Instant(START + int(after_s * SECOND_US))
        return TradeRow("BTCUSDT", at, 0, Ticks(price), Steps(qty), side)

    return make


@pytest.fixture
def ticker() -> Callable[..., TickerRow]:
    def make(
        last: int,
        *,
        after_s: float = 0,
        mark: str | None = None,
        bid: int | None = None,
        ask: int | None = None,
        rate: str | None = None,
    ) -> TickerRow:
        return TickerRow(
            symbol="BTCUSDT",
            at=Instant(START + int(after_s * SECOND_US)),
            seq=0,
            last=last,
            mark=None if mark is None else Decimal(mark),
            bid=bid,
            ask=ask,
            funding_rate=None if rate is None else Decimal(rate),
        )

    return make


@pytest.fixture
def tape(tmp_path: Path) -> Callable[..., Tape]:
    """A tape of rows (microseconds after the start, price, size, side[, seq]) and tickers
    (microseconds, seq, last, bid, ask, mark, funding); None is unknown."""
    count = 0

    def make(
        trades: Sequence[tuple[int, ...]],
        tickers: Sequence[tuple[int | None, ...]] = (),
        facts: SymbolFacts = BTCUSDT,
    ) -> Tape:
        nonlocal count
        count += 1
        header = TapeHeader(
            symbol=facts.symbol,
            tick_size=str(facts.instrument.tick_size),
            qty_step=str(facts.instrument.qty_step),
            source="test",
            mark_unit="0.01" if tickers else None,
            funding_unit="0.0001" if tickers else None,
        )
        table = np.array(trades, dtype=np.int64).T
        with TapeWriter(tmp_path / f"tape{count}", header, tickers=bool(tickers)) as writer:
            writer.add_trades(
                TradeColumns(
                    time=table[0] + START,
                    price=table[1],
                    size=table[2],
                    side=table[3].astype(np.int8),
                    seq=table[4] if tickers else None,
                )
            )
            if tickers:
                rows = [[UNKNOWN if value is None else value for value in row] for row in tickers]
                seen = np.array(rows, dtype=np.int64).T
                writer.add_tickers(
                    TickerColumns(
                        time=seen[0] + START,
                        seq=seen[1],
                        last=seen[2],
                        bid=seen[3],
                        ask=seen[4],
                        mark=seen[5],
                        funding=seen[6],
                    )
                )
            return writer.commit()

    return make
