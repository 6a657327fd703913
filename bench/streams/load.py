"""A torrent of frames through the client and the normalizer: nothing lost, and how late."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue

from bench.streams.simulator import ROOT
from bench.streams.watching import KEYS
from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.words import DeadLetter, Received, Trade
from bybit_adapter.ws_client.client import private_client, public_client
from bybit_adapter.ws_client.clock import SystemClock
from bybit_adapter.ws_client.words import Connected, Fatal, Outage, Restored
from gridcore.clock import Instant
from gridcore.instrument import Instrument

PUBLIC_RATE = 2_000
PRIVATE_RATE = 200
WARM_S = 20
P99_MS_MAX = 250
GROWTH_PCT_MAX = 5
PATIENCE_S = 30
STATM = Path("/proc/self/statm")
PAGE_KIB = 4


class Sink:
    """Takes frames into a queue, and counts them on a thread of its own, normalised."""

    def __init__(self, instrument: Instrument, number_of: Callable[[Received], str]) -> None:
        self._inbox: SimpleQueue[tuple[str, Instant] | None] = SimpleQueue()
        self._normalizer = Normalizer({instrument.symbol: instrument}, self._bury)
        self._number_of = number_of
        self.seen = 0
        self.out_of_order = 0
        self.buried = 0
        self.lags_ms: Counter[int] = Counter()
        self.outages: list[Outage] = []
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def on_frame(self, text: str, received_at: Instant) -> None:
        """Takes a frame."""
        self._inbox.put((text, received_at))

    def on_connected(self, connected: Connected) -> None:
        """Nothing was merged."""

    def on_outage(self, outage: Outage) -> None:
        """Notes a loss."""
        self.outages.append(outage)

    def on_restored(self, restored: Restored) -> None:
        """Needs nothing."""

    def on_fatal(self, fatal: Fatal) -> None:
        """Ends the bench."""
        raise RuntimeError(fatal.detail)

    def _bury(self, letter: DeadLetter) -> None:
        self.buried += 1

    def _work(self) -> None:
        while (item := self._inbox.get()) is not None:
            text, received_at = item
            for received in self._normalizer.text(text, received_at):
                number, _, sent_us = self._number_of(received).partition("-")
                self.out_of_order += int(number) != self.seen
                self.seen += 1
                self.lags_ms[(time.time_ns() // 1000 - int(sent_us)) // 1000] += 1


def memory_kib() -> int:
    """The resident memory of this process."""
    return int(STATM.read_text().split()[1]) * PAGE_KIB


def show(seconds: int) -> bool:
    """Runs the torrent for `seconds`; whether it came through whole, in time and in memory."""
    instrument = Instrument(
        symbol="BTCUSDT",
        tick_size=Decimal("0.10"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(1000),
        min_notional=Decimal(5),
    )
    trades = Sink(instrument, _trade_number)
    executions = Sink(instrument, _execution_number)
    command = [sys.executable, "-m", "bench.streams.torrent"]
    command += [str(PUBLIC_RATE), str(PRIVATE_RATE), str(seconds)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as server:
        if server.stdout is None or server.stdin is None:
            raise RuntimeError("expected pipes to the server")
        url = f"ws://127.0.0.1:{int(server.stdout.readline())}"
        clients = [
            public_client(url, ["publicTrade.BTCUSDT"], trades, clock=SystemClock()),
            private_client(url, KEYS, executions, clock=SystemClock(), topics=["execution"]),
        ]
        for client in clients:
            client.start()
        memory = _follow(trades, executions, seconds)
        for client in clients:
            client.close()
        server.stdin.close()
    return _judge(trades, executions, seconds, memory)


def _trade_number(received: Received) -> str:
    return received.raw.i if isinstance(received.raw, Trade) else str(received.raw["i"])


def _execution_number(received: Received) -> str:
    return "" if isinstance(received.raw, Trade) else str(received.raw["execId"])


def _share(lags_ms: Counter[int], share: float) -> int:
    """The least whole millisecond that so large a share of the frames did not exceed."""
    left = share * lags_ms.total()
    for lag_ms in sorted(lags_ms):
        left -= lags_ms[lag_ms]
        if left <= 0:
            return lag_ms
    return -1


def _follow(trades: Sink, executions: Sink, seconds: int) -> list[int]:
    memory: list[int] = []
    limit = time.monotonic() + seconds + PATIENCE_S
    while time.monotonic() < limit:
        time.sleep(1)
        memory.append(memory_kib())
        whole = trades.seen >= PUBLIC_RATE * seconds
        if whole and executions.seen >= PRIVATE_RATE * seconds:
            break
    return memory


def _judge(trades: Sink, executions: Sink, seconds: int, memory: Sequence[int]) -> bool:
    warm, last = memory[min(WARM_S, len(memory) // 2)], memory[-1]
    growth_pct = 100 * (last - warm) / warm
    holds = growth_pct < GROWTH_PCT_MAX
    for name, sink, rate in (
        ("publicTrade", trades, PUBLIC_RATE),
        ("execution", executions, PRIVATE_RATE),
    ):
        p50, p99 = _share(sink.lags_ms, 0.5), _share(sink.lags_ms, 0.99)
        print(
            f"{name}: {sink.seen} of {rate * seconds} frames at {rate}/s, {sink.out_of_order} out "
            f"of order, {sink.buried} unreadable, {len(sink.outages)} outages, lag p50 "
            f"at most {p50} ms, p99 {p99} ms"
        )
        whole = sink.seen == rate * seconds and not (sink.out_of_order or sink.buried)
        holds = holds and whole and not sink.outages and 0 <= p99 < P99_MS_MAX
    print(f"memory: {warm} KiB when warm, {last} KiB at the end ({growth_pct:+.1f} %)")
    return holds
