"""What the stories share: one session and the simulated venue on one clock, and a link between.

A request reaches the venue 20 ms after it was sent, its reply comes 20 ms later, pushes 30 ms after
what they tell of. A story says which request, reply or push is lost, late, repeated or refused.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from heapq import heappop, heappush
from itertools import count

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.config import GridConfig, RiskConfig, SafetyConfig, SizingConfig
from gridcore.events import (
    CancelAccepted,
    CancelRejected,
    CancelUnknown,
    Event,
    Execution,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    SessionStarted,
    Ticker,
    TimerFired,
)
from gridcore.instrument import Instrument, Steps, Ticks
from gridcore.session.account import AccountSession
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    Effects,
    PlaceOrder,
    Request,
)
from gridcore.session.setup import StrategySetup
from gridcore.sides import LONG, SHORT
from gridcore.tiers import RiskTier, RiskTiers
from simvenue.answers import Answers
from simvenue.messages import FillModel, SymbolSpec, VenueConfig
from simvenue.records import Records
from simvenue.venue import SimVenue

BTC = "BTCUSDT"
START = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC
WAY_US = 20_000
PUSH_US = 30_000
TIMEOUT_US = 10 * SECOND_US
LAG_US = 1_900_000

REPLIES = (PlaceAccepted, PlaceRejected, CancelAccepted, CancelRejected)
Message = PlaceOrder | CancelOrder | AskSnapshot | Event


class Fate(Enum):
    """What happens to a message on its way."""

    LOSE = "lose"
    """It never arrives: a request does not reach the venue, a push does not reach the session."""
    LOSE_REPLY = "lose_reply"
    """The venue acts on a request, and nobody hears its reply."""
    DELAY = "delay"
    REPEAT = "repeat"
    """It arrives again, so many microseconds later."""
    REFUSE = "refuse"
    """The venue does not act, and answers with a code."""
    DENY = "deny"
    """The venue acts, and answers with a code all the same."""
    STALE = "stale"
    """A question is answered by a replica that lags 1.9 s behind."""


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` messages of a kind, at a price if one is given."""

    fate: Fate
    kind: type
    price: int | None
    times: int
    number: int


