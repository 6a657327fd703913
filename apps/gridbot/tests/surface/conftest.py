"""What the surface's tests share: accounts whose sessions trade with simulated venues."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from gridbot.surface.organs import NOTHING_KNOWN, Organs
from gridbot.surface.server import Surface
from gridbot.surface.views import RunFacts
from gridbot.surface.words import SurfaceSettings
from gridbot.words import Observer, Settled, StreamAge
from gridcore.clock import SECOND_US, Instant
from gridcore.config import GridConfig, RiskConfig, SafetyConfig, SizingConfig
from gridcore.events import Event, OperatorCommand, SessionStarted, Ticker, TimerFired
from gridcore.instrument import Instrument, Ticks
from gridcore.session.account import AccountSession
from gridcore.session.effects import Approved, AskSnapshot, Effects, Request
from gridcore.session.setup import StrategySetup
from gridcore.tiers import RiskTier, RiskTiers
from simvenue.answers import Answers
from simvenue.messages import FillModel, SymbolSpec, VenueConfig
from simvenue.records import Records
from simvenue.venue import SimVenue

START = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC
TOKEN = "a-token-of-the-tests"
BTC = "BTCUSDT"
CHROMIUM = "/usr/bin/chromium"
TIERS = RiskTiers(
    (
        RiskTier(
            max_value=None,
            maintenance_rate=Decimal("0.01"),
            deduction=Decimal(0),
            initial_rate=Decimal("0.02"),
        ),
    )
)


def instrument_of(symbol: str) -> Instrument:
    """Tick 0.1, step 0.001."""
    return Instrument(
        symbol=symbol,
        tick_size=Decimal("0.1"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(1000),
        min_notional=Decimal(5),
    )


class SimulatedAccount:
    """An AccountView: a real session whose requests a simulated venue answers at once.

    By default 21 levels 0.2 % apart around 100000, orders of 0.005 coins, 10000 USDT.
    """

    def __init__(
        self,
        name: str = "main",
        symbols: Mapping[str, int] | None = None,
        *,
        levels: int = 20,
        step_pct: str = "0.2",
        amount: str = "b0.005",
        balance: int = 10_000,
    ) -> None:
        self.name = name
        self.now = START
        self.prices = dict(symbols or {BTC: 1_000_000})
        self.observers: Sequence[Observer] = ()
        self.down: set[str] = set()
        self.deaf = False
        """Whether commands stay in the inbox."""
        safety = SafetyConfig()
        setups = [
            StrategySetup(
                strat_id=f"grid-{symbol[:3].lower()}",
                instrument=instrument_of(symbol),
                tiers=TIERS,
                taker_fee=Decimal("0.0006"),
                grid=GridConfig(grid_count=levels, grid_step=Decimal(step_pct)),
                risk=RiskConfig(),
                sizing=SizingConfig(amount=amount),
                safety=safety,
            )
            for symbol in self.prices
        ]
        self.session = AccountSession(name, setups, safety)
        config = VenueConfig(
            initial_balance=Decimal(balance),
            maker_fee=Decimal("0.0002"),
            taker_fee=Decimal("0.0006"),
            fill_model=FillModel.TOUCH,
            funding_enabled=False,
        )
        specs = [
            SymbolSpec(
                instrument=setup.instrument,
                tiers=TIERS,
                leverage=setup.sizing.leverage,
                has_trades=False,
            )
            for setup in setups
        ]
        self._venue = SimVenue(config, specs, START)
        self._records = Records(self.prices)
        self._answers = Answers(self._venue, self._records)

    def settled(self) -> Settled:
        """Everything is handled at once."""
        return Settled(handled_through_us=self.now, in_flight=0, ready=self.session.open_orders > 0)

    def turned_age_s(self) -> float:
        """It comes round whenever it is asked."""
        return 0.0

    def streams(self) -> Sequence[StreamAge]:
        """The private stream and one per symbol."""
        return [
            StreamAge(name=name, heard_at=Instant(self.now - 20_000), up=name not in self.down)
            for name in ("private", *(f"tickers.{symbol}" for symbol in self.prices))
        ]

    def command(self, command: OperatorCommand) -> None:
        """Handled a moment later, as from an inbox."""
        if not self.deaf:
            asyncio.get_running_loop().call_soon(self.take, command)

    def start(self) -> None:
        """The session is taken up, and the market is seen."""
        self.take(SessionStarted(at=self.now))
        for _ in range(3):
            for symbol, price in self.prices.items():
                self.tick(price, symbol)

    def tick(self, price: int, symbol: str = BTC, span_us: int = SECOND_US) -> None:
        """A ticker of a price in ticks, a second later; what it touches fills."""
        until = Instant(self.now + span_us)
        while (due := self.session.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self.take(TimerFired(at=due))
        self.now = until
        self.prices[symbol] = price
        mark = instrument_of(symbol).price(Ticks(price))
        bid, ask = Ticks(price - 1), Ticks(price + 1)
        self._happen(self._venue.on_ticker(symbol, self.now, Ticks(price), mark, bid, ask, None))
        self.take(
            Ticker(symbol=symbol, at=self.now, last=Ticks(price), mark=mark, bid=bid, ask=ask)
        )

    def walk(self, ticks: int, *, seed: int = 1, size: int = 600, symbol: str = BTC) -> None:
        """A market that wanders around where it began."""
        chance, home = Random(seed), self.prices[symbol]
        for _ in range(ticks):
            price = self.prices[symbol]
            pull = (home - price) // 40
            self.tick(price + pull + chance.randint(-size, size), symbol)

    def take(self, event: Event) -> None:
        """Hand an event to the session, and its requests to the venue."""
        effects = self.session.handle(event, self.now)
        answers = [answer for one in effects.requests for answer in self._ask(one)]
        self._observe(event, effects)
        for answer in answers:
            self.take(answer)

    def _observe(self, event: Event, effects: Effects) -> None:
        for observer in self.observers:
            observer.observe(self.name, event, effects, self.now)

    def _ask(self, request: Request) -> list[Event]:
        if isinstance(request, AskSnapshot):
            return [self._answers.answer(request, self.now, self.now)]
        wanted = request.request if isinstance(request, Approved) else request
        events = self._venue.submit(wanted, self.now)
        self._records.take(events)
        return events

    def _happen(self, events: list[Event]) -> None:
        self._records.take(events)
        for event in events:
            self.take(event)


@pytest.fixture
def account() -> SimulatedAccount:
    """An account that trades."""
    account = SimulatedAccount()
    account.start()
    return account


@pytest.fixture(scope="session")
def make_account() -> type[SimulatedAccount]:
    """Builds an account that has not started."""
    return SimulatedAccount


@pytest.fixture
def facts() -> RunFacts:
    """One account on the demo exchange."""
    return RunFacts(
        version="gridbot 0.1.0",
        shadow=False,
        started_at=START,
        environments=(("main", "demo"),),
    )


@pytest.fixture
def make_surface(facts: RunFacts, tmp_path: Path) -> Callable[..., Surface]:
    """A surface of accounts, told of all that they handle from now on."""

    def make(
        *accounts: SimulatedAccount,
        token: str | None = TOKEN,
        port: int = 0,
        organs: Organs = NOTHING_KNOWN,
    ) -> Surface:
        surface = Surface(
            SurfaceSettings(host="127.0.0.1", port=port, token=token),
            accounts={account.name: account for account in accounts},
            facts=facts,
            now=lambda: accounts[0].now,
            folder=tmp_path / "surface",
            organs=lambda: organs,
            wall=lambda: START,
        )
        for account in accounts:
            account.observers = surface.observers
        return surface

    return make


Talk = Callable[[aiohttp.ClientSession], Awaitable[Any]]


@pytest.fixture
def talk_to() -> Callable[[Surface, Talk], Any]:
    """Serve a surface on a free port and talk to it."""

    async def talked(surface: Surface, talk: Talk) -> Any:
        async with asyncio.TaskGroup() as tasks, surface.served(tasks) as port:
            base = f"http://127.0.0.1:{port}"
            async with aiohttp.ClientSession(base) as client:
                return await talk(client)

    def run(surface: Surface, talk: Talk) -> Any:
        return asyncio.run(talked(surface, talk))

    return run


@pytest.fixture
def bearer() -> dict[str, str]:
    """The header that carries the token."""
    return {"Authorization": f"Bearer {TOKEN}"}


class Browser:
    """One page of a headless Chromium, driven over its debugging protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.complaints: list[str] = []
        """Errors and refusals that the page's console showed."""

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One call of the protocol."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            told = await self._socket.receive_json(timeout=20)
            self._note(told)
            if told.get("id") == self._number:
                assert "error" not in told, told
                return dict(told["result"])

    def _note(self, told: dict[str, Any]) -> None:
        match told:
            case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                self.complaints.append(str(details))
            case {"method": "Log.entryAdded", "params": {"entry": {"level": "error"} as entry}}:
                self.complaints.append(str(entry))

    async def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """The window's size in CSS pixels, and the scheme that the reader prefers."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", features=[scheme])

    async def open(self, url: str) -> None:
        """Go to a page."""
        for domain in ("Page", "Runtime", "Log"):
            await self.ask(f"{domain}.enable")
        await self.ask("Page.navigate", url=url)

    async def value(self, script: str) -> Any:
        """What an expression comes to on the page; a promise is waited for."""
        found = await self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, script: str) -> Any:
        """The first true value of an expression, which may fail while the page is not there yet;
        an assertion after ten seconds."""
        tried = f"(() => {{ try {{ return {script}; }} catch {{ return null; }} }})()"
        for _ in range(200):
            found = await self.value(tried)
            if found:
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"never became true: {script}; {self.complaints}")


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Browser]:
    """A headless Chromium with one empty page; it ends with the block."""
    started = await asyncio.create_subprocess_exec(
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--hide-scrollbars",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await _debugging_port(folder)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            async with client.get("/json/list") as reply:
                (page,) = [one for one in await reply.json() if one["type"] == "page"]
            socket = page["webSocketDebuggerUrl"]
            async with client.ws_connect(socket, max_msg_size=0) as connected:
                yield Browser(connected)
    finally:
        started.terminate()
        await started.wait()


async def _debugging_port(folder: Path) -> int:
    for _ in range(400):
        try:
            return int((folder / "DevToolsActivePort").read_text().splitlines()[0])
        except (FileNotFoundError, IndexError):
            await asyncio.sleep(0.05)
    raise AssertionError("Chromium did not open its debugging port within 20 s")


@pytest.fixture
def browse(tmp_path: Path) -> Callable[[], Any]:
    """Opens a headless Chromium; the test is skipped where there is none."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    return lambda: browsing(tmp_path / "chromium")
