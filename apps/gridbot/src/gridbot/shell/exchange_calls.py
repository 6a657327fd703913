"""One request of the session as a call of the exchange, and its answer as an event.

It blocks, so it belongs to the request threads; it refuses to decide whether anything is repeated.
"""

from collections.abc import Callable, Mapping

from bybit_adapter.answers import cancel_answer, place_answer, question_answer
from bybit_adapter.normalizer.rest_rows import RestRows
from bybit_adapter.normalizer.words import DeadLetter
from bybit_adapter.rate_limiter import Lane
from bybit_adapter.rest.order_words import OrderIds, placement_of
from bybit_adapter.rest.words import Answer
from bybit_adapter.rest_client import RestClient
from gridcore.clock import DAY_US, Instant
from gridcore.events import CancelRejected, CashMoved, Event, PlaceRejected
from gridcore.instrument import Instrument
from gridcore.session import codes
from gridcore.session.effects import Approved, AskSnapshot, CancelOrder, Request, SnapshotKind


def lane_of(request: Request) -> Lane:
    """Who goes first: cancels, then reducing orders, then opens, then questions."""
    if isinstance(request, CancelOrder):
        return Lane.CANCEL
    if isinstance(request, AskSnapshot):
        return Lane.QUERY
    return Lane.REDUCE if request.request.reduce_only else Lane.OPEN


def never_left(request: Request, text: str, now: Instant) -> Event | None:
    """What the session is told of a request that was not sent: refused for a passing reason.

    A question gets no answer: the session puts it again.
    """
    if isinstance(request, AskSnapshot):
        return None
    if isinstance(request, CancelOrder):
        return CancelRejected(
            symbol=request.symbol,
            at=now,
            order_id=request.order_id,
            code=codes.RATE_LIMITED,
            text=text,
        )
    order = request.request
    return PlaceRejected(
        symbol=order.symbol, at=now, wire_id=order.wire_id, code=codes.RATE_LIMITED, text=text
    )


class ExchangeCalls:
    """Carries requests out with one account's client. Safe between threads.

    `instruments` are those of the session, `now` is its clock.
    """

    def __init__(
        self,
        rest: RestClient,
        instruments: Mapping[str, Instrument],
        *,
        now: Callable[[], Instant],
        on_dead_letter: Callable[[DeadLetter], None],
    ) -> None:
        self._rest = rest
        self._instruments = instruments
        self._now = now
        self._rows = RestRows(instruments, on_dead_letter)

    def answer(self, request: Request) -> Event | None:
        """The event that a request ends in; None: a question that was not answered."""
        if isinstance(request, Approved):
            order = request.request
            placement = placement_of(order, self._instruments[order.symbol])
            return place_answer(order, self._rest.orders.place(placement), self._now())
        if isinstance(request, CancelOrder):
            ids = OrderIds(
                symbol=request.symbol, order_id=request.order_id, wire_id=request.wire_id
            )
            return cancel_answer(request, self._rest.orders.cancel(ids), self._now())
        if request.symbol is None:
            assert request.kind is SnapshotKind.WALLET, "every other question names a symbol"
            return self._wallet(request.since)
        return self._snapshot(request, request.symbol)

    def _snapshot(self, ask: AskSnapshot, symbol: str) -> Event | None:
        orders, start = self._rest.orders, Instant(self._now() - DAY_US)
        match ask.kind:
            case SnapshotKind.ORDERS:
                listing = orders.open_orders(symbol)
            case SnapshotKind.HISTORY:
                listing = orders.history(start, symbol=symbol)
            case SnapshotKind.EXECUTIONS:
                start = start if ask.since is None else ask.since
                listing = orders.executions(start, symbol=symbol)
            case SnapshotKind.POSITIONS:
                listing = self._rest.account.positions(symbol)
            case SnapshotKind.WALLET:
                return self._wallet(ask.since)
        if listing.failure is not None:
            return question_answer(listing.failure, self._now())
        rows, asked_at, complete = listing.rows, listing.asked_at, listing.complete
        match ask.kind:
            case SnapshotKind.ORDERS:
                return self._rows.orders(symbol, rows, asked_at=asked_at, complete=complete)
            case SnapshotKind.HISTORY:
                return self._rows.history(symbol, rows, asked_at=asked_at, complete=complete)
            case SnapshotKind.EXECUTIONS:
                return self._rows.executions(
                    symbol, rows, asked_at=asked_at, since=start, complete=complete
                )
            case SnapshotKind.POSITIONS:
                return self._rows.positions(symbol, rows, asked_at=asked_at)

    def _wallet(self, since: Instant | None) -> Event | None:
        """The wallet first, so that the movements hold all that it contains."""
        wallet = self._rest.account.wallet()
        if not isinstance(wallet, Answer):
            return question_answer(wallet, self._now())
        movements: list[CashMoved] = []
        if since is not None:
            log = self._rest.account.transaction_log(since)
            if not log.complete:
                return None
            found = self._rows.movements(log.rows, asked_at=log.asked_at)
            movements = [one for one in found if isinstance(one, CashMoved)]
        return self._rows.wallet(
            [wallet.row], asked_at=wallet.asked_at, at=wallet.exchange_at, movements=movements
        )
