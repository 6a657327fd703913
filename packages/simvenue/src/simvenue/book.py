"""The resting orders of one symbol, by side, price and time of acceptance.

It knows prices in ticks and sizes in steps; it refuses to know money, positions and why an order
fills.
"""

from bisect import bisect_left, insort

from gridcore.clock import Instant
from gridcore.instrument import Steps
from gridcore.session.effects import PlaceOrder
from gridcore.sides import BUY, LONG, closes

NO_STEPS = Steps(0)
BEYOND = 1 << 62
"""A price above every price: the best offer of an empty side."""


class RestingOrder:
    """One order of the venue; qty == filled + leaves until it is cancelled.

    `leg`: 0 long, 1 short. `ahead` and `traded` serve the queue model.
    """

    __slots__ = (
        "accepted",
        "ahead",
        "closing",
        "direction",
        "filled",
        "leaves",
        "leg",
        "order_id",
        "price",
        "qty",
        "side",
        "traded",
        "updated_at",
        "wire_id",
    )

    def __init__(
        self, request: PlaceOrder, order_id: str, qty: Steps, accepted: int, at: Instant
    ) -> None:
        self.order_id = order_id
        self.wire_id = request.wire_id
        self.direction = request.direction
        self.side = request.side
        self.price = request.price
        self.qty = qty
        self.leaves = qty
        self.filled = NO_STEPS
        self.leg = 0 if request.direction is LONG else 1
        self.closing = closes(request.direction, request.side)
        self.accepted = accepted
        self.updated_at = at
        self.ahead = 0
        self.traded = 0


class Ladder:
    """One side of the book: ascending prices, and at each its orders, oldest first."""

    __slots__ = ("at", "prices")

    def __init__(self) -> None:
        self.prices: list[int] = []
        self.at: dict[int, list[RestingOrder]] = {}

    def add(self, order: RestingOrder) -> None:
        """Put an order behind those that rest at its price."""
        queue = self.at.get(order.price)
        if queue is None:
            self.at[order.price] = [order]
            insort(self.prices, order.price)
        else:
            queue.append(order)

    def remove(self, order: RestingOrder) -> None:
        """Take a resting order out."""
        price = order.price
        queue = self.at[price]
        if len(queue) == 1:
            del self.at[price]
            del self.prices[bisect_left(self.prices, price)]
        else:
            queue.remove(order)


class Book:
    """Both sides of one symbol, with the sums that margin and coverage need.

    `opening_value` is the sum of price * leaves of the resting opens per leg, in ticks * steps;
    `closing_qty` the sum of leaves of the resting closes per leg.
    """

    __slots__ = ("best_buy", "best_sell", "buys", "closing_qty", "opening_value", "orders", "sells")

    def __init__(self) -> None:
        self.buys = Ladder()
        self.sells = Ladder()
        self.orders: dict[str, RestingOrder] = {}
        self.best_buy = 0
        self.best_sell = BEYOND
        self.opening_value = [0, 0]
        self.closing_qty = [0, 0]

    def add(self, order: RestingOrder) -> None:
        """Let an order rest."""
        self.orders[order.order_id] = order
        if order.side is BUY:
            self.buys.add(order)
            if order.price > self.best_buy:
                self.best_buy = order.price
        else:
            self.sells.add(order)
            if order.price < self.best_sell:
                self.best_sell = order.price
        if order.closing:
            self.closing_qty[order.leg] += order.leaves
        else:
            self.opening_value[order.leg] += order.price * order.leaves

    def reduce(self, order: RestingOrder, qty: int) -> None:
        """Take `qty` off what an order leaves; at nothing left it is gone."""
        if order.closing:
            self.closing_qty[order.leg] -= qty
        else:
            self.opening_value[order.leg] -= order.price * qty
        order.leaves = Steps(order.leaves - qty)
        if order.leaves:
            return
        del self.orders[order.order_id]
        if order.side is BUY:
            self.buys.remove(order)
            prices = self.buys.prices
            self.best_buy = prices[-1] if prices else 0
        else:
            self.sells.remove(order)
            prices = self.sells.prices
            self.best_sell = prices[0] if prices else BEYOND

    def find(self, order_id: str, wire_id: str) -> RestingOrder | None:
        """The order of an exchange id or, when that is "", of a wire id; None when it is gone."""
        if order_id:
            return self.orders.get(order_id)
        for order in self.orders.values():
            if order.wire_id == wire_id:
                return order
        return None

    def closes_of(self, leg: int) -> list[RestingOrder]:
        """The resting closes of a leg, oldest first."""
        return [order for order in self.orders.values() if order.closing and order.leg == leg]
