from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from appkit.exits import CommandError, RunFailed, UserError
from bybit_adapter.rest_client import RestClient
from gridbot.asking import asking, balance_of, price_of, terms_of
from gridbot.config.model import GridbotConfig

Start = Callable[..., str]
Client = Callable[..., RestClient]
TICKERS, WALLET = "/v5/market/tickers", "/v5/account/wallet-balance"


def test_a_command_asks_with_the_accounts_own_key(simulator: Start) -> None:
    account = {
        "name": "main",
        "api_key": "env:KEY",
        "api_secret": "env:SECRET",
        "environment": simulator(),
    }
    strategies = [{"strat_id": "grid", "account": "main", "symbol": "BTCUSDT"}]
    config = GridbotConfig.model_validate({"accounts": [account], "strategies": strategies})
    secrets = {"KEY": "demo-key-1", "SECRET": "demo-secret-1"}

    with asking(config, config.accounts[0], secrets) as rest:
        rest.measure_clock()

        assert balance_of(rest) == Decimal(10_000)
        assert price_of(rest, "BTCUSDT") > 0
        assert terms_of(rest, "BTCUSDT").leverage == Decimal(10)


def test_a_wallet_without_usdt_holds_nothing(canned: Start, client: Client) -> None:
    rest = client(canned({WALLET: lambda answer: answer["list"][0].update(coin=[])}))

    assert balance_of(rest) == 0


@pytest.mark.parametrize("price", ["0", "-1", "", "NaN", None])
def test_a_price_that_is_none_is_not_guessed(canned: Start, client: Client, price: object) -> None:
    rest = client(canned({TICKERS: lambda answer: answer["list"][0].update(lastPrice=price)}))

    with pytest.raises(RunFailed, match="BTCUSDT: expected a last price above 0"):
        price_of(rest, "BTCUSDT")


def test_a_wallet_that_cannot_be_read_is_told(canned: Start, client: Client) -> None:
    def spoil(answer: Any) -> None:
        answer["list"][0]["coin"][0]["walletBalance"] = "many"

    with pytest.raises(RunFailed, match="wallet: the exchange's answer cannot be read"):
        balance_of(client(canned({WALLET: spoil})))


@pytest.mark.parametrize("question", [balance_of, lambda rest: price_of(rest, "BTCUSDT")])
def test_what_may_pass_failed_and_what_will_not_was_refused(
    canned: Start, client: Client, question: Callable[[RestClient], object]
) -> None:
    """Exit 2 for a link, 1 for what the user has to mend."""
    with pytest.raises(RunFailed) as silent:
        question(client("http://127.0.0.1:9"))
    with pytest.raises(UserError) as refused:
        question(client(canned({WALLET: None, TICKERS: None})))

    assert "check the network" in str(silent.value.hint)
    assert "(code 10001)" in refused.value.message


def test_terms_that_are_refused_end_the_command_with_their_remedy(
    canned: Start, client: Client
) -> None:
    url = canned({"/v5/market/instruments-info": None})

    with pytest.raises(CommandError) as caught:
        terms_of(client(url), "BTCUSDT")

    assert isinstance(caught.value, UserError)
    assert str(caught.value.hint).startswith("check the symbol")
