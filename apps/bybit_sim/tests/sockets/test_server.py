"""The server as a whole: routes, and faults of connections and of itself on its own watch."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientConnectorError, WSMsgType, WSServerHandshakeError

from bybit_sim.exchange.words import PublicFrame
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.sockets.words import SocketKind


def test_connections_are_listed_with_kind_and_account(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/private") as client, bench.client("/v5/public/linear"):
            await client.login()
            listed = [(one.kind, one.uid) for one in bench.server.connections()]
            assert listed == [(SocketKind.PRIVATE, 7), (SocketKind.PUBLIC, None)]
        await bench.until(lambda: not bench.server.connections())

    play(story)


@pytest.mark.parametrize("path", ["/v5/public/linear", "/v5/private", "/v5/trade"])
def test_a_socket_path_without_a_handshake_is_a_bad_request(
    play: Callable[..., None], path: str
) -> None:
    async def story(bench: Any) -> None:
        async with bench.http.get(bench.url + path) as reply:
            assert reply.status == 400

    play(story)


def test_sockets_of_other_categories_do_not_exist(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        with pytest.raises(WSServerHandshakeError):
            await bench.http.ws_connect(bench.url + "/v5/public/spot")

    play(story)


def test_a_fault_of_connections_acts_by_itself(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            message = await client.socket.receive(timeout=5)
            assert message.type is WSMsgType.CLOSE
            assert client.socket.close_code == 1011
        await bench.until(lambda: not bench.server.connections())
        # What was drawn for the first connection is forgotten with it.
        assert bench.board.connection("public", None, 1, 1) is not None

    play(story, acting(WireFault.SOCKET_CLOSED, target="public", amount=1011))


def test_a_refusing_server_keeps_its_connections_and_comes_back(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            number = bench.board.add(acting(WireFault.REFUSING))

            async def refused() -> Any:
                try:
                    await bench.http.ws_connect(f"{bench.url}/v5/private")
                except ClientConnectorError:
                    return True
                return False

            async with asyncio.timeout(5):
                while not await refused():
                    await asyncio.sleep(0.01)
            assert (await client.ask(op="ping"))["ret_msg"] == "pong"
            bench.board.remove(number)
            async with asyncio.timeout(5):
                while await refused():
                    await asyncio.sleep(0.01)

    play(story)


def test_under_maintenance_sockets_are_closed_with_1001_and_everything_is_503(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            number = bench.board.add(acting(WireFault.MAINTENANCE))
            message = await client.socket.receive(timeout=5)
            assert message.type is WSMsgType.CLOSE
            assert client.socket.close_code == 1001
        async with bench.http.get(f"{bench.url}/v5/market/time") as reply:
            assert reply.status == 503
        with pytest.raises(WSServerHandshakeError):
            await bench.http.ws_connect(f"{bench.url}/v5/private")
        bench.board.remove(number)
        async with asyncio.timeout(5):
            status = 503
            while status == 503:
                async with bench.http.get(f"{bench.url}/v5/market/time") as reply:
                    status = reply.status
        assert status == 200

    play(story)


def test_a_skewed_clock_shows_in_pongs(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/private") as client:
            bench.board.add(acting(WireFault.CLOCK_SKEWED, amount=3_600_000))
            clocks = bench.server.clocks()
            pong = await client.ask(op="ping")
            assert 0 <= int(pong["args"][0]) - clocks.wall_us // 1000 < 5000
            bench.board.remove(1)
            assert clocks.wall_us - bench.server.clocks().wall_us > 3_500_000_000

    play(story)


def test_stopping_closes_sockets_and_does_not_wait_for_half_open_ones(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with (
            bench.client("/v5/public/linear") as client,
            bench.client("/v5/private"),
        ):
            bench.server.disconnect("private", None, acting(WireFault.SOCKET_HALF_OPEN))
            stopping = asyncio.ensure_future(bench.server.stop())
            message = await client.socket.receive(timeout=5)
            assert message.type is WSMsgType.CLOSE
            await asyncio.wait_for(stopping, 5)

    play(story)


def test_stopping_does_not_wait_for_a_client_that_does_not_read(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            await client.ask(op="subscribe", args=["publicTrade.BTCUSDT"])
            large = PublicFrame(topic="publicTrade.BTCUSDT", body=b"x" * 1_000_000)
            bench.hub.publish([large] * 50)
            await asyncio.wait_for(bench.server.stop(), 5)
            assert bench.server.connections() == ()

    play(story)
