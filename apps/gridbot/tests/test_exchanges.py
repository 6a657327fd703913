"""Accounts of one environment share its exchange: its clock, its public stream."""

from typing import Any

import pytest

from gridbot.config.model import GridbotConfig
from gridbot.exchanges import exchanges_of
from gridbot.shell.clock import MarketClock
from gridbot.shell.reactions import Reactions
from gridcore.clock import Instant


def config(*environments: str, **keys: Any) -> GridbotConfig:
    names = [f"a{number}" for number in range(len(environments))]
    accounts = [
        {
            "name": name,
            "api_key": f"env:K{name}",
            "api_secret": f"env:S{name}",
            "environment": environment,
        }
        for name, environment in zip(names, environments, strict=True)
    ]
    strategies = [{"strat_id": f"s-{one}", "account": one, "symbol": "BTCUSDT"} for one in names]
    return GridbotConfig.model_validate({"accounts": accounts, "strategies": strategies} | keys)


def test_there_is_one_exchange_for_each_environment() -> None:
    found = exchanges_of(config("testnet", "demo", "testnet"), Reactions())

    assert list(found) == ["testnet", "demo"]
    assert found["demo"].endpoint.rest_url != found["testnet"].endpoint.rest_url


@pytest.mark.parametrize("lockstep", [True, False])
def test_in_lockstep_time_is_the_markets(lockstep: bool) -> None:
    url = "http://127.0.0.1:9"
    (found,) = exchanges_of(config(url, lockstep=lockstep), Reactions()).values()

    assert found.lockstep is lockstep
    assert isinstance(found.session_clock(Instant(1)), MarketClock) is lockstep
