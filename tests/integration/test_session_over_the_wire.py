"""A session trades over real sockets: kernel, adapter and simulator, joined by a minimal shell.

The shell is test code, and what a live daemon has to do is all that it does: it waits, sends, and
turns answers into events. At the end the session must believe what the simulator knows.
"""

import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from bybit_adapter.answers import cancel_answer, place_answer
from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.rest_rows import RestRows
from bybit_adapter.normalizer.words import DeadLetter
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.account import FeeRates
from bybit_adapter.rest.hedge import ModeReport, symbol_report
from bybit_adapter.rest.instruments import InstrumentTerms, read_tiers
from bybit_adapter.rest.order_words import OrderIds, placement_of
from bybit_adapter.rest.words import Answer
from bybit_adapter.rest_client import RestClient, wait_until
from bybit_adapter.ws_client.client import PRIVATE_TOPICS, private_client, public_client
from bybit_adapter.ws_client.clock import SystemClock
from bybit_adapter.ws_client.words import Connected, Fatal, Outage, Restored
from gridcore.clock import DAY_US, SECOND_US, Instant
from gridcore.config import GridConfig, RiskConfig, SafetyConfig, SizingConfig
from gridcore.events import (
    CashMoved,
    Event,
    SessionStarted,
    StreamLost,
    StreamRestored,
    SymbolReport,
    TimerFired,
)
from gridcore.session.account import AccountSession
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    Effects,
    LedgerEntry,
    LedgerKind,
    PlaceOrder,
    Request,
    SnapshotKind,
)
from gridcore.session.setup import StrategySetup
from gridcore.sides import LONG, SHORT
from gridcore.tiers import RiskTiers

SYMBOL = "BTCUSDT"
KEY, SECRET = "demo-key-1", "demo-secret-1"
LEVELS = 20
SWINGS = ("99870", "100180", "99780", "100280", "99680", "100380", "99580", "100420") * 2
UNIT = Decimal("1e-8")
OPEN_STATUSES = ("New", "PartiallyFilled")
UNREADABLE = 11
"""Field by field in the order of their names, up to an execution without its id. The next one would
bear another id, which nobody can tell from a second fill."""
CONFIG = f"""\
seed: 5
vip_level: 3
symbols:
  {SYMBOL}: {{price: 100000}}
synth: {{trades_per_second: 4, volatility_pct: 5}}
accounts:
  - {{name: demo-1, uid: 100001, keys: [{{key: {KEY}, secret: {SECRET}}}], partial_fills: 500}}
"""
SAFETY = SafetyConfig(
    audit_orders_s=4,
    audit_positions_s=4,
    audit_wallet_s=4,
    max_notional=Decimal(50_000),
    session_loss_pct=Decimal(90),
)

Admin = Callable[..., Any]
Heard = tuple[str, str | Connected | Outage | Restored | Fatal | Event, Instant]


class Ear:
    """Hears one stream: everything goes into the one inbox."""

    def __init__(self, name: str, inbox: "SimpleQueue[Heard]") -> None:
        self._name = name
        self._inbox = inbox

    def on_frame(self, text: str, received_at: Instant) -> None:
        self._inbox.put((self._name, text, received_at))

    def on_connected(self, connected: Connected) -> None:
        self._inbox.put((self._name, connected, connected.at))

    def on_outage(self, outage: Outage) -> None:
        self._inbox.put((self._name, outage, outage.noticed_at))

    def on_restored(self, restored: Restored) -> None:
        self._inbox.put((self._name, restored, restored.until))

    def on_fatal(self, fatal: Fatal) -> None:
        self._inbox.put((self._name, fatal, fatal.at))


