"""Streams at load: what becomes of frames on their way through ws_client into a consumer.

Knows counts, lags and memory; refuses to know the exchange's inside. The trader is a process of
its own, so that three processes share the machine, as in production.
"""

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from queue import SimpleQueue

import numpy as np

from appkit.exits import RunFailed
from bench.memory import STATUS, resident_memory
from bench.wire.server import Server, simulator
from bybit_adapter.credentials import Credentials
from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.words import DeadLetter, Trade
from bybit_adapter.ws_client.client import private_client, public_client
from bybit_adapter.ws_client.clock import SystemClock
from bybit_adapter.ws_client.words import Connected, Fatal, Outage, Reason, Restored
from gridcore.clock import Instant
from gridcore.events import OrderStatus, OrderUpdate, PublicTrade
from gridcore.instrument import Instrument

SYMBOLS = tuple(f"LOAD{number:02d}USDT" for number in range(48))
TRADED = "BTCUSDT"
TRADES_PER_SECOND = 90
ORDERS_PER_SECOND = 46
WARM_UP_S = 25
LAG_MS_MAX = 250
GROWTH_MAX = 0.05
PUBLIC_MIN = 2_000
PRIVATE_MIN = 200
"""Frames per second that the load must reach."""

KEY, SECRET = "load-key", "load-secret"


