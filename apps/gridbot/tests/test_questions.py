"""What a start asks of the exchange: an answer, or a refusal that says what to do."""

from collections.abc import Callable
from decimal import Decimal

from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.words import Answer, Listing
from bybit_adapter.rest_client import RestClient
from bybit_adapter.ws_client.clock import Offset
from gridbot.questions import (
    book_of,
    last_price,
    measured,
    terms_of,
    time_of,
    wallet_name,
    wallet_of,
)
from gridbot.shell.exchange import Exchange
from gridbot.stages import Refused
from gridbot.terms import SymbolTerms

Start = Callable[..., str]
Client = Callable[..., RestClient]


def test_every_answer_is_what_was_asked_for(canned: Start, client: Client) -> None:
    rest = client(canned({"/v5/order/realtime": lambda answer: answer.update(list=[])}))

    assert isinstance(terms_of(rest, "BTCUSDT"), SymbolTerms)
    assert isinstance(book_of(rest, "BTCUSDT"), Listing)
    assert isinstance(wallet_of(rest), Answer)
    assert isinstance(measured(rest), Offset)
    assert wallet_name(rest, "key") == "user 1"
    assert last_price(rest, "BTCUSDT") == Decimal(100_000)


def test_every_refusal_has_a_reason_and_a_remedy_a04_a05(canned: Start, client: Client) -> None:
    paths = ("/v5/account/wallet-balance", "/v5/account/fee-rate", "/v5/market/tickers")
    rest = client(canned(dict.fromkeys(paths)))

    refused = (
        terms_of(rest, "BTCUSDT"),
        book_of(rest, "BTCUSDT"),
        wallet_of(rest),
        last_price(rest, "BTCUSDT"),
    )

    assert all(isinstance(one, Refused) and one.text and one.remedy for one in refused)
    assert [one.retryable for one in refused if isinstance(one, Refused)] == [False] * 4


def test_a_price_that_is_not_told_is_asked_again(canned: Start, client: Client) -> None:
    rest = client(
        canned({"/v5/market/tickers": lambda answer: answer["list"][0].update(lastPrice="")})
    )

    found = last_price(rest, "BTCUSDT")

    assert isinstance(found, Refused)
    assert found.retryable


def test_the_time_measures_the_exchanges_clock_on_the_way(canned: Start) -> None:
    exchange = Exchange(endpoint(canned()), RateLimiter(), timeout_s=2)

    found = time_of(exchange)

    assert isinstance(found, int)
    assert exchange.clock.synchronised


def test_an_exchange_that_is_not_there_is_named(canned: Start) -> None:
    exchange = Exchange(endpoint("http://127.0.0.1:9"), RateLimiter(), timeout_s=2)

    found = time_of(exchange)

    assert isinstance(found, Refused)
    assert found.retryable
    assert "http://127.0.0.1:9" in found.text