class Shell:
    """One loop, one inbox, a few REST workers; it decides nothing."""

    def __init__(self, url: str) -> None:
        where, keys = endpoint(url), Credentials(key=KEY, secret=SECRET)
        self.clock = SystemClock()
        self.rest = RestClient(
            where,
            keys,
            limiter=RateLimiter(),
            timeout_s=1.5,
            now=lambda: Instant(self.clock.own_us()),
            wait=wait_until,
            stamp=self.clock.now,
        )
        self._synchronise()
        self.rest.measure_clock()
        report, setup = self._terms()
        self.instrument = setup.instrument
        self.session = AccountSession("demo-1", [setup], SAFETY)
        self.counts: Counter[str] = Counter()
        self.entries: list[LedgerEntry] = []
        self.notices: list[str] = []
        self.dead: list[DeadLetter] = []
        self._rows = RestRows({SYMBOL: self.instrument}, self.dead.append)
        self._inbox: SimpleQueue[Heard] = SimpleQueue()
        self._down = {"private": set(PRIVATE_TOPICS), "public": {f"tickers.{SYMBOL}"}}
        self._started = False
        self._report = report
        self._workers = ThreadPoolExecutor(4)
        self._normalizers = {
            name: Normalizer({SYMBOL: self.instrument}, self.dead.append)
            for name in ("private", "public")
        }
        self._clients = (
            private_client(
                where.private_url,
                keys,
                Ear("private", self._inbox),
                clock=self.clock,
                synchronise=self._synchronise,
            ),
            public_client(
                where.public_url,
                [f"tickers.{SYMBOL}"],
                Ear("public", self._inbox),
                clock=self.clock,
            ),
        )
        for client in self._clients:
            client.start()

    def close(self) -> None:
        self._workers.shutdown()
        assert all(client.close() for client in self._clients)
        self.rest.close()

    def run(self, until: Callable[[], bool], patience_s: float = 20) -> None:
        """Handle what comes until something holds; an assertion when it never does."""
        ends_at = self.clock.own_us() + int(patience_s * SECOND_US)
        while not until():
            assert self.clock.own_us() < ends_at, f"never came: {self.notices[-10:]}"
            self._turn()

    def _turn(self) -> None:
        try:
            name, item, at = self._inbox.get(timeout=self._wait_s())
        except Empty:
            deadline = self.session.next_deadline()
            if self._started and deadline is not None and deadline <= self.clock.now():
                self._handle(TimerFired(at=self.clock.now()))
            return
        match item:
            case Connected():
                self._normalizers[name].reset()
            case Outage():
                self._outage(name, item)
            case Restored():
                self._restored(name, item)
            case Fatal():
                raise AssertionError(item)
            case str():
                for received in self._normalizers[name].text(item, at):
                    self._handle(received.event)
            case _:
                self._handle(item)

    def _wait_s(self) -> float:
        deadline = self.session.next_deadline() if self._started else None
        if deadline is None:
            return 0.05
        return min(0.05, max(0, deadline - self.clock.now()) / SECOND_US)

    def _outage(self, name: str, outage: Outage) -> None:
        if self._started and not self._down[name]:
            symbol = None if name == "private" else SYMBOL
            self._handle(StreamLost(at=outage.since, symbol=symbol, reason=outage.reason.value))
        self._down[name] |= set(outage.topics)

    def _restored(self, name: str, restored: Restored) -> None:
        self._down[name] -= set(restored.topics)
        if self._down[name]:
            return
        if self._started:
            symbol = None if name == "private" else SYMBOL
            self._handle(StreamRestored(at=restored.until, symbol=symbol))
        elif not any(self._down.values()):
            self._started = True
            self._handle(SessionStarted(at=self.clock.now()))
            self._handle(self._report)

    def _handle(self, event: Event) -> None:
        if not self._started:
            return
        self.counts[type(event).__name__] += 1
        effects: Effects = self.session.handle(event, self.clock.now())
        self.entries += [one for one in effects.records if isinstance(one, LedgerEntry)]
        self.notices += [f"{one.event} {dict(one.fields)}" for one in effects.notices]
        for request in effects.requests:
            self._workers.submit(self._ask, request)

    # -- requests, on the workers' threads -------------------------------------------------

    def _ask(self, request: Request) -> None:
        if isinstance(request, Approved):
            event: Event | None = self._place(request.request)
        elif isinstance(request, CancelOrder):
            event = self._cancel(request)
        else:
            event = self._snapshot(request)
        if event is not None:
            self._inbox.put(("rest", event, self.clock.now()))

    def _place(self, order: PlaceOrder) -> Event:
        found = self.rest.orders.place(placement_of(order, self.instrument))
        return place_answer(order, found, self.clock.now())

    def _cancel(self, order: CancelOrder) -> Event:
        ids = OrderIds(symbol=SYMBOL, order_id=order.order_id, wire_id=order.wire_id)
        return cancel_answer(order, self.rest.orders.cancel(ids), self.clock.now())

    def _snapshot(self, ask: AskSnapshot) -> Event | None:
        """The answer; None: there was none, and the session asks again."""
        if ask.kind is SnapshotKind.WALLET:
            return self._wallet(ask)
        orders, start = self.rest.orders, Instant(self.clock.now() - DAY_US)
        match ask.kind:
            case SnapshotKind.ORDERS:
                listing = orders.open_orders(SYMBOL)
            case SnapshotKind.HISTORY:
                listing = orders.history(start, symbol=SYMBOL)
            case SnapshotKind.EXECUTIONS:
                start = start if ask.since is None else ask.since
                listing = orders.executions(start, symbol=SYMBOL)
            case SnapshotKind.POSITIONS:
                listing = self.rest.account.positions(SYMBOL)
        if listing.failure is not None:
            return None
        rows, asked_at, complete = listing.rows, listing.asked_at, listing.complete
        match ask.kind:
            case SnapshotKind.ORDERS:
                return self._rows.orders(SYMBOL, rows, asked_at=asked_at, complete=complete)
            case SnapshotKind.HISTORY:
                return self._rows.history(SYMBOL, rows, asked_at=asked_at, complete=complete)
            case SnapshotKind.EXECUTIONS:
                return self._rows.executions(
                    SYMBOL, rows, asked_at=asked_at, since=start, complete=complete
                )
            case SnapshotKind.POSITIONS:
                return self._rows.positions(SYMBOL, rows, asked_at=asked_at)

    def _wallet(self, ask: AskSnapshot) -> Event | None:
        """The wallet first, so that the movements hold all that it contains."""
        wallet = self.rest.account.wallet()
        if not isinstance(wallet, Answer):
            return None
        movements: list[CashMoved] = []
        if ask.since is not None:
            log = self.rest.account.transaction_log(ask.since)
            if not log.complete:
                return None
            found = self._rows.movements(log.rows, asked_at=log.asked_at)
            movements = [one for one in found if isinstance(one, CashMoved)]
        return self._rows.wallet(
            [wallet.row], asked_at=wallet.asked_at, at=wallet.exchange_at, movements=movements
        )

    # -- start -----------------------------------------------------------------------------

    def _synchronise(self) -> None:
        self.clock.synchronise(self._market_time)

    def _market_time(self) -> Instant | None:
        found = self.rest.server_time()
        return found if isinstance(found, int) else None

    def _terms(self) -> tuple[SymbolReport, StrategySetup]:
        terms, mode = self.rest.market.instrument(SYMBOL), self.rest.verify_mode(SYMBOL)
        fees = self.rest.account.fee_rates(SYMBOL)
        tiers = self.rest.market.risk_limits(SYMBOL)
        assert isinstance(terms, InstrumentTerms)
        assert isinstance(mode, ModeReport)
        assert isinstance(fees, FeeRates)
        assert not mode.problems()
        assert mode.long_leverage is not None
        report = symbol_report(terms, mode, self.clock.now())
        setup = StrategySetup(
            strat_id="wire",
            instrument=report.instrument,
            tiers=RiskTiers(read_tiers(tiers.rows)),
            taker_fee=fees.taker,
            grid=GridConfig(grid_count=LEVELS, grid_step=Decimal("0.05")),
            risk=RiskConfig(),
            sizing=SizingConfig(amount="b0.004", leverage=mode.long_leverage),
            safety=SAFETY,
        )
        return report, setup


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A simulator of its own process: one symbol, one account, half of the fills partial."""
    file = tmp_path / "bybit_sim.yaml"
    file.write_text(CONFIG, encoding="utf-8")
    words = [sys.executable, "-m", "bybit_sim", "serve", "--config", str(file), "--port", "0"]
    with subprocess.Popen([*words, "--json"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["http"]
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
def admin(url: str) -> Admin:
    """Asks the simulator's own endpoints; with a body it posts."""

    def ask(path: str, **body: Any) -> Any:
        content = json.dumps(body).encode() if body or path in ("pause", "resume") else None
        with urllib.request.urlopen(f"{url}/sim/{path}", content, timeout=10) as answer:
            return json.loads(answer.read())

    return ask


