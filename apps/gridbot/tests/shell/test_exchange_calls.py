"""Every request of a session as a call, and what comes back as an event."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.normalizer.words import DeadLetter
from bybit_adapter.rate_limiter import Lane, RateLimiter
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.serve import Running
from gridbot.shell.exchange import Exchange
from gridbot.shell.exchange_calls import ExchangeCalls, lane_of, never_left
from gridcore.clock import MINUTE_US, Instant
from gridcore.events import (
    CancelAccepted,
    CancelRejected,
    Event,
    ExecutionsSnapshot,
    HistorySnapshot,
    OrdersSnapshot,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    PositionsSnapshot,
    QuestionRefused,
    WalletSnapshot,
)
from gridcore.instrument import Instrument, Steps, Ticks
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    CancelReason,
    PlaceOrder,
    Request,
    SnapshotKind,
    TimeInForce,
)
from gridcore.sides import LONG, SideType

SYMBOL = "BTCUSDT"
BITCOIN = Instrument(
    symbol=SYMBOL,
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)
KEYS = Credentials(key="demo-key-1", secret="demo-secret-1")


def order(
    price: int = 990_000, *, reduce_only: bool = False, wire_id: str = "0123456789abcdef-1"
) -> Approved[PlaceOrder]:
    return Approved(
        PlaceOrder(
            symbol=SYMBOL,
            strat_id="wire",
            client_order_id="0123456789abcdef",
            wire_id=wire_id,
            direction=LONG,
            side=SideType.BUY,
            price=Ticks(price),
            qty=Steps(4),
            reduce_only=reduce_only,
            time_in_force=TimeInForce.POST_ONLY,
            level=3,
        )
    )


def cancel(order_id: str) -> CancelOrder:
    return CancelOrder(
        symbol=SYMBOL,
        order_id=order_id,
        wire_id="0123456789abcdef-1",
        reason=CancelReason.REBUILD,
    )


def ask(kind: SnapshotKind, since: Instant | None = None) -> AskSnapshot:
    symbol = None if kind is SnapshotKind.WALLET else SYMBOL
    return AskSnapshot(kind=kind, symbol=symbol, reason="a test", since=since)


class Desk:
    """Requests to a simulator, one after another."""

    def __init__(self, simulator: Running) -> None:
        self.letters: list[DeadLetter] = []
        where = endpoint(f"http://127.0.0.1:{simulator.port}")
        self._exchange = Exchange(where, RateLimiter(), timeout_s=1)
        self._rest = self._exchange.client(KEYS, self._exchange.clock)
        self._calls = ExchangeCalls(
            self._rest,
            {SYMBOL: BITCOIN},
            now=self._exchange.clock.now,
            on_dead_letter=self.letters.append,
        )

    async def open(self) -> None:
        await asyncio.to_thread(self._exchange.synchronise)
        await asyncio.to_thread(self._rest.measure_clock)

    async def answer(self, request: Request) -> Event | None:
        return await asyncio.to_thread(self._calls.answer, request)

    async def close(self) -> None:
        self._rest.close()
        await self._exchange.close()


@pytest.fixture
def at_desk(visit: Any) -> Callable[..., None]:
    def whole(story: Callable[[Desk, Running], Any]) -> None:
        async def inside(simulator: Running) -> None:
            desk = Desk(simulator)
            await desk.open()
            try:
                await story(desk, simulator)
            finally:
                await desk.close()

        visit(inside)

    return whole


def test_the_lanes_put_what_reduces_risk_first() -> None:
    assert lane_of(cancel("x")) is Lane.CANCEL
    assert lane_of(order(reduce_only=True)) is Lane.REDUCE
    assert lane_of(order()) is Lane.OPEN
    assert lane_of(ask(SnapshotKind.ORDERS)) is Lane.QUERY


def test_what_never_left_is_told_as_a_refusal_that_passes_and_a_question_as_nothing() -> None:
    now = Instant(7)

    assert never_left(ask(SnapshotKind.ORDERS), "why", now) is None
    assert never_left(cancel("x"), "why", now) == CancelRejected(
        symbol=SYMBOL, at=now, order_id="x", code=10006, text="why"
    )
    assert never_left(order(), "why", now) == PlaceRejected(
        symbol=SYMBOL, at=now, wire_id="0123456789abcdef-1", code=10006, text="why"
    )


def test_orders_are_placed_listed_cancelled_and_found_in_the_history(
    at_desk: Callable[..., None],
) -> None:
    async def story(desk: Desk, simulator: Running) -> None:
        placed = await desk.answer(order())
        assert isinstance(placed, PlaceAccepted)
        listed = await desk.answer(ask(SnapshotKind.ORDERS))
        gone = await desk.answer(cancel(placed.order_id))
        again = await desk.answer(cancel(placed.order_id))
        history = await desk.answer(ask(SnapshotKind.HISTORY))

        assert isinstance(listed, OrdersSnapshot)
        assert [one.price for one in listed.orders] == [990_000]
        assert listed.complete
        assert isinstance(gone, CancelAccepted)
        assert isinstance(again, CancelRejected)
        assert again.code == 110001
        assert isinstance(history, HistorySnapshot)
        assert [one.order_id for one in history.orders] == [placed.order_id]
        assert not desk.letters

    at_desk(story)


def test_executions_positions_and_wallet_come_as_snapshots(
    at_desk: Callable[..., None],
) -> None:
    async def story(desk: Desk, simulator: Running) -> None:
        await desk.answer(order())
        simulator.player.move_price(SYMBOL, Decimal(98_900))
        since = Instant(simulator.exchange.now - MINUTE_US)
        simulator.exchange.accounts[100001].move_cash(Decimal("-12.5"), simulator.exchange.now)

        executions = await desk.answer(ask(SnapshotKind.EXECUTIONS, since))
        positions = await desk.answer(ask(SnapshotKind.POSITIONS))
        wallet = await desk.answer(ask(SnapshotKind.WALLET, since))
        first = await desk.answer(ask(SnapshotKind.WALLET))

        assert isinstance(executions, ExecutionsSnapshot)
        assert executions.since == since
        assert sum(one.qty for one in executions.executions) == 4
        assert isinstance(positions, PositionsSnapshot)
        assert sorted(leg.size for leg in positions.legs) == [0, 4]
        assert isinstance(wallet, WalletSnapshot)
        assert [one.amount for one in wallet.movements] == [Decimal("-12.5")]
        assert isinstance(first, WalletSnapshot)
        assert first.movements == ()

    at_desk(story)


def test_a_question_refused_for_our_key_is_told_and_one_refused_otherwise_is_not(
    at_desk: Callable[..., None],
) -> None:
    """A23."""

    async def story(desk: Desk, simulator: Running) -> None:
        def refuse(code: int) -> int:
            return simulator.board.add(
                Fault(kind=WireFault.RET_CODE, from_ms=0, until_ms=10**9, amount=code)
            )

        number = refuse(10003)
        listing = await desk.answer(ask(SnapshotKind.ORDERS))
        wallet = await desk.answer(ask(SnapshotKind.WALLET))
        simulator.board.remove(number)
        refuse(110001)

        assert isinstance(listing, QuestionRefused)
        assert isinstance(wallet, QuestionRefused)
        assert (listing.code, wallet.code) == (10003, 10003)
        assert await desk.answer(ask(SnapshotKind.POSITIONS)) is None

    at_desk(story)


def test_silence_is_unknown_for_a_placement_and_nothing_for_a_question(
    at_desk: Callable[..., None],
) -> None:
    """L05, A06."""

    async def story(desk: Desk, simulator: Running) -> None:
        lost = Fault(kind=WireFault.REPLY_LOST, from_ms=0, until_ms=10**9, amount=50)
        simulator.board.add(lost)

        assert isinstance(await desk.answer(order()), PlaceUnknown)
        assert await desk.answer(ask(SnapshotKind.ORDERS)) is None
        assert await desk.answer(ask(SnapshotKind.WALLET)) is None

    at_desk(story)
