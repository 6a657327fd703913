"""What the exchange says of one symbol and of our account on it, asked in one place.

It reads and reports; whether that is good enough to trade is said by `problems`, never acted upon.
"""

from dataclasses import dataclass
from decimal import Decimal

from bybit_adapter.errors import Failure
from bybit_adapter.normalizer.words import BadElement
from bybit_adapter.rest.account import FeeRates
from bybit_adapter.rest.hedge import ModeReport, symbol_report
from bybit_adapter.rest.instruments import InstrumentTerms, read_tiers
from bybit_adapter.rest_client import RestClient
from gridbot.remedies import in_words, may_pass, remedy_of
from gridcore.events import SymbolReport
from gridcore.instrument import Instrument, InstrumentError
from gridcore.tiers import RiskTiers, TierError


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolTerms:
    """Everything a strategy has to know of its symbol. `leverage` None: none is stated.

    `funding_interval_minutes` None: the exchange states none.
    """

    symbol: str
    instrument: Instrument
    tiers: RiskTiers
    fees: FeeRates
    mode: ModeReport
    leverage: Decimal | None
    trading: bool
    max_leverage: Decimal | None
    funding_interval_minutes: int | None
    report: SymbolReport
    """What the session is told; `at` is when it was asked, by the client's `stamp`."""

    def problems(self) -> tuple[str, ...]:
        """Why nothing may be placed, each with the way to mend it; empty: nothing.

        A symbol that does not trade now is none: the session allows closes there and nothing else.
        """
        found = list(self.mode.problems())
        if self.leverage is None and not found:
            found.append(
                f"{self.symbol}: expected a leverage from the exchange, found none; set one there"
            )
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsRefused:
    """The exchange gave no usable answer. `retryable`: the same question may succeed later."""

    text: str
    remedy: str
    retryable: bool


def read_report(rest: RestClient, symbol: str) -> SymbolReport | TermsRefused:
    """Instrument, modes and leverage alone, as the session is told of them."""
    found = _instrument_and_mode(rest, symbol)
    return found if isinstance(found, TermsRefused) else found[2]


def read_terms(rest: RestClient, symbol: str) -> SymbolTerms | TermsRefused:
    """Ask for instrument, modes, leverage, fees and risk tiers.

    Nothing is made up: one answer that is missing or cannot be read refuses the whole (A05).
    """
    found = _instrument_and_mode(rest, symbol)
    if isinstance(found, TermsRefused):
        return found
    terms, mode, report = found
    fees = rest.account.fee_rates(symbol)
    if not isinstance(fees, FeeRates):
        return _refused(symbol, "fee rates", fees)
    tiers = _tiers(rest, symbol)
    if isinstance(tiers, TermsRefused):
        return tiers
    return SymbolTerms(
        symbol=symbol,
        instrument=report.instrument,
        tiers=tiers,
        fees=fees,
        mode=mode,
        leverage=report.leverage,
        trading=terms.trading,
        max_leverage=terms.max_leverage,
        funding_interval_minutes=terms.funding_interval_minutes,
        report=report,
    )


def _instrument_and_mode(
    rest: RestClient, symbol: str
) -> tuple[InstrumentTerms, ModeReport, SymbolReport] | TermsRefused:
    terms = rest.market.instrument(symbol)
    if not isinstance(terms, InstrumentTerms):
        return _refused(symbol, "instrument", terms)
    mode = rest.verify_mode(symbol)
    if not isinstance(mode, ModeReport):
        return _refused(symbol, "position mode", mode)
    try:
        return terms, mode, symbol_report(terms, mode, mode.positions.asked_at)
    except InstrumentError as error:
        return _unreadable(symbol, "instrument", error)


def _tiers(rest: RestClient, symbol: str) -> RiskTiers | TermsRefused:
    listing = rest.market.risk_limits(symbol)
    if listing.failure is not None:
        return _refused(symbol, "risk tiers", listing.failure)
    own = [row for row in listing.rows if row.get("symbol") == symbol]
    try:
        if not listing.complete:
            raise BadElement(f"expected the whole table, found {len(own)} tiers of it")
        return RiskTiers(read_tiers(own))
    except (BadElement, TierError) as error:
        return _unreadable(symbol, "risk tiers", error)


def _unreadable(symbol: str, question: str, error: ValueError) -> TermsRefused:
    return TermsRefused(
        text=f"{symbol}: {question}: {error}",
        remedy="the exchange's own answer cannot be used; wait, and try again",
        retryable=True,
    )


def _refused(symbol: str, question: str, failure: Failure) -> TermsRefused:
    return TermsRefused(
        text=f"{symbol}: {question}: {in_words(failure)}",
        remedy=remedy_of(failure),
        retryable=may_pass(failure),
    )
