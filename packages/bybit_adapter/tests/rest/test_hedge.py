from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.errors import Unanswered
from bybit_adapter.rest.hedge import ModeReport, symbol_report
from bybit_adapter.rest.instruments import read_terms
from bybit_adapter.rest_client import RestClient
from gridcore.clock import Instant
from gridcore.events import SymbolReport

TERMS = read_terms(
    {
        "symbol": "BTCUSDT",
        "status": "Closed",
        "priceFilter": {"tickSize": "0.10"},
        "lotSizeFilter": {
            "maxOrderQty": "1190",
            "minOrderQty": "0.001",
            "qtyStep": "0.001",
            "minNotionalValue": "5",
        },
    }
)


def leg(index: int, leverage: str = "10") -> dict[str, Any]:
    return {"symbol": "BTCUSDT", "positionIdx": index, "leverage": leverage, "size": "0"}


def report(
    exchange: Any, client: RestClient, *legs: dict[str, Any], mode: str = "REGULAR_MARGIN"
) -> Any:
    exchange.script("/v5/position/list", exchange.ok({"list": list(legs)}))
    exchange.script("/v5/account/info", exchange.ok({"marginMode": mode}))
    return client.verify_mode("BTCUSDT")


def test_two_legs_are_hedge_mode_and_their_leverage_is_told(
    exchange: Any, client: RestClient
) -> None:
    found = report(exchange, client, leg(1, "10"), leg(2, "12.5"))

    assert isinstance(found, ModeReport)
    assert found.hedge_mode
    assert (found.long_leverage, found.short_leverage) == (Decimal(10), Decimal("12.5"))
    assert found.margin_mode == "REGULAR_MARGIN"
    assert found.problems() == ()
    assert len(found.positions.rows) == 2


def test_one_leg_is_one_way_mode_and_must_not_be_traded(exchange: Any, client: RestClient) -> None:
    """live.md 1.5: refuse to trade otherwise."""
    found = report(exchange, client, leg(0))

    assert not found.hedge_mode
    assert found.long_leverage == found.short_leverage == Decimal(10)
    (problem,) = found.problems()
    assert "BTCUSDT is in one-way mode; switch it to hedge mode" in problem


def test_a_single_leg_of_two_is_not_hedge_mode(exchange: Any, client: RestClient) -> None:
    found = report(exchange, client, leg(1))

    assert not found.hedge_mode
    assert found.long_leverage is None


def test_legs_of_a_listing_that_is_cut_off_prove_nothing(exchange: Any, client: RestClient) -> None:
    """L30."""
    exchange.script(
        "/v5/position/list", exchange.ok({"list": [leg(1), leg(2)], "nextPageCursor": "again"})
    )
    exchange.script("/v5/account/info", exchange.ok({"marginMode": "REGULAR_MARGIN"}))

    assert isinstance(client.verify_mode("BTCUSDT"), Unanswered)


def test_portfolio_margin_must_not_be_traded(exchange: Any, client: RestClient) -> None:
    found = report(exchange, client, leg(1, ""), leg(2, ""), mode="PORTFOLIO_MARGIN")

    assert found.long_leverage is None
    (problem,) = found.problems()
    assert "portfolio margin" in problem


@pytest.mark.parametrize(
    "legs", [(), ({"symbol": "ETHUSDT", "positionIdx": 1},), (leg(1) | {"positionIdx": "x"},)]
)
def test_an_answer_without_the_symbols_legs_is_no_answer(
    exchange: Any, client: RestClient, legs: tuple[dict[str, Any], ...]
) -> None:
    assert isinstance(report(exchange, client, *legs), Unanswered)


def test_whatever_cannot_be_asked_is_a_failure(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/position/list", exchange.raw(500))
    assert isinstance(client.verify_mode("BTCUSDT"), Unanswered)

    exchange.script("/v5/position/list", exchange.ok({"list": [leg(1), leg(2)]}))
    exchange.script("/v5/account/info", exchange.raw(500))
    assert isinstance(client.verify_mode("BTCUSDT"), Unanswered)


@pytest.mark.parametrize(
    ("long", "short", "leverage"),
    [("10", "12.5", Decimal(10)), ("", "12.5", Decimal("12.5")), ("", "", None)],
)
def test_the_session_is_told_the_lower_of_two_leverages(
    exchange: Any, client: RestClient, long: str, short: str, leverage: Decimal | None
) -> None:
    mode = report(exchange, client, leg(1, long), leg(2, short))

    assert symbol_report(TERMS, mode, Instant(7)) == SymbolReport(
        symbol="BTCUSDT",
        at=Instant(7),
        instrument=TERMS.to_instrument(),
        leverage=leverage,
        hedge_mode=True,
        trading=False,
        margin_mode="REGULAR_MARGIN",
    )
