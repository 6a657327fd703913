from typing import Any

import pytest

from bybit_adapter.instrument_source import ExchangeInstruments, InstrumentRows, NoRows
from bybit_adapter.rest_client import RestClient

INSTRUMENT: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "Trading",
    "priceFilter": {"tickSize": "0.10"},
    "lotSizeFilter": {
        "maxOrderQty": "1190",
        "minOrderQty": "0.001",
        "qtyStep": "0.001",
        "minNotionalValue": "5",
    },
}
TIER = {"id": 1, "symbol": "BTCUSDT", "riskLimitValue": "2000000"}


@pytest.fixture
def source(client: RestClient) -> ExchangeInstruments:
    """The scripted exchange as a source."""
    return ExchangeInstruments(client)


def test_terms_and_tiers_come_as_the_exchange_sends_them(
    exchange: Any, source: ExchangeInstruments
) -> None:
    exchange.script("/v5/market/instruments-info", exchange.ok({"list": [INSTRUMENT]}))
    exchange.script("/v5/market/risk-limit", exchange.ok({"list": [TIER]}))

    assert source.rows("BTCUSDT") == InstrumentRows(instrument=INSTRUMENT, tiers=(TIER,))


def test_an_unknown_symbol_is_told_in_words(exchange: Any, source: ExchangeInstruments) -> None:
    exchange.script(
        "/v5/market/instruments-info", exchange.coded(10001, "params error: Symbol Invalid")
    )

    assert source.rows("NOPE") == NoRows(
        reason="it refused: params error: Symbol Invalid (code 10001)"
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"list": []},
        {"list": [TIER | {"symbol": "ETHUSDT"}]},
        {"list": [TIER], "nextPageCursor": "again"},
    ],
)
def test_terms_without_all_their_tiers_are_half_an_answer_and_none(
    exchange: Any, source: ExchangeInstruments, answer: dict[str, Any]
) -> None:
    exchange.script("/v5/market/instruments-info", exchange.ok({"list": [INSTRUMENT]}))
    exchange.script("/v5/market/risk-limit", exchange.ok(answer))

    found = source.rows("BTCUSDT")

    assert isinstance(found, NoRows)
    assert "no whole table of tiers" in found.reason


def test_an_exchange_that_cannot_be_asked_is_told_in_words(
    exchange: Any, source: ExchangeInstruments
) -> None:
    exchange.script("/v5/market/instruments-info", exchange.ok({"list": [INSTRUMENT]}))
    exchange.script("/v5/market/risk-limit", exchange.raw(503, b"maintenance"))

    found = source.rows("BTCUSDT")

    assert isinstance(found, NoRows)
    assert "HTTP 503" in found.reason
