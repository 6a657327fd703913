"""An account at a simulated exchange with orders of ours and of others."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.rest.instruments import InstrumentTerms
from bybit_adapter.rest.order_words import Accepted, Placement
from bybit_adapter.rest_client import RestClient
from gridbot.config.blocks import GuardPolicy
from gridbot.config.strategy import StrategyConfig
from gridbot.guard.sweep import Sweep
from gridcore.instrument import Instrument, Ticks
from gridcore.intents import client_order_id, encode_wire_id
from gridcore.session.effects import TimeInForce
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

SYMBOL = "BTCUSDT"
STRATEGY = StrategyConfig(strat_id="grid", account="main", symbol=SYMBOL)


class Book:
    """The account's orders, placed and listed with the daemon's own key."""

    def __init__(self, rest: RestClient) -> None:
        self.rest = rest
        terms = rest.market.instrument(SYMBOL)
        assert isinstance(terms, InstrumentTerms)
        self.instrument: Instrument = terms.to_instrument()
        self._minted = 0

    def place(
        self,
        price: str,
        side: SideType = BUY,
        direction: DirectionType = LONG,
        *,
        strat_id: str | None = "grid",
        taking: bool = False,
    ) -> str:
        """Place an order of a strategy, or (None) of another hand; its wire id."""
        self._minted += 1
        ticks = self.instrument.to_ticks(Decimal(price))
        assert isinstance(ticks, int)
        text = self.instrument.price_text(Ticks(ticks))
        wire_id = f"another-hand-{self._minted}"
        if strat_id is not None:
            identity = client_order_id(strat_id, SYMBOL, side, text, direction)
            wire_id = encode_wire_id(identity, self._minted)
        placed = self.rest.orders.place(
            Placement(
                symbol=SYMBOL,
                direction=direction,
                side=side,
                price=text,
                qty="0.01",
                wire_id=wire_id,
                reduce_only=(side is BUY) is not (direction is LONG),
                time_in_force=TimeInForce.GTC if taking else TimeInForce.POST_ONLY,
            )
        )
        assert isinstance(placed, Accepted), placed
        return wire_id

    def grid(self) -> tuple[list[str], str]:
        """Two positions with four opens and one close of ours: wire ids of opens, and the close."""
        self.place("101000", taking=True)
        opens = [self.place(price) for price in ("99000", "98000", "97000")]
        opens.append(self.place("103000", SELL, SHORT))
        return opens, self.place("102000", SELL)

    def resting(self) -> list[str]:
        """The wire ids that rest, sorted."""
        listing = self.rest.orders.open_orders(SYMBOL)
        assert listing.complete
        return sorted(str(row["orderLinkId"]) for row in listing.rows)


@pytest.fixture
def market(simulator: Callable[..., str]) -> str:
    """The URL of an exchange whose market stands still at 100000."""
    return simulator(
        symbols={SYMBOL: {"price": 100_000}},
        synth={"trades_per_second": 1, "volatility_pct": "0.01"},
    )


@pytest.fixture
def book(market: str, client: Callable[..., RestClient]) -> Book:
    """The account's orders; none yet."""
    return Book(client(market))


@pytest.fixture
def sweep(market: str, client: Callable[..., RestClient]) -> Callable[..., Sweep]:
    """Makes the guard's sweep of the account; `key` arguments are those of `client`."""

    def make(policy: GuardPolicy = GuardPolicy.CANCEL_OPENS, **key: Any) -> Sweep:
        return Sweep("main", client(market, **key), [STRATEGY], policy, measures_clock=False)

    return make
