"""What a client of one connection sees: answers, frames, protocol pings, and its end."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, ClientWSTimeout, WSMsgType

from bybit_sim.exchange.words import PrivateTopic, PublicFrame, Push, Row
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.sockets.server import SocketTimes
from gridcore.clock import Instant

HANDSHAKE = (
    b"GET /v5/public/linear HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SUBSCRIBE = b"\x81\xb7\0\0\0\0" + b'{"op":"subscribe","args":["publicTrade.BTCUSDT"]}      '
TICKERS = PublicFrame(topic="tickers.BTCUSDT", body=b'{"topic":"tickers.BTCUSDT","n":1}')


def test_the_acknowledgement_comes_before_the_first_frames(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            ack = await client.ask(op="subscribe", args=["tickers.BTCUSDT"])
            assert (ack["op"], ack["success"]) == ("subscribe", True)
            assert await client.read() == {"topic": "tickers.BTCUSDT"}
            bench.hub.publish([TICKERS])
            assert (await client.read())["n"] == 1

    play(story)


def test_after_unsubscribing_nothing_more_comes(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            await client.ask(op="subscribe", args=["publicTrade.BTCUSDT"])
            await client.ask(op="unsubscribe", args=["publicTrade.BTCUSDT"])
            assert not bench.hub.wanted("publicTrade.BTCUSDT")

    play(story)


def test_a_connection_that_is_gone_wants_nothing(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            await client.ask(op="subscribe", args=["publicTrade.BTCUSDT"])
            assert bench.hub.wanted("publicTrade.BTCUSDT")
        await bench.until(lambda: not bench.server.connections())
        assert not bench.hub.wanted("publicTrade.BTCUSDT")

    play(story)


def test_rows_of_the_account_come_after_subscribing(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/private") as client:
            assert (await client.login())["success"]
            assert (await client.ask(op="subscribe", args=["order"]))["success"]
            rows: tuple[Row, ...] = ({"orderId": "o"},)
            bench.hub.push([Push(uid=7, topic=PrivateTopic.ORDER, rows=rows, at=Instant(5))])
            frame = await client.read()
            assert (frame["topic"], frame["data"]) == ("order", [{"orderId": "o"}])

    play(story)


def test_protocol_pings_are_answered_with_their_payload(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear", autoping=False) as client:
            await client.socket.ping(b"are you there")
            message = await client.socket.receive(timeout=5)
            assert (message.type, message.data) == (WSMsgType.PONG, b"are you there")

    play(story)


def test_a_half_open_socket_answers_nothing_and_stays_connected(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear", autoping=False) as client:
            await client.ask(op="subscribe", args=["tickers.BTCUSDT"])
            await client.read()
            bench.server.disconnect("public", None, acting(WireFault.SOCKET_HALF_OPEN))
            await client.socket.ping()
            await client.socket.send_json({"op": "ping"})
            bench.hub.publish([TICKERS])
            with pytest.raises(TimeoutError):
                await client.socket.receive(timeout=0.1)
            assert not client.socket.closed
            assert len(bench.server.connections()) == 1

    play(story)


def test_a_half_open_socket_is_forgotten_once_the_client_hangs_up(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with ClientSession() as other:
            await other.ws_connect(bench.url + "/v5/public/linear")
            bench.server.disconnect(None, None, acting(WireFault.SOCKET_HALF_OPEN))
            assert len(bench.server.connections()) == 1
        await bench.until(lambda: not bench.server.connections())

    play(story)


@pytest.mark.parametrize("code", [1000, 1001, 1011])
def test_a_close_frame_carries_its_code(
    play: Callable[..., None], acting: Callable[..., Fault], code: int
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/private") as client:
            bench.server.disconnect("private", None, acting(WireFault.SOCKET_CLOSED, amount=code))
            message = await client.socket.receive(timeout=5)
            assert message.type is WSMsgType.CLOSE
            assert client.socket.close_code == code
        await bench.until(lambda: not bench.server.connections())

    play(story)


@pytest.mark.parametrize("kind", [WireFault.SOCKET_RESET, WireFault.SOCKET_EOF])
def test_a_connection_that_ends_without_a_close_frame_is_abnormal(
    play: Callable[..., None], acting: Callable[..., Fault], kind: WireFault
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/trade") as client:
            bench.server.disconnect("trade", None, acting(kind))
            message = await client.socket.receive(timeout=5)
            assert message.type in (WSMsgType.CLOSED, WSMsgType.ERROR)
            assert client.socket.close_code in (1006, None)
        await bench.until(lambda: not bench.server.connections())

    play(story)


def test_a_fault_spares_other_kinds_and_accounts(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/private") as client:
            fault = acting(WireFault.SOCKET_RESET)
            assert bench.server.disconnect("public", None, fault) == 0
            assert bench.server.disconnect("private", 7, fault) == 0
            await client.login()
            assert bench.server.disconnect("private", 8, fault) == 0
            assert bench.server.disconnect("private", 7, fault) == 1

    play(story)


def test_the_clients_own_close_is_answered(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            await client.socket.close(code=1000)
            assert client.socket.close_code == 1000
        await bench.until(lambda: not bench.server.connections())

    play(story)


def test_a_connection_that_was_silent_too_long_is_cut(play: Callable[..., None]) -> None:
    """bybit.md B.1, with short times."""

    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            message = await client.socket.receive(timeout=5)
            assert message.type is WSMsgType.CLOSE

    play(story, times=SocketTimes(answer_delay_ms=0, idle_s_max=0.05, idle_scan_s=0.02))


def test_a_client_that_asks_for_it_may_be_silent_for_less_or_longer(
    play: Callable[..., None],
) -> None:
    """bybit.md B.1: max_active_time of private and trade sockets."""

    async def story(bench: Any) -> None:
        async with (
            bench.client("/v5/private?max_active_time=1m") as patient,
            bench.client("/v5/private?max_active_time=1s") as refused,
        ):
            message = await refused.socket.receive(timeout=5)
            assert message.type is WSMsgType.CLOSE
            assert (await patient.ask(op="ping"))["op"] == "pong"

    play(story, times=SocketTimes(answer_delay_ms=0, idle_s_max=0.05, idle_scan_s=0.02))


def test_pings_keep_a_connection_alive(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            for _ in range(12):
                assert (await client.ask(op="ping"))["ret_msg"] == "pong"
                with pytest.raises(TimeoutError):
                    await client.socket.receive(timeout=0.06)

    play(story, times=SocketTimes(answer_delay_ms=0, idle_s_max=0.6, idle_scan_s=0.02))


def test_frames_for_the_client_keep_a_connection_alive_as_well(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            await client.ask(op="subscribe", args=["publicTrade.BTCUSDT"])
            trade = PublicFrame(topic="publicTrade.BTCUSDT", body=b'{"n":1}')
            for _ in range(12):
                bench.hub.publish([trade])
                assert await client.read() == {"n": 1}
                with pytest.raises(TimeoutError):
                    await client.socket.receive(timeout=0.06)

    play(story, times=SocketTimes(answer_delay_ms=0, idle_s_max=0.6, idle_scan_s=0.02))


def test_a_client_that_does_not_read_is_reset(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            await client.ask(op="subscribe", args=["publicTrade.BTCUSDT"])
            large = PublicFrame(topic="publicTrade.BTCUSDT", body=b"x" * 1_000_000)
            bench.hub.publish([large] * 100)
            await bench.until(lambda: not bench.server.connections())

    play(story)


def test_a_client_that_takes_nothing_at_all_is_reset(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        with socket.create_connection(("127.0.0.1", bench.server.port)) as deaf:
            deaf.sendall(HANDSHAKE + SUBSCRIBE)
            await bench.until(lambda: bench.hub.wanted("publicTrade.BTCUSDT"))
            large = PublicFrame(topic="publicTrade.BTCUSDT", body=b"x" * 1_000_000)
            # The writer is stuck in a frame that nobody takes when the queue overflows.
            for _ in range(150):
                bench.hub.publish([large])
                await asyncio.sleep(0)
            await bench.until(lambda: not bench.server.connections())

    play(story)


def test_a_long_reason_of_a_close_frame_is_cut_to_what_a_frame_holds(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/private") as client:
            fault = acting(WireFault.SOCKET_CLOSED, amount=1011, detail="\u00e9" * 200)
            bench.server.disconnect("private", None, fault)
            message = await client.socket.receive(timeout=5)
            assert (message.type, message.data) == (WSMsgType.CLOSE, 1011)
            # A control frame holds 125 bytes (RFC 6455, 5.5); two are the code, each letter two.
            assert message.extra == "\u00e9" * 61

    play(story)


def test_a_half_open_socket_keeps_quiet_about_a_close_frame_too(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client(
            "/v5/public/linear", timeout=ClientWSTimeout(ws_close=0.05)
        ) as client:
            bench.server.disconnect(None, None, acting(WireFault.SOCKET_HALF_OPEN))
            bench.server.disconnect(None, None, acting(WireFault.SOCKET_CLOSED, amount=1001))
            await client.socket.close()
            assert client.socket.close_code == 1006
        await bench.until(lambda: not bench.server.connections())

    play(story)


def test_only_faults_of_whole_sockets_act_on_connections(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear"):
            with pytest.raises(ValueError, match="frame_lost"):
                bench.server.disconnect(None, None, acting(WireFault.FRAME_LOST))

    play(story)


def test_an_answer_takes_a_moment(play: Callable[..., None]) -> None:
    """bybit.md C.4: pybit registers a subscription only after sending it."""

    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            before_ms = bench.server.clocks().elapsed_ms
            await client.ask(op="ping")
            assert bench.server.clocks().elapsed_ms - before_ms >= 20

    play(story, times=SocketTimes(answer_delay_ms=20))


def test_a_reset_operation_ends_the_trade_connection(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/trade") as client:
            await client.login()
            stamp = bench.server.clocks().wall_us // 1000
            await client.socket.send_json(
                {"op": "order.create", "header": {"X-BAPI-TIMESTAMP": stamp}, "args": [{}]}
            )
            message = await client.socket.receive(timeout=5)
            assert message.type in (WSMsgType.CLOSED, WSMsgType.ERROR)
            assert bench.orders.acted == []

    play(story, acting(WireFault.CONNECTION_RESET, target="/v5/order/create"))


def test_a_delayed_operation_is_carried_out_although_the_client_is_gone(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/trade") as client:
            await client.login()
            stamp = bench.server.clocks().wall_us // 1000
            await client.socket.send_json(
                {"op": "order.create", "header": {"X-BAPI-TIMESTAMP": stamp}, "args": [{"a": 1}]}
            )
            await client.ask(op="ping")
        await bench.until(lambda: bench.orders.acted)

    play(story, acting(WireFault.REQUEST_DELAYED, amount=50))


def test_a_frame_that_is_too_large_ends_the_connection(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.client("/v5/public/linear") as client:
            with pytest.raises((ClientError, TypeError, ConnectionError)):
                await client.ask(op="x" * 5_000_000)

    play(story)
