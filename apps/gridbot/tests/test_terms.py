from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.rest_client import RestClient
from gridbot.terms import SymbolTerms, TermsRefused, read_report, read_terms

Start = Callable[..., str]
Client = Callable[..., RestClient]
INSTRUMENTS, POSITIONS = "/v5/market/instruments-info", "/v5/position/list"
FEES, TIERS = "/v5/account/fee-rate", "/v5/market/risk-limit"


@pytest.fixture
def asked(canned: Start, client: Client) -> Callable[..., SymbolTerms | TermsRefused]:
    """Reads the terms at an exchange that has one answer altered, or left out."""

    def read(path: str, change: Callable[[Any], object] | None) -> SymbolTerms | TermsRefused:
        return read_terms(client(canned({path: change})), "BTCUSDT")

    return read


Asked = Callable[..., SymbolTerms | TermsRefused]


def test_everything_a_strategy_needs_is_asked_of_the_exchange(
    simulator: Start, client: Client
) -> None:
    """L116: the exchange is the source of instrument, fees and leverage."""
    rest = client(simulator())
    rest.measure_clock()

    found = read_terms(rest, "BTCUSDT")

    assert isinstance(found, SymbolTerms)
    assert (found.instrument.tick_size, found.trading) == (Decimal("0.1"), True)
    assert (found.fees.maker, found.fees.taker) == (Decimal("0.0002"), Decimal("0.00055"))
    assert found.leverage == Decimal(10)
    assert found.report.hedge_mode
    assert found.problems() == ()


def test_a_report_for_the_session_needs_no_fees_and_no_tiers(canned: Start, client: Client) -> None:
    found = read_report(client(canned({FEES: None, TIERS: None})), "BTCUSDT")

    assert not isinstance(found, TermsRefused)
    # Of two leverages the lower one counts: the margin never comes out too small.
    assert (found.leverage, found.trading) == (Decimal(10), True)


def test_one_way_mode_is_a_problem_with_its_remedy(simulator: Start, client: Client) -> None:
    keys = [{"key": "demo-key-1", "secret": "demo-secret-1"}]
    account = {"name": "one-way", "uid": 1, "keys": keys, "hedge_mode": False}
    rest = client(simulator(accounts=[account]))
    rest.measure_clock()

    found = read_terms(rest, "BTCUSDT")

    assert isinstance(found, SymbolTerms)
    (problem,) = found.problems()
    assert "switch it to hedge mode" in problem


def test_a_symbol_that_does_not_trade_is_told_and_no_problem(asked: Asked) -> None:
    """The session allows closes there, which a refused start would not."""
    found = asked(INSTRUMENTS, lambda answer: answer["list"][0].update(status="Closed"))

    assert isinstance(found, SymbolTerms)
    assert (found.trading, found.problems()) == (False, ())


def test_an_unknown_leverage_is_a_problem(asked: Asked) -> None:
    found = asked(POSITIONS, lambda answer: [row.update(leverage="") for row in answer["list"]])

    assert isinstance(found, SymbolTerms)
    assert "expected a leverage from the exchange" in found.problems()[0]


def price_filter(answer: Any) -> dict[str, object]:
    found: dict[str, object] = answer["list"][0]["priceFilter"]
    return found


@pytest.mark.parametrize("tick", ["NaN", "Infinity", "", None, "0"])
def test_an_instrument_that_cannot_be_used_is_refused_and_nothing_is_made_up(
    asked: Asked, tick: object
) -> None:
    """A05: missing, NaN, inf or null."""
    found = asked(INSTRUMENTS, lambda answer: price_filter(answer).update(tickSize=tick))

    assert isinstance(found, TermsRefused)
    assert found.text.startswith("BTCUSDT: instrument: ")
    assert found.retryable


@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("/v5/market/instruments-info", "instrument"),
        ("/v5/position/list", "position mode"),
        ("/v5/account/info", "position mode"),
        ("/v5/account/fee-rate", "fee rates"),
        ("/v5/market/risk-limit", "risk tiers"),
    ],
)
def test_one_missing_answer_refuses_the_whole(asked: Asked, path: str, question: str) -> None:
    found = asked(path, None)

    assert isinstance(found, TermsRefused)
    assert found.text == f"BTCUSDT: {question}: no such thing (code 10001)"
    assert not found.retryable


def test_tiers_of_another_symbol_are_none(asked: Asked) -> None:
    found = asked(TIERS, lambda answer: answer["list"][0].update(symbol="ETHUSDT"))

    assert isinstance(found, TermsRefused)
    assert "expected at least one tier, found none" in found.text


def test_half_a_table_of_tiers_is_none(asked: Asked) -> None:
    """A cursor that comes back forever ends the reading before its end."""
    found = asked(TIERS, lambda answer: answer.update(nextPageCursor="again"))

    assert isinstance(found, TermsRefused)
    assert "expected the whole table, found 1 tiers of it" in found.text


def test_a_refused_key_is_told_with_the_way_to_mend_it(simulator: Start, client: Client) -> None:
    rest = client(simulator(), key="nobody", secret="knows")
    rest.measure_clock()

    found = read_terms(rest, "BTCUSDT")

    assert isinstance(found, TermsRefused)
    assert "check that api_key and api_secret belong together" in found.remedy
    assert not found.retryable


def test_an_exchange_that_cannot_be_reached_may_be_asked_again(client: Client) -> None:
    found = read_terms(client("http://127.0.0.1:9"), "BTCUSDT")

    assert isinstance(found, TermsRefused)
    assert found.retryable
    assert "check the network" in found.remedy