def config(trades_per_second: int = TRADES_PER_SECOND) -> str:
    """Many symbols, so that their trades come in frames of their own, and one account."""
    instrument = (
        "{tick_size: '0.10', qty_step: '0.001', min_qty: '0.001', max_qty: '100', "
        "min_notional: '5', max_leverage: '50', "
        "tiers: [{maintenance_rate: '0.005', initial_rate: '0.01'}]}"
    )
    rows = "\n".join(
        f"  {symbol}: {{price: '50000', instrument: {instrument}}}" for symbol in SYMBOLS
    )
    return (
        f"seed: 3\nvip_level: 3\naddress_limit: false\n"
        f"synth: {{trades_per_second: {trades_per_second}}}\n"
        f"symbols:\n  {TRADED}: {{}}\n{rows}\n"
        f"accounts:\n  - {{name: load, uid: 77, balance: 1000000, "
        f"keys: [{{key: {KEY}, secret: {SECRET}}}]}}\n"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a run found. Lags in ms from the exchange's stamp to the consumer's end of work."""

    seconds: float
    public_frames: int
    private_frames: int
    trades: int
    trades_missing: int
    orders: int
    orders_missing: int
    dead_letters: int
    outages: int
    lag_ms_median: float
    lag_ms_p99: float
    lag_ms_max: float
    memory_warm: int
    memory_end: int

    @property
    def growth(self) -> float:
        """How much memory grew after the warm-up, as a fraction."""
        return self.memory_end / self.memory_warm - 1

    def good(self) -> bool:
        """Whether every target is met."""
        return (
            self.public_frames / self.seconds >= PUBLIC_MIN
            and self.private_frames / self.seconds >= PRIVATE_MIN
            and not self.trades_missing
            and not self.orders_missing
            and not self.dead_letters
            and not self.outages
            and self.lag_ms_p99 < LAG_MS_MAX
            and self.growth < GROWTH_MAX
        )

    def text(self) -> str:
        """The findings, each with its target."""
        return (
            f"{self.seconds:.1f} s: {self.public_frames / self.seconds:,.0f} public frames/s "
            f"(at least {PUBLIC_MIN:,}), {self.private_frames / self.seconds:,.0f} private "
            f"frames/s (at least {PRIVATE_MIN})\n"
            f"{self.trades:,} trades, {self.trades_missing} missing; {self.orders:,} orders placed "
            f"and cancelled, {self.orders_missing} not told; {self.dead_letters} dead letters, "
            f"{self.outages} outages\n"
            f"lag to the consumer: median {self.lag_ms_median:.1f} ms, "
            f"p99 {self.lag_ms_p99:.1f} ms "
            f"(under {LAG_MS_MAX}), largest {self.lag_ms_max:.1f} ms\n"
            f"memory: {self.memory_warm / 2**20:.1f} MiB after the warm-up, "
            f"{self.memory_end / 2**20:.1f} MiB at the end: {self.growth:+.1%} "
            f"(under {GROWTH_MAX:.0%})\n"
        )


class Consumer:
    """A thread that normalizes what both sockets deliver and keeps count."""

    def __init__(self, clock: SystemClock, capacity: int) -> None:
        self.outages = 0
        self.fatal: Fatal | None = None
        self.dead: list[DeadLetter] = []
        self.public_frames = 0
        self.private_frames = 0
        self.trades = 0
        self.missing = 0
        self.ended: set[str] = set()
        # Touched now, so that its pages do not count as growth.
        self.lags = np.full(capacity, -1, np.int32)
        self.counted = 0
        self._sequences: dict[str, int] = {}
        self._clock = clock
        self._queue: SimpleQueue[tuple[str, Instant] | None] = SimpleQueue()
        self._normalizer = Normalizer(instruments(), self.dead.append)
        self._thread = threading.Thread(target=self._work, name="consumer", daemon=True)
        self._thread.start()

    def on_frame(self, text: str, received_at: Instant) -> None:
        """Takes a frame on a socket's thread."""
        self._queue.put((text, received_at))

    def on_connected(self, connected: Connected) -> None:
        """Nothing to forget: the load has no tickers."""

    def on_outage(self, outage: Outage) -> None:
        """Counts an outage; that both clients begin without a connection is none."""
        self.outages += outage.reason is not Reason.STARTING

    def on_restored(self, restored: Restored) -> None:
        """Nothing to do: nothing may get lost in the first place."""

    def on_fatal(self, fatal: Fatal) -> None:
        """Keeps why a client ended."""
        self.fatal = fatal

    def finish(self) -> None:
        """Waits until everything received is worked off."""
        self._queue.put(None)
        self._thread.join(30)

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            text, received_at = item
            received = self._normalizer.text(text, received_at)
            if not received:
                continue
            if received[0].topic.startswith("publicTrade"):
                self.public_frames += 1
            else:
                self.private_frames += 1
            for one in received:
                event = one.event
                if isinstance(event, PublicTrade):
                    self.trades += 1
                    assert isinstance(one.raw, Trade), "a public trade comes from its element"
                    self._follow(event.symbol, one.raw.seq)
                elif isinstance(event, OrderUpdate) and event.status is OrderStatus.CANCELLED:
                    self.ended.add(event.wire_id)
            if self.counted < len(self.lags):
                lag_us = self._clock.now() - received[-1].exchange_at
                self.lags[self.counted] = min(max(lag_us, 0), 2**31 - 1)
                self.counted += 1

    def _follow(self, symbol: str, sequence: int | None) -> None:
        assert sequence is not None, "a trade carries its sequence"
        before = self._sequences.get(symbol)
        if before is not None:
            self.missing += max(0, sequence - before - 1)
        self._sequences[symbol] = sequence


def instruments() -> dict[str, Instrument]:
    """The instruments of the load."""
    return {
        symbol: Instrument(
            symbol=symbol,
            tick_size=Decimal("0.10"),
            qty_step=Decimal("0.001"),
            min_qty=Decimal("0.001"),
            max_qty=Decimal(1000),
            min_notional=Decimal(5),
        )
        for symbol in (TRADED, *SYMBOLS)
    }


def measure(
    seconds: float, warm_up_s: float = WARM_UP_S, trades_per_second: int = TRADES_PER_SECOND
) -> Load:
    """Run the load for some seconds after its warm-up; trades are those of each symbol.

    A calm market starts sooner: the simulator first makes six hours of it.
    """
    with simulator(config(trades_per_second)) as server:
        return _measure(server, seconds, warm_up_s)


def _measure(server: Server, seconds: float, warm_up_s: float) -> Load:
    clock = SystemClock()
    clock.synchronise(lambda: _market_time(server.http))
    consumer = Consumer(clock, int(seconds + 2 * warm_up_s) * 5000)
    public = public_client(
        server.public, [f"publicTrade.{symbol}" for symbol in SYMBOLS], consumer, clock=clock
    )
    private = private_client(
        server.private, Credentials(key=KEY, secret=SECRET), consumer, clock=clock
    )
    public.start()
    private.start()
    try:
        _until(lambda: not public.state().down and not private.state().down, "both sockets")
        total = seconds + warm_up_s
        arguments = [server.http, KEY, SECRET, TRADED, _low_price(server.http), "0.010"]
        command = [sys.executable, "-m", "bench.wire.trader", *arguments]
        with subprocess.Popen(
            [*command, str(ORDERS_PER_SECOND), str(total)], stdout=subprocess.PIPE, text=True
        ) as trader:
            time.sleep(warm_up_s)
            memory_warm = _own_memory()
            before = (consumer.public_frames, consumer.private_frames, consumer.counted)
            began = time.monotonic()
            time.sleep(seconds)
            spent = time.monotonic() - began
            after = (consumer.public_frames, consumer.private_frames, consumer.counted)
            memory_end = _own_memory()
            said, _ = trader.communicate(timeout=60)
        report = json.loads(said)
        if "orders" not in report:
            raise RunFailed(f"the trader was refused: {report['refused']}")
        orders = set(report["orders"])
        _until(lambda: orders <= consumer.ended, "the last cancels", fail=False)
    finally:
        public.close()
        private.close()
        consumer.finish()
    if consumer.fatal is not None:
        raise RunFailed(f"a client ended: {consumer.fatal}")
    lags = consumer.lags[before[2] : after[2]] / 1000
    return Load(
        seconds=spent,
        public_frames=after[0] - before[0],
        private_frames=after[1] - before[1],
        trades=consumer.trades,
        trades_missing=consumer.missing,
        orders=len(orders),
        orders_missing=len(orders - consumer.ended),
        dead_letters=len(consumer.dead),
        outages=consumer.outages,
        lag_ms_median=float(np.median(lags)),
        lag_ms_p99=float(np.percentile(lags, 99)),
        lag_ms_max=float(lags.max()),
        memory_warm=memory_warm,
        memory_end=memory_end,
    )


def _own_memory() -> int:
    return resident_memory(STATUS.read_text(encoding="utf-8")).own


def _market_time(http: str) -> Instant | None:
    with urllib.request.urlopen(f"{http}/v5/market/time", timeout=5) as reply:
        return Instant(int(json.load(reply)["result"]["timeNano"]) // 1000)


def _low_price(http: str) -> str:
    url = f"{http}/v5/market/tickers?category=linear&symbol={TRADED}"
    with urllib.request.urlopen(url, timeout=5) as reply:
        last = Decimal(json.load(reply)["result"]["list"][0]["lastPrice"])
    return str((last * Decimal("0.99")).quantize(Decimal(1)))


def _until(done: Callable[[], bool], what: str, *, fail: bool = True) -> None:
    end = time.monotonic() + 15
    while not done():
        if time.monotonic() > end:
            if fail:
                raise RunFailed(f"expected {what} within 15 s")
            return
        time.sleep(0.02)
