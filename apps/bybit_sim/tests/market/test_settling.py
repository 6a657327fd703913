"""Lockstep goes on when every program has settled, and ends the run when one does not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from appkit.exits import ExitCode, RunFailed, UserError
from bybit_sim.market.settling import Settling, Target, parse_target, released_names
from gridcore.clock import Instant

AT = Instant(1_767_571_200_123_456)
Answer = Callable[[], object]


class Clients:
    """Delivery as the hub reports it; `at_barrier` acts like clients that answer to frames."""

    def __init__(self, *at_barrier: Callable[[], None]) -> None:
        self.sent = 1
        self.barriers = 0
        self._at_barrier = list(at_barrier)

    async def barrier(self) -> None:
        self.barriers += 1
        if self._at_barrier:
            self._at_barrier.pop(0)()


@asynccontextmanager
async def program(answer: Answer) -> AsyncIterator[str]:
    """A program's settle endpoint on loopback; gives its URL."""

    async def reply(request: web.Request) -> web.Response:
        return web.json_response(answer())

    app = web.Application()
    app.router.add_get("/settled", reply)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}/settled"
    finally:
        await runner.cleanup()


def settle(
    answer: Answer,
    clients: Clients,
    *,
    follows: str = "",
    released: tuple[str, ...] = ("BTCUSDT",),
    settle_s_max: float = 10.0,
) -> None:
    async def run() -> None:
        async with program(answer) as url, aiohttp.ClientSession() as session:
            target = parse_target(f"{url}#{follows}")
            settling = Settling([target], clients, session, settle_s_max)
            await settling.until(AT, released)

    asyncio.run(run())


def answers(*states: tuple[int, int]) -> tuple[Answer, list[int]]:
    """(handled_through_us, in_flight), one after the other, the last one for ever; and a count."""
    asked: list[int] = []

    def answer() -> object:
        asked.append(1)
        handled, in_flight = states[min(len(asked), len(states)) - 1]
        return {"handled_through_us": handled, "in_flight": in_flight}

    return answer, asked


def test_it_waits_until_the_step_is_handled_and_nothing_is_in_flight() -> None:
    answer, asked = answers((AT - 5_000, 0), (AT, 1), (AT, 0))

    settle(answer, Clients())

    assert len(asked) == 3


def test_times_are_compared_in_the_milliseconds_that_frames_carry() -> None:
    answer, asked = answers((AT // 1000 * 1000, 0))

    settle(answer, Clients())

    assert len(asked) == 1


def test_clients_have_read_the_frames_before_a_program_is_asked() -> None:
    clients = Clients()
    seen: list[int] = []

    def answer() -> object:
        seen.append(clients.barriers)
        return {"handled_through_us": AT, "in_flight": 0}

    settle(answer, clients)

    assert seen == [1]


def test_frames_sent_meanwhile_have_to_be_handled_too() -> None:
    """An order placed in answer to the step pushes frames of its own."""
    clients = Clients(lambda: None)
    answer_count: list[int] = []

    def answer() -> object:
        answer_count.append(1)
        if len(answer_count) == 1:
            clients.sent += 1
        return {"handled_through_us": AT, "in_flight": 0}

    settle(answer, clients)

    assert clients.barriers == 2
    assert len(answer_count) == 2


def test_a_program_that_follows_something_else_only_has_to_be_idle() -> None:
    answer, asked = answers((0, 1), (0, 0))

    settle(answer, Clients(), follows="ETHUSDT,1002", released=("BTCUSDT", "tickers"))

    assert len(asked) == 2


def test_a_release_that_reached_nobody_asks_for_idle_programs_only() -> None:
    answer, asked = answers((0, 0))

    settle(answer, Clients(), released=())

    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (lambda: {"handled_through_us": 0, "in_flight": 0}, "handled_through_us=0"),
        (lambda: {"handled": 1}, "an answer without handled_through_us"),
        (list, "an answer without handled_through_us"),
    ],
)
def test_a_program_that_does_not_settle_ends_the_run_with_what_it_said(
    answer: Answer, found: str
) -> None:
    with pytest.raises(RunFailed, match=found) as failed:
        settle(answer, Clients(), settle_s_max=0.0)

    assert failed.value.code is ExitCode.FAILED
    assert "has not settled within 0 s" in failed.value.message


def test_a_program_that_is_not_there_ends_the_run() -> None:
    async def run() -> None:
        async with program(dict) as url:
            gone = url
        async with aiohttp.ClientSession() as session:
            await Settling([Target(url=gone)], Clients(), session, 0.0).until(AT, ["BTCUSDT"])

    with pytest.raises(RunFailed, match="no answer"):
        asyncio.run(run())


def test_the_first_step_waits_for_ready_programs_and_a_subscriber() -> None:
    asked: list[int] = []
    subscribed = iter([False, False, True, True, True])

    def answer() -> object:
        asked.append(1)
        return {"handled_through_us": 0, "in_flight": 0, "ready": len(asked) >= 3}

    async def run() -> None:
        async with program(answer) as url, aiohttp.ClientSession() as session:
            settling = Settling([Target(url=url)], Clients(), session)
            await settling.begin(lambda: next(subscribed))

    asyncio.run(run())

    assert len(asked) == 3
    assert next(subscribed) is True


def test_without_targets_nothing_is_waited_for() -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session:
            settling = Settling([], Clients(), session)
            await settling.begin(lambda: False)
            await settling.until(AT, ["BTCUSDT"])

    asyncio.run(run())


def test_what_a_target_follows_stands_after_a_hash() -> None:
    target = parse_target("http://127.0.0.1:9/settled#1001, tickers.BTCUSDT")

    assert target == Target(
        url="http://127.0.0.1:9/settled", follows=frozenset({"1001", "tickers.BTCUSDT"})
    )
    assert parse_target("http://127.0.0.1:9/settled").follows == frozenset()


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(UserError, match="begins with http"):
        parse_target("127.0.0.1:9")


def test_a_topic_is_followed_by_its_name_its_kind_or_its_symbol() -> None:
    assert released_names(["kline.1.BTCUSDT", "tickers.ETHUSDT"]) == {
        "kline.1.BTCUSDT",
        "kline",
        "BTCUSDT",
        "tickers.ETHUSDT",
        "tickers",
        "ETHUSDT",
    }
