"""What the session's tests share: setups, an exchange at the port, and a run that joins the two."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.config import GridConfig, RiskConfig, SafetyConfig, SizingConfig
from gridcore.events import (
    NO_LIQUIDATION,
    CancelAccepted,
    CancelRejected,
    CancelUnknown,
    Event,
    ExecType,
    Execution,
    ExecutionsSnapshot,
    HistorySnapshot,
    Liquidated,
    Liquidation,
    OperatorAction,
    OperatorCommand,
    OrdersSnapshot,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    PositionsSnapshot,
    PositionUpdate,
    SessionStarted,
    StreamLost,
    StreamRestored,
    Ticker,
    TimerFired,
    WalletSnapshot,
    WalletUpdate,
)
from gridcore.instrument import Instrument, Price, Steps
from gridcore.pnl import fill_leg, trading_fee
from gridcore.session.account import AccountSession
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    Effects,
    PlaceOrder,
    Request,
    SnapshotKind,
)
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType
from gridcore.tiers import RiskTier, RiskTiers

BTC = "BTCUSDT"
ETH = "ETHUSDT"
START = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC
CENTER = 10_000
"""Ticks of 0.1: a price of 1000."""
ZERO = Decimal(0)
FEE_RATE = Decimal("0.0002")


def instrument_of(symbol: str = BTC, **changes: Any) -> Instrument:
    """Tick 0.1, step 0.01."""
    fields: dict[str, Any] = {
        "symbol": symbol,
        "tick_size": Decimal("0.1"),
        "qty_step": Decimal("0.01"),
        "min_qty": Decimal("0.01"),
        "max_qty": Decimal(1000),
        "min_notional": Decimal(5),
    }
    return Instrument(**(fields | changes))


def tiers_of() -> RiskTiers:
    """Two tiers: 2 % initial margin up to 20000, then 10 %."""
    return RiskTiers(
        (
            RiskTier(
                max_value=Decimal(20_000),
                maintenance_rate=Decimal("0.01"),
                deduction=ZERO,
                initial_rate=Decimal("0.02"),
            ),
            RiskTier(
                max_value=None,
                maintenance_rate=Decimal("0.05"),
                deduction=Decimal(800),
                initial_rate=Decimal("0.1"),
            ),
        )
    )


def _with(base: dict[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    return base | dict(changes or {})


def setup_of(
    symbol: str = BTC,
    strat_id: str = "grid",
    *,
    grid: Mapping[str, Any] | None = None,
    risk: Mapping[str, Any] | None = None,
    sizing: Mapping[str, Any] | None = None,
    safety: Mapping[str, Any] | None = None,
    instrument: Mapping[str, Any] | None = None,
    **changes: Any,
) -> StrategySetup:
    """Five levels 1 % apart, 0.1 coins per order, leverage 10."""
    fields: dict[str, Any] = {
        "strat_id": strat_id,
        "instrument": instrument_of(symbol, **(instrument or {})),
        "tiers": tiers_of(),
        "taker_fee": Decimal("0.0006"),
        "grid": GridConfig(**_with({"grid_count": 4, "grid_step": Decimal(1)}, grid)),
        "risk": RiskConfig(**_with({}, risk)),
        "sizing": SizingConfig(**_with({"amount": "b0.1"}, sizing)),
        "safety": SafetyConfig(**_with({}, safety)),
    }
    return StrategySetup(**(fields | changes))


@dataclass(slots=True)
class Resting:
    """One order on the fake exchange."""

    request: PlaceOrder
    order_id: str
    leaves: int
    filled: int = 0


class FakeExchange:
    """Answers requests with events; what fills, and what is refused, the test decides."""

    def __init__(self, instruments: Mapping[str, Instrument], wallet: Decimal) -> None:
        self.instruments = instruments
        self.wallet = wallet
        self.now = START
        self.orders: dict[str, Resting] = {}
        self.legs: dict[tuple[str, DirectionType], tuple[Decimal, Decimal | None]] = {}
        self.liquidation: dict[tuple[str, DirectionType], Liquidation] = {}
        self.marks: dict[str, Decimal] = {}
        self.refuse_places: deque[int] = deque()
        self.refuse_cancels: deque[int] = deque()
        self.lost_places: deque[bool] = deque()
        """Placements whose reply and push are lost; whether they come to rest all the same."""
        self.lost_cancels: deque[bool] = deque()
        """Cancels whose reply and push are lost; whether they act all the same."""
        self.landed: set[str] = set()
        """Wire ids that the exchange took: each is taken once (110072)."""
        self.placed: list[PlaceOrder] = []
        self.ended: list[OrderUpdate] = []
        self.executions: list[Execution] = []
        self._ids = 0
        self._executions = 0

    def answer(self, request: Request) -> list[Event]:
        """What the exchange says to one request."""
        if isinstance(request, Approved):
            return self._place(request.request)
        if isinstance(request, CancelOrder):
            return self._cancel(request)
        return self._listing(request)

    def _place(self, request: PlaceOrder) -> list[Event]:
        self.placed.append(request)
        known = request.wire_id in self.landed
        if self.lost_places:
            if self.lost_places.popleft() and not known:
                self._rest(request)
            return [
                PlaceUnknown(
                    symbol=request.symbol, at=self.now, wire_id=request.wire_id, text="timeout"
                )
            ]
        code = self.refuse_places.popleft() if self.refuse_places else 0
        if known:
            code = 110072
        if code:
            return [
                PlaceRejected(
                    symbol=request.symbol,
                    at=self.now,
                    wire_id=request.wire_id,
                    code=code,
                    text="no",
                )
            ]
        resting = self._rest(request)
        return [
            PlaceAccepted(
                symbol=request.symbol,
                at=self.now,
                wire_id=request.wire_id,
                order_id=resting.order_id,
            ),
            self.update(resting, OrderStatus.NEW),
        ]

    def _rest(self, request: PlaceOrder) -> Resting:
        self._ids += 1
        self.landed.add(request.wire_id)
        resting = Resting(request, f"O{self._ids}", int(request.qty))
        self.orders[resting.order_id] = resting
        return resting

    def _cancel(self, request: CancelOrder) -> list[Event]:
        if self.lost_cancels:
            leaving = self.orders.get(request.order_id)
            if self.lost_cancels.popleft() and leaving is not None:
                self.withdraw(leaving)
            return [
                CancelUnknown(
                    symbol=request.symbol, at=self.now, order_id=request.order_id, text="timeout"
                )
            ]
        code = self.refuse_cancels.popleft() if self.refuse_cancels else 0
        resting = self.orders.get(request.order_id)
        if resting is None:
            code = 110001
        if code or resting is None:
            return [
                CancelRejected(
                    symbol=request.symbol,
                    at=self.now,
                    order_id=request.order_id,
                    code=code,
                    text="no",
                )
            ]
        accepted = CancelAccepted(symbol=request.symbol, at=self.now, order_id=request.order_id)
        return [accepted, *self.withdraw(resting)]

    def withdraw(self, resting: Resting, reason: str = "") -> list[Event]:
        """An order leaves the book unfilled."""
        del self.orders[resting.order_id]
        self.ended.append(self.update(resting, OrderStatus.CANCELLED, reason))
        return [self.ended[-1]]

    def _listing(self, request: AskSnapshot) -> list[Event]:
        symbol = request.symbol
        if request.kind is SnapshotKind.WALLET or symbol is None:
            return [WalletSnapshot(asked_at=self.now, wallet=self.wallet_update())]
        if request.kind is SnapshotKind.POSITIONS:
            long, short = (self.position(symbol, direction) for direction in (LONG, SHORT))
            return [PositionsSnapshot(symbol=symbol, asked_at=self.now, legs=(long, short))]
        if request.kind is SnapshotKind.HISTORY:
            return [self.history(symbol)]
        if request.kind is SnapshotKind.EXECUTIONS:
            return [self.executed(symbol, request.since)]
        return [self.listing(symbol)]

    def history(self, symbol: str, *, complete: bool = True) -> HistorySnapshot:
        """Every order of a symbol that has ended."""
        return HistorySnapshot(
            symbol=symbol,
            asked_at=self.now,
            orders=tuple(row for row in self.ended if row.symbol == symbol),
            complete=complete,
        )

    def executed(self, symbol: str, since: Instant | None) -> ExecutionsSnapshot:
        """Every execution of a symbol since an instant."""
        start = Instant(0) if since is None else since
        return ExecutionsSnapshot(
            symbol=symbol,
            asked_at=self.now,
            since=start,
            executions=tuple(
                row for row in self.executions if row.symbol == symbol and row.at >= start
            ),
            complete=True,
        )

    def trade_by_another(
        self, symbol: str, direction: DirectionType, steps: int, entry: str
    ) -> None:
        """Another hand brings a leg to a size; only who asks for executions learns of it."""
        instrument = self.instruments[symbol]
        held = instrument.to_steps(self.legs.get((symbol, direction), (ZERO, None))[0])
        if steps == held:
            return
        grows = steps > held
        side = BUY if (direction is LONG) is grows else SELL
        self._executions += 1
        self.executions.append(
            Execution(
                symbol=symbol,
                at=self.now,
                sequence=self._executions,
                exec_id=f"X{self._executions}",
                order_id=f"another-{self._executions}",
                wire_id="by hand",
                direction=direction,
                side=side,
                price=instrument.to_price(Decimal(entry)),
                qty=Steps(abs(steps - held)),
                leaves=Steps(0),
                closed=Steps(0 if grows else held - steps),
                fee=ZERO,
                kind=ExecType.TRADE,
                is_maker=False,
            )
        )

    def listing(self, symbol: str, *, complete: bool = True) -> OrdersSnapshot:
        """Every open order of a symbol."""
        return OrdersSnapshot(
            symbol=symbol,
            asked_at=self.now,
            orders=tuple(
                self.update(
                    resting, OrderStatus.PARTIALLY_FILLED if resting.filled else OrderStatus.NEW
                )
                for resting in self.orders.values()
                if resting.request.symbol == symbol
            ),
            complete=complete,
        )

    def update(self, resting: Resting, status: OrderStatus, reason: str = "") -> OrderUpdate:
        """The state of one order."""
        request = resting.request
        return OrderUpdate(
            symbol=request.symbol,
            at=self.now,
            order_id=resting.order_id,
            wire_id=request.wire_id,
            direction=request.direction,
            side=request.side,
            price=request.price,
            qty=request.qty,
            leaves=Steps(0 if status is OrderStatus.CANCELLED else resting.leaves),
            filled=Steps(resting.filled),
            status=status,
            reduce_only=request.reduce_only,
            reason=reason,
        )

    def position(self, symbol: str, direction: DirectionType) -> PositionUpdate:
        """One leg; NO_LIQUIDATION unless the test says otherwise."""
        size, entry = self.legs.get((symbol, direction), (ZERO, None))
        return PositionUpdate(
            symbol=symbol,
            at=self.now,
            direction=direction,
            size=self.instruments[symbol].to_steps(size),
            entry=entry,
            liquidation=self.liquidation.get((symbol, direction), NO_LIQUIDATION),
            mark=self.marks.get(symbol),
        )

    def wallet_update(self) -> WalletUpdate:
        """The wallet; everything is available."""
        return WalletUpdate(at=self.now, balance=self.wallet, available=self.wallet)

    def execute(self, resting: Resting, steps: int) -> list[Event]:
        """Fill part of an order: execution, order, position, wallet, in the exchange's order."""
        request = resting.request
        instrument = self.instruments[request.symbol]
        price = instrument.price(request.price)
        qty = instrument.qty(steps)
        key = (request.symbol, request.direction)
        size, entry = self.legs.get(key, (ZERO, None))
        booked = fill_leg(request.direction, size, entry, request.side, price, qty)
        self.legs[key] = (booked.size, booked.entry)
        fee = trading_fee(price, qty, FEE_RATE)
        self.wallet += booked.realised - fee
        resting.leaves -= steps
        resting.filled += steps
        if not resting.leaves:
            del self.orders[resting.order_id]
        self._executions += 1
        status = OrderStatus.PARTIALLY_FILLED if resting.leaves else OrderStatus.FILLED
        if not resting.leaves:
            self.ended.append(self.update(resting, status))
        self.executions.append(
            Execution(
                symbol=request.symbol,
                at=self.now,
                sequence=self._executions,
                exec_id=f"X{self._executions}",
                order_id=resting.order_id,
                wire_id=request.wire_id,
                direction=request.direction,
                side=request.side,
                price=request.price,
                qty=Steps(steps),
                leaves=Steps(resting.leaves),
                closed=instrument.to_steps(booked.closed),
                fee=fee,
                kind=ExecType.TRADE,
                is_maker=True,
            )
        )
        return [
            self.executions[-1],
            self.update(resting, status),
            self.position(request.symbol, request.direction),
            self.wallet_update(),
        ]

    def resting(self, symbol: str, direction: DirectionType, side: SideType, price: int) -> Resting:
        """The one order at a level."""
        found = [
            order
            for order in self.orders.values()
            if (order.request.symbol, order.request.direction) == (symbol, direction)
            and (order.request.side, order.request.price) == (side, price)
        ]
        assert len(found) == 1, f"expected one order, found {len(found)}"
        return found[0]


