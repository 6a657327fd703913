"""The exchange as one command asks it: a client for a while, and a few facts.

What a daemon asks all day is the shell's.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal

from appkit.decimals import parse_decimal
from appkit.exits import CommandError, RunFailed, UserError
from bybit_adapter.errors import Failure
from bybit_adapter.normalizer.rest_rows import RestRows
from bybit_adapter.normalizer.words import DeadLetter
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.words import Answer
from bybit_adapter.rest_client import RestClient, wait_until
from gridbot.config.keys import credentials_of
from gridbot.config.model import AccountConfig, GridbotConfig
from gridbot.remedies import in_words, may_pass, remedy_of
from gridbot.terms import SymbolTerms, TermsRefused, read_terms


@contextmanager
def asking(
    config: GridbotConfig, account: AccountConfig, environment: Mapping[str, str]
) -> Iterator[RestClient]:
    """A client with the account's key, which sits out short pauses.

    It signs by this machine's clock until its `measure_clock` is called.
    """
    client = RestClient(
        account.endpoint,
        credentials_of(config, account, environment),
        limiter=RateLimiter(),
        timeout_s=config.rest_fetch_timeout,
        wait=wait_until,
    )
    try:
        yield client
    finally:
        client.close()


def terms_of(rest: RestClient, symbol: str) -> SymbolTerms:
    """What the exchange says of a symbol; an error with the remedy when it says nothing usable."""
    found = read_terms(rest, symbol)
    if isinstance(found, TermsRefused):
        kind = RunFailed if found.retryable else UserError
        raise kind(found.text, found.remedy)
    return found


def price_of(rest: RestClient, symbol: str) -> Decimal:
    """The last price of a symbol."""
    row = rest.market.ticker(symbol)
    if not isinstance(row, Mapping):
        raise refusal(f"{symbol}: price", row)
    price = parse_decimal(str(row.get("lastPrice")))
    if price is None or price <= 0:
        raise RunFailed(f"{symbol}: expected a last price above 0, found none")
    return price


def balance_of(rest: RestClient) -> Decimal:
    """The realised wallet balance in USDT, 0 where the wallet has none."""
    answer = rest.account.wallet()
    if not isinstance(answer, Answer):
        raise refusal("wallet", answer)
    return balance_in(answer)


def balance_in(answer: Answer) -> Decimal:
    """The realised balance in USDT that an answer about the wallet tells."""
    unread: list[DeadLetter] = []
    snapshot = RestRows({}, unread.append).wallet([answer.row], asked_at=answer.asked_at)
    if unread:
        raise RunFailed(f"wallet: the exchange's answer cannot be read: {unread[0].text}")
    return Decimal(0) if snapshot is None else snapshot.wallet.balance


def refusal(question: str, failure: Failure) -> CommandError:
    """A failed question as the error that ends a command."""
    kind = RunFailed if may_pass(failure) else UserError
    return kind(f"{question}: {in_words(failure)}", remedy_of(failure))
