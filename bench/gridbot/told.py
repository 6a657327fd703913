"""The simulator's account in the kernel's words: a venue as the campaign's checkers look at one.

It knows what the simulator tells, over time and in the end; it refuses to know what a bot believes.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from appkit.exits import RunFailed
from bench.gridbot.venue import Row
from bybit_adapter.normalizer.rest_rows import RestRows
from bybit_adapter.normalizer.words import DeadLetter
from gridcore.clock import Instant
from gridcore.events import CashMoved, OrderStatus, OrderUpdate, PositionUpdate
from gridcore.instrument import Instrument, Ticks
from gridcore.session.effects import PlaceOrder, TimeInForce
from gridcore.sides import LONG, SHORT, DirectionType
from simvenue.book import RestingOrder
from simvenue.records import Records

RESTS = frozenset({OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})
BEGINNING = Instant(0)


@dataclass(frozen=True, slots=True)
class ToldBook:
    """The resting orders of a symbol by the exchange's id, oldest first."""

    orders: dict[str, RestingOrder] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMarket:
    """One symbol of the account."""

    symbol: str
    book: ToldBook


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldClearing:
    """All symbols of the account."""

    markets: tuple[ToldMarket, ...]


class ToldVenue:
    """One account: orders change by change as time goes on; legs, wallet and records as they ended.

    `changes` are those that have not been taken yet, in the order in which they happened.
    """

    def __init__(self, instruments: Mapping[str, Instrument], account: Row) -> None:
        rows = RestRows(instruments, _refuse)
        at = Instant(account["now_us"])
        self.changes: deque[OrderUpdate] = deque()
        for row in account["changes"]["order"]:
            change = rows.order(row, asked_at=at)
            if change is not None:
                self.changes.append(change)
        self._books = {symbol: ToldBook() for symbol in instruments}
        markets = (ToldMarket(symbol=symbol, book=book) for symbol, book in self._books.items())
        self.clearing = ToldClearing(markets=tuple(markets))
        self._legs = {
            (leg.symbol, leg.direction): leg
            for symbol in instruments
            for leg in rows.positions(symbol, account["positions"], asked_at=at).legs
        }
        wallet = rows.wallet([account["wallet"]], asked_at=at)
        if wallet is None:
            raise RunFailed("the simulator tells of no wallet")
        self.wallet: Decimal = wallet.wallet.balance
        self.records = Records(instruments)
        for symbol in instruments:
            told = rows.executions(
                symbol, account["executions"], asked_at=at, since=BEGINNING, complete=True
            )
            self.records.take(told.executions)
        # The answer's order is newest first.
        movements = rows.movements(account["transactions"][::-1], asked_at=at)
        self.records.take([one for one in movements if isinstance(one, CashMoved)])

    def legs(self, symbol: str) -> tuple[PositionUpdate, PositionUpdate]:
        """Both legs in the end, long first."""
        return self._leg(symbol, LONG), self._leg(symbol, SHORT)

    def take(self) -> OrderUpdate:
        """Let the next change happen."""
        change = self.changes.popleft()
        orders = self._books[change.symbol].orders
        order = orders.get(change.order_id)
        if change.status not in RESTS:
            orders.pop(change.order_id, None)
        elif order is None:
            order = orders[change.order_id] = _resting(change)
            order.leaves = change.leaves
        else:
            order.leaves = change.leaves
        return change

    def _leg(self, symbol: str, direction: DirectionType) -> PositionUpdate:
        leg = self._legs.get((symbol, direction))
        if leg is None:
            raise RunFailed(f"the simulator tells of no {direction.value} leg of {symbol}")
        return leg


def _resting(change: OrderUpdate) -> RestingOrder:
    """An order of the exchange's book; strategy and level are nothing that it knows."""
    request = PlaceOrder(
        symbol=change.symbol,
        strat_id="",
        client_order_id="",
        wire_id=change.wire_id,
        direction=change.direction,
        side=change.side,
        price=Ticks(int(change.price)),
        qty=change.qty,
        reduce_only=change.reduce_only,
        time_in_force=TimeInForce.POST_ONLY,
        level=0,
    )
    return RestingOrder(request, change.order_id, change.qty, 0, change.at)


def _refuse(letter: DeadLetter) -> None:
    raise RunFailed(f"the simulator told what cannot be read: {letter.topic}: {letter.text}")
