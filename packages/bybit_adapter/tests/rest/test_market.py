from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.errors import ErrorKind, Rejected, Unanswered
from bybit_adapter.rest.instruments import InstrumentTerms
from bybit_adapter.rest.market import Candle, FundingRate, Series
from bybit_adapter.rest_client import RestClient
from gridcore.clock import HOUR_US, MINUTE_US, Instant

NOW = Instant(1_780_000_000_000_000)
NOW_MS = 1_780_000_000_000
HOUR_MS = 3_600_000

INSTRUMENT: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "Trading",
    "fundingInterval": 480,
    "leverageFilter": {"maxLeverage": "100.00"},
    "priceFilter": {"tickSize": "0.10"},
    "lotSizeFilter": {
        "maxOrderQty": "1190.000",
        "minOrderQty": "0.001",
        "qtyStep": "0.001",
        "minNotionalValue": "5",
    },
}


def asked(exchange: Any, number: int = 0) -> dict[str, str]:
    found: dict[str, str] = exchange.seen[number].parameters
    return found


def test_an_instrument_is_typed(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/market/instruments-info", exchange.ok({"list": [INSTRUMENT]}))

    terms = client.market.instrument("BTCUSDT")

    assert isinstance(terms, InstrumentTerms)
    assert terms.tick_size == Decimal("0.1")
    assert asked(exchange) == {"category": "linear", "symbol": "BTCUSDT"}


def test_a_symbol_that_is_not_listed_is_refused(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/market/instruments-info", exchange.ok({"list": []}))

    found = client.market.instrument("BTCUSDX")

    assert found == Rejected(
        kind=ErrorKind.PARAMETER,
        code=10001,
        text="/v5/market/instruments-info does not list BTCUSDX",
        retryable=False,
    )


def test_a_row_of_another_symbol_is_no_answer(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/market/tickers", exchange.ok({"list": [{"symbol": "ETHUSDT"}]}))

    assert isinstance(client.market.ticker("BTCUSDT"), Rejected)


@pytest.mark.parametrize("filters", [None, {}, {"tickSize": ""}, {"tickSize": "NaN"}])
def test_an_instrument_without_a_tick_is_no_instrument(
    exchange: Any, client: RestClient, filters: Any
) -> None:
    row = INSTRUMENT | {"priceFilter": filters}
    exchange.script("/v5/market/instruments-info", exchange.ok({"list": [row]}))

    found = client.market.instrument("BTCUSDT")

    assert isinstance(found, Unanswered)
    assert "tickSize" in found.text


def test_all_instruments_are_paged(exchange: Any, client: RestClient) -> None:
    """bybit.md A.3: there are more symbols than a page holds."""
    first = [{"symbol": f"S{number}"} for number in range(1000)]
    exchange.script(
        "/v5/market/instruments-info",
        exchange.ok({"list": first, "nextPageCursor": "a"}),
        exchange.ok({"list": [{"symbol": "LAST"}], "nextPageCursor": ""}),
    )

    listing = client.market.instruments()

    assert listing.complete
    assert len(listing.rows) == 1001
    assert asked(exchange) == {"category": "linear", "limit": "1000"}


def test_risk_limits_of_all_symbols_are_paged(exchange: Any, client: RestClient) -> None:
    exchange.script(
        "/v5/market/risk-limit",
        exchange.ok({"list": [{"symbol": "A", "id": 1}], "nextPageCursor": "a"}),
        exchange.ok({"list": [{"symbol": "A", "id": 2}, {"symbol": "B", "id": 1}]}),
    )

    assert len(client.market.risk_limits().rows) == 3


def test_tickers_come_for_all_symbols_or_one(exchange: Any, client: RestClient) -> None:
    rows = [{"symbol": "BTCUSDT", "lastPrice": "1"}, {"symbol": "ETHUSDT", "lastPrice": "2"}]
    exchange.script("/v5/market/tickers", exchange.ok({"list": rows}))

    assert client.market.ticker("ETHUSDT") == rows[1]
    assert client.market.tickers().rows == tuple(rows)


def test_recent_trades_are_the_newest_thousand_at_most(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/market/recent-trade", exchange.ok({"list": [{"execId": "a"}]}))

    listing = client.market.recent_trades("BTCUSDT", limit=5000)

    assert listing.rows == ({"execId": "a"},)
    assert asked(exchange)["limit"] == "1000"


def candle(ms: int) -> list[str]:
    return [str(ms), "1.0", "2.0", "0.5", "1.5", "10", "15"]


def test_candles_are_walked_back_in_time_and_told_ascending(
    exchange: Any, client: RestClient
) -> None:
    minute = 60_000
    every = [NOW_MS - minute * number for number in range(1500)]

    def answer(seen: Any) -> Any:
        start, end = (int(seen.parameters[name]) for name in ("start", "end"))
        rows = [candle(ms) for ms in every if start <= ms <= end][:1000]
        return exchange.ok({"symbol": "BTCUSDT", "list": rows})

    exchange.script("/v5/market/kline", answer)

    series = client.market.candles("BTCUSDT", "1", Instant(NOW - 1499 * MINUTE_US), NOW)

    assert isinstance(series, Series)
    assert series.complete
    assert [one.start for one in series.values] == [ms * 1000 for ms in reversed(every)]
    assert series.values[-1] == Candle(
        start=NOW,
        open=Decimal("1.0"),
        high=Decimal("2.0"),
        low=Decimal("0.5"),
        close=Decimal("1.5"),
        volume=Decimal(10),
        turnover=Decimal(15),
    )
    assert asked(exchange, 1)["end"] == str(every[999] - 1)
    assert len(exchange.seen) == 2


def test_funding_rates_are_asked_with_both_bounds(exchange: Any, client: RestClient) -> None:
    """bybit.md A.3: a start without an end is an error."""
    row = {"symbol": "BTCUSDT", "fundingRate": "-0.0001", "fundingRateTimestamp": str(NOW_MS)}
    exchange.script("/v5/market/funding/history", exchange.ok({"list": [row]}))

    series = client.market.funding_rates("BTCUSDT", Instant(NOW - HOUR_US), NOW)

    assert series == Series(
        values=(FundingRate(symbol="BTCUSDT", at=NOW, rate=Decimal("-0.0001")),),
        complete=True,
        failure=None,
    )
    assert asked(exchange) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "startTime": str(NOW_MS - HOUR_MS),
        "endTime": str(NOW_MS),
        "limit": "200",
    }


def test_a_series_that_does_not_move_back_ends(exchange: Any, client: RestClient) -> None:
    """A server that ignores the end repeats its newest page."""
    rows = [candle(NOW_MS - number) for number in range(1000)]
    exchange.script("/v5/market/kline", exchange.ok({"list": rows}))

    series = client.market.candles("BTCUSDT", "1", Instant(NOW - HOUR_US), NOW)

    assert isinstance(series, Series)
    assert not series.complete
    assert len(exchange.seen) == 2


def test_a_series_that_fails_at_once_is_a_failure_and_later_a_truncated_one(
    exchange: Any, client: RestClient
) -> None:
    exchange.script("/v5/market/kline", exchange.raw(500))
    failed = client.market.candles("BTCUSDT", "1", Instant(NOW - HOUR_US), NOW)
    rows = [candle(NOW_MS - number) for number in range(1000)]
    exchange.script("/v5/market/kline", exchange.ok({"list": rows}), exchange.raw(500))
    truncated = client.market.candles("BTCUSDT", "1", Instant(NOW - HOUR_US), NOW)

    assert isinstance(failed, Unanswered)
    assert isinstance(truncated, Series)
    assert not truncated.complete
    assert isinstance(truncated.failure, Unanswered)


@pytest.mark.parametrize("row", [["1"], "x", [str(NOW_MS), "", "2", "0.5", "1.5", "1", "1"]])
def test_a_candle_that_is_none_is_no_answer(exchange: Any, client: RestClient, row: Any) -> None:
    exchange.script("/v5/market/kline", exchange.ok({"list": [row]}))

    found = client.market.candles("BTCUSDT", "1", Instant(NOW - HOUR_US), NOW)

    assert isinstance(found, Unanswered)
    assert found.kind is ErrorKind.MALFORMED


def test_a_stretch_that_ends_before_it_starts_is_refused(client: RestClient) -> None:
    with pytest.raises(ValueError, match="not after the end"):
        client.market.candles("BTCUSDT", "1", NOW, Instant(NOW - 1))
