"""What others do in a scenario: which order, leg or amount a fault of another hand means.

It draws from the fault's own source and acts on the venue; it refuses to know the session.
"""

from decimal import Decimal

from gridcore.clock import Instant
from gridcore.events import Event, OrderUpdate
from gridcore.instrument import Steps, Ticks
from gridcore.intents import decode_wire_id, encode_wire_id
from gridcore.message import message
from gridcore.sides import BUY, LONG, SHORT, DirectionType, opening_side
from simvenue.campaign.board import LiveFault
from simvenue.campaign.words import FaultKind, Scenario
from simvenue.market import Market
from simvenue.other_hands import OtherHands
from simvenue.venue import SimVenue

K = FaultKind
CENT = Decimal("0.01")


@message
class Injected:
    """An order or a trade of another hand that the venue took."""

    at: Instant
    kind: FaultKind
    symbol: str
    direction: DirectionType
    order_id: str
    wire_id: str


class Deeds:
    """Carries out the faults that happen at the venue; `injected` lists what it took."""

    __slots__ = ("_hands", "_number", "_symbols", "_venue", "injected")

    def __init__(self, scenario: Scenario, venue: SimVenue) -> None:
        self._venue = venue
        self._hands = OtherHands(venue)
        self._symbols = [spec.instrument.symbol for spec in scenario.symbols]
        self._number = 0
        self.injected: list[Injected] = []

    def symbol_of(self, live: LiveFault) -> str:
        """The fault's symbol, or one that it draws."""
        wanted = live.fault.symbol
        return live.source.choice(self._symbols) if wanted is None else wanted

    def begin(self, live: LiveFault, now: Instant) -> list[Event]:
        """Do what the fault says: the events it causes, none when the venue did not take it."""
        kind, number = live.fault.kind, live.fault.number
        if kind is K.DEPOSIT or kind is K.WITHDRAWAL:
            return self._hands.move_cash(CENT * (number if kind is K.DEPOSIT else -number), now)
        if kind is K.LIQUIDATED:
            return self._hands.liquidate(now)
        symbol = self.symbol_of(live)
        if kind is K.MANUAL_TRADE:
            return self._trade(live, symbol, now)
        if kind is K.MANUAL_ORDER:
            return self._order(live, symbol, now)
        if kind is K.MANUAL_CANCEL:
            return self._cancel(live, symbol, now)
        if kind is K.TWIN_ORDER:
            return self._twin(live, symbol, now)
        assert kind is K.DELEVERAGED, f"not a deed at the venue: {kind}"
        return self._venue.deleverage(symbol, self._held(live, symbol), Steps(max(number, 1)), now)

    def withdraw(self, live: LiveFault, now: Instant) -> list[Event]:
        """Take back the manual order of a fault, if it still rests."""
        for made in self.injected:
            if made.kind is K.MANUAL_ORDER and made.at == live.fault.at:
                market = self._hands.market(made.symbol)
                if made.order_id in market.book.orders:
                    return self._hands.cancel(made.symbol, made.order_id, now)
        return []

    def change_leverage(self, symbol: str, leverage: Decimal) -> None:
        """The venue charges margin at another leverage from now on."""
        self._hands.change_leverage(symbol, leverage)

    # -- inside ----------------------------------------------------------------------------

    def _trade(self, live: LiveFault, symbol: str, now: Instant) -> list[Event]:
        """Open (number > 0) or close a part of a leg at the market."""
        number = live.fault.number
        wire_id = self._wire_id()
        if number < 0:
            direction = self._held(live, symbol)
            events = self._hands.close_trade(symbol, wire_id, direction, Steps(-number), now)
        else:
            direction = self._direction(live)
            qty = _enough(self._hands.market(symbol), number)
            events = self._hands.open_trade(symbol, wire_id, direction, qty, now)
        if events:
            self._note(live, symbol, direction, "", wire_id, now)
        return events

    def _order(self, live: LiveFault, symbol: str, now: Instant) -> list[Event]:
        """An opening order 0.1 to 1 % behind the market; "orphan" gives it an id like ours."""
        market = self._hands.market(symbol)
        if market.last is None:
            return []
        direction = self._direction(live)
        side = opening_side(direction)
        per_mille = live.source.randint(1, 10)
        factor = 1000 - per_mille if side is BUY else 1000 + per_mille
        price = Ticks(max(int(market.last * factor) // 1000, 1))
        wire_id = self._wire_id()
        if "orphan" in live.fault.detail:
            wire_id = encode_wire_id(f"{live.source.getrandbits(64):016x}", now)
        qty = _enough(market, live.fault.number, price)
        order_id, events = self._hands.order(symbol, wire_id, direction, side, price, qty, now)
        if order_id:
            self._note(live, symbol, direction, order_id, wire_id, now)
        return events

    def _cancel(self, live: LiveFault, symbol: str, now: Instant) -> list[Event]:
        """Cancel so many of the resting orders, whoever placed them."""
        events: list[Event] = []
        for _ in range(max(live.fault.number, 1)):
            orders = self._venue.open_orders(symbol)
            if orders:
                order = live.source.choice(orders)
                events += self._hands.cancel(symbol, order.order_id, now)
        return events

    def _twin(self, live: LiveFault, symbol: str, now: Instant) -> list[Event]:
        """A second order at the level of one of ours, with the same hash in its wire id."""
        orders = [order for order in self._venue.open_orders(symbol) if self._is_ours(order)]
        wanted = self._direction(live)
        live.source.shuffle(orders)
        orders.sort(key=lambda order: order.direction is not wanted)
        told: list[Event] = []
        for order in orders:
            identity = decode_wire_id(order.wire_id)
            assert identity is not None, "ours decode"
            self._number += 1
            # Earlier than anything the session mints now, and never the same twice.
            wire_id = encode_wire_id(identity, now - 1_000_000 - self._number)
            order_id, events = self._hands.order(
                symbol,
                wire_id,
                order.direction,
                order.side,
                Ticks(int(order.price)),
                order.qty,
                now,
            )
            told += events
            if order_id in self._hands.market(symbol).book.orders:
                self._note(live, symbol, order.direction, order_id, wire_id, now)
                break
        return told

    def _is_ours(self, order: OrderUpdate) -> bool:
        return decode_wire_id(order.wire_id) is not None and all(
            order.order_id != made.order_id for made in self.injected
        )

    def _direction(self, live: LiveFault) -> DirectionType:
        drawn = LONG if live.source.randrange(2) else SHORT
        for direction in (LONG, SHORT):
            if direction.value in live.fault.detail:
                return direction
        return drawn

    def _held(self, live: LiveFault, symbol: str) -> DirectionType:
        """The wanted direction, or the other one when only that leg has a size."""
        wanted = self._direction(live)
        pair = self._hands.market(symbol).pair
        if pair.leg(wanted).size or not pair.open:
            return wanted
        return SHORT if wanted is LONG else LONG

    def _wire_id(self) -> str:
        self._number += 1
        return f"manual-{self._number}"

    def _note(
        self,
        live: LiveFault,
        symbol: str,
        direction: DirectionType,
        order_id: str,
        wire_id: str,
        now: Instant,
    ) -> None:
        self.injected.append(
            Injected(
                at=now,
                kind=live.fault.kind,
                symbol=symbol,
                direction=direction,
                order_id=order_id,
                wire_id=wire_id,
            )
        )


def _enough(market: Market, wanted: int, price: int | None = None) -> Steps:
    """The wanted quantity, raised to what the exchange takes at least."""
    at = price if price is not None else int(market.last or 1)
    return Steps(max(wanted, market.min_steps, -(-market.min_value // max(at - 2, 1)), 1))
