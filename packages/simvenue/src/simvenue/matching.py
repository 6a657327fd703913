"""When a resting order fills: one small policy object per fill model (F-1 to F-4, 18.1).

It knows the book and one row of the market; it refuses to know money. Fills come best price first,
then in order of acceptance; buys before sells.
"""

from bisect import bisect_left, bisect_right
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from gridcore.events import FillEvidence
from gridcore.instrument import Price, Steps
from gridcore.sides import BUY
from simvenue.book import BEYOND, Book, Ladder, RestingOrder
from simvenue.messages import FillModel, SymbolSpec

CROSSED = FillEvidence.CROSSED
TOUCHED = FillEvidence.TOUCHED
PASSED = FillEvidence.PASSED
BOOK = FillEvidence.BOOK
QUEUE = FillEvidence.QUEUE


Fill = tuple[RestingOrder, Steps, FillEvidence]
"""So many steps of an order fill at its limit price, because of this evidence."""


class Bounds(NamedTuple):
    """A price at or below `low`, or at or above `high`, may fill something or change a model."""

    low: int
    high: int


NEVER = Bounds(0, BEYOND)


class Matching:
    """What every fill model answers; this base never fills anything."""

    __slots__ = ()
    bounds_follow_last = False
    """Whether the bounds depend on the last price, so that leaving them makes new ones."""

    def queue_ahead(self) -> int:
        """Steps that wait in front of a new order at its price."""
        return 0

    def on_trade(
        self, book: Book, previous: Price | None, price: Price, qty: int, side: int
    ) -> list[Fill]:
        """Fills of one trade; `previous` is the last price before it, `side` the taker's."""
        return self.on_last(book, previous, price)

    def on_last(self, book: Book, previous: Price | None, last: Price) -> list[Fill]:
        """Fills of a last price."""
        return []

    def on_quotes(self, book: Book, bid: Price | None, ask: Price | None) -> list[Fill]:
        """Fills of the best bid and ask; a missing quote fills nothing (LS-60)."""
        return []

    def bounds(self, book: Book, last: Price) -> Bounds:
        """Between which last prices nothing happens."""
        return NEVER

    def quote_bounds(self, book: Book) -> Bounds:
        """Above which ask and below which bid nothing happens."""
        return NEVER


class StrictCross(Matching):
    """A buy fills when the last price lies below its limit, a sell when above (F-1)."""

    __slots__ = ()

    def on_last(self, book: Book, previous: Price | None, last: Price) -> list[Fill]:
        """Orders whose limit the last price is strictly beyond."""
        fills: list[Fill] = []
        if book.best_buy > last:
            _take_buys(book.buys, bisect_right(book.buys.prices, last), None, CROSSED, fills)
        if book.best_sell < last:
            _take_sells(book.sells, 0, bisect_left(book.sells.prices, last), CROSSED, fills)
        return fills

    def bounds(self, book: Book, last: Price) -> Bounds:
        """One tick beyond the best prices."""
        return Bounds(max(book.best_buy - 1, 0), book.best_sell + 1)


class Touch(Matching):
    """A buy fills when the last price is at or below its limit, a sell at or above (F-2)."""

    __slots__ = ()

    def on_last(self, book: Book, previous: Price | None, last: Price) -> list[Fill]:
        """Orders whose limit the last price has reached."""
        fills: list[Fill] = []
        if book.best_buy >= last:
            beyond = bisect_right(book.buys.prices, last)
            _take_buys(book.buys, beyond, None, CROSSED, fills)
            _take_buys(book.buys, bisect_left(book.buys.prices, last), beyond, TOUCHED, fills)
        if book.best_sell <= last:
            at = bisect_left(book.sells.prices, last)
            _take_sells(book.sells, 0, at, CROSSED, fills)
            _take_sells(book.sells, at, bisect_right(book.sells.prices, last), TOUCHED, fills)
        return fills

    def bounds(self, book: Book, last: Price) -> Bounds:
        """The best prices themselves."""
        return Bounds(book.best_buy, book.best_sell)


class LastCross(Matching):
    """An order fills when the last price passes its limit from the other side (F-4).

    An equal previous price, an equal new price or a first observation never fires.
    """

    __slots__ = ()
    bounds_follow_last = True

    def on_last(self, book: Book, previous: Price | None, last: Price) -> list[Fill]:
        """Orders between the previous and the last price."""
        fills: list[Fill] = []
        if previous is None:
            return fills
        if last < previous:
            prices = book.buys.prices
            first, end = bisect_left(prices, last), bisect_left(prices, previous)
            _take_buys(book.buys, first, end, PASSED, fills)
        elif last > previous:
            prices = book.sells.prices
            first, end = bisect_right(prices, previous), bisect_right(prices, last)
            _take_sells(book.sells, first, end, PASSED, fills)
        return fills

    def bounds(self, book: Book, last: Price) -> Bounds:
        """The nearest limit on either side: passing it backwards arms the order again."""
        low, high = 0, BEYOND
        prices = book.buys.prices
        at = bisect_left(prices, last)
        if at:
            low = prices[at - 1]
        if at < len(prices):
            high = prices[at] + 1
        prices = book.sells.prices
        at = bisect_right(prices, last)
        if at:
            low = max(low, prices[at - 1] - 1)
        if at < len(prices):
            high = min(high, prices[at])
        return Bounds(low, high)


