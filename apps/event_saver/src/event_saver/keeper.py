"""Keeps the gap ledger: outages open gaps, gaps are filled, audits find what nobody noticed.

What a stream loses is on record before anything else; the rest is done by one thread, one thing
after another, which blocks on REST and the database, and nobody on it.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol

from bybit_adapter.normalizer.numbers import moment as exchange_moment
from event_saver.codec import Item
from event_saver.collectors import Down, Ended, Lost, News, Up
from event_saver.gaps.audit import Audit, AuditLimits, missing
from event_saver.gaps.filling import Done, Exchange, Failed, Filler, StoreAway
from event_saver.gaps.ledger import GapLedger, Key
from event_saver.gaps.losses import Losses
from event_saver.gaps.plan import Stretch
from event_saver.journal import JournalFailed
from grid_db.records import Gap
from grid_db.words import GapState, Stream
from gridcore.clock import SECOND_US, Instant
from gridcore.message import message

STARTING = "start-up since the last row"
BASELINE = "what was so at start-up"
AUDITED = "found by the audit"
WAIT_US_MAX = SECOND_US
_PRIVATE = {
    "order": Stream.ORDERS,
    "execution": Stream.EXECUTIONS,
    "position": Stream.POSITIONS,
    "wallet": Stream.WALLET,
}
_PUBLIC = {"publicTrade": Stream.TRADES, "tickers": Stream.TICKERS}


class Known(Protocol):
    """What is stored; StoreAway when nobody can say."""

    def recorded_until(self, key: Key, until: Instant) -> Instant | None:
        """How far a stream was recorded by former processes; None: it never was."""
        ...

    def known_executions(self, account_id: str, exec_ids: Sequence[str]) -> frozenset[str]:
        """Which of these ids are stored."""
        ...


@message
class KeeperState:
    """The keeper at one moment: open gaps, what was filled or given up since the start, audits,
    and the text of a fatal end, if there was one."""

    open: int
    filled: int
    given_up: int
    failed: int
    audits: int
    ended: str


@message
class Account:
    """An account that is audited: its symbols."""

    account_id: str
    symbols: tuple[str, ...]


_Heard = tuple[News, Sequence[Gap]]
"""News, and the rows that were put on record when it was told."""


class Keeper:
    """Takes news from any thread; everything else happens in its own.

    `store_gaps` makes gap rows durable, from any thread; `now` is the exchange's time as known,
    `asked_now` the same after asking the exchange. `on_ended` hears that recording has ended.
    """

    def __init__(
        self,
        ledger: GapLedger,
        filler: Filler,
        exchange: Exchange,
        known: Known,
        *,
        accounts: Iterable[Account],
        store_gaps: Callable[[Sequence[Item]], None],
        now: Callable[[], Instant],
        asked_now: Callable[[], Instant],
        on_ended: Callable[[str], None],
        audits: AuditLimits,
    ) -> None:
        self._ledger = ledger
        self._filler = filler
        self._exchange = exchange
        self._known = known
        self._accounts = {account.account_id: account for account in accounts}
        self._audits = {account_id: Audit(now(), audits) for account_id in self._accounts}
        self._store_gaps = store_gaps
        self._now = now
        self._asked_now = asked_now
        self._on_ended = on_ended
        self._telling = threading.Lock()
        self._inbox: SimpleQueue[_Heard | None] = SimpleQueue()
        self._losses = Losses(ledger.row, self._keep)
        """What was told; `_up` are the streams that deliver by what was heard."""
        self._up: set[Key] = set()
        self._lasts: dict[Key, Instant | None] = {}
        self._unanswered: list[tuple[Key, Instant]] = []
        """Streams that deliver for the first time, and since when; how far they were recorded
        before is not known yet, since the database was away."""
        self._ask_again_at = Instant(0)
        self._filled = self._given_up = self._failed = 0
        self._ended = ""
        self._stopping = False
        self._thread: threading.Thread | None = None

    def tell(self, news: News) -> None:
        """Hear of something, from any thread.

        What is lost is on record when this returns: a killed process does not forget it.
        """
        with self._telling:
            gaps = self._recorded(news)
            if not isinstance(news, Lost):
                # There is one of these for every frame while a queue is full.
                self._inbox.put((news, gaps))

    def take_over(self, gaps: Iterable[Gap], keys: Iterable[Key] = ()) -> None:
        """Take over the open gaps of former processes, before the start.

        How far the streams of `keys` were recorded is asked now, and what they miss since then is
        on record before they deliver: later there are rows of this process, which say nothing
        about what came before them.
        """
        now = self._now()
        self._ledger.take_over(gaps, now)
        for key in keys:
            with suppress(StoreAway):
                last = self._lasts[key] = self._known.recorded_until(key, now)
                if last is not None:
                    self._keep(self._ledger.lost(key, last, now, STARTING))

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="gap-keeper", daemon=True)
        self._thread.start()

    def close(self, patience_s: float) -> None:
        """End; a gap in hand that is not filled in time stays open."""
        self._inbox.put(None)
        if self._thread is not None:
            self._thread.join(patience_s)

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def state(self) -> KeeperState:
        """The keeper now."""
        return KeeperState(
            open=len(self._ledger) + len(self._losses),
            filled=self._filled,
            given_up=self._given_up,
            failed=self._failed,
            audits=sum(audit.passed for audit in self._audits.values()),
            ended=self._ended,
        )

    def turn(self) -> bool:
        """Hear the next piece of news, or do what is due; False when there is neither."""
        if not self._inbox.empty():
            self._take(self._inbox.get())
            return True
        now = self._now()
        if self._unanswered and now >= self._ask_again_at:
            waiting, self._unanswered = self._unanswered, []
            for key, until in waiting:
                self._begin(key, until)
            return True
        self._end_letting_go()
        gap = self._ledger.due(now)
        if gap is not None:
            self._try(gap)
            return True
        for account_id, audit in self._audits.items():
            window = audit.due(now)
            if window is not None:
                self._audit(self._accounts[account_id], audit)
                return True
        return False

    # -- inside ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            if not self.turn():
                with suppress(Empty):
                    self._take(self._inbox.get(timeout=self._patience_s()))

    def _recorded(self, news: News) -> Sequence[Gap]:
        """Put what is lost on record, on the thread that tells; the gaps to look after."""
        now = self._now()
        match news:
            case Down():
                keys = keys_of(news.account_id, news.outage.topics)
                return self._losses.down(keys, news.outage.since, now, news.outage.reason.value)
            case Up():
                self._losses.up(keys_of(news.account_id, news.restored.topics))
            case Lost():
                key = (news.account_id, news.stream, news.symbol)
                self._losses.let_go(key, news.since, news.until, now, news.reason)
        return ()

    def _take(self, heard: _Heard | None) -> None:
        """Take a piece of news, or None: the end."""
        if heard is None:
            self._stopping = True
            return
        news, rows = heard
        for gap in rows:
            self._ledger.adopt(gap)
        match news:
            case Up():
                # A clock that is slow must not end a gap before its stream was back.
                until = max(self._asked_now(), news.restored.until)
                for key in keys_of(news.account_id, news.restored.topics):
                    self._restored(key, news, until)
            case Ended():
                self._ended = self._ended or news.text
                self._on_ended(news.text)

    def _patience_s(self) -> float:
        """How long nothing is due."""
        deadlines = [audit.next_deadline() for audit in self._audits.values()]
        gap = self._ledger.next_deadline()
        if gap is not None:
            deadlines.append(gap)
        if self._unanswered:
            deadlines.append(self._ask_again_at)
        if not deadlines:
            return WAIT_US_MAX / SECOND_US
        return max(0, min(min(deadlines) - self._now(), WAIT_US_MAX)) / SECOND_US

    def _end_letting_go(self) -> None:
        with self._telling:
            quiet = self._losses.quiet(self._now())
        for gap in quiet:
            self._ledger.adopt(gap)
            self._keep(gap)

    def _restored(self, key: Key, up: Up, until: Instant) -> None:
        restored = up.restored
        if key in self._up:
            self._back(key, restored.since, until, restored.reason.value)
            return
        self._up.add(key)
        self._begin(key, until)

    def _begin(self, key: Key, until: Instant) -> None:
        """A stream delivers for the first time: what it missed since it was recorded last."""
        try:
            if key in self._lasts:
                last = self._lasts.pop(key)
            else:
                last = self._known.recorded_until(key, until)
        except StoreAway:
            self._unanswered.append((key, until))
            self._ask_again_at = Instant(self._now() + WAIT_US_MAX)
            return
        if last is not None:
            self._back(key, last, until, STARTING)
        elif key[0] is not None:
            # Streams tell changes only: what is so already has to be asked for (L83).
            self._keep(self._ledger.missed(key, until, until, until, BASELINE))

    def _back(self, key: Key, since: Instant, until: Instant, reason: str) -> None:
        for gap in self._ledger.back(key, since, until, reason):
            self._keep(gap)

    def _keep(self, gap: Gap) -> None:
        """Make a row durable; where that fails, the gap is in memory and filled all the same."""
        try:
            self._store_gaps([gap])
        except JournalFailed:
            self._failed += 1

    def _try(self, gap: Gap) -> None:
        match self._filler.fill(gap):
            case Done() as done:
                self._ledger.closed(gap)
                given_up = sum(
                    part.state is GapState.UNRECOVERABLE for part in (done.gap, *done.parts)
                )
                self._given_up += given_up
                self._filled += 1 + len(done.parts) - given_up
            case Failed() as failed:
                self._failed += 1
                self._keep(self._ledger.failed(gap, failed.text, self._now()))

    def _audit(self, account: Account, audit: Audit) -> None:
        """Compare what the exchange lists with what is stored."""
        try:
            complete = self._compared(account, audit)
        except StoreAway:
            complete = False
        if not complete:
            audit.failed(self._now())

    def _compared(self, account: Account, audit: Audit) -> bool:
        """Whether the whole window was compared, or is to be looked at again."""
        window = audit.due(self._now())
        assert window is not None
        gone: dict[str, Stretch] = {}
        for symbol in account.symbols:
            listed = self._exchange.executions(account.account_id, symbol, window)
            if not listed.complete and not listed.too_many:
                return False
            times = {
                str(row.get("execId")): exchange_moment(row.get("execTime")) or window.end
                for row in listed.rows
            }
            stretch = missing(times, self._known.known_executions(account.account_id, list(times)))
            if stretch is not None:
                gone[symbol] = stretch
        now = self._now()
        if gone and not audit.is_second_look:
            audit.wanting(window, now)
            return True
        for symbol, stretch in gone.items():
            key = (account.account_id, Stream.EXECUTIONS, symbol)
            if self._filler.hindrance(self._ledger.row(key, stretch.start, now, AUDITED)):
                return False  # what waits for the database is not missing
            self._keep(self._ledger.missed(key, stretch.start, stretch.end, now, AUDITED))
        audit.done(window, now)
        return True


def keys_of(account_id: str | None, topics: Iterable[str]) -> list[Key]:
    """The streams of an account's topics: "order", "order.linear"; or public "tickers.BTCUSDT"."""
    found: list[Key] = []
    for topic in topics:
        head, _, rest = topic.partition(".")
        if account_id is None and head in _PUBLIC:
            found.append((None, _PUBLIC[head], rest))
        elif account_id is not None and head in _PRIVATE:
            found.append((account_id, _PRIVATE[head], None))
    return found
