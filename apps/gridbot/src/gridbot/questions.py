"""What a start asks of the exchange, each answer as it came or as a refusal; every question blocks.

It refuses to know what the answers are good for.
"""

from decimal import Decimal

from appkit.exits import CommandError, RunFailed
from bybit_adapter.errors import Failure
from bybit_adapter.rest.account import KeyTerms
from bybit_adapter.rest.words import Answer, Listing
from bybit_adapter.rest_client import RestClient
from bybit_adapter.ws_client.clock import Offset
from gridbot.asking import price_of
from gridbot.remedies import LINK, in_words, may_pass, remedy_of
from gridbot.shell.exchange import Exchange
from gridbot.stages import Refused
from gridbot.terms import SymbolTerms, TermsRefused, read_terms
from gridcore.clock import Instant


def time_of(exchange: Exchange) -> Instant | Refused:
    """The exchange's time; its clock is measured before anybody reads it."""
    found = exchange.server_time()
    if not isinstance(found, int):
        return _no(f"the time of {exchange.endpoint.rest_url}", found)
    if not exchange.lockstep:
        exchange.synchronise()
    return found


def measured(rest: RestClient) -> Offset | Refused:
    """How far its clock is from ours, for signatures."""
    found = rest.measure_clock()
    if isinstance(found, Offset):
        return found
    return _no("the time", found)


def wallet_name(rest: RestClient, api_key: str) -> str | Refused:
    """What names the account at the exchange, whichever of its keys asks: keys are changed every
    few months, and two of them reach one book. The key itself where the exchange names nobody."""
    found = rest.account.key_terms()
    if not isinstance(found, KeyTerms):
        return _no("key", found)
    return api_key if found.user_id is None else f"user {found.user_id}"


def terms_of(rest: RestClient, symbol: str) -> SymbolTerms | Refused:
    """What it says of a symbol and of our account there."""
    found = read_terms(rest, symbol)
    if not isinstance(found, TermsRefused):
        return found
    return Refused(text=found.text, remedy=found.remedy, retryable=found.retryable)


def book_of(rest: RestClient, symbol: str) -> Listing | Refused:
    """Every order that rests; the session asks again itself, and this says that it will be told."""
    listing = rest.orders.open_orders(symbol)
    if listing.failure is not None:
        return _no(f"{symbol}: open orders", listing.failure)
    if not listing.complete:
        return Refused(
            text=f"{symbol}: open orders: the listing is not complete ({listing.stop.value})",
            remedy="try again; nothing is placed before the whole book is known",
            retryable=True,
        )
    return listing


def last_price(rest: RestClient, symbol: str) -> Decimal | Refused:
    """What it was last traded at."""
    try:
        return price_of(rest, symbol)
    except CommandError as error:
        return Refused(
            text=error.message,
            remedy=error.hint or LINK,
            retryable=isinstance(error, RunFailed),
        )


def wallet_of(rest: RestClient) -> Answer | Refused:
    """What the account holds."""
    found = rest.account.wallet()
    if isinstance(found, Answer):
        return found
    return _no("wallet", found)


def _no(question: str, failure: Failure) -> Refused:
    return Refused(
        text=f"{question}: {in_words(failure)}",
        remedy=remedy_of(failure),
        retryable=may_pass(failure),
    )
