from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.errors import Unanswered
from bybit_adapter.rest.hedge import ModeReport
from bybit_adapter.rest_client import RestClient


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
