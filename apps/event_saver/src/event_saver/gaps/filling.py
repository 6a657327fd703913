"""Fills a gap: asks the exchange for the whole window, stores it with the gap's end, or nothing.

It knows which question answers for which stream; it refuses to know REST and the database.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from bybit_adapter.normalizer.words import BadElement, Row
from event_saver.codec import Item, time_of
from event_saver.gaps.ledger import as_filled, as_unrecoverable
from event_saver.gaps.plan import Slices, Stretch, reach_of, stretch_of
from event_saver.rows.private import Kind
from event_saver.times import instant, moment
from event_saver.writer.batches import Outcome, Written
from grid_db.records import Gap
from grid_db.words import Stream
from gridcore.clock import Instant
from gridcore.message import message

TOO_OLD = "older than the newest public trades that the exchange serves"
NO_HISTORY = "the exchange keeps no history of this stream"
ANSWERS_MAX = 32
"""How many answers wait for the database; each holds at most 1,000 trades."""


@message
class Listed:
    """An answer. `complete`: nothing is missing; `too_many`: because there is more than a listing
    gives; `text`: why it failed otherwise. `asked_at` is before the question left."""

    rows: Sequence[Row]
    complete: bool
    too_many: bool
    text: str
    asked_at: Instant


class Exchange(Protocol):
    """What the exchange can be asked. Calls block, and fail by value."""

    def recent_trades(self, symbol: str) -> Listed:
        """The newest public trades, newest first. `too_many`: there are older ones."""
        ...

    def executions(self, account_id: str, symbol: str, stretch: Stretch) -> Listed:
        """The executions of a stretch."""
        ...

    def order_history(self, account_id: str, symbol: str, stretch: Stretch) -> Listed:
        """The orders of a stretch that have ended."""
        ...

    def order(self, account_id: str, symbol: str, order_id: str) -> Listed:
        """One order, open or ended."""
        ...

    def state(self, account_id: str, symbol: str, kind: Kind) -> Listed:
        """What is so now: open orders, legs of a position, or (whatever the symbol) the wallet."""
        ...


class StoreAway(RuntimeError):
    """The database does not answer a question; the text says what it said."""


class Store(Protocol):
    """What the database knows, and the way into it. Questions raise StoreAway."""

    def last_before(self, gap: Gap) -> Instant | None:
        """The newest stored exchange time of the gap's stream that is not after its beginning."""
        ...

    def open_orders(self, account_id: str) -> Sequence[tuple[str, str]]:
        """Symbol and id of the orders that are open by what is stored."""
        ...

    def fill(
        self, gap: Gap, items: Sequence[Item], close: Callable[[int], Sequence[Gap]]
    ) -> Outcome:
        """Commit items together with what becomes of the gap, which `close` tells."""
        ...


class Rows(Protocol):
    """Rows of listings as records."""

    def trades(self, symbol: str, listed: Listed) -> Sequence[Item]:
        """Public trades; BadElement when one cannot be read."""
        ...

    def private(self, account_id: str, kind: Kind, listed: Listed) -> Sequence[Item]:
        """Records of an account, without those that its stream has told since."""
        ...

    def committed(self, account_id: str, items: Sequence[Item]) -> None:
        """Records of an account's listings are committed."""
        ...


History = Callable[[str, str, Stretch], Listed]
"""Asks for an account, a symbol and a stretch."""


@message
class Done:
    """The gap is stored as it is from now on: filled, or given up. `parts` of it come besides."""

    gap: Gap
    parts: Sequence[Gap]


@message
class Failed:
    """Nothing was stored; the gap is to be tried again."""

    text: str


@message
class _Answer:
    """The newest public trades as they were asked for a gap; `everything`: there are no older."""

    gap: tuple[str, Instant, Instant]
    trades: Sequence[Item]
    everything: bool