class Story:
    """A session, a venue and a clock; what a story looks at is public.

    Five levels (`grid_count` 4) of 0.1 coins, 1 % apart; the first ticker at 10000 builds the
    grid. Orders fill with the volume traded at their price.
    """

    def __init__(self, grid_count: int = 4, safety: SafetyConfig | None = None) -> None:
        instrument = Instrument(
            symbol=BTC,
            tick_size=Decimal("0.1"),
            qty_step=Decimal("0.01"),
            min_qty=Decimal("0.01"),
            max_qty=Decimal(1000),
            min_notional=Decimal(5),
        )
        tiers = RiskTiers(
            (
                RiskTier(
                    max_value=None,
                    maintenance_rate=Decimal("0.01"),
                    deduction=Decimal(0),
                    initial_rate=Decimal("0.02"),
                ),
            )
        )
        setup = StrategySetup(
            strat_id="grid",
            instrument=instrument,
            tiers=tiers,
            taker_fee=Decimal("0.0006"),
            grid=GridConfig(grid_count=grid_count, grid_step=Decimal(1)),
            risk=RiskConfig(),
            sizing=SizingConfig(amount="b0.1"),
            safety=safety or SafetyConfig(),
        )
        config = VenueConfig(
            initial_balance=Decimal(10_000),
            maker_fee=Decimal("0.0002"),
            taker_fee=Decimal("0.0006"),
            fill_model=FillModel.QUEUE,
            queue_ahead_factor=Decimal(0),
            funding_enabled=False,
        )
        spec = SymbolSpec(instrument=instrument, tiers=tiers, leverage=Decimal(10))
        self.now = START
        self.instrument = instrument
        self.venue = SimVenue(config, (spec,), START)
        self.records = Records((BTC,))
        self._setup = setup
        self.session = AccountSession("account", (setup,), setup.safety)
        self.handled: list[tuple[Instant, Event, Effects]] = []
        self.sent: list[tuple[Instant, PlaceOrder | CancelOrder | AskSnapshot]] = []
        self._answers = Answers(self.venue, self.records)
        self._faults: list[Fault] = []
        self._prices: dict[str, int] = {}
        self._answered: set[int] = set()
        self._todo: list[tuple[Instant, int, Callable[[], None]]] = []
        self._numbers = count()
        self._process = 0
        self.take(SessionStarted(at=START))
        self.quiet(SECOND_US)

    def restart(self) -> None:
        """The process dies, with every message that was on its way to it, and comes back."""
        memory = json.loads(json.dumps(self.session.snapshot()))
        self._process += 1
        self.session = AccountSession("account", (self._setup,), self._setup.safety)
        self.session.restore(memory)
        self.take(SessionStarted(at=self.now))

    # -- the link --------------------------------------------------------------------------

    def fault(
        self, fate: Fate, kind: type, *, price: int | None = None, times: int = 1, number: int = 0
    ) -> None:
        """Let something happen to messages; `number`: microseconds of a delay, or a code."""
        self._faults.append(Fault(fate, kind, price, times, number))

    def heal(self) -> None:
        """From now on nothing goes wrong."""
        self._faults.clear()

    def _fate_of(self, message: Message, *fates: Fate) -> Fault | None:
        for fault in self._faults:
            if fault.fate in fates and isinstance(message, fault.kind):
                if fault.price is not None and fault.price != self._price_of(message):
                    continue
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                return fault
        return None

    def _price_of(self, message: Message) -> int | None:
        if isinstance(message, (PlaceOrder, OrderUpdate, Execution)):
            return int(message.price)
        if isinstance(message, (CancelOrder, CancelAccepted, CancelRejected)):
            return self._prices.get(message.order_id)
        return None

    def _later(self, span_us: int, what: Callable[[], None]) -> None:
        heappush(self._todo, (Instant(self.now + span_us), next(self._numbers), what))

    def take(self, event: Event) -> Effects:
        """Hand one event to the session; what it asks for sets out to the venue."""
        effects = self.session.handle(event, self.now)
        self.handled.append((self.now, event, effects))
        for request in effects.requests:
            self._send(request)
        return effects

    def _send(self, request: Request) -> None:
        wanted = request.request if isinstance(request, Approved) else request
        self.sent.append((self.now, wanted))
        number = len(self.sent)
        asked_at = self.now
        if isinstance(wanted, AskSnapshot):
            if self._fate_of(wanted, Fate.LOSE) is None:
                self._later(WAY_US, lambda: self._ask(wanted, asked_at))
            return
        process = self._process
        self._later(TIMEOUT_US, lambda: self._give_up(wanted, number, process))
        if self._fate_of(wanted, Fate.LOSE) is not None:
            return
        late = self._fate_of(wanted, Fate.DELAY)
        way = WAY_US if late is None else late.number
        self._later(way, lambda: self._arrive(wanted, number))

    def _ask(self, ask: AskSnapshot, asked_at: Instant) -> None:
        if self._fate_of(ask, Fate.STALE) is None:
            answer = self._answers.answer(ask, asked_at, self.now)
        else:
            answer = self._answers.stale(ask, asked_at, LAG_US, self.now)
        self._later(WAY_US, self._taking(answer))

    def _arrive(self, request: PlaceOrder | CancelOrder, number: int) -> None:
        refused = self._fate_of(request, Fate.REFUSE)
        if refused is not None:
            self._reply(_refusal(request, refused.number, self.now), number)
            return
        reply, *pushes = self.happen(self.venue.submit(request, self.now))
        denied = self._fate_of(request, Fate.DENY)
        if denied is not None:
            reply = _refusal(request, denied.number, self.now)
        if self._fate_of(request, Fate.LOSE_REPLY) is None:
            self._reply(reply, number)
        self.push(pushes)

    def _taking(self, event: Event) -> Callable[[], None]:
        """What delivers an event to the process of now, and to no later one."""
        process = self._process

        def deliver() -> None:
            if process == self._process:
                self.take(event)

        return deliver

    def _reply(self, reply: Event, number: int) -> None:
        process = self._process
        late = self._fate_of(reply, Fate.DELAY)

        def deliver() -> None:
            if number not in self._answered and process == self._process:
                self._answered.add(number)
                self.take(reply)

        self._later(WAY_US if late is None else late.number, deliver)

    def _give_up(self, request: PlaceOrder | CancelOrder, number: int, process: int) -> None:
        if number in self._answered or process != self._process:
            return
        self._answered.add(number)
        if isinstance(request, PlaceOrder):
            self.take(
                PlaceUnknown(symbol=BTC, at=self.now, wire_id=request.wire_id, text="timeout")
            )
        else:
            self.take(
                CancelUnknown(symbol=BTC, at=self.now, order_id=request.order_id, text="timeout")
            )

    def happen(self, events: list[Event]) -> list[Event]:
        """Note what the venue did; gives the events back."""
        self.records.take(events)
        self._answers.remember(self.now)
        for event in events:
            if isinstance(event, OrderUpdate):
                self._prices[event.order_id] = int(event.price)
        return events

    def push(self, events: list[Event]) -> None:
        """Events of the venue set out to the session."""
        for event in events:
            if self._fate_of(event, Fate.LOSE) is not None:
                continue
            late = self._fate_of(event, Fate.DELAY)
            self._later(PUSH_US if late is None else late.number, self._taking(event))
            again = self._fate_of(event, Fate.REPEAT)
            if again is not None:
                self._later(PUSH_US + again.number, self._taking(event))

    # -- time and market -------------------------------------------------------------------

    def quiet(self, span_us: int) -> None:
        """Time passes without a ticker."""
        until = Instant(self.now + span_us)
        while True:
            deadline = self.session.next_deadline()
            coming = self._todo[0][0] if self._todo else None
            if coming is not None and coming <= until and (deadline is None or coming <= deadline):
                self.now = coming
                heappop(self._todo)[2]()
            elif deadline is not None and deadline <= until:
                self.now = max(self.now, deadline)
                self.take(TimerFired(at=deadline))
            else:
                break
        self.now = until

    def tick(self, last: int = 10_000) -> Effects:
        """A ticker, a tenth of a second later; it fills nothing."""
        self.quiet(100_000)
        price = Ticks(last)
        self.push(self.happen(self.venue.on_ticker(BTC, self.now, price, None, None, None, None)))
        return self.take(Ticker(symbol=BTC, at=self.now, last=price, mark=None))

    def run(self, seconds: int, last: int = 10_000) -> None:
        """A ticker every tenth of a second."""
        for _ in range(seconds * 10):
            self.tick(last)

    def trade(self, price: int, steps: int) -> None:
        """Others trade so much at a price: what of ours rests there fills."""
        self.push(self.happen(self.venue.on_trade(BTC, self.now, Ticks(price), Steps(steps), 0)))

    # -- looking ---------------------------------------------------------------------------

    def placements(self, price: int) -> list[tuple[Instant, str]]:
        """When an order at a price was sent, and with which wire id."""
        return [
            (at, request.wire_id)
            for at, request in self.sent
            if isinstance(request, PlaceOrder) and request.price == price
        ]

    def cancels(self, price: int) -> list[Instant]:
        """When the cancel of an order at a price was sent."""
        return [
            at
            for at, request in self.sent
            if isinstance(request, CancelOrder) and self._prices.get(request.order_id) == price
        ]

    def questions(self, since: Instant) -> list[AskSnapshot]:
        """What was asked from an instant on."""
        return [
            request for at, request in self.sent if at >= since and isinstance(request, AskSnapshot)
        ]

    def listed(self, price: int) -> list[OrderUpdate]:
        """What the venue shows at a price."""
        return [order for order in self.venue.open_orders(BTC) if order.price == price]

    def told(self, name: str) -> int:
        """How often a notice was told."""
        return sum(
            notice.event == name for _, _, effects in self.handled for notice in effects.notices
        )

    def modes(self) -> set[str]:
        """Causes of standing requests."""
        return {request.cause.value for request in self.session.standing_modes()}

    def leg(self, index: int) -> int:
        """Steps of the long (0) or short (1) leg, at the venue."""
        return int(self.venue.legs(BTC)[index].size)

    def assert_agreed(self) -> None:
        """Session and venue agree about orders, legs and cash, and nothing is in doubt."""
        venue = sorted(
            (order.order_id, order.wire_id, order.qty, order.leaves, order.filled)
            for order in self.venue.open_orders(BTC)
        )
        session = sorted(
            (order.order_id, order.wire_id, order.qty, order.leaves, order.filled)
            for order in self.session.live_orders()
        )
        assert session == venue
        for direction, leg in zip((LONG, SHORT), self.venue.legs(BTC), strict=True):
            booked = self.session.ledger.leg_size(BTC, direction)
            assert booked == self.instrument.qty(leg.size)
        sizes = [leg.size for leg in self.session.strategies[BTC].pair.legs]
        assert sizes == [leg.size for leg in self.venue.legs(BTC)]
        assert abs(self.session.balance - self.venue.wallet) < Decimal("0.000001")
        assert self.modes() == set()


def _refusal(request: PlaceOrder | CancelOrder, code: int, at: Instant) -> Event:
    if isinstance(request, PlaceOrder):
        return PlaceRejected(symbol=BTC, at=at, wire_id=request.wire_id, code=code, text="no")
    return CancelRejected(symbol=BTC, at=at, order_id=request.order_id, code=code, text="no")


@pytest.fixture
def story() -> Story:
    """A session that knows its account, one second after its start."""
    return Story()


@pytest.fixture(scope="session")
def make_story() -> type[Story]:
    """Builds such a session anew for every example of a law."""
    return Story


@pytest.fixture(scope="session")
def fate() -> type[Fate]:
    """What may happen to a message."""
    return Fate
