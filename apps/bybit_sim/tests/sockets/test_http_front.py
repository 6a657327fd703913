from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ServerDisconnectedError
from yarl import URL

from bybit_sim.faults.words import Fault, WireFault


def test_a_request_reaches_the_desk_with_its_raw_texts(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        query = "cursor=a%3A1%2Cb%3A2&x=%20"
        url = URL(f"{bench.url}/v5/order/realtime?{query}", encoded=True)
        async with bench.http.get(url, headers={"X-BAPI-API-KEY": "k"}) as reply:
            assert reply.status == 200
            assert reply.content_type == "application/json"
            assert reply.headers["X-Bapi-Limit"] == "10"
        async with bench.http.post(f"{bench.url}/v5/order/create", data=b'{"a": 1}'):
            pass
        read, write = bench.desk.asked
        assert (read.method, read.path, read.query) == ("GET", "/v5/order/realtime", query)
        assert read.headers["x-bapi-api-key"] == "k"
        assert (write.method, write.body, write.address) == ("POST", b'{"a": 1}', "127.0.0.1")

    play(story)


def test_requests_are_logged_with_account_and_code(play: Callable[..., None]) -> None:
    async def story(bench: Any) -> None:
        async with bench.http.get(f"{bench.url}/v5/x?q=1", headers={"X-BAPI-API-KEY": "k"}):
            pass
        (seen,) = bench.log.since(0)
        assert (seen.path, seen.query, seen.uid) == ("/v5/x", "q=1", 7)
        assert (seen.status, seen.code) == (200, 0)

    play(story)


async def _fails(bench: Any, error: Any = ClientConnectionError) -> Any:
    with pytest.raises(error):
        # aiohttp sends a lost GET a second time, a POST never.
        await bench.http.post(f"{bench.url}/v5/x")


def test_a_lost_request_never_acts_and_ends_without_a_reply(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        await _fails(bench, ServerDisconnectedError)
        assert bench.desk.asked == []
        assert bench.log.since(0)[0].status is None

    play(story, acting(WireFault.REQUEST_LOST, amount=1))


def test_a_lost_reply_is_lost_after_acting(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        await _fails(bench, ServerDisconnectedError)
        assert len(bench.desk.asked) == 1

    play(story, acting(WireFault.REPLY_LOST, amount=1))


def test_a_connection_is_reset_before_acting(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        await _fails(bench)
        assert bench.desk.asked == []

    play(story, acting(WireFault.CONNECTION_RESET))


@pytest.mark.parametrize("kind", [WireFault.REPLY_DELAYED, WireFault.REQUEST_DELAYED])
def test_a_delay_delays(
    play: Callable[..., None], acting: Callable[..., Fault], kind: WireFault
) -> None:
    async def story(bench: Any) -> None:
        before_ms = bench.server.clocks().elapsed_ms
        async with bench.http.get(f"{bench.url}/v5/x") as reply:
            assert reply.status == 200
        assert bench.server.clocks().elapsed_ms - before_ms >= 30

    play(story, acting(kind, amount=30))


def test_a_status_is_answered_without_acting(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.http.get(f"{bench.url}/v5/x") as reply:
            assert (reply.status, await reply.text()) == (502, "bad gateway")
        assert bench.desk.asked == []

    play(story, acting(WireFault.HTTP_STATUS, amount=502, detail="bad gateway"))


@pytest.mark.parametrize(("kind", "acts"), [(WireFault.RET_CODE, 0), (WireFault.RET_CODE_AFTER, 1)])
def test_a_code_is_answered_without_or_after_acting(
    play: Callable[..., None], acting: Callable[..., Fault], kind: WireFault, acts: int
) -> None:
    async def story(bench: Any) -> None:
        async with bench.http.get(f"{bench.url}/v5/x") as reply:
            body = await reply.json()
        assert (body["retCode"], body["retMsg"]) == (10016, "Server Timeout")
        assert set(body) == {"retCode", "retMsg", "result", "retExtInfo", "time"}
        assert len(bench.desk.asked) == acts

    play(story, acting(kind, amount=10016))


def test_a_skewed_clock_is_told_to_the_desk(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.http.get(f"{bench.url}/v5/x") as reply:
            assert (await reply.json())["result"]["skew"] == -9_000_000

    play(story, acting(WireFault.CLOCK_SKEWED, amount=-9000))


def test_a_stale_answer_is_asked_of_the_desk(
    play: Callable[..., None], acting: Callable[..., Fault]
) -> None:
    async def story(bench: Any) -> None:
        async with bench.http.get(f"{bench.url}/v5/x") as reply:
            assert (await reply.json())["result"]["stale"] == 1_500_000

    play(story, acting(WireFault.ANSWER_STALE, amount=1500))
