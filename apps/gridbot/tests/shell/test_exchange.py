"""One exchange as the process sees it: its time and its clients."""

import asyncio
from typing import Any

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.errors import Unanswered
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.words import Answer
from bybit_sim.serve import Running
from gridbot.shell.clock import MarketClock
from gridbot.shell.exchange import Exchange
from gridcore.clock import SECOND_US, Instant

KEYS = Credentials(key="demo-key-1", secret="demo-secret-1")
NOWHERE = endpoint("http://127.0.0.1:9")


def test_its_clock_is_the_simulators_also_at_another_speed(visit: Any) -> None:
    async def story(simulator: Running) -> None:
        where = endpoint(f"http://127.0.0.1:{simulator.port}")
        exchange = Exchange(where, RateLimiter(), timeout_s=2, speed=10)
        assert await asyncio.to_thread(exchange.synchronise)
        client = exchange.client(KEYS, exchange.clock)
        answer = await asyncio.to_thread(client.account.wallet)

        assert abs(exchange.clock.now() - simulator.exchange.now) < 5 * SECOND_US
        assert isinstance(answer, Answer)
        assert answer.asked_at <= exchange.clock.now()
        assert not exchange.signs_by_measured_clock
        client.close()
        await exchange.close()

    visit(story, speed="10x")


def test_in_lockstep_each_session_has_a_time_of_its_own_and_signs_by_it(visit: Any) -> None:
    async def story(simulator: Running) -> None:
        where = endpoint(f"http://127.0.0.1:{simulator.port}")
        exchange = Exchange(where, RateLimiter(), timeout_s=2, lockstep=True)
        start = await asyncio.to_thread(exchange.server_time)
        assert isinstance(start, int)
        first, second = exchange.session_clock(start), exchange.session_clock(start)
        first.heard(Instant(start + 5))
        client = exchange.client(KEYS, first)
        answer = await asyncio.to_thread(client.account.wallet)

        assert isinstance(first, MarketClock)
        assert (first.now(), second.now()) == (start + 5, start)
        assert isinstance(answer, Answer)
        assert answer.asked_at == start + 5
        client.close()
        await exchange.close()

    visit(story)


def test_an_exchange_that_cannot_be_reached_tells_no_time() -> None:
    async def story() -> None:
        exchange = Exchange(NOWHERE, RateLimiter(), timeout_s=0.5)

        assert isinstance(await asyncio.to_thread(exchange.server_time), Unanswered)
        assert not await asyncio.to_thread(exchange.synchronise)
        assert exchange.signs_by_measured_clock
        await exchange.close()

    asyncio.run(story())


def test_its_time_is_measured_again_and_again(visit: Any) -> None:
    async def story(simulator: Running) -> None:
        where = endpoint(f"http://127.0.0.1:{simulator.port}")
        exchange = Exchange(where, RateLimiter(), timeout_s=2, speed=1000)
        keeping = asyncio.create_task(exchange.keep_time())
        while not exchange.clock.synchronised:
            await asyncio.sleep(0.05)
        keeping.cancel()

        assert exchange.clock.synchronised
        await exchange.close()

    visit(story)
