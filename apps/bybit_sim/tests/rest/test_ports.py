"""What the calls ask for is what the exchange has."""

from collections.abc import Mapping

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.rest.ports import AccountPort, ExchangePort, MarketPort


def as_ports(
    exchange: Exchange, account: Account, markets: Mapping[str, SymbolMarket]
) -> tuple[ExchangePort, AccountPort, Mapping[str, MarketPort]]:
    """That this passes the type checker is the proof of the signatures."""
    return exchange, account, markets


def test_the_classes_behind_the_ports_have_all_their_calls() -> None:
    for port, real in ((AccountPort, Account), (MarketPort, SymbolMarket)):
        calls = {name for name, member in vars(port).items() if callable(member)}
        assert {name for name in calls if not name.startswith("_")} <= set(dir(real))
