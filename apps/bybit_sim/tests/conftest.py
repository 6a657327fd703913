"""Shared builders: markets of the known symbols, an exchange with accounts, rows, orders."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.account_spec import AccountSpec
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import ApiKey, Lifetime, NewOrder, OrderType, Push
from bybit_sim.market.facts import KNOWN
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import Step, TickerRow, TradeRow
from gridcore.clock import SECOND_US, Instant
from gridcore.instrument import Steps
from gridcore.sides import BUY, SideType

START = Instant(1_767_261_600_000_000)
"""2026-01-01T10:00:00Z: six hours before a funding settlement."""
UID = 1001
FEES = {"maker_fee": Decimal("0.0002"), "taker_fee": Decimal("0.00055")}


@pytest.fixture(scope="session")
def start() -> Instant:
    """When every exchange of the tests begins."""
    return START


def account_spec(**changes: object) -> AccountSpec:
    fields: dict[str, object] = {
        "uid": UID,
        "name": "demo",
        "keys": (ApiKey(key="demo-key", secret="demo-secret"),),
        "balance": Decimal(10_000),
        **FEES,
    }
    return AccountSpec(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def make_spec() -> Callable[..., AccountSpec]:
    """An account of 10,000 USDT at leverage 10, key "demo-key"; any field may be replaced."""
    return account_spec


@pytest.fixture
def make_markets() -> Callable[..., dict[str, SymbolMarket]]:
    """Markets of known symbols (BTCUSDT and ETHUSDT by default), nothing seen yet."""

    def make(*symbols: str) -> dict[str, SymbolMarket]:
        names = symbols or ("BTCUSDT", "ETHUSDT")
        return {name: SymbolMarket(KNOWN[name], START) for name in names}

    return make


@pytest.fixture
def make_exchange(make_markets: Callable[..., dict[str, SymbolMarket]]) -> Callable[..., Exchange]:
    """An exchange with the given accounts (one by default; keywords replace its fields)."""

    def make(*specs: AccountSpec, **changes: object) -> Exchange:
        markets = make_markets()
        chosen = specs or (account_spec(**changes),)
        return Exchange([Account(spec, markets, START) for spec in chosen], markets, START)

    return make


@pytest.fixture
def exchange(make_exchange: Callable[..., Exchange], trade: Callable[..., Any]) -> Exchange:
    """One account; one second after the start BTCUSDT traded at 50,000.00."""
    made = make_exchange()
    trade(made, "50000")
    return made


@pytest.fixture
def account(exchange: Exchange) -> Account:
    """The account of `exchange`."""
    return exchange.accounts[UID]


@pytest.fixture(scope="session")
def trade() -> Callable[..., tuple[Push, ...]]:
    """Play one trade, a second after the newest instant unless `after_us` says otherwise."""

    def play(
        exchange: Exchange,
        price: str,
        *,
        qty: int = 1,
        side: int = 0,
        symbol: str = "BTCUSDT",
        after_us: int = SECOND_US,
    ) -> tuple[Push, ...]:
        at = Instant(exchange.now + after_us)
        ticks = KNOWN[symbol].instrument.to_ticks(price)
        row = TradeRow(symbol=symbol, at=at, seq=0, price=ticks, qty=Steps(qty), side=side)
        return exchange.play(Step(at=at, rows=(row,)))

    return play


@pytest.fixture(scope="session")
def ticker() -> Callable[..., tuple[Push, ...]]:
    """Play one ticker of decimal texts; what is not given is absent."""

    def play(
        exchange: Exchange,
        last: str,
        *,
        mark: str | None = None,
        bid: str | None = None,
        ask: str | None = None,
        rate: str | None = None,
        symbol: str = "BTCUSDT",
        after_us: int = SECOND_US,
    ) -> tuple[Push, ...]:
        at = Instant(exchange.now + after_us)
        instrument = KNOWN[symbol].instrument
        row = TickerRow(
            symbol=symbol,
            at=at,
            seq=0,
            last=instrument.to_price(last),
            mark=None if mark is None else Decimal(mark),
            bid=None if bid is None else instrument.to_price(bid),
            ask=None if ask is None else instrument.to_price(ask),
            funding_rate=None if rate is None else Decimal(rate),
        )
        return exchange.play(Step(at=at, rows=(row,)))

    return play


@pytest.fixture(scope="session")
def new_order() -> Callable[..., NewOrder]:
    """A post-only buy of 0.010 BTC at 49,000 that opens long; any field may be replaced."""

    def make(
        price: str | None = "49000",
        qty: str = "0.010",
        *,
        side: SideType = BUY,
        idx: int = 1,
        symbol: str = "BTCUSDT",
        lifetime: Lifetime = Lifetime.POST_ONLY,
        order_type: OrderType = OrderType.LIMIT,
        link: str = "",
        reduce_only: bool = False,
        close_on_trigger: bool = False,
    ) -> NewOrder:
        return NewOrder(
            symbol=symbol,
            side=side,
            order_type=order_type,
            qty=qty,
            price=price,
            lifetime=lifetime,
            position_idx=idx,
            order_link_id=link,
            reduce_only=reduce_only,
            close_on_trigger=close_on_trigger,
        )

    return make
