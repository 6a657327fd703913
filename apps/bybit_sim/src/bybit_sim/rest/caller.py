"""Who calls, and which symbols a call is about. It refuses to know the calls themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bybit_sim.exchange.words import ApiKey
from bybit_sim.rest.parameters import COIN, invalid, missing
from bybit_sim.rest.ports import AccountPort, MarketPort
from gridcore.clock import Instant

SYMBOL, BASE_COIN, SETTLE_COIN = "symbol", "baseCoin", "settleCoin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One authenticated account with the key it used; `now` is market time.

    `as_of` is `now`, or the earlier moment whose state listings of orders show.
    """

    account: AccountPort
    key: ApiKey
    markets: Mapping[str, MarketPort]
    now: Instant
    as_of: Instant


class Texts(Protocol):
    """Parameters of either kind, read as texts."""

    def text(self, name: str) -> str: ...


def symbols_of(markets: Mapping[str, MarketPort], asked: Texts) -> list[str]:
    """The symbols that symbol, else baseCoin, else settleCoin mean; all if none is given.

    An unknown symbol raises BadParameter; an unknown coin has no symbols.
    """
    symbol = asked.text(SYMBOL)
    if symbol:
        if symbol not in markets:
            raise invalid(SYMBOL)
        return [symbol]
    base_coin = asked.text(BASE_COIN)
    if base_coin:
        return [
            name
            for name, market in markets.items()
            if market.instrument_row()["baseCoin"] == base_coin
        ]
    if asked.text(SETTLE_COIN) not in ("", COIN):
        return []
    return list(markets)


def require_one_of(asked: Texts, *names: str) -> None:
    """Raises BadParameter if none of the parameters is given."""
    if not any(asked.text(name) for name in names):
        raise missing(" or ".join(names))
