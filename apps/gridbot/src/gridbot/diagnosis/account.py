"""One account at its exchange: connection, clock, key, margin mode, wallet.

It asks and judges; nothing is changed at the exchange.
"""

from collections.abc import Iterator
from datetime import datetime

from bybit_adapter.errors import Failure
from bybit_adapter.rest.account import AccountTerms, KeyTerms
from bybit_adapter.rest.hedge import PORTFOLIO_MARGIN
from bybit_adapter.rest_client import RestClient
from bybit_adapter.ws_client.clock import Offset
from gridbot.diagnosis.words import Diagnosis, ill, odd, well
from gridbot.remedies import KEY, in_words, remedy_of
from gridcore.clock import DAY_US, SECOND_US, Instant

SKEW_US = SECOND_US
"""A clock that is further off is told: log lines and recorded times would mislead."""
EXPIRES_SOON_DAYS = 14
ANYWHERE = "*"


def diagnose_connection(rest: RestClient, *, simulated: bool) -> Diagnosis:
    """Whether the exchange answers, and how far this machine's clock is off."""
    subject = "clock"
    found = rest.measure_clock()
    if not isinstance(found, Offset):
        return failed("connection", found)
    off = abs(found.ahead_us) / SECOND_US
    round_trip = f"round trip {found.round_trip_us / 1000:.0f} ms"
    if simulated:
        return well(subject, f"the simulator keeps its own time, {round_trip}")
    if abs(found.ahead_us) > SKEW_US:
        return odd(
            subject,
            f"{off:.1f} s off the exchange's, {round_trip}",
            "set the machine's clock by NTP; requests are corrected, recorded times are not",
        )
    return well(subject, f"{off:.3f} s off the exchange's, {round_trip}")


def diagnose_key(rest: RestClient) -> Iterator[Diagnosis]:
    """What the key may do, until when, and from where."""
    terms = rest.account.key_terms()
    if not isinstance(terms, KeyTerms):
        yield failed("key", terms)
        return
    yield _permissions(terms)
    yield _expiry(terms, rest.exchange_now())
    if not terms.addresses or ANYWHERE in terms.addresses:
        yield odd(
            "key's address",
            "the key may be used from anywhere",
            "bind it to this machine's address at the exchange",
        )
    else:
        yield well("key's address", f"bound to {', '.join(terms.addresses)}")


def diagnose_margin_mode(rest: RestClient) -> Diagnosis:
    """Whether the account margins in a way that the kernel knows."""
    subject = "margin mode"
    terms = rest.account.terms()
    if not isinstance(terms, AccountTerms):
        return failed(subject, terms)
    if terms.margin_mode == PORTFOLIO_MARGIN:
        return ill(
            subject,
            "portfolio margin has no leverage and no liquidation price per position",
            "choose cross or isolated margin at the exchange",
        )
    return well(subject, terms.margin_mode.lower().replace("_", " "))


def failed(subject: str, failure: Failure) -> Diagnosis:
    """A question that the exchange did not answer."""
    return ill(subject, in_words(failure), remedy_of(failure))


def _permissions(terms: KeyTerms) -> Diagnosis:
    subject = "key"
    if terms.read_only:
        return ill(subject, "the key may only read", KEY)
    if not terms.may_trade:
        return ill(subject, "the key may not place orders of contracts", KEY)
    if "Withdraw" in terms.permissions.get("Wallet", ()):
        return odd(
            subject,
            "the key may trade, and withdraw money too",
            "use a key without the right to withdraw; trading needs none",
        )
    return well(subject, "the key may trade contracts")


def _expiry(terms: KeyTerms, now: Instant) -> Diagnosis:
    subject = "key's expiry"
    if terms.expires_at is None:
        return well(subject, "the key does not expire")
    ends = _instant(terms.expires_at)
    if ends is None:
        return odd(
            subject,
            f"expected a date, found {terms.expires_at!r}",
            "look at the exchange's page of the key when it ends",
        )
    days = (ends - now) // DAY_US
    remedy = "renew the key at the exchange"
    if days < 0:
        return ill(subject, f"the key ended at {terms.expires_at}", remedy)
    text = f"the key ends in {days} days, at {terms.expires_at}"
    return odd(subject, text, remedy) if days < EXPIRES_SOON_DAYS else well(subject, text)


def _instant(text: str) -> Instant | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else Instant(int(moment.timestamp()) * SECOND_US)
