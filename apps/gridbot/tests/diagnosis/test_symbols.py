from collections.abc import Callable
from typing import Any

import pytest

from bybit_adapter.rest_client import RestClient
from gridbot.config.model import GridbotConfig
from gridbot.diagnosis.symbols import diagnose_strategies
from gridbot.diagnosis.words import Diagnosis, Health

Start = Callable[..., str]
Client = Callable[..., RestClient]
INSTRUMENTS, WALLET, TICKERS = (
    "/v5/market/instruments-info",
    "/v5/account/wallet-balance",
    "/v5/market/tickers",
)


@pytest.fixture
def diagnosed(canned: Start, client: Client) -> Callable[..., dict[str, Diagnosis]]:
    """Diagnoses one strategy at an exchange of canned answers."""

    def diagnose(changes: Any = None, **keys: Any) -> dict[str, Diagnosis]:
        account = {"name": "main", "api_key": "env:KEY", "api_secret": "env:SECRET"}
        grid = {"strat_id": "grid", "account": "main", "symbol": "BTCUSDT", "grid_count": 6}
        config = GridbotConfig.model_validate(
            {"accounts": [account], "strategies": [grid | {"amount": 200} | keys]}
        )
        rest = client(canned(changes))
        (main,) = config.accounts
        found = diagnose_strategies(config, main, config.strategies, rest)
        return {one.subject: one for one in found}

    return diagnose


Diagnosed = Callable[..., dict[str, Diagnosis]]


def test_a_strategy_that_can_work_is_well(diagnosed: Diagnosed) -> None:
    found = diagnosed()

    assert {one.health for one in found.values()} == {Health.WELL}
    assert found["BTCUSDT instrument"].text == "tick 0.1, step 0.001, least value 5"
    assert found["BTCUSDT account"].text == "hedge mode, leverage 10, taker fee 0.055 %"
    assert found["grid ladder"].text == "6 orders at 100,000"


def test_an_empty_wallet_is_ill(diagnosed: Diagnosed) -> None:
    def empty(answer: Any) -> None:
        answer["list"][0]["coin"][0]["walletBalance"] = "0"

    assert diagnosed({WALLET: empty})["wallet"].health is Health.ILL


def test_a_wallet_that_is_not_told_ends_the_questions(diagnosed: Diagnosed) -> None:
    found = diagnosed({WALLET: None})

    assert list(found) == ["wallet"]
    assert found["wallet"].health is Health.ILL


def test_a_symbol_that_is_not_listed_is_ill_with_its_remedy(diagnosed: Diagnosed) -> None:
    found = diagnosed({INSTRUMENTS: None})["BTCUSDT"]

    assert found.health is Health.ILL
    assert str(found.remedy).startswith("check the symbol")


def test_a_symbol_that_does_not_trade_now_is_odd(diagnosed: Diagnosed) -> None:
    found = diagnosed({INSTRUMENTS: lambda answer: answer["list"][0].update(status="Closed")})

    assert found["BTCUSDT instrument"].health is Health.ODD


def test_a_contradiction_and_a_missing_price_are_ill(diagnosed: Diagnosed) -> None:
    assert "contradicts the exchange's 10" in diagnosed(leverage=7)["BTCUSDT"].text
    assert "price" in diagnosed({TICKERS: None})["BTCUSDT"].text


def test_what_blocks_a_ladder_is_ill_and_what_is_only_odd_is_odd(diagnosed: Diagnosed) -> None:
    assert diagnosed(amount=900_000, max_margin=1000)["grid ladder"].health is Health.ILL
    assert diagnosed(max_margin="0.1")["grid ladder"].health is Health.ODD
