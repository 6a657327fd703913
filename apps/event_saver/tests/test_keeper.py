"""The keeper: every outage becomes a gap, every gap is tried until it ends."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from bybit_adapter.ws_client.words import Outage, Reason, Restored
from event_saver.codec import Item, Record, decode
from event_saver.collectors import Down, Ended, Lost, Up
from event_saver.gaps.audit import AuditLimits
from event_saver.gaps.filling import Filler, Listed, StoreAway
from event_saver.gaps.ledger import GapLedger, Key
from event_saver.gaps.plan import Stretch
from event_saver.journal import Journal, JournalFailed
from event_saver.keeper import AUDITED, BASELINE, STARTING, Account, Keeper
from event_saver.rows.private import Kind
from event_saver.times import instant, moment
from event_saver.writer.batches import Outcome, Written
from grid_db.records import Gap
from grid_db.words import Environment, GapState, Stream
from gridcore.clock import SECOND_US, Instant


def at(second: float) -> Instant:
    return Instant(int((1_800_000_000 + second) * SECOND_US))


@dataclass
class World:
    """Exchange, store and rows in one: executions by id, and whether the exchange answers."""

    now: Instant = field(default_factory=lambda: at(100))
    executions_: dict[str, Instant] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    lasts: dict[Key, Instant] = field(default_factory=dict)
    asked: Instant = field(default_factory=lambda: at(0))
    silent: bool = False
    away: bool = False
    full: bool = False
    gaps: list[Gap] = field(default_factory=list)
    """Every gap row that was stored, in its order."""
    filled: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> Instant:
        return self.now

    def _listed(self, rows: Sequence[dict[str, object]]) -> Listed:
        text = "no answer" if self.silent else ""
        return Listed(
            rows=rows, complete=not self.silent, too_many=False, text=text, asked_at=self.now
        )

    def recent_trades(self, symbol: str) -> Listed:
        return self._listed(())

    def executions(self, account_id: str, symbol: str, stretch: Stretch) -> Listed:
        return self._listed(
            [
                {"execId": one, "execTime": str(when // 1_000), "orderId": one}
                for one, when in self.executions_.items()
                if stretch.start <= when <= stretch.end
            ]
        )

    def order_history(self, account_id: str, symbol: str, stretch: Stretch) -> Listed:
        return self._listed(())

    def order(self, account_id: str, symbol: str, order_id: str) -> Listed:
        return self._listed(())

    def state(self, account_id: str, symbol: str, kind: Kind) -> Listed:
        return self._listed(())

    def recorded_until(self, key: Key, until: Instant) -> Instant | None:
        self._answer()
        return self.lasts.get(key)

    def _answer(self) -> None:
        if self.away:
            raise StoreAway("locked")

    def last_before(self, gap: Gap) -> Instant | None:
        self._answer()
        return None

    def known_executions(self, account_id: str, exec_ids: Sequence[str]) -> frozenset[str]:
        self._answer()
        return frozenset(self.stored.intersection(exec_ids))

    def open_orders(self, account_id: str) -> Sequence[tuple[str, str]]:
        return ()

    def fill(
        self, gap: Gap, items: Sequence[Item], close: Callable[[int], Sequence[Gap]]
    ) -> Outcome:
        self.stored.update(str(item) for item in items)
        self.gaps.extend(close(len(items)))
        self.filled.set()
        return Written(inserted=len(items))

    def trades(self, symbol: str, listed: Listed) -> Sequence[Item]:
        return ()

    def private(self, account_id: str, kind: Kind, listed: Listed) -> Sequence[Item]:
        return [row["orderId"] for row in listed.rows]  # type: ignore[misc]

    def committed(self, account_id: str, items: Sequence[Item]) -> None:
        return

    def keep(self, items: Sequence[Item]) -> None:
        if self.full:
            raise JournalFailed(28, "No space left on device")
        self.gaps.extend(item for item in items if isinstance(item, Gap))


class Bench:
    def __init__(self) -> None:
        self.world = World()
        self.ended: list[str] = []
        self.hindrance = ""
        numbers = count(1)

        def new_id() -> str:
            return f"gap-{next(numbers)}"

        self.keeper = Keeper(
            GapLedger(Environment.SIM, new_id),
            Filler(
                self.world,
                self.world,
                self.world,
                symbols=lambda account_id: ("BTCUSDT",),
                new_id=new_id,
                hindered=lambda gap: self.hindrance,
            ),
            self.world,
            self.world,
            accounts=[Account(account_id="account", symbols=("BTCUSDT",))],
            store_gaps=self.world.keep,
            now=self.world,
            asked_now=lambda: max(self.world.now, self.world.asked),
            on_ended=self.ended.append,
            audits=AuditLimits(interval_us=600 * SECOND_US),
        )

    def up(self, *topics: str, since: float = 90, private: bool = False) -> None:
        restored = Restored(
            topics=topics,
            since=at(since),
            until=self.world.now,
            reason=Reason.PONG_MISSING,
            detail="",
        )
        self.keeper.tell(Up(account_id="account" if private else None, restored=restored))
        self.keeper.turn()

    def down(self, *topics: str, since: float = 90, private: bool = False) -> None:
        outage = Outage(
            topics=topics,
            since=at(since),
            noticed_at=self.world.now,
            reason=Reason.PONG_MISSING,
            detail="",
        )
        self.keeper.tell(Down(account_id="account" if private else None, outage=outage))
        self.keeper.turn()

    def run(self) -> None:
        while self.keeper.turn():
            pass

    def ends(self) -> list[tuple[Stream, GapState, str]]:
        latest = {gap.gap_id: gap for gap in self.world.gaps}
        return [(gap.stream, gap.state, gap.reason) for gap in latest.values()]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_first_start_on_an_empty_database_misses_no_public_trade(bench: Bench) -> None:
    bench.up("publicTrade.BTCUSDT", "tickers.BTCUSDT")
    bench.run()

    assert bench.ends() == []


def test_the_first_start_asks_what_is_so_already_l83(bench: Bench) -> None:
    bench.up("order", "execution", "position", "wallet", private=True)
    bench.run()

    assert bench.ends() == [
        (stream, GapState.FILLED, BASELINE)
        for stream in (Stream.ORDERS, Stream.EXECUTIONS, Stream.POSITIONS, Stream.WALLET)
    ]
    assert bench.keeper.state().filled == 4


def test_a_start_fills_from_the_last_row_of_the_process_before_a45(bench: Bench) -> None:
    key: Key = ("account", Stream.EXECUTIONS, None)
    bench.world.lasts = {key: at(40)}
    bench.world.executions_ = {"e-1": at(50), "e-2": at(99)}

    bench.up("execution", private=True)
    bench.run()

    assert bench.world.stored == {"e-1", "e-2"}
    assert bench.ends() == [(Stream.EXECUTIONS, GapState.FILLED, STARTING)]
    assert instant(bench.world.gaps[0].from_ts) == at(40)


def test_an_outage_is_on_record_while_it_lasts_and_filled_when_it_ends(bench: Bench) -> None:
    bench.up("publicTrade.BTCUSDT")
    bench.down("publicTrade.BTCUSDT", since=95)
    assert bench.ends() == [(Stream.TRADES, GapState.OPEN, "pong missing")]
    bench.run()
    assert bench.keeper.state().open == 1

    bench.world.now = at(200)
    bench.up("publicTrade.BTCUSDT", since=95)
    bench.run()

    assert bench.ends() == [(Stream.TRADES, GapState.FILLED, "pong missing")]
    assert instant(bench.world.gaps[-1].to_ts) == at(200)
    assert bench.keeper.state().open == 0


def test_an_outage_ends_when_the_exchange_says_however_slow_the_clock_is(bench: Bench) -> None:
    bench.up("publicTrade.BTCUSDT")
    bench.world.asked = at(180)

    bench.up("publicTrade.BTCUSDT", since=90)

    assert bench.world.gaps[-1].to_ts == moment(at(180))


def test_an_outage_before_the_first_delivery_is_no_gap_of_its_own(bench: Bench) -> None:
    bench.down("publicTrade.BTCUSDT")
    bench.down("order", private=True)

    assert bench.ends() == []


def test_after_an_outage_orders_positions_and_wallet_are_asked_for_again(bench: Bench) -> None:
    bench.up("order", "position", "wallet", private=True)
    bench.run()
    bench.world.now = at(200)

    bench.up("order", "position", "wallet", private=True, since=150)
    bench.run()

    assert bench.keeper.state().filled == 6


def test_an_exchange_that_is_silent_is_asked_again_until_it_answers(bench: Bench) -> None:
    bench.world.silent = True
    bench.up("execution", private=True)
    bench.run()
    assert bench.keeper.state().failed == 1
    assert bench.world.gaps[-1].last_error == "no answer"
    bench.world.silent = False
    bench.run()
    assert bench.keeper.state().filled == 0

    bench.world.now = at(101)
    bench.run()

    assert bench.keeper.state().filled == 1


def let_go(since: float, until: float) -> Lost:
    return Lost(
        account_id=None,
        stream=Stream.TICKERS,
        symbol="BTCUSDT",
        since=at(since),
        until=at(until),
        reason="the queue was full",
    )


def test_rows_that_had_to_make_room_become_one_gap_however_many_frames_they_came_in(
    bench: Bench,
) -> None:
    for number in range(50):
        bench.keeper.tell(let_go(90 + number / 10, 90 + (number + 1) / 10))
    bench.run()
    assert [gap.state for gap in bench.world.gaps] == [GapState.OPEN]
    assert bench.keeper.state().open == 1

    bench.world.now = at(101)
    bench.run()

    assert bench.ends() == [(Stream.TICKERS, GapState.UNRECOVERABLE, "the queue was full")]
    gap = bench.world.gaps[-1]
    assert (gap.from_ts, gap.to_ts) == (moment(at(90)), moment(at(95)))
    assert (bench.keeper.state().given_up, bench.keeper.state().open) == (1, 0)


def test_rows_that_are_let_go_late_widen_the_gap_on_record(bench: Bench) -> None:
    bench.keeper.tell(let_go(90, 91))
    bench.keeper.tell(let_go(85, 86))

    assert [gap.from_ts for gap in bench.world.gaps] == [moment(at(90)), moment(at(85))]
    assert len({gap.gap_id for gap in bench.world.gaps}) == 1


def test_a_loss_is_on_record_before_anybody_has_heard_of_it(bench: Bench) -> None:
    """The keeper may be killed while it waits for an answer: its inbox dies with it."""
    bench.up("publicTrade.BTCUSDT")
    outage = Outage(
        topics=("publicTrade.BTCUSDT",),
        since=at(95),
        noticed_at=at(100),
        reason=Reason.PONG_MISSING,
        detail="",
    )

    bench.keeper.tell(Down(account_id=None, outage=outage))

    assert bench.ends() == [(Stream.TRADES, GapState.OPEN, "pong missing")]


KILLED = """
import os, sys
from pathlib import Path
from bybit_adapter.ws_client.words import Outage, Reason, Restored
from event_saver.codec import decode, encode
from event_saver.collectors import Down, Up
from event_saver.gaps.audit import AuditLimits
from event_saver.gaps.ledger import GapLedger
from event_saver.journal import Journal
from event_saver.keeper import Keeper
from event_saver.writer.queue import JournalQueue
from grid_db.identity import new_id
from grid_db.words import Environment

