"""Requests to the threads, answers to the inbox, and an answer where nothing left."""

import asyncio
import threading
from decimal import Decimal
from typing import Any

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import Lane, RateLimiter
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.serve import Running
from gridbot.shell.exchange import Exchange
from gridbot.shell.exchange_calls import ExchangeCalls
from gridbot.shell.live_venue import OPEN_WAIT_S_MAX, LiveVenue
from gridbot.shell.reactions import Reactions
from gridbot.shell.request_pool import LANE_WORKERS
from gridcore.clock import Instant
from gridcore.events import CancelRejected, Event, PlaceRejected, TimerFired, WalletSnapshot
from gridcore.instrument import Instrument, Steps, Ticks
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    CancelReason,
    PlaceOrder,
    SnapshotKind,
    TimeInForce,
)
from gridcore.session.modes import Mode
from gridcore.sides import LONG, SideType

WALLET = AskSnapshot(kind=SnapshotKind.WALLET, symbol=None, reason="a test")

BITCOIN = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)


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

    def __init__(self, simulator: Running, *, in_turn: bool = False) -> None:
        self.answers: list[Event] = []
        self.mode = Mode.NORMAL
        self.reactions = Reactions()
        self.waited_s = 0.0
        where = endpoint(f"http://127.0.0.1:{simulator.port}")
        self.exchange = Exchange(where, RateLimiter(), timeout_s=1)
        keys = Credentials(key="demo-key-1", secret="demo-secret-1")
        self._rest = self.exchange.client(keys, self.exchange.clock)
        self.venue = LiveVenue(
            "demo-1",
            ExchangeCalls(
                self._rest,
                {"BTCUSDT": BITCOIN},
                now=self.exchange.clock.now,
                on_dead_letter=lambda letter: None,
            ),
            clock=self.exchange.clock,
            put=self.answers.append,
            on_died=lambda text: None,
            steady_s=self._later,
            mode_of=lambda symbol, direction: self.mode,
            reactions=self.reactions,
            heard_now=self.exchange.clock.now,
            in_turn=in_turn,
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


def test_in_turn_requests_leave_as_they_were_asked_for_whatever_their_lane(visit: Any) -> None:
    """Orders of one price fill in the order of their arrival: a repeated run must be the same."""
    gone = CancelOrder(
        symbol="BTCUSDT", order_id="none", wire_id="none", reason=CancelReason.REBUILD
    )

    async def story(simulator: Running) -> None:
        counter = Counter(simulator, in_turn=True)
        await asyncio.to_thread(counter.exchange.synchronise)
        for request in (WALLET, gone, WALLET, WALLET, gone):
            counter.venue.send(request)
        await counter.quiet()

        kinds = [isinstance(one, WalletSnapshot) for one in counter.answers]
        assert kinds == [True, False, True, True, False]
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
        assert "waited too long" in answer.text
        assert simulator.requests.since(0) == ()
        await counter.close()

    visit(story)


def test_a_question_that_waits_already_is_not_put_twice_and_is_again_once_it_has_begun(
    visit: Any,
) -> None:
    async def story(simulator: Running) -> None:
        counter = Counter(simulator)
        await asyncio.to_thread(counter.exchange.synchronise)
        gate = threading.Event()

        def occupy() -> None:
            gate.wait()

        for _ in range(LANE_WORKERS[Lane.QUERY]):
            counter.venue.ask(occupy)
        occupied = counter.venue.in_flight

        since = Instant(1_767_225_600_000_000)
        other = AskSnapshot(kind=SnapshotKind.WALLET, symbol=None, reason="a test", since=since)
        again = AskSnapshot(kind=SnapshotKind.WALLET, symbol=None, reason="another reason")
        for question in (WALLET, other, again, WALLET):
            counter.venue.send(question)
        waiting = counter.venue.in_flight - occupied
        gate.set()
        await counter.quiet()
        counter.venue.send(WALLET)
        anew = counter.venue.in_flight
        await counter.quiet()
        await counter.close()

        assert (waiting, anew) == (2, 1)

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


def test_what_waits_leaves_only_while_its_mode_lets_it(visit: Any) -> None:
    """ADR 0034: a lease is lost, and nothing leaves any more; a halt stops closes, too."""

    async def story(simulator: Running) -> None:
        counter = Counter(simulator)
        cancel = CancelOrder(
            symbol="BTCUSDT",
            order_id="7",
            wire_id="0123456789abcdef-1",
            reason=CancelReason.MODE,
        )
        told: list[tuple[Mode, type[object], bool]] = []
        for mode in Mode:
            counter.mode = mode
            for request in (opening(reduce_only=True), cancel):
                counter.venue.send(request)
                await counter.quiet()
                told.append((mode, type(counter.answers[-1]), "restricted" in said(counter)))
        counter.mode = Mode.NO_OPEN
        counter.venue.send(opening())
        await counter.quiet()

        kept_back = [(mode, kind) for mode, kind, restricted in told if restricted]
        expected: list[tuple[Mode, type[object]]] = [
            (Mode.HALT, PlaceRejected),
            (Mode.SILENT, PlaceRejected),
            (Mode.SILENT, CancelRejected),
        ]
        assert kept_back == expected
        await counter.close()

    visit(story)


def said(counter: Counter) -> str:
    """The text of the newest answer."""
    return str(getattr(counter.answers[-1], "text", ""))


def test_a_reaction_is_counted_when_its_request_leaves(visit: Any) -> None:
    async def story(simulator: Running) -> None:
        counter = Counter(simulator)
        heard = Instant(counter.exchange.clock.now() - 1_500_000)
        counter.venue.send(opening(reduce_only=True), heard)
        await counter.quiet()
        counter.venue.send(opening(reduce_only=True))
        await counter.quiet()

        (family,) = counter.reactions.collect()
        found = {sample.labels.get("le", ""): sample.value for sample in family.samples[:-1]}
        assert (found["1"], found["+Inf"]) == (0, 1)
        await counter.close()

    visit(story)
