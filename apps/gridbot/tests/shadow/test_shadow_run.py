"""A shadow at a live market: it trades like a real account, and the exchange never hears of it."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from appkit.account_setup import account_setup
from appkit.journals.judging import Verdict, judge
from appkit.progress import progress_bar
from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import RateLimiter
from bybit_sim.config import SimConfig
from bybit_sim.serve import Running, running
from gridbot.journal.writer import JournalWriter
from gridbot.shadow.shadow_run import ShadowRun
from gridbot.shell.account_run import Means
from gridbot.shell.exchange import Exchange
from gridbot.terms import SymbolTerms, read_terms
from gridbot.words import StopToken
from gridcore.config import GridConfig, RiskConfig, SafetyConfig, SizingConfig
from gridcore.events import (
    Event,
    Execution,
    PublicTrade,
    SymbolReport,
    Ticker,
    WalletSnapshot,
)
from gridcore.session.effects import Effects
from gridcore.session.setup import AccountPolicies, StrategySetup

SYMBOL = "BTCUSDT"
SPEED = 20
LEVELS = 10


class Looking:
    """Remembers what the session was told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def observe(self, account: str, event: Event, effects: Effects, now: int) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def setup_of(terms: SymbolTerms) -> StrategySetup:
    assert terms.leverage is not None
    return StrategySetup(
        strat_id="shadow",
        instrument=terms.instrument,
        tiers=terms.tiers,
        taker_fee=terms.fees.taker,
        grid=GridConfig(grid_count=LEVELS, grid_step=Decimal("0.05")),
        risk=RiskConfig(),
        sizing=SizingConfig(amount="b0.004", leverage=terms.leverage),
        safety=SafetyConfig(audit_wallet_s=20),
    )


class Rig:
    """A shadow with 5000 USDT at a simulator that plays the live market."""

    def __init__(self, simulator: Running, folder: Path) -> None:
        self.simulator = simulator
        self.folder = folder
        self.seen = Looking()
        self.end = StopToken()

    async def open(self) -> None:
        where = endpoint(f"http://127.0.0.1:{self.simulator.port}")
        keys = Credentials(key="demo-key-1", secret="demo-secret-1")
        self.exchange = Exchange(where, RateLimiter(), timeout_s=2, speed=SPEED)
        assert await asyncio.to_thread(self.exchange.synchronise)
        clock = self.exchange.clock
        rest = self.exchange.client(keys, clock)
        terms = await asyncio.to_thread(read_terms, rest, SYMBOL)
        assert isinstance(terms, SymbolTerms)
        setup = account_setup(
            "main", "", [setup_of(terms)], SafetyConfig(audit_wallet_s=20), AccountPolicies()
        )
        session = setup.session()
        self.journal = JournalWriter.open(
            self.folder,
            "main",
            setup=setup,
            code_version="",
            memory=session.snapshot,
            first_seq=1,
            now=clock.now(),
        )
        means = Means(
            endpoint=where,
            credentials=keys,
            rest=rest,
            streams_clock=clock,
            clock=clock,
            hub=self.exchange.hub,
            synchronise=self.exchange.synchronise,
            ticker_gap_s=60,
            symbol_check_s=60,
        )
        self.run = ShadowRun(
            means,
            session,
            terms=[terms],
            balance=Decimal(5000),
            journal=self.journal,
            observers=[self.seen],
        )
        await asyncio.to_thread(self.exchange.hub.connect)
        self.run.start()
        self.loop = asyncio.create_task(self.run.loop.run(self.end))

    async def until(self, holds: Callable[[], object]) -> None:
        for _ in range(1500):
            if holds():
                return
            if self.loop.done():
                self.loop.result()
            await asyncio.sleep(0.02)
        raise AssertionError("it never came")

    async def close(self) -> None:
        self.end.request("the test is over")
        await self.loop
        await self.run.close()
        await self.exchange.close()
        await asyncio.to_thread(self.journal.close)

    def asked(self) -> set[str]:
        """The paths that were asked of the exchange with the account's key."""
        return {one.path for one in self.simulator.requests.since(0)}


def test_a_shadow_trades_on_the_live_market_and_no_order_leaves(tmp_path: Path) -> None:
    """A restart would begin flat: nothing is kept but the journal, which replays alike (L23)."""

    async def story() -> None:
        config = SimConfig.model_validate(
            {
                "port": 0,
                "seed": 5,
                "speed": f"{SPEED}x",
                "symbols": {SYMBOL: {"price": 100_000}},
                "synth": {"trades_per_second": 4, "volatility_pct": 80},
            }
        )
        async with running(config) as simulator:
            rig = Rig(simulator, tmp_path)
            await rig.open()
            await rig.until(lambda: len(rig.run.session.live_orders()) == LEVELS)
            await rig.until(lambda: len(rig.seen.of(Execution)) >= 3)
            await rig.until(lambda: rig.seen.of(WalletSnapshot))
            await rig.until(lambda: len(rig.seen.of(SymbolReport)) >= 2)
            account = simulator.exchange.accounts[100001]

            assert rig.run.loop.settled().ready
            assert rig.seen.of(Ticker)
            assert not rig.seen.of(PublicTrade)
            assert account.open_orders(SYMBOL) == []
            assert not {path for path in rig.asked() if "order" in path or "execution" in path}
            assert rig.seen.of(WalletSnapshot)[0].wallet.balance <= 5000
            await rig.close()

    asyncio.run(story())

    (file,) = tmp_path.rglob("*.jsonl")
    with progress_bar(None, "replay", "events", quiet=True) as progress:
        assert judge(file, progress).verdict is Verdict.IDENTICAL
    assert not list(tmp_path.rglob("state.json"))