@pytest.fixture
def shell(url: str) -> Iterator[Shell]:
    """A shell whose streams are on their way."""
    one = Shell(url)
    yield one
    one.close()


def known_to(admin: Admin) -> Any:
    """The account as the simulator knows it."""
    return admin("state")["accounts"][0]


def resting(account: Any) -> dict[str, tuple[str, str, int, Decimal, Decimal]]:
    """The simulator's open orders: wire id, then order id, side, position index, price, leaves."""
    return {
        row["orderLinkId"]: (
            row["orderId"],
            row["side"],
            row["positionIdx"],
            Decimal(row["price"]),
            Decimal(row["leavesQty"]),
        )
        for row in account["orders"]
        if row["orderStatus"] in OPEN_STATUSES
    }


def believed(shell: Shell) -> dict[str, tuple[str, str, int, Decimal, Decimal]]:
    """The same as the session believes it."""
    instrument = shell.instrument
    return {
        order.wire_id: (
            order.order_id,
            order.side.value,
            1 if order.direction is LONG else 2,
            instrument.price(order.price),
            instrument.qty_step * order.leaves,
        )
        for order in shell.session.live_orders()
    }


def differences(shell: Shell, account: Any) -> list[str]:
    """Where session and simulator disagree; empty: nowhere."""
    session, found = shell.session, []
    if believed(shell) != resting(account):
        found.append(f"orders: {believed(shell)} for {resting(account)}")
    pair = session.strategies[SYMBOL].pair
    for index, direction in enumerate((LONG, SHORT)):
        row = next(one for one in account["positions"] if one["positionIdx"] == index + 1)
        size, leg = Decimal(row["size"]), pair.legs[index]
        entry = Decimal(row["avgPrice"] or row.get("entryPrice") or "0") if size else None
        if (leg.qty, leg.entry) != (size, entry):
            found.append(f"{direction}: {leg.qty} at {leg.entry} for {size} at {entry}")
        if session.ledger.leg_size(SYMBOL, direction) != size:
            found.append(f"booked {direction}: {session.ledger.leg_size(SYMBOL, direction)}")
    (coin,) = (one for one in account["wallet"]["coin"] if one["coin"] == "USDT")
    balance = Decimal(coin["walletBalance"])
    if abs(session.balance - balance) > UNIT:
        found.append(f"balance: {session.balance} for {balance}")
    total = sum((entry.amount for entry in shell.entries), Decimal(0))
    if abs(total - balance) > UNIT:
        found.append(f"entries: {total} for {balance}")
    return found


