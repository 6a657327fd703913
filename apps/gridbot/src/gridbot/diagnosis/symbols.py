"""The strategies of one account: their symbols' terms, and whether their ladders can work.

It asks and judges; nothing is changed at the exchange.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from appkit.exits import CommandError
from appkit.output import number_text
from bybit_adapter.rest_client import RestClient
from gridbot.asking import balance_of, price_of
from gridbot.config.checks import Finding, StrategyCheck, check_account, check_strategy
from gridbot.config.model import AccountConfig, GridbotConfig
from gridbot.config.strategy import StrategyConfig
from gridbot.diagnosis.words import Diagnosis, ill, odd, well
from gridbot.setups import setup_of
from gridbot.terms import SymbolTerms, TermsRefused, read_terms

_CONFIGURATION = "change the configuration; `gridbot preview` shows the ladder"


def diagnose_strategies(
    config: GridbotConfig,
    account: AccountConfig,
    strategies: Sequence[StrategyConfig],
    rest: RestClient,
) -> Iterator[Diagnosis]:
    """Wallet, then instrument, modes, leverage and ladder of every strategy, then all together."""
    try:
        wallet = balance_of(rest)
    except CommandError as error:
        yield ill("wallet", error.message, error.hint or _CONFIGURATION)
        return
    yield _wallet(wallet)
    checks = []
    for strategy in strategies:
        terms = read_terms(rest, strategy.symbol)
        if isinstance(terms, TermsRefused):
            yield ill(f"{strategy.symbol}", terms.text, terms.remedy)
            continue
        yield _instrument(terms)
        try:
            setup = setup_of(config, strategy, terms)
            price = price_of(rest, strategy.symbol)
        except CommandError as error:
            yield ill(
                strategy.symbol,
                error.message,
                error.hint or "change it at the exchange, or in the configuration",
            )
            continue
        yield well(
            f"{strategy.symbol} account",
            f"hedge mode, leverage {number_text(setup.sizing.leverage)}, taker fee "
            f"{number_text(terms.fees.taker * 100)} %",
        )
        check = check_strategy(
            strategy,
            terms,
            leverage=setup.sizing.leverage,
            safety=setup.safety,
            price=price,
            wallet=wallet,
        )
        checks.append(check)
        yield from _ladder(check)
    for finding in check_account(account.name, checks, wallet).findings:
        yield _finding("strategies together", finding)


def _wallet(wallet: Decimal) -> Diagnosis:
    text = f"{number_text(wallet, 2)} USDT"
    if wallet > 0:
        return well("wallet", text)
    return ill("wallet", text, "transfer USDT to the unified account")


def _instrument(terms: SymbolTerms) -> Diagnosis:
    instrument, subject = terms.instrument, f"{terms.symbol} instrument"
    text = (
        f"tick {number_text(instrument.tick_size)}, step {number_text(instrument.qty_step)}, "
        f"least value {number_text(instrument.min_notional)}"
    )
    if terms.trading:
        return well(subject, text)
    return odd(
        subject,
        f"{text}; it does not trade now",
        "a run would only close positions there; wait, or choose another symbol",
    )


def _ladder(check: StrategyCheck) -> Iterator[Diagnosis]:
    subject = f"{check.strat_id} ladder"
    if not check.findings:
        yield well(subject, f"{check.requests} orders at {number_text(check.preview.price)}")
    for finding in check.findings:
        yield _finding(subject, finding)


def _finding(subject: str, finding: Finding) -> Diagnosis:
    say = ill if finding.blocking else odd
    return say(subject, finding.text, _CONFIGURATION)
