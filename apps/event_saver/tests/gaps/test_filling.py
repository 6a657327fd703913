"""A gap is filled whole or not at all, and what nobody serves any more is given up in the open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import pytest

from bybit_adapter.normalizer.words import BadElement
from event_saver.codec import Item, Record
from event_saver.gaps.filling import ANSWERS_MAX, NO_HISTORY, TOO_OLD, Done, Failed, Filler, Listed
from event_saver.gaps.plan import Stretch
from event_saver.rows.private import Kind
from event_saver.times import instant, moment
from event_saver.writer.batches import Away, Outcome, Written
from grid_db.records import Gap, PublicTrade
from grid_db.words import Environment, GapState, Stream
from gridcore.clock import DAY_US, SECOND_US, Instant


def at(second: float) -> Instant:
    return Instant(int((1_800_000_000 + second) * SECOND_US))


def gap(stream: Stream, start: float = 10, end: float = 20, symbol: str | None = None) -> Gap:
    private = stream not in (Stream.TRADES, Stream.TICKERS)
    return Gap(
        gap_id="gap",
        environment=Environment.SIM,
        account_id="account" if private else None,
        stream=stream,
        symbol="BTCUSDT" if not private else symbol,
        from_ts=moment(at(start)),
        to_ts=moment(at(end)),
        reason="closed",
    )


def answer(*rows: dict[str, object], too_many: bool = False, text: str = "") -> Listed:
    complete = not text and not too_many
    return Listed(rows=rows, complete=complete, too_many=too_many, text=text, asked_at=at(30))


@dataclass
class FakeExchange:
    """Executions and orders by their times; a listing gives at most `page_max` of them."""

    times: list[Instant] = field(default_factory=list)
    trades: Listed = field(default_factory=answer)
    page_max: int = 1_000
    fails: str = ""
    asked: list[Stretch] = field(default_factory=list)
    asked_trades: int = 0
    named: list[str] = field(default_factory=list)
    states: list[tuple[str, Kind]] = field(default_factory=list)

    def recent_trades(self, symbol: str) -> Listed:
        self.asked_trades += 1
        return self.trades

    def executions(self, account_id: str, symbol: str, stretch: Stretch) -> Listed:
        self.asked.append(stretch)
        if self.fails:
            return answer(text=self.fails)
        found = [one for one in self.times if stretch.start <= one <= stretch.end]
        rows = [{"orderId": f"{symbol}-{one}", "at": one} for one in found[: self.page_max]]
        return answer(*rows, too_many=len(found) > self.page_max)

    def order_history(self, account_id: str, symbol: str, stretch: Stretch) -> Listed:
        return self.executions(account_id, symbol, stretch)

    def order(self, account_id: str, symbol: str, order_id: str) -> Listed:
        self.named.append(order_id)
        return answer({"orderId": order_id})

    def state(self, account_id: str, symbol: str, kind: Kind) -> Listed:
        self.states.append((symbol, kind))
        return answer(text=self.fails) if self.fails else answer({"orderId": f"open-{symbol}"})


@dataclass
class FakeStore:
    """Takes everything, unless it is away; says of every item that it is new."""

    last: Instant | None = None
    open: Sequence[tuple[str, str]] = ()
    away: bool = False
    stored: list[object] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def last_before(self, gap: Gap) -> Instant | None:
        return self.last

    def open_orders(self, account_id: str) -> Sequence[tuple[str, str]]:
        return self.open

    def fill(
        self, gap: Gap, items: Sequence[Item], close: Callable[[int], Sequence[Gap]]
    ) -> Outcome:
        if self.away:
            return Away(text="locked")
        self.stored.extend(items)
        self.gaps.extend(close(len(items)))
        return Written(inserted=len(items))


class FakeRows:
    """Rows stay what they are; trades are dated copies of one."""

    def __init__(self, records: dict[str, Record]) -> None:
        trade = records["PublicTrade"]
        assert isinstance(trade, PublicTrade)
        self.trade = trade
        self.told: list[Item] = []

    def trades(self, symbol: str, listed: Listed) -> Sequence[Item]:
        if any("bad" in row for row in listed.rows):
            raise BadElement("price: expected a number, found none")
        times = [Instant(int(str(row["at"]))) for row in listed.rows]
        return [replace(self.trade, exchange_ts=moment(one)) for one in times]

    def private(self, account_id: str, kind: Kind, listed: Listed) -> Sequence[Item]:
        return [row["orderId"] for row in listed.rows]  # type: ignore[misc]

    def committed(self, account_id: str, items: Sequence[Item]) -> None:
        self.told.extend(items)


class Bench:
    def __init__(self, records: dict[str, Record]) -> None:
        self.exchange = FakeExchange()
        self.store = FakeStore()
        self.hindrance = ""
        self.rows = FakeRows(records)
        numbers = count(1)
        self.filler = Filler(
            self.exchange,
            self.store,
            self.rows,
            symbols=lambda account_id: ("BTCUSDT", "ETHUSDT"),
            new_id=lambda: f"part-{next(numbers)}",
            hindered=lambda gap: self.hindrance,
        )

    def fill(self, one: Gap) -> Done:
        found = self.filler.fill(one)
        assert isinstance(found, Done)
        return found

    def fail(self, one: Gap) -> str:
        found = self.filler.fill(one)
        assert isinstance(found, Failed)
        assert self.store.stored == []
        assert self.store.gaps == []
        return found.text


@pytest.fixture
def bench(records: dict[str, Record]) -> Bench:
    return Bench(records)


def test_executions_of_the_whole_window_and_of_every_symbol_are_stored(bench: Bench) -> None:
    bench.exchange.times = [at(0.5), at(15), at(29.5), at(31)]

    done = bench.fill(gap(Stream.EXECUTIONS))

    assert len(bench.store.stored) == 6
    assert bench.store.gaps == [done.gap]
    assert (done.gap.state, done.gap.rows_filled) == (GapState.FILLED, 6)


def test_what_a_listing_brought_counts_as_told_once_it_is_stored(bench: Bench) -> None:
    """Not before: a second attempt would be empty, and the gap be filled with nothing (L72)."""
    bench.exchange.times = [at(15)]
    bench.store.away = True
    bench.fail(gap(Stream.ORDERS))
    assert bench.rows.told == []

    bench.store.away = False
    bench.fill(gap(Stream.ORDERS))

    assert bench.rows.told == bench.store.stored != []


def test_a_gap_of_one_symbol_asks_for_no_other(bench: Bench) -> None:
    bench.exchange.times = [at(15)]

    bench.fill(gap(Stream.EXECUTIONS, symbol="ETHUSDT"))

    assert bench.store.stored == [f"ETHUSDT-{at(15)}"]


def test_the_window_begins_with_the_last_row_before_the_gap_l73(bench: Bench) -> None:
    bench.store.last = at(2)

    bench.fill(gap(Stream.EXECUTIONS))

    assert bench.exchange.asked[0].start == at(-8)


def test_twelve_thousand_executions_are_read_in_ever_smaller_slices_a42(bench: Bench) -> None:
    bench.exchange.times = [at(second / 10) for second in range(100, 12_100)]

    done = bench.fill(gap(Stream.EXECUTIONS, 10, 1_810))

    assert done.gap.rows_filled == 2 * 12_000


def test_more_executions_in_a_millisecond_than_a_listing_gives_leave_the_gap_open(
    bench: Bench,
) -> None:
    bench.exchange.times = [at(15)] * 3
    bench.exchange.page_max = 2

    assert bench.fail(gap(Stream.EXECUTIONS)) == "more rows in a millisecond than a listing gives"


def test_an_outage_of_more_than_a_week_is_asked_for_in_slices_a43(bench: Bench) -> None:
    bench.fill(gap(Stream.EXECUTIONS, 0, 15 * 86_400, symbol="BTCUSDT"))

    assert len(bench.exchange.asked) == 3
    assert all(one.end - one.start < 7 * DAY_US for one in bench.exchange.asked)


@pytest.mark.parametrize(
    "stream", [Stream.EXECUTIONS, Stream.ORDERS, Stream.POSITIONS, Stream.WALLET]
)
def test_an_exchange_that_fails_in_between_leaves_the_gap_as_it_was_l72(
    bench: Bench, stream: Stream
) -> None:
    bench.exchange.fails = "no answer within 10 s"

    assert bench.fail(gap(stream)) == "no answer within 10 s"


def test_a_database_that_is_away_leaves_the_gap_as_it_was(bench: Bench) -> None:
    bench.store.away = True

    assert bench.fail(gap(Stream.EXECUTIONS)) == "locked"
    assert bench.fail(gap(Stream.TICKERS)) == "locked"


def test_orders_are_asked_for_by_history_by_state_and_by_name_where_neither_tells(
    bench: Bench,
) -> None:
    bench.exchange.times = [at(15)]
    ended = f"BTCUSDT-{at(15)}"
    bench.store.open = [
        ("BTCUSDT", "silent"),
        ("BTCUSDT", ended),
        ("ETHUSDT", "open-ETHUSDT"),
        ("XRPUSDT", "not ours"),
    ]

    bench.fill(gap(Stream.ORDERS))

    assert bench.exchange.named == ["silent"]
    assert bench.store.stored == [
        ended,
        "open-BTCUSDT",
        f"ETHUSDT-{at(15)}",
        "open-ETHUSDT",
        "silent",
    ]


def test_positions_are_asked_for_by_symbol_and_the_wallet_once(bench: Bench) -> None:
    bench.fill(gap(Stream.POSITIONS))
    bench.fill(gap(Stream.WALLET))

    assert bench.exchange.states == [
        ("BTCUSDT", Kind.POSITION),
        ("ETHUSDT", Kind.POSITION),
        ("BTCUSDT", Kind.WALLET),
    ]


def test_public_trades_that_reach_back_far_enough_fill_the_gap(bench: Bench) -> None:
    bench.exchange.trades = replace(answer({"at": at(9)}, {"at": at(15)}), too_many=True)

    done = bench.fill(gap(Stream.TRADES))

    assert (done.gap.state, done.gap.rows_filled, done.parts) == (GapState.FILLED, 2, ())


def test_public_trades_out_of_reach_are_given_up_and_the_rest_is_filled_l74(bench: Bench) -> None:
    bench.exchange.trades = replace(answer({"at": at(15)}, {"at": at(18)}), too_many=True)

    done = bench.fill(gap(Stream.TRADES))

    (part,) = done.parts
    assert bench.store.gaps == [done.gap, part]
    assert (done.gap.gap_id, done.gap.state) == ("gap", GapState.UNRECOVERABLE)
    assert done.gap.last_error == TOO_OLD
    assert (instant(done.gap.from_ts), instant(done.gap.to_ts)) == (at(10), at(15))
    assert (part.gap_id, part.state, part.rows_filled) == ("part-1", GapState.FILLED, 2)
    assert (instant(part.from_ts), instant(part.to_ts)) == (at(15) + 1, at(20))


def test_public_trades_wholly_out_of_reach_are_given_up_and_never_forgotten_l74(
    bench: Bench,
) -> None:
    bench.exchange.trades = replace(answer({"at": at(25)}), too_many=True)

    done = bench.fill(gap(Stream.TRADES))

    assert done.gap.state is GapState.UNRECOVERABLE
    assert (instant(done.gap.from_ts), instant(done.gap.to_ts)) == (at(10), at(20))
    assert done.parts == ()


def test_trades_missing_before_the_outage_was_noticed_are_part_of_what_is_lost_l73(
    bench: Bench,
) -> None:
    bench.store.last = at(4)
    bench.exchange.trades = replace(answer({"at": at(25)}), too_many=True)

    done = bench.fill(gap(Stream.TRADES))

    assert instant(done.gap.from_ts) == at(4)


def test_trades_that_could_not_be_asked_for_or_read_leave_the_gap_open(bench: Bench) -> None:
    bench.exchange.trades = answer(text="no answer")
    assert bench.fail(gap(Stream.TRADES)) == "no answer"

    bench.exchange.trades = answer({"bad": 1})
    assert bench.fail(gap(Stream.TRADES)) == "recent-trade: price: expected a number, found none"


def test_tickers_have_no_history_and_their_gap_is_on_record(bench: Bench) -> None:
    done = bench.fill(gap(Stream.TICKERS))

    assert (done.gap.state, done.gap.last_error) == (GapState.UNRECOVERABLE, NO_HISTORY)


def trades(*seconds: float) -> Listed:
    rows: list[dict[str, object]] = [{"at": at(one)} for one in seconds]
    return replace(answer(*rows), complete=True, too_many=True)


def test_trades_are_asked_for_while_they_can_be_had_and_stored_when_they_can_be_l74(
    bench: Bench,
) -> None:
    """A database that is away for two minutes costs none of what its outages hid."""
    bench.exchange.trades = trades(21, 15, 9)
    bench.hindrance = "the database is away"
    assert bench.fail(gap(Stream.TRADES)) == "the database is away"
    bench.exchange.trades = trades(199, 198)
    bench.hindrance = ""
    bench.store.away = True
    assert bench.fail(gap(Stream.TRADES)) == "locked"
    bench.store.away = False

    done = bench.fill(gap(Stream.TRADES))

    assert (done.gap.state, bench.exchange.asked_trades) == (GapState.FILLED, 1)
    assert len(bench.store.stored) == 3


def test_an_answer_that_was_stored_or_is_of_another_stretch_is_not_used_again(
    bench: Bench,
) -> None:
    bench.exchange.trades = trades(21, 15, 9)
    bench.fill(gap(Stream.TRADES))
    bench.fill(gap(Stream.TRADES))
    bench.store.away = True
    bench.filler.fill(gap(Stream.TRADES))
    bench.filler.fill(gap(Stream.TRADES, end=25))

    assert bench.exchange.asked_trades == 4


def test_answers_that_wait_have_a_bound_and_the_oldest_makes_room(bench: Bench) -> None:
    bench.exchange.trades = trades(21, 15, 9)
    bench.hindrance = "the database is away"
    gaps = [replace(gap(Stream.TRADES), gap_id=f"{number}") for number in range(ANSWERS_MAX + 1)]
    for one in gaps:
        bench.filler.fill(one)

    bench.filler.fill(gaps[-1])
    assert bench.exchange.asked_trades == ANSWERS_MAX + 1
    bench.filler.fill(gaps[0])

    assert bench.exchange.asked_trades == ANSWERS_MAX + 2


def test_what_can_wait_is_not_asked_for_before_it_can_be_stored(bench: Bench) -> None:
    bench.hindrance = "the database is away"

    assert bench.fail(gap(Stream.EXECUTIONS)) == "the database is away"

    assert bench.exchange.asked == []