class Filler:
    """Fills gaps one by one. `symbols` of an account are those whose executions are asked for.

    `hindered` says why a gap cannot be stored now, or "". Public trades are asked for all the same
    and kept until they can be stored: the exchange's newest trades do not wait.
    """

    def __init__(
        self,
        exchange: Exchange,
        store: Store,
        rows: Rows,
        *,
        symbols: Callable[[str], Sequence[str]],
        new_id: Callable[[], str],
        hindered: Callable[[Gap], str] = lambda gap: "",
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._rows = rows
        self._symbols = symbols
        self._new_id = new_id
        self._hindered = hindered
        self._answers: deque[_Answer] = deque(maxlen=ANSWERS_MAX)

    def fill(self, gap: Gap) -> Done | Failed:
        """Try once; blocks as long as the exchange and the database take."""
        try:
            return self._fill(gap)
        except StoreAway as error:
            return Failed(text=str(error))

    def hindrance(self, gap: Gap) -> str:
        """Why the gap cannot be stored now; "" when nothing is in the way."""
        return self._hindered(gap)

    def _fill(self, gap: Gap) -> Done | Failed:
        if gap.stream is Stream.TRADES:
            return self._trades(gap)
        hindrance = self._hindered(gap)
        if hindrance:
            return Failed(text=hindrance)
        match gap.stream:
            case Stream.EXECUTIONS | Stream.FUNDING:
                return self._account(gap, Kind.EXECUTION, self._exchange.executions)
            case Stream.ORDERS:
                return self._account(gap, Kind.ORDER, self._exchange.order_history)
            case Stream.POSITIONS:
                return self._account(gap, Kind.POSITION, None)
            case Stream.WALLET:
                return self._account(gap, Kind.WALLET, None)
            case _:
                return self._store_end(gap, (), as_unrecoverable(gap, NO_HISTORY), ())

    def _trades(self, gap: Gap) -> Done | Failed:
        """Public trades: what the newest ones reach is stored, what lies before is given up."""
        answer = self._asked(gap)
        if isinstance(answer, Failed):
            return answer
        hindrance = self._hindered(gap)
        if hindrance:
            return Failed(text=hindrance)
        done = self._trades_of(gap, answer)
        if isinstance(done, Done):
            self._answers.remove(answer)
        return done

    def _asked(self, gap: Gap) -> _Answer | Failed:
        """The answer that is kept for this gap, or a new one."""
        assert gap.symbol is not None, "a gap of public trades is of one symbol"
        key = gap.gap_id, instant(gap.from_ts), instant(gap.to_ts)
        for answer in self._answers:
            if answer.gap == key:
                return answer
        listed = self._exchange.recent_trades(gap.symbol)
        if not listed.complete:
            return Failed(text=listed.text)
        try:
            trades = self._rows.trades(gap.symbol, listed)
        except BadElement as error:
            return Failed(text=f"recent-trade: {error}")
        answer = _Answer(gap=key, trades=trades, everything=not listed.too_many)
        self._answers.append(answer)
        return answer

    def _trades_of(self, gap: Gap, answer: _Answer) -> Done | Failed:
        start, end = instant(gap.from_ts), instant(gap.to_ts)
        last = self._store.last_before(gap)
        wanted = Stretch(start=start if last is None else min(start, last), end=end)
        times = [time_of(trade) for trade in answer.trades]
        reach = reach_of(wanted, min(times, default=None), everything=answer.everything)
        if reach.lost is None:
            return self._filled(gap, answer.trades)
        lost = as_unrecoverable(_cut(gap, reach.lost), TOO_OLD)
        if reach.covered is None:
            return self._store_end(gap, answer.trades, lost, ())
        rest = _cut(gap, reach.covered, gap_id=self._new_id())
        return self._store_end(gap, answer.trades, lost, (rest,))

    def _account(self, gap: Gap, kind: Kind, history: History | None) -> Done | Failed:
        """What is so now, and (where the exchange keeps one) the history of the gap's window."""
        account_id = gap.account_id
        assert account_id is not None, f"a gap of {gap.stream} is of an account"
        answers: list[Listed] = []
        symbols = self._symbols(account_id) if gap.symbol is None else (gap.symbol,)
        start, end = instant(gap.from_ts), instant(gap.to_ts)
        window = stretch_of(start, end, self._store.last_before(gap))
        for symbol in symbols[:1] if kind is Kind.WALLET else symbols:
            if history is not None:
                answers.extend(_history(account_id, symbol, window, history))
            if kind is not Kind.EXECUTION:
                answers.append(self._exchange.state(account_id, symbol, kind))
        if kind is Kind.ORDER:
            answers.extend(self._silent_orders(account_id, symbols, answers))
        items: list[Item] = []
        for listed in answers:
            if not listed.complete:
                return Failed(text=listed.text or "more rows in a millisecond than a listing gives")
            items.extend(self._rows.private(account_id, kind, listed))
        done = self._filled(gap, items)
        if isinstance(done, Done):
            self._rows.committed(account_id, items)
        return done

    def _silent_orders(
        self, account_id: str, symbols: Sequence[str], answers: Sequence[Listed]
    ) -> Iterator[Listed]:
        """Orders that are open by what is stored, and that no answer names: an order of before the
        window may have ended in it, and a history lists orders by their creation."""
        named = {row.get("orderId") for listed in answers for row in listed.rows}
        for symbol, order_id in self._store.open_orders(account_id):
            if symbol in symbols and order_id not in named:
                yield self._exchange.order(account_id, symbol, order_id)

    def _filled(self, gap: Gap, items: Sequence[Item]) -> Done | Failed:
        closed: list[Gap] = []

        def close(new: int) -> Sequence[Gap]:
            closed[:] = [as_filled(gap, new)]
            return closed

        outcome = self._store.fill(gap, items, close)
        if not isinstance(outcome, Written):
            return Failed(text=outcome.text)
        return Done(gap=closed[0], parts=())

    def _store_end(
        self, gap: Gap, items: Sequence[Item], lost: Gap, covered: Sequence[Gap]
    ) -> Done | Failed:
        parts: list[Gap] = []

        def close(new: int) -> Sequence[Gap]:
            parts[:] = [as_filled(part, new) for part in covered]
            return [lost, *parts]

        outcome = self._store.fill(gap, items, close)
        if not isinstance(outcome, Written):
            return Failed(text=outcome.text)
        return Done(gap=lost, parts=tuple(parts))


def _history(account_id: str, symbol: str, window: Stretch, history: History) -> Iterator[Listed]:
    """Every row of a window, slice by slice; what is not complete comes last (L72)."""
    slices = Slices(window)
    while (stretch := slices.next()) is not None:
        listed = history(account_id, symbol, stretch)
        if listed.too_many and not listed.complete and slices.halve():
            continue
        yield listed
        if not listed.complete:
            return
        slices.answered()


def _cut(gap: Gap, stretch: Stretch, gap_id: str | None = None) -> Gap:
    """A part of a gap, under its id or another."""
    return replace(
        gap,
        gap_id=gap.gap_id if gap_id is None else gap_id,
        from_ts=moment(stretch.start),
        to_ts=moment(stretch.end),
    )