def swing(shell: Shell, admin: Admin, until: Callable[[], bool]) -> None:
    """The market goes up and down through the grid, a second each way, until something holds."""
    for price in SWINGS:
        admin("price", symbol=SYMBOL, price=price)
        ends_at = shell.clock.own_us() + SECOND_US
        shell.run(lambda ends_at=ends_at: shell.clock.own_us() > ends_at)  # type: ignore[misc]
        if until():
            return
    raise AssertionError("expected that something comes of all the swings")


def acts(admin: Admin, kind: str) -> int:
    """How often a fault has acted."""
    return sum(one["acted"] for one in admin("faults")["faults"] if one["kind"] == kind)


def test_after_fills_faults_and_an_outage_the_session_believes_what_the_exchange_knows(
    shell: Shell, admin: Admin
) -> None:
    shell.run(lambda: len(shell.session.live_orders()) == LEVELS)

    swing(shell, admin, lambda: shell.counts["Execution"] >= 6)
    admin("fault", kind="reply_lost", target="/v5/order/create", amount=100, count=2)
    swing(shell, admin, lambda: acts(admin, "reply_lost") == 2)
    admin("fault", kind="frame_lost", target="execution*", count=2)
    swing(shell, admin, lambda: acts(admin, "frame_lost") == 2)
    admin("disconnect", kind="private")
    admin("cash", account="demo-1", amount="-12.345")
    admin("price", symbol=SYMBOL, price=SWINGS[0])
    shell.run(lambda: shell.counts["StreamRestored"] >= 1)
    admin("pause")
    shell.run(lambda: not differences(shell, known_to(admin)), patience_s=25)

    assert differences(shell, known_to(admin)) == []
    assert shell.counts["StreamLost"] == 1
    assert shell.counts["PlaceUnknown"] == 2
    assert [entry.amount for entry in shell.entries if entry.kind is LedgerKind.CASH][1:] == [
        Decimal("-12.345")
    ]
    assert not shell.dead


def test_executions_that_could_not_be_read_are_mended_by_what_is_asked_again(
    shell: Shell, admin: Admin
) -> None:
    """Each frame lacks a field, or has one that is no number: what is guessed stays wrong."""
    shell.run(lambda: len(shell.session.live_orders()) == LEVELS)
    admin("fault", kind="frame_mangled", target="execution*", count=UNREADABLE)

    swing(shell, admin, lambda: acts(admin, "frame_mangled") == UNREADABLE)
    admin("pause")
    shell.run(lambda: not differences(shell, known_to(admin)), patience_s=25)

    assert shell.dead
    assert differences(shell, known_to(admin)) == []
