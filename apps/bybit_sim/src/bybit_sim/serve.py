"""Puts the simulator together and runs it: exchange, player, faults, server.

The one place that knows every part; it decides nothing about how any of them works.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from appkit.exits import UserError
from bybit_sim.config import LOCKSTEP, SimConfig
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import Row
from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.draw import draw_faults
from bybit_sim.faults.plan import load_plan
from bybit_sim.faults.words import Fault
from bybit_sim.market.player import Player
from bybit_sim.market.topics import PublicTopics
from bybit_sim.opening import Opened, open_exchange, play_first_prices
from bybit_sim.page.admin import routes
from bybit_sim.page.requests import RequestLog
from bybit_sim.rest.limits import AddressLimit, RateLimits, caps_of
from bybit_sim.rest.server import RestDesk
from bybit_sim.rest.trading import TradeDesk
from bybit_sim.rest.words import Answer
from bybit_sim.sockets.hub import Hub
from bybit_sim.sockets.listener import HOST
from bybit_sim.sockets.server import Ports, SimServer, SocketTimes
from bybit_sim.sockets.wall_clock import WallClock
from bybit_sim.sockets.words import Clocks, KeyHolder


class OrdersOverSockets:
    """The trade sockets' way to the accounts: the same desk as REST, with the same limits."""

    def __init__(self, exchange: Exchange, desk: TradeDesk, wall: WallClock) -> None:
        self._exchange = exchange
        self._desk = desk
        self._wall = wall

    def knows(self, op: str) -> bool:
        """Whether there is such an operation."""
        return self._desk.knows(op)

    def act(
        self, holder: KeyHolder, op: str, body: Row, clocks: Clocks
    ) -> tuple[Answer, Mapping[str, str]]:
        """Carry out one operation by the true clocks: a skew is told and moves no order."""
        account, now = self._exchange.accounts[holder.uid], self._exchange.now
        return self._desk.act(account, holder.key, op, body, now, self._wall.now_us())


class Running:
    """A simulator that is up; its parts are for the admin pages and for tests."""

    def __init__(self, config: SimConfig, opened: Opened, faults: tuple[Fault, ...]) -> None:
        self.config = config
        self._opened = opened
        self.exchange = opened.exchange
        self.board = FaultBoard(_fault_seed(config), faults)
        self.requests = RequestLog()
        self.hub = Hub()
        self.player = Player(
            opened.exchange,
            opened.feed,
            self.hub,
            config.speed,
            config.settle,
            config.ticker_interval_ms,
        )
        self._wall = WallClock()
        in_lockstep = config.speed == LOCKSTEP
        limits = RateLimits(
            caps_of(config.vip_level), (lambda: opened.exchange.now) if in_lockstep else None
        )
        trade = TradeDesk(opened.exchange.markets, limits)
        self.desk = RestDesk(
            opened.exchange,
            trade,
            limits,
            AddressLimit() if config.address_limit and not in_lockstep else AddressLimit(None),
        )
        self.server = SimServer(
            ports=Ports(
                desk=self.desk,
                orders=OrdersOverSockets(opened.exchange, trade, self._wall),
                topics=PublicTopics(opened.exchange.markets),
                find_key=self._find_key,
                market_us=lambda: opened.exchange.now,
                after=self._tell,
            ),
            hub=self.hub,
            board=self.board,
            log=self.requests,
            wall=self._wall,
            port=config.port,
            times=SocketTimes(
                answer_delay_ms=config.answer_delay_ms,
                idle_s_max=config.idle_cut_s,
                idle_scan_s=config.idle_scan_s,
            ),
        )
        routes(self.server.app, self)
        self._playing: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        return self.server.port

    def elapsed_ms(self) -> int:
        """Wall clock since the simulator began: the time of faults."""
        return self._wall.elapsed_ms()

    async def start(self) -> None:
        """Listen, then begin to play; UserError when the port is taken.

        But in lockstep, where every row is to be settled, the market has prices from the first
        request on.
        """
        if self.config.speed != LOCKSTEP:
            play_first_prices(self._opened)
        try:
            await self.server.start()
        except OSError as error:
            raise UserError(
                f"cannot listen on {HOST}:{self.config.port}: {error.strerror}",
                "choose another port with --port, or 0 for a free one",
            ) from error
        self._playing = asyncio.ensure_future(self.player.run())

    async def until_broken(self) -> None:
        """Return never, except with the error that ended the player; a tape's end is none."""
        assert self._playing is not None, "start comes first"
        await self._playing
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """End the player and every connection."""
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)
        await self.server.stop()

    def _find_key(self, key: str) -> KeyHolder | None:
        found = self.exchange.account_of(key)
        return None if found is None else KeyHolder(uid=found[0].uid, key=found[1])

    def _tell(self) -> None:
        self.hub.push(self.exchange.take_pushes())


def planned_faults(config: SimConfig) -> tuple[Fault, ...]:
    """The faults of the file and those drawn from the seed."""
    planned = () if config.faults is None else load_plan(config.faults)
    if config.fault_seed is None:
        return planned
    return (*planned, *draw_faults(config.fault_seed, config.fault_minutes * 60_000))


def _fault_seed(config: SimConfig) -> int:
    return config.seed if config.fault_seed is None else config.fault_seed


@asynccontextmanager
async def running(config: SimConfig) -> AsyncIterator[Running]:
    """A simulator that serves while the block runs; synthetic tapes live as long as it does."""
    with tempfile.TemporaryDirectory(prefix="bybit-sim-") as folder:
        simulator = Running(config, open_exchange(config, Path(folder)), planned_faults(config))
        await simulator.start()
        try:
            yield simulator
        finally:
            await simulator.stop()
