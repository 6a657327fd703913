"""The simulator as a whole, in this process: everything is wired to everything."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from appkit.exits import UserError
from bybit_sim.config import SimConfig, SymbolConfig
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.serve import Running, planned_faults, running

FAULTS = "faults:\n  - {kind: maintenance, from_ms: 0, until_ms: 1000}\n"


def play(story: Callable[[Running, ClientSession], Awaitable[None]], **changes: Any) -> None:
    async def whole() -> None:
        config = SimConfig.model_validate({"port": 0, "symbols": {"BTCUSDT": {}}, **changes})
        async with running(config) as simulator, ClientSession() as http:
            await story(simulator, http)

    asyncio.run(whole())


def signature(text: str) -> str:
    return hmac.new(b"demo-secret-1", text.encode(), hashlib.sha256).hexdigest()


async def logged_in(simulator: Running, http: ClientSession, path: str) -> Any:
    socket = await http.ws_connect(f"http://127.0.0.1:{simulator.port}{path}")
    expires = simulator.exchange.now // 1000 + 5000
    args = ["demo-key-1", expires, signature(f"GET/realtime{expires}")]
    await socket.send_json({"op": "auth", "args": args})
    await socket.receive_json(timeout=5)
    return socket


def test_market_time_is_what_clients_are_told() -> None:
    async def story(simulator: Running, http: ClientSession) -> None:
        async with http.get(f"http://127.0.0.1:{simulator.port}/v5/market/time") as reply:
            told = await reply.json()
        assert abs(told["time"] - simulator.exchange.now // 1000) < 60_000
        assert simulator.requests.since(0)[0].path == "/v5/market/time"

    play(story)


def test_an_order_of_the_trade_socket_is_told_on_the_private_one() -> None:
    async def story(simulator: Running, http: ClientSession) -> None:
        private = await logged_in(simulator, http, "/v5/private")
        await private.send_json({"op": "subscribe", "args": ["order"]})
        await private.receive_json(timeout=5)
        trade = await logged_in(simulator, http, "/v5/trade")
        order = {
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": "Buy",
            "orderType": "Limit",
            "qty": "0.001",
            "price": "95000",
            "positionIdx": 1,
        }
        header = {"X-BAPI-TIMESTAMP": simulator.exchange.now // 1000}
        await trade.send_json(
            {"op": "order.create", "reqId": "r", "header": header, "args": [order]}
        )
        answer = await trade.receive_json(timeout=5)
        pushed = await private.receive_json(timeout=5)
        assert answer["retCode"] == 0
        assert pushed["topic"] == "order"
        assert pushed["data"][0]["orderId"] == answer["data"]["orderId"]
        assert pushed["data"][0]["orderStatus"] == "New"

    play(story)


def test_a_skewed_clock_is_told_and_moves_no_order_in_time() -> None:
    async def story(simulator: Running, http: ClientSession) -> None:
        trade = await logged_in(simulator, http, "/v5/trade")
        simulator.board.add(
            Fault(kind=WireFault.CLOCK_SKEWED, from_ms=0, until_ms=10**9, amount=3_600_000)
        )
        header = {"X-BAPI-TIMESTAMP": simulator.exchange.now // 1000 + 3_600_000}
        order = {
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": "Buy",
            "orderType": "Limit",
            "qty": "0.001",
            "price": "99500",
            "positionIdx": 1,
        }
        await trade.send_json({"op": "order.create", "header": header, "args": [order]})
        answer = await trade.receive_json(timeout=5)
        assert answer["retCode"] == 0
        (record,) = simulator.exchange.accounts[100001].open_orders("BTCUSDT")
        assert record.created_at <= simulator.exchange.now

    play(story)


def test_trades_of_the_market_reach_a_subscriber() -> None:
    async def story(simulator: Running, http: ClientSession) -> None:
        socket = await http.ws_connect(f"http://127.0.0.1:{simulator.port}/v5/public/linear")
        await socket.send_json({"op": "subscribe", "args": ["publicTrade.BTCUSDT"]})
        ack = await socket.receive_json(timeout=5)
        frame = await socket.receive_json(timeout=5)
        assert ack["success"]
        assert (frame["topic"], frame["data"][0]["s"]) == ("publicTrade.BTCUSDT", "BTCUSDT")

    play(story, speed="60x")


def test_the_page_and_the_admin_endpoints_are_served_beside_the_exchange() -> None:
    async def story(simulator: Running, http: ClientSession) -> None:
        async with http.get(f"http://127.0.0.1:{simulator.port}/") as page:
            assert page.status == 200
        async with http.get(f"http://127.0.0.1:{simulator.port}/sim/faults") as reply:
            assert reply.status == 200

    play(story)


def test_planned_faults_come_from_the_file_and_from_the_seed(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(FAULTS)

    from_file = planned_faults(SimConfig(faults=file))
    both = planned_faults(SimConfig(faults=file, fault_seed=3))

    assert [fault.kind for fault in from_file] == [WireFault.MAINTENANCE]
    assert both[:1] == from_file
    assert len(both) > 1
    assert both == planned_faults(SimConfig(faults=file, fault_seed=3))
    assert planned_faults(SimConfig()) == ()


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    async def story(simulator: Running, _: ClientSession) -> None:
        with pytest.raises(UserError, match=f"127.0.0.1:{simulator.port}") as refused:
            async with running(SimConfig(port=simulator.port)):
                pass
        assert "--port" in str(refused.value.hint)

    play(story)


def test_the_market_has_a_price_from_the_first_request_on() -> None:
    async def story(simulator: Running, http: ClientSession) -> None:
        url = f"http://127.0.0.1:{simulator.port}/v5/market/tickers?category=linear&symbol=BTCUSDT"
        async with http.get(url) as reply:
            told = await reply.json()
        assert float(told["result"]["list"][0]["lastPrice"]) > 0

    play(story)


def test_in_lockstep_every_step_waits_for_the_clients() -> None:
    async def whole() -> None:
        seen: list[int] = []
        asked: list[int] = []

        async def settled(_: web.Request) -> web.Response:
            asked.append(len(seen))
            newest = seen[-1] * 1000 if seen else 0
            return web.json_response({"handled_through_us": newest, "in_flight": 0})

        app = web.Application()
        app.router.add_get("/settled", settled)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        config = SimConfig(
            port=0,
            symbols={"BTCUSDT": SymbolConfig()},
            speed="lockstep",
            settle=(f"http://{host}:{port}/settled",),
        )
        async with running(config) as simulator, ClientSession() as http:
            url = f"http://127.0.0.1:{simulator.port}/v5/public/linear"
            async with http.ws_connect(url) as socket:
                topics = ["publicTrade.BTCUSDT", "tickers.BTCUSDT"]
                await socket.send_json({"op": "subscribe", "args": topics})
                before = simulator.exchange.now  # of the rows that give the market its price
                while len(set(seen)) < 20:
                    frame = await socket.receive_json(timeout=5)
                    if "ts" in frame and frame["ts"] > before // 1000:
                        assert simulator.exchange.now // 1000 == frame["ts"]
                        seen.append(frame["ts"])
        await runner.cleanup()
        assert seen == sorted(seen)
        assert len(asked) >= 20

    asyncio.run(whole())


def test_a_state_dump_is_json() -> None:
    async def story(simulator: Running, http: ClientSession) -> None:
        async with http.get(f"http://127.0.0.1:{simulator.port}/sim/state") as reply:
            assert reply.status == 200
            assert json.loads(await reply.text())

    play(story)
