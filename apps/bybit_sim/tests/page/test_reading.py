"""Admin requests as typed bodies, and refusals as answers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from bybit_sim.exchange.words import Row
from bybit_sim.faults.words import WireFault
from bybit_sim.page.bodies import StepBody, TradeBody
from bybit_sim.page.reading import AdminRefused, answering, json_bytes, read, read_serial

Run = Callable[..., Any]


def build(app: web.Application) -> None:
    async def trade(request: web.Request) -> Row:
        body = await read(TradeBody, request)
        return {"price": f"{body.price}", "side": body.side}

    async def step(request: web.Request) -> Row:
        return {"count": (await read(StepBody, request)).count}

    async def serial(request: web.Request) -> Row:
        return {"since": read_serial(request)}

    async def refused(_request: web.Request) -> Row:
        raise AdminRefused(409, "expected a paused player", "POST /sim/pause first")

    app.router.add_post("/trade", answering(trade))
    app.router.add_post("/step", answering(step))
    app.router.add_get("/serial", answering(serial))
    app.router.add_get("/refused", answering(refused))


@pytest.fixture
def ask(with_client: Run) -> Run:
    def asked(method: str, path: str, **options: Any) -> tuple[int, Any]:
        async def talk(client: Any) -> tuple[int, Any]:
            async with client.request(method, path, **options) as reply:
                return reply.status, await reply.json()

        found: tuple[int, Any] = with_client(build, talk)
        return found

    return asked


def test_a_body_is_read_from_json_whatever_its_content_type_and_numbers_may_be_text(
    ask: Run,
) -> None:
    expected = (200, {"price": "50000.1", "side": "Sell"})

    assert ask(
        "POST", "/trade", data=b'{"symbol":"B","price":"50000.1","qty":1,"side":"Sell"}'
    ) == (expected)
    assert ask(
        "POST", "/trade", json={"symbol": "B", "price": 50000.1, "qty": 1, "side": "Sell"}
    ) == (expected)


def test_an_empty_body_is_one_without_keys(ask: Run) -> None:
    assert ask("POST", "/step") == (200, {"count": 1})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", "expected a JSON object, found b'{'"),
        (b"[]", "valid dictionary"),
        (b'{"symbol":"B","price":-1,"qty":1}', "price: Input should be greater than 0; found '-1'"),
        (b'{"symbol":"B","price":"NaN","qty":1}', "price: Input should be a finite number"),
        (b'{"symbol":"B","price":1}', "qty: Field required"),
        (b'{"symbol":"B","price":1,"qty":1,"colour":2}', "colour: Extra inputs are not permitted"),
        (b'{"symbol":"B","price":1,"qty":1,"side":"buy"}', "side: Input should be 'Buy' or 'Sell'"),
    ],
)
def test_what_is_wrong_with_a_body_is_told_with_the_keys_there_are(
    ask: Run, body: bytes, expected: str
) -> None:
    status, row = ask("POST", "/trade", data=body)

    assert status == 400
    assert expected in row["error"]["message"]
    assert row["error"]["hint"] == "keys: symbol, price, qty, side"


def test_a_refusal_is_answered_with_its_status_and_how_to_mend_it(ask: Run) -> None:
    expected = {"message": "expected a paused player", "hint": "POST /sim/pause first"}

    assert ask("GET", "/refused") == (409, {"error": expected})


def test_keys_may_be_numbers_or_words_and_what_json_does_not_know_is_its_text() -> None:
    row: Row = {"accounts": {7: 1}, WireFault.REFUSING: Decimal("1.10")}

    assert json_bytes(row) == b'{"accounts":{"7":1},"refusing":"1.10"}'


def test_a_serial_is_a_whole_number_and_zero_by_default(ask: Run) -> None:
    assert ask("GET", "/serial") == (200, {"since": 0})
    assert ask("GET", "/serial?since=17") == (200, {"since": 17})
    status, row = ask("GET", "/serial?since=-1")
    assert status == 400
    assert row["error"]["message"] == "since: expected a whole number from 0 on, found '-1'"


def test_pages_of_other_sites_are_refused(ask: Run) -> None:
    status, row = ask("POST", "/step", headers={"Origin": "http://elsewhere.example"})

    assert status == 403
    assert "http://elsewhere.example" in row["error"]["message"]


def test_a_name_that_is_bound_to_loopback_from_outside_is_refused(ask: Run) -> None:
    status, row = ask("GET", "/serial", headers={"Host": "elsewhere.example"})

    assert status == 403
    assert "expected a loopback host" in row["error"]["message"]


def test_our_own_page_is_served_under_every_loopback_name(ask: Run) -> None:
    for host in ("localhost:5000", "127.0.0.1:5000", "[::1]:5000"):
        headers = {"Host": host, "Origin": f"http://{host}"}
        assert ask("POST", "/step", headers=headers)[0] == 200
