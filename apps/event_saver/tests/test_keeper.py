"""The keeper: every outage becomes a gap, every gap is tried until it ends."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest

from bybit_adapter.ws_client.words import Outage, Reason, Restored
from event_saver.codec import Item, Record
from event_saver.collectors import Down, Ended, Lost, Up
from event_saver.gaps.audit import AuditLimits
from event_saver.gaps.filling import Filler, Listed, StoreAway
from event_saver.gaps.ledger import GapLedger, Key
from event_saver.gaps.plan import Stretch
from event_saver.journal import JournalFailed
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

    def keep(self, items: Sequence[Item]) -> None:
        if self.full:
            raise JournalFailed(28, "No space left on device")
        self.gaps.extend(item for item in items if isinstance(item, Gap))


class Bench:
    def __init__(self) -> None:
        self.world = World()
        self.ended: list[str] = []
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
        self.keeper.hear(Up(account_id="account" if private else None, restored=restored))

    def down(self, *topics: str, since: float = 90, private: bool = False) -> None:
        outage = Outage(
            topics=topics,
            since=at(since),
            noticed_at=self.world.now,
            reason=Reason.PONG_MISSING,
            detail="",
        )
        self.keeper.hear(Down(account_id="account" if private else None, outage=outage))

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


def test_rows_that_had_to_make_room_become_a_gap(bench: Bench) -> None:
    lost = Lost(
        account_id=None,
        stream=Stream.TICKERS,
        symbol="BTCUSDT",
        since=at(90),
        until=at(95),
        reason="the queue was full",
    )

    bench.keeper.hear(lost)
    bench.run()

    assert bench.ends() == [(Stream.TICKERS, GapState.UNRECOVERABLE, "the queue was full")]
    assert bench.keeper.state().given_up == 1


def test_an_audit_finds_an_execution_that_nobody_missed_and_it_is_filled(bench: Bench) -> None:
    bench.world.executions_ = {"e-1": at(300), "e-2": at(301)}
    bench.world.stored = {"e-1"}
    bench.world.now = at(700)

    bench.run()

    assert bench.world.stored == {"e-1", "e-2"}
    assert bench.ends() == [(Stream.EXECUTIONS, GapState.FILLED, AUDITED)]
    assert bench.keeper.state().audits == 1


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
    bench.keeper.hear(Ended(text="authentication: refused"))
    bench.keeper.hear(Ended(text="later"))

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
