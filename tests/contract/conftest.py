"""An exchange to hold to its contract: bybit_sim as a process of its own or, with keys, testnet.

The same tests run against both; what needs a hand on the market (`steer`) is left out on testnet.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from pybit.unified_trading import HTTP

T = TypeVar("T")
SYMBOL = "BTCUSDT"
START_S = 60.0
PATIENCE_S = 10.0
CONFIG = """
seed: 7
symbols: {BTCUSDT: {}, ETHUSDT: {}}
vip_level: 2
accounts:
  - name: contract
    uid: 4001
    balance: 100000
    fill_model: queue
    keys:
      - {key: contract-trader, secret: contract-trader-secret}
      - {key: contract-reader, secret: contract-reader-secret, read_only: true}
      - {key: contract-expired, secret: contract-expired-secret, expired: true}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One API key."""

    key: str
    secret: str


class Steer:
    """The simulator's own endpoints: what a test does to the market."""

    def __init__(self, url: str) -> None:
        self._url = url

    def post(self, path: str, **fields: object) -> Any:
        """One command; its JSON answer."""
        request = urllib.request.Request(
            f"{self._url}/sim/{path}",
            data=json.dumps(fields).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
            return json.load(reply)

    def get(self, path: str) -> Any:
        """One question."""
        with urllib.request.urlopen(f"{self._url}/sim/{path}", timeout=PATIENCE_S) as reply:
            return json.load(reply)

    def trade(self, price: Decimal, qty: str, side: str, symbol: str = SYMBOL) -> None:
        """One trade of the market; `side` is the taker's."""
        self.post("trade", symbol=symbol, price=str(price), qty=qty, side=side)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Where the exchange is, our keys on it, and a hand on its market where there is one."""

    rest: str
    sockets: str
    trader: Key
    read_only: Key | None
    expired: Key | None
    steer: Steer | None


def eventually(ask: Callable[[], T | None], what: str, patience_s: float = PATIENCE_S) -> T:
    """The first answer that is not None and not empty."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = ask()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"expected {what} within {patience_s} s")


@pytest.fixture(name="eventually", scope="session")
def _eventually() -> Callable[..., Any]:
    return eventually


@pytest.fixture(scope="session")
def exchange(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Exchange]:
    """The exchange of this run, one process for the whole session."""
    if request.config.getoption("--live-testnet"):
        yield testnet()
        return
    folder = tmp_path_factory.mktemp("contract")
    config = folder / "bybit_sim.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, "-m", "bybit_sim", "serve", "--config", str(config), "--port", "0"]
    log = folder / "log.txt"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*command, "--json"], stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"expected bybit_sim to start, found {log.read_text(encoding='utf-8')}"
            yield simulated(json.loads(line))
        finally:
            process.terminate()
            process.wait(START_S)


def simulated(started: dict[str, Any]) -> Exchange:
    """The simulator that said where it listens."""
    url = f"http://127.0.0.1:{started['port']}"
    return Exchange(
        rest=url,
        sockets=f"ws://127.0.0.1:{started['port']}",
        trader=Key(key="contract-trader", secret="contract-trader-secret"),
        read_only=Key(key="contract-reader", secret="contract-reader-secret"),
        expired=Key(key="contract-expired", secret="contract-expired-secret"),
        steer=Steer(url),
    )


def testnet() -> Exchange:
    """Bybit's testnet with the keys of the environment."""
    try:
        key, secret = os.environ["BYBIT_TESTNET_KEY"], os.environ["BYBIT_TESTNET_SECRET"]
    except KeyError as missing:
        pytest.exit(f"--live-testnet needs {missing} in the environment", returncode=1)
    return Exchange(
        rest="https://api-testnet.bybit.com",
        sockets="wss://stream-testnet.bybit.com",
        trader=Key(key=key, secret=secret),
        read_only=None,
        expired=None,
        steer=None,
    )


@pytest.fixture(scope="session")
def http_with(exchange: Exchange) -> Callable[[str, str], HTTP]:
    """Makes an unmodified HTTP client for a key."""

    def make(key: str, secret: str) -> HTTP:
        client = HTTP(api_key=key, api_secret=secret, max_retries=1, retry_codes={0})
        client.endpoint = exchange.rest
        return client

    return make


@pytest.fixture(scope="session")
def http(exchange: Exchange, http_with: Callable[[str, str], HTTP]) -> HTTP:
    """The HTTP client of the trading key."""
    return http_with(exchange.trader.key, exchange.trader.secret)
