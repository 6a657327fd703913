"""The endpoints under /sim."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bybit_sim.exchange.words import PrivateTopic
from bybit_sim.faults.plan import load_plan
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.page.admin import Admin, routes
from gridcore.sides import BUY, SELL

Run = Callable[..., Any]
W = WireFault
ORDER = {
    "account": "first",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "qty": "0.010",
    "price": "49000.00",
    "position_idx": 1,
}


@pytest.fixture
def ask(with_client: Run, simulation: Any) -> Run:
    def build(app: web.Application) -> None:
        routes(app, simulation)

    def asked(method: str, path: str, body: object = None, **options: Any) -> tuple[int, Any]:
        async def talk(client: Any) -> tuple[int, Any]:
            async with client.request(method, path, json=body, **options) as reply:
                return reply.status, await reply.json()

        found: tuple[int, Any] = with_client(build, talk)
        return found

    return asked


def refusal(answer: tuple[int, Any]) -> tuple[int, str, str | None]:
    status, row = answer
    return status, row["error"]["message"], row["error"]["hint"]


def test_the_list_of_endpoints_says_what_each_does(ask: Run, simulation: Any) -> None:
    status, row = ask("GET", "/sim")

    assert status == 200
    assert len(row["endpoints"]) == len(Admin(simulation).table())
    assert row["endpoints"]["POST /sim/pause"] == "Stops market time."
    assert all(row["endpoints"].values())


def test_the_player_is_paused_stepped_and_resumed(ask: Run, simulation: Any) -> None:
    paused = ask("POST", "/sim/pause")
    stepped = ask("POST", "/sim/step", {"count": 3})
    resumed = ask("POST", "/sim/resume")

    assert paused == stepped == (200, {"speed": "1x", "paused": True, "ended": False})
    assert resumed == (200, {"speed": "1x", "paused": False, "ended": False})
    assert simulation.player.done == [("step", 3)]


def test_a_step_while_time_runs_is_refused(ask: Run, simulation: Any) -> None:
    answer = ask("POST", "/sim/step")

    assert refusal(answer) == (409, "steps are played while paused only", "POST /sim/pause first")
    assert simulation.player.done == []


def test_the_speed_is_changed_or_what_is_wrong_with_it_told(ask: Run) -> None:
    assert ask("POST", "/sim/speed", {"speed": "max"})[1]["speed"] == "max"

    status, message, _ = refusal(ask("POST", "/sim/speed", {"speed": "fast"}))

    assert (status, message) == (400, "speed: expected 1x, 60x, max or lockstep, found 'fast'")


def test_trades_are_injected_and_prices_moved(ask: Run, simulation: Any) -> None:
    trade = {"symbol": "BTCUSDT", "price": "50010.10", "qty": "0.5", "side": "Sell"}
    assert ask("POST", "/sim/trade", trade)[0] == 200
    assert ask("POST", "/sim/price", {"symbol": "BTCUSDT", "price": 48000})[0] == 200

    assert simulation.player.done == [
        ("trade", "BTCUSDT", Decimal("50010.10"), Decimal("0.5"), SELL),
        ("price", "BTCUSDT", Decimal(48000)),
    ]


@pytest.mark.parametrize("path", ["/sim/trade", "/sim/price"])
def test_an_unknown_symbol_and_a_price_off_the_tick_are_refused(ask: Run, path: str) -> None:
    more = {"qty": 1} if path == "/sim/trade" else {}

    unknown = ask("POST", path, {"symbol": "DOGEUSDT", "price": 1, **more})
    off_tick = ask("POST", path, {"symbol": "BTCUSDT", "price": "1.05", **more})

    assert refusal(unknown) == (404, "no symbol 'DOGEUSDT'", "symbols: BTCUSDT")
    assert refusal(off_tick)[:2] == (400, "expected a price on the tick 0.10, found 1.05")


def test_a_fault_is_put_on_the_board_from_now_on_and_taken_off(ask: Run, simulation: Any) -> None:
    body = {"kind": "frame_lost", "target": "execution*", "for_ms": 1000, "account": "second"}

    status, row = ask("POST", "/sim/fault", body)

    assert status == 200
    assert (row["number"], row["in_force"], row["acted"]) == (1, True, 0)
    (standing,) = simulation.board.standing()
    assert standing.fault == Fault(
        kind=W.FRAME_LOST, from_ms=5_000, until_ms=6_000, target="execution*", uid=2
    )
    assert ask("DELETE", "/sim/fault/1") == (200, {"removed": 1})
    assert simulation.board.standing() == ()


def test_taking_off_a_fault_that_is_not_there_names_those_that_are(ask: Run) -> None:
    ask("POST", "/sim/fault", {"kind": "maintenance"})

    assert refusal(ask("DELETE", "/sim/fault/7")) == (
        404,
        "no fault has the number '7'",
        "numbers: 1",
    )
    assert refusal(ask("DELETE", "/sim/fault/one"))[0] == 404


def test_a_fault_that_makes_no_sense_is_refused(ask: Run, simulation: Any) -> None:
    status, message, _ = refusal(ask("POST", "/sim/fault", {"kind": "http_status"}))

    assert (status, message) == (
        400,
        "amount: of http_status it is the HTTP status, 400 to 599; found 0",
    )
    assert simulation.board.standing() == ()


def test_faults_are_listed_with_what_they_did(ask: Run, simulation: Any) -> None:
    simulation.board.add(Fault(kind=W.FRAME_LOST, from_ms=0, until_ms=9_000))
    for at in (100, 200):
        simulation.board.frame("order", 1, at)

    _, row = ask("GET", "/sim/faults?since=1")

    assert row["seed"] == 1
    assert [(one["kind"], one["acted"], one["in_force"]) for one in row["faults"]] == [
        ("frame_lost", 2, True)
    ]
    assert row["acted"] == [
        {
            "serial": 2,
            "number": 1,
            "kind": "frame_lost",
            "subject": "order",
            "uid": 1,
            "at_ms": 200,
        }
    ]


def test_a_fault_is_in_force_until_its_window_ends(ask: Run, simulation: Any) -> None:
    for until in (5_000, 5_001):
        simulation.board.add(Fault(kind=W.FRAME_LOST, from_ms=5_000 - 1, until_ms=until))

    _, row = ask("GET", "/sim/faults")

    assert [one["in_force"] for one in row["faults"]] == [False, True]


def test_the_board_is_a_plan_that_can_be_loaded_again(
    ask: Run, simulation: Any, tmp_path: Path
) -> None:
    ask("POST", "/sim/fault", {"kind": "frame_lost", "target": "order", "chance": 5})
    ask("POST", "/sim/fault", {"kind": "socket_closed", "amount": 1001, "account": 1})
    path = tmp_path / "faults.json"

    path.write_text(json.dumps(ask("GET", "/sim/plan")[1]))

    assert load_plan(path) == tuple(one.fault for one in simulation.board.standing())


def test_requests_are_listed(ask: Run, simulation: Any) -> None:
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

    _, row = ask("GET", "/sim/requests")

    assert [(one["path"], one["code"]) for one in row["requests"]] == [("/v5/market/time", 0)]
    assert ask("GET", "/sim/requests?since=1") == (200, {"requests": []})


def test_an_order_by_hand_rests_and_the_private_streams_hear_of_it(
    ask: Run, simulation: Any
) -> None:
    status, row = ask("POST", "/sim/order", ORDER)

    assert status == 200
    assert (row["order"]["symbol"], row["order"]["price"]) == ("BTCUSDT", "49000.00")
    (order,) = simulation.exchange.accounts[1].open_orders(None)
    assert (order.side, order.order_id) == (BUY, row["order"]["orderId"])
    topics = {push.topic for push in simulation.hub.pushed if push.uid == 1}
    assert PrivateTopic.ORDER in topics


def test_an_order_that_the_exchange_refuses_is_told_with_its_code(
    ask: Run, simulation: Any
) -> None:
    status, message, _ = refusal(ask("POST", "/sim/order", {**ORDER, "qty": "0.0001"}))

    assert status == 409
    assert message.startswith("the exchange refuses with 110017: ")
    assert simulation.exchange.accounts[1].open_orders(None) == []


def test_orders_are_cancelled_by_hand_one_or_all(ask: Run, simulation: Any) -> None:
    numbers = [ask("POST", "/sim/order", ORDER)[1]["order"]["orderId"] for _ in range(3)]
    one = {"account": 1, "symbol": "BTCUSDT", "order_id": numbers[0]}

    first = ask("POST", "/sim/cancel", one)
    again = ask("POST", "/sim/cancel", one)
    rest = ask("POST", "/sim/cancel", {"account": "first"})

    assert first[1]["order"]["orderId"] == numbers[0]
    assert again[0] == 409
    assert "110001" in again[1]["error"]["message"]
    assert sorted(rest[1]["cancelled"]) == sorted(numbers[1:])
    assert simulation.exchange.accounts[1].open_orders(None) == []


def test_money_moves_into_the_wallet_and_out_of_it_and_the_stream_tells(
    ask: Run, simulation: Any
) -> None:
    ask("POST", "/sim/cash", {"account": "second", "amount": "250.5"})

    _, row = ask("POST", "/sim/cash", {"account": 2, "amount": -50})

    assert Decimal(row["wallet"]["totalWalletBalance"]) == Decimal("10200.5")
    told = [push.uid for push in simulation.hub.pushed if push.topic is PrivateTopic.WALLET]
    assert told == [2, 2]


def bought(ask: Run) -> None:
    """The first account holds 0.010 long."""
    order = {key: value for key, value in ORDER.items() if key != "price"}
    assert ask("POST", "/sim/order", order)[0] == 200


def test_a_position_is_deleveraged_in_part(ask: Run, simulation: Any) -> None:
    bought(ask)
    adl = {"account": 1, "symbol": "BTCUSDT", "position_idx": 1, "qty": "0.004"}

    status, row = ask("POST", "/sim/adl", adl)

    assert status == 200
    long = next(one for one in row["positions"] if one["positionIdx"] == 1)
    assert long["size"] == "0.006"
    kinds = [one.exec_type for one in simulation.exchange.accounts[1].executions(None)]
    assert kinds[0] == "AdlTrade"


def test_an_account_is_liquidated(ask: Run, simulation: Any) -> None:
    bought(ask)

    status, row = ask("POST", "/sim/liquidate", {"account": "first"})

    assert status == 200
    assert "wallet" in row
    account = simulation.exchange.accounts[1]
    sizes = [one["size"] for one in account.position_rows("BTCUSDT", simulation.exchange.now)]
    assert {Decimal(size) for size in sizes} == {Decimal(0)}


def test_an_unknown_account_is_refused_with_those_there_are(ask: Run) -> None:
    assert refusal(ask("POST", "/sim/liquidate", {"account": "third"})) == (
        404,
        "no account 'third'",
        "accounts: first (1), second (2)",
    )


def test_sockets_are_ended_by_kind_and_account(ask: Run, simulation: Any) -> None:
    assert ask(
        "POST", "/sim/disconnect", {"kind": "private", "account": "second", "code": 1001}
    ) == (
        200,
        {"disconnected": 2},
    )
    assert ask("POST", "/sim/disconnect") == (200, {"disconnected": 2})

    (kind, uid, closed), (any_kind, any_uid, reset) = simulation.server.ended
    assert (kind, uid, closed.kind, closed.amount) == ("private", 2, W.SOCKET_CLOSED, 1001)
    assert (any_kind, any_uid, reset.kind) == (None, None, W.SOCKET_RESET)


def test_the_state_shows_market_accounts_and_sockets(ask: Run, simulation: Any) -> None:
    bought(ask)

    status, row = ask("GET", "/sim/state")

    assert status == 200
    assert row["now_us"] == simulation.exchange.now
    assert row["sockets"] == {"private": 1, "public": 2}
    assert row["markets"]["BTCUSDT"]["lastPrice"] == "50000.00"
    assert len(row["accounts"]) == 2


def test_an_admin_request_of_another_sites_page_is_refused(ask: Run, simulation: Any) -> None:
    status, _ = ask("POST", "/sim/pause", headers={"Origin": "http://elsewhere.example"})

    assert status == 403
    assert not simulation.player.paused