class BookTouch(Matching):
    """A buy fills when the ask is at or below its limit, a sell when the bid is at or above (F-3).

    Without a quote nothing fills: falling back to the last price made phantom fills (LS-60).
    """

    __slots__ = ()

    def on_quotes(self, book: Book, bid: Price | None, ask: Price | None) -> list[Fill]:
        """Orders that the opposite quote has reached."""
        fills: list[Fill] = []
        if ask is not None and book.best_buy >= ask:
            _take_buys(book.buys, bisect_left(book.buys.prices, ask), None, BOOK, fills)
        if bid is not None and book.best_sell <= bid:
            _take_sells(book.sells, 0, bisect_right(book.sells.prices, bid), BOOK, fills)
        return fills

    def quote_bounds(self, book: Book) -> Bounds:
        """The best prices themselves."""
        return Bounds(book.best_buy, book.best_sell)


class Queue(Matching):
    """An order fills with the volume traded at its price beyond the queue ahead of it (18.1).

    A print strictly through the price fills all of it. Own orders at one price share the volume:
    what an earlier one took is not there for the later one.
    """

    __slots__ = ("ahead",)

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead

    def queue_ahead(self) -> int:
        """The queue that every new order finds."""
        return self.ahead

    def on_trade(
        self, book: Book, previous: Price | None, price: Price, qty: int, side: int
    ) -> list[Fill]:
        """Orders that the trade went through, then those at its price."""
        fills: list[Fill] = []
        if book.best_buy >= price:
            _take_buys(book.buys, bisect_right(book.buys.prices, price), None, CROSSED, fills)
            if side <= 0:
                _work_queue(book.buys, price, qty, fills)
        if book.best_sell <= price:
            _take_sells(book.sells, 0, bisect_left(book.sells.prices, price), CROSSED, fills)
            if side >= 0:
                _work_queue(book.sells, price, qty, fills)
        return fills

    def bounds(self, book: Book, last: Price) -> Bounds:
        """The best prices themselves: every print at or through one counts."""
        return Bounds(book.best_buy, book.best_sell)


def matching_for(model: FillModel, spec: SymbolSpec, queue_ahead_factor: Decimal) -> Matching:
    """The policy of a symbol. A queue without trades reads last prices as last_cross (18.1)."""
    if model is FillModel.STRICT_CROSS:
        return StrictCross()
    if model is FillModel.TOUCH:
        return Touch()
    if model is FillModel.BOOK_TOUCH:
        return BookTouch()
    if model is FillModel.QUEUE and spec.has_trades:
        ahead = queue_ahead_factor * spec.typical_trade
        return Queue(int(ahead.to_integral_value(rounding=ROUND_CEILING)))
    return LastCross()


def crossed_price(
    order: RestingOrder, last: Price | None, bid: Price | None, ask: Price | None
) -> Price | None:
    """The price at which a new order would take: the opposite quote or, without one, the last.

    None when it rests. A limit equal to the last price rests: the last trade may have been on its
    own side of the book.
    """
    price = order.price
    if order.side is BUY:
        if ask is not None:
            return ask if price >= ask else None
        return last if last is not None and price > last else None
    if bid is not None:
        return bid if price <= bid else None
    return last if last is not None and price < last else None


def _take_buys(
    ladder: Ladder, first: int, end: int | None, evidence: FillEvidence, fills: list[Fill]
) -> None:
    for price in reversed(ladder.prices[first:end]):
        for order in ladder.at[price]:
            fills.append((order, order.leaves, evidence))


def _take_sells(
    ladder: Ladder, first: int, end: int, evidence: FillEvidence, fills: list[Fill]
) -> None:
    for price in ladder.prices[first:end]:
        for order in ladder.at[price]:
            fills.append((order, order.leaves, evidence))


def _work_queue(ladder: Ladder, price: Price, qty: int, fills: list[Fill]) -> None:
    if not isinstance(price, int):
        return
    rest = qty
    for order in ladder.at.get(price, ()):
        order.traded += rest
        filled = min(order.leaves, order.traded - order.ahead - order.filled)
        if filled > 0:
            fills.append((order, Steps(filled), QUEUE))
            rest -= filled
