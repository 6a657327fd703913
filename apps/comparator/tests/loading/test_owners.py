from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from comparator.loading.owners import Owners
from gridcore.config import IdentitySalt
from gridcore.intents import client_order_id
from gridcore.sides import BUY, LONG, SELL, SHORT

PRICE = Decimal("99.8")


@pytest.fixture
def owners(make_strategy_setup: Callable[..., Any]) -> Owners:
    """A salted strategy on BTCUSDT and an unsalted one on ETHUSDT (I-4)."""
    unsalted = replace(make_strategy_setup("ETHUSDT", "old"), salt=IdentitySalt.NONE)
    return Owners([make_strategy_setup("BTCUSDT", "grid"), unsalted])


def salted(symbol: str = "BTCUSDT", strat_id: str | None = "grid") -> str:
    return client_order_id(strat_id, symbol, BUY, "99.8", LONG)


def test_an_order_is_of_the_strategy_whose_hash_it_has(owners: Owners) -> None:
    wire_id = f"{salted()}-hejv02a5sp"

    assert owners.strategy_of(wire_id, "BTCUSDT", BUY, PRICE, LONG) == "grid"
    assert owners.strategy_of(wire_id, "BTCUSDT", BUY, PRICE, None) == "grid"


def test_an_id_without_salt_is_known_where_the_set_up_has_none(owners: Owners) -> None:
    identity = salted("ETHUSDT", None)

    assert owners.strategy_of(identity, "ETHUSDT", BUY, PRICE, LONG) == "old"
    assert owners.strategy_of(salted("BTCUSDT", None), "BTCUSDT", BUY, PRICE, LONG) is None


@pytest.mark.parametrize(
    ("symbol", "side", "price", "direction"),
    [
        ("ETHUSDT", BUY, PRICE, LONG),
        ("SOLUSDT", BUY, PRICE, LONG),
        ("BTCUSDT", SELL, PRICE, LONG),
        ("BTCUSDT", BUY, Decimal("99.9"), LONG),
        ("BTCUSDT", BUY, Decimal("99.85"), LONG),
        ("BTCUSDT", BUY, PRICE, SHORT),
    ],
)
def test_a_hash_of_something_else_is_nobodys(
    owners: Owners, symbol: str, side: Any, price: Decimal, direction: Any
) -> None:
    assert owners.strategy_of(salted(), symbol, side, price, direction) is None


@pytest.mark.parametrize("link_id", [None, "", "web-order-1", "Z" * 16])
def test_an_id_that_is_none_of_ours_is_nobodys(owners: Owners, link_id: str | None) -> None:
    assert owners.strategy_of(link_id, "BTCUSDT", BUY, PRICE, LONG) is None