class Run:
    """A session and its exchange on one clock; `prompt` answers come at once, others wait."""

    def __init__(
        self,
        setups: Sequence[StrategySetup],
        wallet: Decimal,
        *,
        safety: SafetyConfig | None = None,
        prompt: bool = True,
    ) -> None:
        self.setups = tuple(setups)
        self.safety = safety or SafetyConfig()
        self.session = self.fresh_session()
        self.exchange = FakeExchange(
            {setup.instrument.symbol: setup.instrument for setup in setups}, wallet
        )
        self.prompt = prompt
        self.now = START
        self.waiting: deque[Event] = deque()
        self.handled: list[tuple[Event, Instant, Effects]] = []

    def fresh_session(self) -> AccountSession:
        """A session as a new process makes it."""
        return AccountSession("account", self.setups, self.safety)

    # -- driving ---------------------------------------------------------------------------

    def send(self, event: Event) -> Effects:
        """Hand one event to the session; what it asks for goes to the exchange."""
        effects = self.session.handle(event, self.now)
        self.handled.append((event, self.now, effects))
        self.exchange.now = self.now
        for request in effects.requests:
            self.waiting.extend(self.exchange.answer(request))
        if self.prompt:
            self.deliver()
        return effects

    def deliver(self, count: int | None = None) -> None:
        """Let answers arrive that are on their way."""
        while self.waiting and (count is None or count > 0):
            count = None if count is None else count - 1
            event = self.waiting.popleft()
            effects = self.session.handle(event, self.now)
            self.handled.append((event, self.now, effects))
            for request in effects.requests:
                self.waiting.extend(self.exchange.answer(request))

    def start(self) -> None:
        """A process takes up the session; the exchange answers all it asks."""
        self.exchange.now = self.now
        self.send(SessionStarted(at=self.now))
        self.deliver()

    def tick(
        self,
        last: Price,
        symbol: str = BTC,
        *,
        mark: Decimal | None = None,
        after_us: int = 100_000,
    ) -> Effects:
        """One ticker, a tenth of a second later."""
        self.wait(after_us)
        return self.send(Ticker(symbol=symbol, at=self.now, last=last, mark=mark))

    def wait(self, span_us: int) -> list[Effects]:
        """Let time pass; each deadline fires at its own time."""
        until = Instant(self.now + span_us)
        fired = []
        while (deadline := self.session.next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            fired.append(self.send(TimerFired(at=deadline)))
        self.now = until
        self.exchange.now = until
        return fired

    def fill(
        self,
        direction: DirectionType,
        side: SideType,
        price: int,
        steps: int | None = None,
        symbol: str = BTC,
    ) -> None:
        """Fill the order at a level, wholly or in part."""
        self.wait(1000)
        resting = self.exchange.resting(symbol, direction, side, price)
        for event in self.exchange.execute(resting, resting.leaves if steps is None else steps):
            self.send(event)

    def hold(
        self,
        direction: DirectionType,
        steps: int,
        entry: str = "1000",
        liquidation: Liquidation = NO_LIQUIDATION,
        symbol: str = BTC,
    ) -> Effects:
        """The exchange reports a leg that our orders did not make."""
        self.wait(1000)
        qty = self.exchange.instruments[symbol].qty(steps)
        self.exchange.now = self.now
        self.exchange.trade_by_another(symbol, direction, steps, entry)
        self.exchange.legs[symbol, direction] = (qty, Decimal(entry) if steps else None)
        self.exchange.liquidation[symbol, direction] = liquidation
        return self.send(self.exchange.position(symbol, direction))

    def deposit(self, amount: str) -> Effects:
        """The exchange reports another wallet."""
        self.wait(1000)
        self.exchange.wallet += Decimal(amount)
        return self.send(self.exchange.wallet_update())

    # -- looking ---------------------------------------------------------------------------

    def book(self, symbol: str = BTC) -> list[tuple[str, str, int, int]]:
        """What rests on the exchange: (direction, side, price, steps left), sorted."""
        return sorted(
            (
                order.request.direction.value,
                order.request.side.value,
                int(order.request.price),
                order.leaves,
            )
            for order in self.exchange.orders.values()
            if order.request.symbol == symbol
        )

    def told(self, event: str) -> int:
        """How often a notice was told."""
        return sum(
            notice.event == event for _, _, effects in self.handled for notice in effects.notices
        )

    def modes(self) -> set[tuple[str, str, str]]:
        """Standing requests: (scope, cause, mode)."""
        return {
            (request.scope, request.cause.value, request.mode.name)
            for request in self.session.standing_modes()
        }


def places_of(effects: Effects) -> list[PlaceOrder]:
    """The placements among the requests."""
    return [request.request for request in effects.requests if isinstance(request, Approved)]


def cancels_of(effects: Effects) -> list[CancelOrder]:
    """The cancels among the requests."""
    return [request for request in effects.requests if isinstance(request, CancelOrder)]


def asks_of(effects: Effects) -> list[AskSnapshot]:
    """The questions among the requests."""
    return [request for request in effects.requests if isinstance(request, AskSnapshot)]


# -- random accounts -----------------------------------------------------------------------

Action = tuple[str, int]
"""What happens next, and a number that says how."""

ACTIONS = (
    "tick",
    "tick",
    "drift",
    "drift",
    "drift",
    "jump",
    "eth",
    "deliver",
    "deliver",
    "fill",
    "fill",
    "part",
    "repeat",
    "refuse_place",
    "refuse_cancel",
    "withdraw",
    "wallet",
    "danger",
    "stream",
    "listing",
    "liquidated",
    "wait",
    "lone_update",
    "lost_place",
    "lost_cancel",
    "vanish",
    "another",
    "restart",
)

_CODES = (110007, 110017, 110017, 10001, 10006, 10002, 10016, 110072)


class RandomAccount:
    """Plays random actions against a run: whatever an exchange may do, in any order."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.last = {BTC: CENTER, ETH: CENTER}
        self.lost = False
        self.halted = False
        self.executions: list[Event] = []

    def play(self, actions: Sequence[Action]) -> None:
        """Play all actions."""
        for name, number in actions:
            getattr(self, name)(number)

    def _tick(self, symbol: str, by: int) -> None:
        if symbol not in self.run.exchange.instruments:
            return
        self.last[symbol] = max(1000, self.last[symbol] + by)
        mark = self.run.exchange.instruments[symbol].price(self.last[symbol])
        self.run.exchange.marks[symbol] = mark
        self.run.tick(
            self.last[symbol], symbol, mark=mark if by % 3 else None, after_us=50_000 + abs(by)
        )

    def tick(self, number: int) -> None:
        self._tick(BTC, number % 61 - 30)

    def recover(self) -> None:
        """The operator resumes, and streams that were lost are back."""
        if self.halted:
            self.liquidated(1)
        if self.lost:
            self.stream(0)

    def drift(self, number: int) -> None:
        """Several tickers in a row, nothing else between them."""
        self.recover()
        for step in range(2, 2 + number % 5):
            self._tick(BTC, number // step % 101 - 50)

    def jump(self, number: int) -> None:
        self._tick(BTC, number % 801 - 400)

    def eth(self, number: int) -> None:
        self._tick(ETH, number % 121 - 60)

    def deliver(self, number: int) -> None:
        self.run.deliver(1 + number % 12)

    def _orders(self) -> list[Resting]:
        return [
            order
            for order in self.run.exchange.orders.values()
            if not order.request.reduce_only
            or self.run.exchange.legs.get((order.request.symbol, order.request.direction), (0,))[0]
            >= self.run.exchange.instruments[order.request.symbol].qty(order.leaves)
        ]

    def _execute(self, number: int, part: bool) -> None:
        orders = self._orders()
        if not orders:
            return
        self.run.wait(1000)
        order = orders[number % len(orders)]
        steps = max(1, order.leaves // 2) if part else order.leaves
        events = self.run.exchange.execute(order, steps)
        self.executions.append(events[0])
        if self.run.waiting:
            self.run.waiting.extend(events)
        else:
            for event in events:
                self.run.send(event)

    def fill(self, number: int) -> None:
        self._execute(number, part=False)

    def part(self, number: int) -> None:
        self._execute(number, part=True)

    def repeat(self, number: int) -> None:
        """An execution that arrived before arrives again."""
        arrived = [event for event in self.executions if event not in self.run.waiting]
        if arrived:
            self.run.send(arrived[number % len(arrived)])

    def refuse_place(self, number: int) -> None:
        self.run.exchange.refuse_places.extend([_CODES[number % len(_CODES)]] * (1 + number % 3))

    def refuse_cancel(self, number: int) -> None:
        self.run.exchange.refuse_cancels.append((110001, 10016)[number % 2])

    def withdraw(self, number: int) -> None:
        orders = list(self.run.exchange.orders.values())
        if orders:
            self.run.waiting.extend(
                self.run.exchange.withdraw(
                    orders[number % len(orders)], "EC_PostOnlyWillTakeLiquidity"
                )
            )

    def wallet(self, number: int) -> None:
        if number % 5 == 0:
            poor = replace(self.run.exchange.wallet_update(), available=ZERO)
            self.run.send(poor)
        self.run.deposit(str(number % 7 - 3))

    def danger(self, number: int) -> None:
        """One leg gets another liquidation price: near, far, none or unknown."""
        exchange = self.run.exchange
        direction = (LONG, SHORT)[number % 2]
        price = exchange.instruments[BTC].price(self.last[BTC])
        factors = {LONG: ("0.95", "0.82", "0.2"), SHORT: ("1.05", "1.18", "3")}[direction]
        choices: tuple[Liquidation, ...] = (
            *(price * Decimal(factor) for factor in factors),
            NO_LIQUIDATION,
            None,
        )
        exchange.liquidation[BTC, direction] = choices[number // 2 % 5]
        exchange.now = self.run.now
        self.run.send(exchange.position(BTC, direction))

    def stream(self, number: int) -> None:
        symbol = BTC if number % 2 else None
        if self.lost:
            for scope in (BTC, None):
                self.run.send(StreamRestored(at=self.run.now, symbol=scope))
        else:
            self.run.send(StreamLost(at=self.run.now, symbol=symbol, reason="silence"))
        self.lost = not self.lost

    def listing(self, number: int) -> None:
        self.run.exchange.now = self.run.now
        self.run.waiting.append(self.run.exchange.listing(BTC, complete=bool(number % 4)))

    def liquidated(self, number: int) -> None:
        event: Event = OperatorCommand(at=self.run.now, action=OperatorAction.RESUME, symbol=None)
        if not self.halted and number % 3 == 0:
            event = Liquidated(
                at=self.run.now, equity=Decimal(1), maintenance_margin=Decimal(number)
            )
        self.halted = isinstance(event, Liquidated)
        self.run.send(event)

    def wait(self, number: int) -> None:
        """Answers take a while, but not longer than 5 s."""
        for _ in range(number % 18):
            self.run.wait(5 * SECOND_US)
            self.run.deliver()
        self.run.wait(number % 5 * SECOND_US)

    def lost_place(self, number: int) -> None:
        self.run.exchange.lost_places.append(bool(number % 2))

    def lost_cancel(self, number: int) -> None:
        self.run.exchange.lost_cancels.append(bool(number % 2))

    def vanish(self, number: int) -> None:
        """An order ends, and the push that would tell of it is lost."""
        orders = list(self.run.exchange.orders.values())
        if orders:
            self.run.exchange.now = self.run.now
            self.run.exchange.withdraw(orders[number % len(orders)], "EC_PerCancelRequest")

    def another(self, number: int) -> None:
        """Another hand trades on our symbol."""
        self.run.hold((LONG, SHORT)[number % 2], number // 2 % 30)

    def restart(self, number: int) -> None:
        """The process ends; the next one begins with its snapshot."""
        del number
        memory = json.loads(json.dumps(self.run.session.snapshot()))
        self.run.session = self.run.fresh_session()
        self.run.session.restore(memory)
        self.run.send(SessionStarted(at=self.run.now))

    def lone_update(self, number: int) -> None:
        """An order update whose execution was lost on the way."""
        orders = self._orders()
        if orders:
            self.run.wait(1000)
            events = self.run.exchange.execute(orders[number % len(orders)], 1)
            self.run.waiting.extend(events[1:])


# -- fixtures: session-wide, so that Hypothesis may use them ----------------------------------


@pytest.fixture(scope="session")
def make_setup() -> Callable[..., StrategySetup]:
    """Builds a strategy's setup; keywords change single settings."""
    return setup_of


@pytest.fixture(scope="session")
def make_instrument() -> Callable[..., Instrument]:
    """Builds an instrument."""
    return instrument_of


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Run]:
    """Builds a run over setups (default: one on BTCUSDT) with a wallet of 10000."""

    def make(*setups: StrategySetup, wallet: str = "10000", **changes: Any) -> Run:
        return Run(setups or (setup_of(),), Decimal(wallet), **changes)

    return make