queue = JournalQueue(
    Journal(Path(sys.argv[1]), "ledger"), encode=encode, decode=decode, items_max=10
)
asked = exchange = known = None
keeper = Keeper(
    GapLedger(Environment.SIM, new_id), asked, exchange, known,
    accounts=[], store_gaps=queue.put, now=lambda: 1_800_000_100_000_000,
    asked_now=lambda: 1_800_000_100_000_000, on_ended=print, audits=AuditLimits(),
)
words = {"topics": ("publicTrade.BTCUSDT",), "reason": Reason.CLOSED, "detail": ""}
first = Restored(since=1_800_000_000_000_000, until=1_800_000_001_000_000, **words)
outage = Outage(since=1_800_000_050_000_000, noticed_at=1_800_000_051_000_000, **words)
again = Restored(since=1_800_000_050_000_000, until=1_800_000_060_000_000, **words)
keeper.tell(Up(account_id=None, restored=first))
keeper.tell(Down(account_id=None, outage=outage))
keeper.tell(Up(account_id=None, restored=again))
os.kill(os.getpid(), 9)
"""
"""A process that dies after a stream was lost and is back, while the keeper is busy elsewhere."""


def test_an_outage_of_which_a_killed_keeper_never_heard_is_filled_by_the_next_process(
    bench: Bench, tmp_path: Path
) -> None:
    """Its own rows of after the outage are stored, so no start could tell that it is missing."""
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert ended.returncode == -9
    journal = Journal(tmp_path, "ledger")
    entries, _ = journal.read(journal.first, 10)
    journal.close()
    left = [decode(entry) for entry in entries]
    bench.world.lasts = {(None, Stream.TRADES, "BTCUSDT"): at(99)}
    bench.world.now = at(200)

    bench.keeper.take_over([gap for gap in left if isinstance(gap, Gap)])
    bench.run()

    (filled,) = bench.world.gaps
    assert (filled.state, filled.reason) == (GapState.FILLED, "closed")
    assert (filled.from_ts, filled.to_ts) == (moment(at(50)), moment(at(200)))


def test_news_that_wait_are_heard_in_their_order_and_a_stream_that_is_down_again_stays_down(
    bench: Bench,
) -> None:
    bench.up("publicTrade.BTCUSDT")
    news = [Down, Up, Down]
    for number, kind in enumerate(news):
        since = at(100 + 10 * number)
        bench.world.now = at(105 + 10 * number)
        if kind is Down:
            outage = Outage(
                topics=("publicTrade.BTCUSDT",),
                since=since,
                noticed_at=since,
                reason=Reason.CLOSED,
                detail="",
            )
            bench.keeper.tell(Down(account_id=None, outage=outage))
        else:
            restored = Restored(
                topics=("publicTrade.BTCUSDT",),
                since=at(100),
                until=since,
                reason=Reason.CLOSED,
                detail="",
            )
            bench.keeper.tell(Up(account_id=None, restored=restored))

    bench.run()

    states = {gap.from_ts: gap.state for gap in bench.world.gaps}
    assert states == {moment(at(100)): GapState.FILLED, moment(at(120)): GapState.OPEN}
    assert bench.keeper.state().open == 1


def test_what_a_start_misses_is_on_record_before_its_streams_deliver(bench: Bench) -> None:
    """Rows of this process would hide it from the next, if this one died before it heard."""
    key: Key = (None, Stream.TRADES, "BTCUSDT")
    bench.world.lasts = {key: at(40)}

    bench.keeper.take_over([], [key])

    (gap,) = bench.world.gaps
    assert (gap.from_ts, gap.state, gap.next_attempt_at) == (moment(at(40)), GapState.OPEN, None)


def test_an_audit_finds_an_execution_that_nobody_missed_and_it_is_filled(bench: Bench) -> None:
    bench.world.executions_ = {"e-1": at(300), "e-2": at(301)}
    bench.world.stored = {"e-1"}
    bench.world.now = at(700)
    bench.run()
    assert bench.ends() == []

    bench.world.now = at(760)
    bench.run()

    assert bench.world.stored == {"e-1", "e-2"}
    assert bench.ends() == [(Stream.EXECUTIONS, GapState.FILLED, AUDITED)]
    assert bench.keeper.state().audits == 1


def test_an_execution_that_was_on_its_way_when_the_audit_looked_is_not_missing(
    bench: Bench,
) -> None:
    """In a market that runs faster than the clock, ten seconds are no time for a batch."""
    bench.world.executions_ = {"e-1": at(300)}
    bench.world.now = at(700)
    bench.run()
    bench.world.executions_["e-2"] = at(755)
    bench.world.stored = {"e-1"}

    bench.world.now = at(760)
    bench.run()

    assert (bench.ends(), bench.keeper.state().audits) == ([], 1)


def test_an_audit_takes_what_waits_for_the_database_for_missing_no_longer_than_it_waits(
    bench: Bench,
) -> None:
    bench.world.executions_ = {"e-1": at(300)}
    bench.hindrance = "the database is away"
    bench.world.now = at(700)
    bench.run()
    bench.world.now = at(760)
    bench.run()
    assert (bench.ends(), bench.keeper.state().audits) == ([], 0)
    bench.hindrance = ""
    bench.world.stored = {"e-1"}

    bench.world.now = at(820)
    bench.run()

    assert (bench.ends(), bench.keeper.state().audits) == ([], 1)


def test_a_database_that_is_away_at_the_start_postpones_the_gap_and_never_forgets_it(
    bench: Bench,
) -> None:
    bench.world.lasts = {("account", Stream.EXECUTIONS, None): at(40)}
    bench.world.away = True
    bench.up("execution", private=True)
    bench.run()
    assert bench.world.gaps == []
    bench.world.now = at(101)
    bench.run()
    bench.world.away = False

    bench.world.now = at(102)
    bench.run()

    assert bench.ends() == [(Stream.EXECUTIONS, GapState.FILLED, STARTING)]
    first = bench.world.gaps[0]
    assert (instant(first.from_ts), instant(first.to_ts)) == (at(40), at(100))


def test_a_database_that_is_away_leaves_gaps_open_and_audits_unfinished(bench: Bench) -> None:
    bench.up("execution", private=True)
    bench.world.away = True

    bench.world.now = at(700)
    bench.run()

    assert bench.world.gaps[-1].last_error == "locked"
    assert (bench.keeper.state().open, bench.keeper.state().audits) == (1, 0)


def test_an_audit_that_gets_no_answer_is_repeated(bench: Bench) -> None:
    bench.world.silent = True
    bench.world.now = at(700)
    bench.run()
    assert bench.keeper.state().audits == 0
    bench.world.silent = False

    bench.world.now = at(760)
    bench.run()

    assert bench.keeper.state().audits == 1


def test_rows_of_this_process_do_not_hide_what_is_missing_before_them(bench: Bench) -> None:
    key = (None, Stream.TRADES, "BTCUSDT")
    bench.world.lasts = {key: at(40)}
    bench.keeper.take_over([], [key])
    bench.world.lasts = {key: at(99)}

    bench.up("publicTrade.BTCUSDT")

    assert bench.world.gaps[-1].from_ts == moment(at(40))


def test_gaps_of_a_former_process_are_filled(bench: Bench, records: dict[str, Record]) -> None:
    gap = records["Gap"]
    assert isinstance(gap, Gap)

    bench.keeper.take_over([gap])
    bench.run()

    assert bench.ends() == [(Stream.TRADES, GapState.FILLED, "pong missing")]


def test_a_fatal_end_is_told_and_kept(bench: Bench) -> None:
    bench.keeper.tell(Ended(text="authentication: refused"))
    bench.keeper.tell(Ended(text="later"))

    bench.run()

    assert bench.ended == ["authentication: refused", "later"]
    assert bench.keeper.state().ended == "authentication: refused"


def test_topics_that_mean_nothing_open_no_gap(bench: Bench) -> None:
    bench.up("kline.5.BTCUSDT")
    bench.up("greeks", private=True)

    assert bench.ends() == []


def test_the_thread_hears_fills_and_ends(bench: Bench) -> None:
    bench.keeper.start()
    restored = Restored(
        topics=("wallet",), since=at(90), until=at(100), reason=Reason.STARTING, detail=""
    )

    bench.keeper.tell(Up(account_id="account", restored=restored))

    assert bench.world.filled.wait(60)
    assert bench.keeper.alive
    bench.keeper.close(60)
    assert bench.keeper.state().filled == 1


def test_a_journal_that_takes_no_gap_rows_stops_no_filling(bench: Bench) -> None:
    bench.world.full = True

    bench.up("wallet", private=True)
    bench.run()

    assert bench.ends() == [(Stream.WALLET, GapState.FILLED, BASELINE)]
    assert bench.keeper.state().failed == 1


def test_a_keeper_that_was_not_started_can_be_closed(bench: Bench) -> None:
    bench.keeper.close(1)
    assert not bench.keeper.alive
