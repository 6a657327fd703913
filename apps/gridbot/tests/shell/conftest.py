"""A simulated exchange in this process, and one account's shell that trades on it."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest_client import RestClient, wait_until
from bybit_adapter.ws_client.client import public_client
from bybit_sim.config import SimConfig
from bybit_sim.serve import Running, running
from gridbot.shell.account_loop import PAUSE_S_MAX, LoopEnd
from gridbot.shell.account_run import AccountRun, Means
from gridbot.shell.clock import Clock, steady_us
from gridbot.shell.market_hub import MarketHub
from gridbot.terms import SymbolTerms, read_terms
from gridbot.words import JournalUnwritable, StopToken
from gridcore.clock import Instant
from gridcore.config import GridConfig, RiskConfig, SafetyConfig, SizingConfig
from gridcore.events import Event
from gridcore.session.account import AccountSession
from gridcore.session.codec import FORMAT, Header, Line, encode_line
from gridcore.session.effects import Effects
from gridcore.session.replay import Difference, replay
from gridcore.session.setup import StrategySetup

SYMBOL = "BTCUSDT"


def safety(speed: int) -> SafetyConfig:
    """Audits every four seconds of ours, so that a test sees them."""
    pace_s = 4 * speed
    return SafetyConfig(
        audit_orders_s=pace_s,
        audit_positions_s=pace_s,
        audit_wallet_s=pace_s,
        max_notional=Decimal(50_000),
    )


class MemoryJournal:
    """A journal that the disk always takes, until a test says otherwise."""

    def __init__(self) -> None:
        self.writable = True
        self.answers = asyncio.Event()
        self.answers.set()
        self.durable = 0
        self.lines: list[str] = []
        self.events: list[Event] = []

    def begin(self, snapshot: dict[str, object]) -> None:
        header = Header(format=FORMAT, config_hash="", code_version="", snapshot=snapshot)
        self._add(Instant(0), header)

    def append(self, event: Event, effects: Effects, now: Instant) -> None:
        self.events.append(event)
        self._add(now, event)
        if effects:
            self._add(now, effects)

    async def commit(self) -> None:
        await self.answers.wait()
        if not self.writable:
            raise JournalUnwritable("no space left")
        self.durable = len(self.lines)

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def _add(self, now: Instant, body: Header | Event | Effects) -> None:
        self.lines.append(encode_line(Line(seq=len(self.lines), now=now, body=body)))


class Jumping:
    """The steady clock, and what a test adds to it."""

    def __init__(self) -> None:
        self.ahead_us = 0

    def __call__(self) -> int:
        return steady_us() + self.ahead_us


class Rig:
    """One account's shell at the simulator. `levels` orders fit around the market."""

    def __init__(self, simulator: Running, *, levels: int = 20, speed: int = 1) -> None:
        self.simulator = simulator
        self.levels = levels
        self.journal = MemoryJournal()
        self.steady = Jumping()
        self.kept: list[dict[str, object]] = []
        self.end = StopToken()
        self.pause_s_max = PAUSE_S_MAX
        self.clock = Clock(speed, steady=self.steady)
        self._speed = speed
        self._where = endpoint(f"http://127.0.0.1:{simulator.port}")
        self._keys = Credentials(key="demo-key-1", secret="demo-secret-1")
        self.hub = MarketHub(
            lambda topics, ear: public_client(self._where.public_url, topics, ear, clock=self.clock)
        )
        self.running: asyncio.Task[LoopEnd] | None = None

    async def open(self, memory: dict[str, object] | None = None) -> None:
        """Terms, session, streams: what a start does, without its files."""
        self.rest = RestClient(
            self._where,
            self._keys,
            limiter=RateLimiter(),
            timeout_s=2,
            wait=wait_until,
            stamp=self.clock.now,
        )
        await asyncio.to_thread(self._synchronise)
        terms = await asyncio.to_thread(read_terms, self.rest, SYMBOL)
        assert isinstance(terms, SymbolTerms)
        self.session = self._fresh(terms)
        if memory is not None:
            self.session.restore(memory)
        self.terms = terms
        self.journal.begin(self.session.snapshot())
        means = Means(
            endpoint=self._where,
            credentials=self._keys,
            rest=self.rest,
            streams_clock=self.clock,
            clock=self.clock,
            hub=self.hub,
            synchronise=self._synchronise,
            ticker_gap_s=60,
            symbol_check_s=300,
            pause_s_max=self.pause_s_max,
        )
        self.run = AccountRun(
            means,
            self.session,
            journal=self.journal,
            keep=self._keep,
            reports=[terms.report],
            observers=[],
        )
        self.loop = self.run.loop
        await asyncio.to_thread(self.hub.connect)
        self.run.start()
        self.running = asyncio.create_task(self.loop.run(self.end))

    async def close(self) -> None:
        self.end.request("the test is over")
        assert self.running is not None
        await self.running
        await self.run.close()
        await asyncio.to_thread(self.hub.close)

    async def until(self, holds: Callable[[], bool], patience_s: float = 20) -> None:
        """Wait until something holds; the loop's own error, or an assertion, when it never does."""
        assert self.running is not None
        ends_s = steady_us() / 1e6 + patience_s
        while not holds():
            if self.running.done():
                self.running.result()
            assert steady_us() / 1e6 < ends_s, "it never came"
            await asyncio.sleep(0.02)

    def resting(self) -> list[str]:
        """Wire ids of the account's open orders, as the exchange knows them."""
        orders = self.simulator.exchange.accounts[100001].open_orders(SYMBOL)
        return sorted(order.order_link_id for order in orders)

    def believed(self) -> list[str]:
        """The same as the session believes it."""
        return sorted(order.wire_id for order in self.session.live_orders())

    def replayed(self) -> Difference | None:
        """The first difference when the journal is handed to a fresh session."""
        return replay(self.journal.lines, self._fresh(self.terms))

    def _synchronise(self) -> None:
        self.clock.synchronise(self._market_time)
        if self._speed == 1:
            self.rest.measure_clock()

    def _market_time(self) -> Instant | None:
        found = self.rest.server_time()
        return found if isinstance(found, int) else None

    async def _keep(self) -> None:
        self.kept.append(self.session.snapshot())

    def _fresh(self, terms: SymbolTerms) -> AccountSession:
        assert terms.leverage is not None
        setup = StrategySetup(
            strat_id="wire",
            instrument=terms.instrument,
            tiers=terms.tiers,
            taker_fee=terms.fees.taker,
            grid=GridConfig(grid_count=self.levels, grid_step=Decimal("0.05")),
            risk=RiskConfig(),
            sizing=SizingConfig(amount="b0.004", leverage=terms.leverage),
            safety=safety(self._speed),
        )
        return AccountSession("demo-1", [setup], safety(self._speed))


