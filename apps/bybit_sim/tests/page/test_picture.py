"""What the page shows."""

from typing import Any

from bybit_sim.exchange.words import Lifetime, NewOrder, OrderType
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.page.picture import LEVELS_SHOWN, ORDERS_SHOWN, Picture
from gridcore.sides import BUY


def order(price: str | None) -> NewOrder:
    return NewOrder(
        symbol="BTCUSDT",
        side=BUY,
        order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
        qty="0.010",
        price=price,
        lifetime=Lifetime.IOC if price is None else Lifetime.GTC,
        position_idx=1,
        order_link_id="",
        reduce_only=False,
        close_on_trigger=False,
    )


def picture(simulation: Any, requests: int = 0, acts: int = 0) -> dict[str, Any]:
    return Picture(simulation).now(requests, acts)


def test_the_market_has_its_prices_and_the_best_levels_of_both_sides(simulation: Any) -> None:
    (market,) = picture(simulation)["markets"]

    assert (market["symbol"], market["lastPrice"]) == ("BTCUSDT", "50000.00")
    assert len(market["bids"]) == len(market["asks"]) == LEVELS_SHOWN
    assert (market["bids"][0][0], market["asks"][0][0]) == ("49999.90", "50000.10")
    assert [float(price) for price, _ in market["asks"]] == sorted(
        float(price) for price, _ in market["asks"]
    )


def test_looking_at_a_book_leaves_what_its_subscribers_are_told_as_it_is(simulation: Any) -> None:
    streams = simulation.exchange.markets["BTCUSDT"].streams.depths
    before = [(stream.update, stream.followed) for stream in streams.values()]

    picture(simulation)

    assert [(stream.update, stream.followed) for stream in streams.values()] == before


def test_an_account_has_its_wallet_its_position_and_its_newest_orders(simulation: Any) -> None:
    account = simulation.exchange.accounts[1]
    account.create(order(None), simulation.exchange.now)
    for step in range(ORDERS_SHOWN + 2):
        account.create(order(f"{40_000 + step}.00"), simulation.exchange.now)

    first, second = picture(simulation)["accounts"]

    assert (first["name"], first["uid"], first["hedge_mode"]) == ("first", 1, True)
    assert first["order_count"] == ORDERS_SHOWN + 2
    assert len(first["orders"]) == ORDERS_SHOWN
    assert first["orders"][0]["price"] == f"{40_000 + ORDERS_SHOWN + 1}.00"
    assert [one["size"] for one in first["positions"] if one["positionIdx"] == 1] == ["0.010"]
    assert (second["orders"], second["order_count"]) == ([], 0)


def test_requests_and_acts_are_told_once(simulation: Any) -> None:
    simulation.board.add(Fault(kind=WireFault.FRAME_LOST, from_ms=0, until_ms=9_000))
    simulation.board.frame("order", 1, 10)
    simulation.requests.note(
        at_ms=1,
        method="GET",
        path="/v5/market/time",
        query="",
        uid=None,
        status=200,
        code=0,
        took_us=5,
    )

    first, later = picture(simulation), picture(simulation, 1, 1)

    assert [len(first["requests"]), len(first["acted"])] == [1, 1]
    assert (later["requests"], later["acted"]) == ([], [])
    assert first["faults"] == later["faults"] != []


def test_the_history_is_the_recent_trades_oldest_first(simulation: Any) -> None:
    simulation.trade(500_100)

    history = Picture(simulation).history()

    assert history == {
        "BTCUSDT": [["1700000001000", "50000.00"], ["1700000002000", "50010.00"]],
    }