@pytest.fixture(scope="session")
def started(make_run: Callable[..., Run]) -> Callable[..., Run]:
    """Builds a run whose account is known to the session."""

    def make(*setups: StrategySetup, **changes: Any) -> Run:
        run = make_run(*setups, **changes)
        run.start()
        return run

    return make


@pytest.fixture(scope="session")
def play(make_run: Callable[..., Run]) -> Callable[..., Run]:
    """Plays random actions on a started account and gives the run; `legs` are held at start."""

    def make(
        actions: Sequence[Action],
        *setups: StrategySetup,
        prompt: bool = False,
        legs: tuple[int, int] = (0, 0),
        **changes: Any,
    ) -> Run:
        run = make_run(*setups, prompt=prompt, **changes)
        for direction, steps in zip((LONG, SHORT), legs, strict=True):
            if steps:
                qty = run.exchange.instruments[BTC].qty(steps)
                run.exchange.legs[BTC, direction] = (qty, Decimal(1000))
        run.start()
        RandomAccount(run).play(actions)
        return run

    return make


@pytest.fixture(scope="session")
def places() -> Callable[[Effects], list[PlaceOrder]]:
    """The placements among the requests."""
    return places_of


@pytest.fixture(scope="session")
def cancels() -> Callable[[Effects], list[CancelOrder]]:
    """The cancels among the requests."""
    return cancels_of


@pytest.fixture(scope="session")
def asks() -> Callable[[Effects], list[AskSnapshot]]:
    """The questions among the requests."""
    return asks_of


@pytest.fixture(scope="session")
def action_names() -> Sequence[str]:
    """What a random account may do; the more often a name, the more often it happens."""
    return ACTIONS


def story() -> Iterator[Effects]:
    """One fixed long story with two strategies on one wallet, for tests of determinism."""
    run = Run((setup_of(), setup_of(ETH, "other")), Decimal(300), prompt=False)
    run.start()
    account = RandomAccount(run)
    number = 1
    for _ in range(600):
        number = number * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        account.play([(ACTIONS[number // 65_536 % len(ACTIONS)], number // 256)])
    for _, _, effects in run.handled:
        yield effects