Story = Callable[[Rig], Awaitable[None]]
Play = Callable[..., None]
Visit = Callable[..., None]


def simulated(**changes: Any) -> SimConfig:
    """One symbol, one account, a seed."""
    given: dict[str, Any] = {
        "port": 0,
        "seed": 5,
        "vip_level": 3,
        "symbols": {SYMBOL: {"price": 100_000}},
        "synth": {"trades_per_second": 4, "volatility_pct": 5},
    }
    return SimConfig.model_validate(given | changes)


@pytest.fixture
def visit() -> Visit:
    """Plays a story with a simulator, and with nothing of ours."""

    def whole(story: Callable[[Running], Awaitable[None]], **changes: Any) -> None:
        async def inside() -> None:
            async with running(simulated(**changes)) as simulator:
                await story(simulator)

        asyncio.run(inside())

    return whole


@pytest.fixture
def play(visit: Visit) -> Play:
    """Plays a story with a shell that has not been opened, at a simulator of its own."""

    def whole(story: Story, *, levels: int = 20, speed: int = 1, **changes: Any) -> None:
        async def inside(simulator: Running) -> None:
            rig = Rig(simulator, levels=levels, speed=speed)
            try:
                await story(rig)
            finally:
                if rig.running is not None:
                    await rig.close()

        visit(inside, speed=f"{speed}x", **changes)

    return whole
