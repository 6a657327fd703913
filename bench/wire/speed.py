"""How many trades a second bybit_sim delivers to one publicTrade client at full speed.

Knows frames and their trades, and how often a ticker comes between them; refuses to know prices.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import orjson

from appkit.exits import UserError
from bench.wire.server import Server, simulator

SYMBOL = "BTCUSDT"
TRADES_PER_SECOND_MIN = 50_000
WARM_UP_S = 1.0
MARKETS = {
    "one symbol, 20 trades to a ticker": (
        f"seed: 5\nspeed: max\nsymbols: {{{SYMBOL}: {{}}}}\nsynth: {{trades_per_second: 20}}\n"
    ),
    "default configuration, three symbols": "speed: max\n",
    "three symbols, 2 trades to a ticker": "speed: max\nsynth: {trades_per_second: 2}\n",
}
"""Configurations by name. A synthetic market has one ticker a second of each symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What one client received of a market; `missing` counts holes in the sequence."""

    market: str
    seconds: float
    trades: int
    frames: int
    tickers: int
    missing: int

    def good(self) -> bool:
        """Whether the target is met."""
        return self.trades / self.seconds >= TRADES_PER_SECOND_MIN and not self.missing

    def text(self) -> str:
        """The finding with its target."""
        return (
            f"{self.market}: {self.trades / self.seconds:,.0f} trades/s over {self.seconds:.1f} s "
            f"(at least {TRADES_PER_SECOND_MIN:,}), {self.trades / max(self.frames, 1):,.0f} "
            f"trades a frame, "
            f"{self.tickers / self.seconds:,.1f} tickers/s, {self.missing} missing\n"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """What was received of each market."""

    found: tuple[Speed, ...]

    def good(self) -> bool:
        """Whether every market meets the target."""
        return all(speed.good() for speed in self.found)

    def text(self) -> str:
        """The findings, one in a line."""
        return "".join(speed.text() for speed in self.found)


def measure(seconds: float, names: Sequence[str] = ()) -> Speeds:
    """Receive each market for some seconds; with `names`, only those whose names contain one.

    UserError when none does.
    """
    chosen = [market for market in MARKETS if not names or any(name in market for name in names)]
    if not chosen:
        known = ", ".join(repr(market) for market in MARKETS)
        raise UserError(f"expected parts of the names of markets ({known}), found {list(names)}")
    return Speeds(found=tuple(_measured(market, seconds) for market in chosen))


def _measured(market: str, seconds: float) -> Speed:
    with simulator(MARKETS[market]) as server:
        return asyncio.run(_receive(server, market, seconds))


async def _receive(server: Server, market: str, seconds: float) -> Speed:
    trades = frames = tickers = missing = 0
    last: int | None = None
    began = 0.0
    async with aiohttp.ClientSession() as session, session.ws_connect(server.public) as socket:
        topics = [f"publicTrade.{SYMBOL}", f"tickers.{SYMBOL}"]
        await socket.send_json({"op": "subscribe", "args": topics, "req_id": "1"})
        start = time.monotonic()
        async for message in socket:
            now = time.monotonic()
            if not began and now - start > WARM_UP_S:
                began = now
                trades = frames = tickers = 0
            if began and now - began > seconds:
                return Speed(
                    market=market,
                    seconds=now - began,
                    trades=trades,
                    frames=frames,
                    tickers=tickers,
                    missing=missing,
                )
            frame = orjson.loads(message.data)
            topic = frame.get("topic", "")
            if topic.startswith("tickers"):
                tickers += 1
            elif topic.startswith("publicTrade"):
                rows = frame["data"]
                frames += 1
                trades += len(rows)
                first = rows[0]["seq"]
                if last is not None:
                    missing += max(0, first - last - 1)
                last = rows[-1]["seq"]
    raise ConnectionError("expected a stream without end, the server closed it")
