"""Requests to the threads, answers to the inbox, and an answer where nothing left."""

import asyncio
from typing import Any

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import RateLimiter
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.serve import Running
from gridbot.shell.exchange import Exchange
from gridbot.shell.exchange_calls import ExchangeCalls
from gridbot.shell.live_venue import OPEN_WAIT_S_MAX, LiveVenue
from gridcore.clock import Instant
from gridcore.events import Event, PlaceRejected, TimerFired, WalletSnapshot
from gridcore.instrument import Steps, Ticks
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    PlaceOrder,
    SnapshotKind,
    TimeInForce,
)
from gridcore.sides import LONG, SideType

WALLET = AskSnapshot(kind=SnapshotKind.WALLET, symbol=None, reason="a test")


def opening(*, reduce_only: bool = False) -> Approved[PlaceOrder]:
    return Approved(
        PlaceOrder(
            symbol="BTCUSDT",
            strat_id="wire",
            client_order_id="0123456789abcdef",
            wire_id="0123456789abcdef-1",
            direction=LONG,
            side=SideType.BUY,
            price=Ticks(990_000),
            qty=Steps(4),
            reduce_only=reduce_only,
            time_in_force=TimeInForce.POST_ONLY,
            level=3,
        )
    )


class Counter:
    """A venue at a simulator, and what came back."""

    def __init__(self, simulator: Running) -> None:
        self.answers: list[Event] = []
        self.waited_s = 0.0
        where = endpoint(f"http://127.0.0.1:{simulator.port}")
        self.exchange = Exchange(where, RateLimiter(), timeout_s=1)
        keys = Credentials(key="demo-key-1", secret="demo-secret-1")
        self._rest = self.exchange.client(keys, self.exchange.clock)
        self.venue = LiveVenue(
            "demo-1",
            ExchangeCalls(
                self._rest, {}, now=self.exchange.clock.now, on_dead_letter=lambda letter: None
            ),
            clock=self.exchange.clock,
            put=self.answers.append,
            on_died=lambda text: None,
            steady_s=self._later,
        )

    def _later(self) -> float:
        """Every look at the clock finds that much passed."""
        self.waited_s += OPEN_WAIT_S_MAX + 1
        return self.waited_s

    async def quiet(self) -> None:
        while self.venue.in_flight:
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        await self.venue.close()
        self._rest.close()
        await self.exchange.close()


def test_an_answer_comes_back_and_a_question_without_one_ends_too(visit: Any) -> None:
    async def story(simulator: Running) -> None:
        counter = Counter(simulator)
        await asyncio.to_thread(counter.exchange.synchronise)
        counter.venue.send(WALLET)
        await counter.quiet()
        lost = Fault(kind=WireFault.HTTP_STATUS, from_ms=0, until_ms=10**9, amount=500)
        simulator.board.add(lost)
        counter.venue.send(WALLET)
        await counter.quiet()

        assert [type(one) for one in counter.answers] == [WalletSnapshot]
        await counter.close()

    visit(story)


def test_an_open_that_waited_too_long_is_told_as_never_sent(visit: Any) -> None:
    """L107: it is decided anew, at the price of then."""

    async def story(simulator: Running) -> None:
        counter = Counter(simulator)
        counter.venue.send(opening())
        await counter.quiet()

        (answer,) = counter.answers
        assert isinstance(answer, PlaceRejected)
        assert "waited more than 5 s" in answer.text
        assert simulator.requests.since(0) == ()
        await counter.close()

    visit(story)


def test_the_shells_own_questions_go_the_same_way(visit: Any) -> None:
    async def story(simulator: Running) -> None:
        counter = Counter(simulator)
        told = TimerFired(at=Instant(5))
        counter.venue.ask(lambda: told)
        counter.venue.ask(lambda: None)
        await counter.quiet()

        assert counter.answers == [told]
        await counter.close()

    visit(story)


def test_after_the_end_every_placement_still_gets_its_answer(visit: Any) -> None:
    async def story(simulator: Running) -> None:
        counter = Counter(simulator)
        await counter.close()
        counter.venue.send(opening(reduce_only=True))
        counter.venue.send(WALLET)

        assert [type(one) for one in counter.answers] == [PlaceRejected]

    visit(story)
