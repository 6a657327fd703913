"""When a bot's account and the simulator's agree, and when a grid stands."""

from typing import Any

import pytest

from bench.gridbot.agreement import disagreements, not_standing, repeated_ids, twins


def order(price: str, direction: str, order_id: str) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "price": price,
        "direction": direction,
        "leaves": "0.004",
        "state": "open",
    }


@pytest.fixture
def bot() -> dict[str, Any]:
    """An account with two levels, an order on each, and a long leg."""
    leg = {"direction": "long", "known": True, "qty": "0.004", "entry": "99.5"}
    flat = {"direction": "short", "known": True, "qty": "0", "entry": None}
    return {
        "health": "trading",
        "modes": [],
        "in_flight": 0,
        "wallet": "10000.4",
        "balance": "10000.4",
        "ledger": {"realised": "0.5", "fee": "-0.1", "funding": "0", "cash": "10000"},
        "strategies": [
            {
                "symbol": "BTCUSDT",
                "last": "100.2",
                "levels": [["99", "Buy"], ["100", "Wait"], ["101", "Sell"]],
                "denied": [],
                "orders": [order("99", "long", "a"), order("101", "short", "b")],
                "positions": [leg, flat],
            }
        ],
    }


def rested(price: str, order_id: str, side: str, index: int) -> dict[str, Any]:
    return {
        "orderId": order_id,
        "orderLinkId": f"link-{order_id}",
        "symbol": "BTCUSDT",
        "side": side,
        "positionIdx": index,
        "price": price,
        "leavesQty": "0.004",
        "orderStatus": "New",
    }


@pytest.fixture
def venue() -> dict[str, Any]:
    """The same account as the simulator tells it."""
    return {
        "orders": [rested("99.00", "a", "Buy", 1), rested("101.00", "b", "Sell", 2)],
        "positions": [
            {"symbol": "BTCUSDT", "positionIdx": 1, "size": "0.004", "avgPrice": "99.5"},
            {"symbol": "BTCUSDT", "positionIdx": 2, "size": "0.000", "avgPrice": "0"},
        ],
        "wallet": {"coin": [{"walletBalance": "10000.4"}]},
        "transactions": [{"cashFlow": "0.5", "fee": "0.1", "funding": ""}],
    }


def test_equal_books_agree_and_a_full_grid_stands(
    bot: dict[str, Any], venue: dict[str, Any]
) -> None:
    assert disagreements(bot, venue) == []
    assert not_standing(bot) == []
    assert twins(venue) == repeated_ids(venue) == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("wallet", "wallet"), ("balance", "balance")],
)
def test_a_cent_is_told(bot: dict[str, Any], venue: dict[str, Any], name: str, wrong: str) -> None:
    bot[name] = "10000.41"

    assert disagreements(bot, venue) == [f"{wrong}: believed 10000.41, real 10000.4"]


def test_a_fee_that_is_not_booked_is_told(bot: dict[str, Any], venue: dict[str, Any]) -> None:
    bot["ledger"]["fee"] = "0"

    assert disagreements(bot, venue) == ["ledger, fee: believed 0, real -0.1"]


def test_orders_of_one_side_only_and_legs_of_other_sizes_are_told(
    bot: dict[str, Any], venue: dict[str, Any]
) -> None:
    venue["orders"].append(rested("98", "by-hand", "Buy", 1))
    venue["positions"][0]["size"] = "0.008"

    found = disagreements(bot, venue)

    assert [one.split(":")[0] for one in found] == [
        "order by-hand",
        "('BTCUSDT', 'long')",
    ]
    assert len(disagreements(bot, venue, frozenset({"by-hand"}))) == 1


def test_an_entry_beside_the_real_one_is_told(bot: dict[str, Any], venue: dict[str, Any]) -> None:
    venue["positions"][0]["avgPrice"] = "99.6"

    assert disagreements(bot, venue) == ["('BTCUSDT', 'long'): entry believed 99.5, real 99.6"]


def test_a_grid_lacks_what_no_gate_holds_back(bot: dict[str, Any]) -> None:
    strategy = bot["strategies"][0]
    del strategy["orders"][0]

    assert not_standing(bot) == ["BTCUSDT: no long order at 99"]

    strategy["denied"] = [{"direction": "long", "price": "99"}]
    assert not_standing(bot) == []


def test_a_level_within_half_a_step_of_the_market_may_be_empty_e_7(bot: dict[str, Any]) -> None:
    strategy = bot["strategies"][0]
    del strategy["orders"][0]

    strategy["last"] = "99.5"
    assert not_standing(bot) == []

    strategy["last"] = "99.6"
    assert not_standing(bot) == ["BTCUSDT: no long order at 99"]


def test_a_restricted_account_with_requests_under_way_does_not_stand(bot: dict[str, Any]) -> None:
    bot.update(health="restricted", modes=["reconcile"], in_flight=2)
    bot["strategies"][0]["levels"] = []

    assert not_standing(bot) == [
        "restricted: ['reconcile']",
        "2 requests are under way",
        "BTCUSDT: no grid, or no price",
    ]


def test_an_order_that_is_to_be_cancelled_is_not_settled(bot: dict[str, Any]) -> None:
    bot["strategies"][0]["orders"][1]["state"] = "cancel_pending"

    assert not_standing(bot) == ["order b is cancel_pending"]


def test_two_orders_on_a_level_and_two_of_one_id_are_told(venue: dict[str, Any]) -> None:
    venue["orders"].append({**venue["orders"][0], "orderId": "c"})

    assert len(twins(venue)) == 1
    assert repeated_ids(venue) == ["link-a is the id of two orders"]
