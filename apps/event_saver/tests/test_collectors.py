"""Collectors: frames become records in the right writer, and nothing received is lost unheard."""

import json
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from bybit_adapter.ws_client.words import Connected, Fatal, FatalKind, Outage, Reason, Restored
from event_saver.codec import Item, decode, encode, time_of
from event_saver.collectors import (
    Down,
    Ended,
    Lost,
    News,
    PrivateCollector,
    PublicCollector,
    Up,
    let_go,
)
from event_saver.journal import Journal
from event_saver.rows.attribution import Owners
from event_saver.rows.private import Kind, Origin, PrivateRows
from event_saver.writer.batches import BatchLimits, Outcome, Written
from event_saver.writer.queue import DroppingQueue, JournalQueue, Queue
from event_saver.writer.writer import Writer
from grid_db.records import (
    DeadLetter,
    OrderState,
    PositionSnapshot,
    PrivateExecution,
    PublicTrade,
    TickerSnapshot,
    WalletSnapshot,
)
from grid_db.words import Environment, Stream
from gridcore.clock import Instant
from gridcore.instrument import Instrument

MS = 1_800_000_000_123
RECEIVED_AT = Instant(1_800_000_000_150_007)
INSTRUMENTS = {
    "BTCUSDT": Instrument(
        symbol="BTCUSDT",
        tick_size=Decimal("0.1"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(100),
        min_notional=Decimal(5),
    )
}


class Table:
    """Takes everything."""

    def __init__(self) -> None:
        self.rows: list[Item] = []

    def write(self, items: Sequence[Item]) -> Outcome:
        self.rows.extend(items)
        return Written(inserted=len(items))

    def bury(self, item: Item, text: str) -> Outcome:
        return self.write([item])


class Sink:
    """A writer that is turned by hand, and what it wrote."""

    def __init__(self, queue: Queue[Item] | None = None) -> None:
        self.table = Table()
        self.writer: Writer[Item] = Writer(
            "any",
            DroppingQueue(1_000) if queue is None else queue,
            self.table,
            limits=BatchLimits(age_us_max=0),
            at_of=time_of,
        )

    def rows(self) -> list[Item]:
        while self.writer.turn():
            pass
        return self.table.rows


class PublicBench:
    def __init__(self) -> None:
        self.trades, self.tickers, self.letters = Sink(), Sink(), Sink()
        self.news: list[News] = []
        numbers = count(1)
        self.collector = PublicCollector(
            Environment.SIM,
            INSTRUMENTS,
            trades=self.trades.writer,
            tickers=self.tickers.writer,
            letters=self.letters.writer,
            new_id=lambda: f"letter-{next(numbers)}",
            tell=self.news.append,
        )

    def take(self, frame: object) -> None:
        text = frame if isinstance(frame, str) else json.dumps(frame, separators=(",", ":"))
        self.collector.on_frame(text, RECEIVED_AT)


def trade(trade_id: str, price: str = "99800.1") -> dict[str, object]:
    return {"T": MS, "s": "BTCUSDT", "S": "Buy", "v": "0.01", "p": price, "i": trade_id}


def trades(*elements: dict[str, object]) -> dict[str, object]:
    return {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": MS, "data": elements}


def ticker(kind: str, **data: str) -> dict[str, object]:
    return {"topic": "tickers.BTCUSDT", "type": kind, "ts": MS, "data": data}


def test_trades_and_tickers_go_into_their_writers() -> None:
    bench = PublicBench()

    bench.take(trades(trade("a"), trade("b")))
    bench.take(ticker("snapshot", symbol="BTCUSDT", lastPrice="99800.1"))

    assert [type(row) for row in bench.trades.rows()] == [PublicTrade, PublicTrade]
    assert [type(row) for row in bench.tickers.rows()] == [TickerSnapshot]
    assert bench.letters.rows() == []


def test_a_bad_trade_costs_itself_only_and_is_a_dead_letter_l95() -> None:
    bench = PublicBench()

    bench.take(trades(trade("a"), trade("bad", price="free"), trade("c")))

    assert [row.trade_id for row in bench.trades.rows() if isinstance(row, PublicTrade)] == [
        "a",
        "c",
    ]
    (letter,) = bench.letters.rows()
    assert isinstance(letter, DeadLetter)
    assert (letter.stream, letter.topic) == (Stream.TRADES, "publicTrade.BTCUSDT")
    assert '"free"' in letter.payload


def test_a_frame_that_is_no_json_is_a_dead_letter_of_no_stream() -> None:
    bench = PublicBench()

    bench.take('{"topic":"tick')

    (letter,) = bench.letters.rows()
    assert isinstance(letter, DeadLetter)
    assert (letter.stream, letter.payload) == (Stream.UNKNOWN, '{"topic":"tick')


def test_a_new_connection_forgets_the_merged_ticker_a39() -> None:
    bench = PublicBench()
    bench.take(ticker("snapshot", symbol="BTCUSDT", lastPrice="99800.1"))

    bench.collector.on_connected(Connected(generation=2, at=RECEIVED_AT))
    bench.take(ticker("delta", symbol="BTCUSDT", markPrice="1"))

    assert len(bench.tickers.rows()) == 1


def test_outages_and_ends_are_passed_on_with_the_account() -> None:
    bench = PublicBench()
    outage = Outage(
        topics=("tickers.BTCUSDT",),
        since=RECEIVED_AT,
        noticed_at=RECEIVED_AT,
        reason=Reason.CLOSED,
        detail="",
    )
    restored = Restored(
        topics=("tickers.BTCUSDT",),
        since=RECEIVED_AT,
        until=RECEIVED_AT,
        reason=Reason.CLOSED,
        detail="",
    )

    bench.collector.on_outage(outage)
    bench.collector.on_restored(restored)
    bench.collector.on_fatal(
        Fatal(kind=FatalKind.AUTHENTICATION, at=RECEIVED_AT, detail="invalid key")
    )

    assert bench.news == [
        Down(account_id=None, outage=outage),
        Up(account_id=None, restored=restored),
        Ended(text="authentication: invalid key"),
    ]


ORDER: dict[str, object] = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "orderId": "order-1",
    "orderLinkId": "",
    "side": "Buy",
    "positionIdx": 1,
    "orderType": "Limit",
    "orderStatus": "New",
    "price": "99800.1",
    "qty": "0.01",
    "leavesQty": "0.01",
    "cumExecQty": "0",
    "reduceOnly": False,
    "updatedTime": str(MS),
}
EXECUTION: dict[str, object] = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "orderId": "order-1",
    "execId": "exec-1",
    "execType": "Trade",
    "execTime": str(MS),
    "side": "Buy",
    "execPrice": "99800.1",
    "execQty": "0.004",
    "execFee": "0.1",
    "closedSize": "0",
    "leavesQty": "0.006",
}
POSITION: dict[str, object] = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "positionIdx": 1,
    "side": "Buy",
    "size": "0.004",
    "entryPrice": "99800.1",
    "updatedTime": str(MS),
}
WALLET: dict[str, object] = {"coin": [{"coin": "USDT", "walletBalance": "10"}]}


class PrivateBench:
    def __init__(self, folder: Path, segment_bytes_max: int = 1 << 20) -> None:
        journal = Journal(folder, "account", segment_bytes_max=segment_bytes_max)
        self.sink = Sink(JournalQueue(journal, encode=encode, decode=decode, items_max=10))
        self.news: list[News] = []
        numbers = count(1)
        origin = Origin(environment=Environment.SIM, account_id="account", run_id="run")
        self.rows = PrivateRows(
            origin, Owners([]), symbols=frozenset(), new_id=lambda: f"letter-{next(numbers)}"
        )
        self.collector = PrivateCollector(
            "account", INSTRUMENTS, self.rows, self.sink.writer, self.news.append
        )

    def take(self, topic: str, *elements: dict[str, object]) -> None:
        frame = {"id": "1", "topic": topic, "creationTime": MS, "data": elements}
        self.collector.on_frame(json.dumps(frame), RECEIVED_AT)


def test_every_private_stream_becomes_records_in_its_order_l66(tmp_path: Path) -> None:
    bench = PrivateBench(tmp_path)

    bench.take("order", ORDER)
    bench.take("execution", EXECUTION)
    bench.take("position", POSITION)
    bench.take("wallet", WALLET)

    kinds = [type(row) for row in bench.sink.rows()]
    assert kinds == [OrderState, PrivateExecution, PositionSnapshot, WalletSnapshot]


def test_elements_that_are_no_events_of_the_kernel_are_recorded_in_their_place(
    tmp_path: Path,
) -> None:
    bench = PrivateBench(tmp_path)
    market = {**ORDER, "orderType": "Market", "orderId": "market"}

    bench.take("order", ORDER, market, {**ORDER, "qty": "much", "orderId": "bad"})
    bench.take("order", {**ORDER, "symbol": "XRPUSDT", "orderId": "other"})

    rows = bench.sink.rows()
    assert sorted(row.order_id for row in rows if isinstance(row, OrderState)) == [
        "market",
        "order-1",
        "other",
    ]
    assert len([row for row in rows if isinstance(row, DeadLetter)]) == 1


def test_a_frame_is_in_the_journal_when_the_socket_thread_goes_on(tmp_path: Path) -> None:
    bench = PrivateBench(tmp_path)

    bench.take("execution", EXECUTION)

    (file,) = tmp_path.glob("*.journal")
    assert b"exec-1" in file.read_bytes()


def test_a_snapshot_adds_only_what_the_stream_has_not_told(tmp_path: Path) -> None:
    bench = PrivateBench(tmp_path)
    bench.take("order", {**ORDER, "orderStatus": "Filled", "updatedTime": str(MS + 5)})
    listed = [
        *bench.rows.listed(Kind.ORDER, ORDER, RECEIVED_AT),
        *bench.rows.listed(Kind.ORDER, {**ORDER, "orderId": "order-2"}, RECEIVED_AT),
        *bench.rows.listed(Kind.EXECUTION, EXECUTION, RECEIVED_AT),
        *bench.rows.listed(Kind.POSITION, POSITION, RECEIVED_AT),
        *bench.rows.listed(Kind.WALLET, WALLET, RECEIVED_AT),
    ]

    merged = bench.collector.merged(listed)

    assert merged == listed[1:]
    assert bench.collector.merged(listed) == listed[1:]
    bench.collector.committed(merged)
    assert bench.collector.merged(listed) == [listed[2]]
    bench.collector.forget(RECEIVED_AT)
    assert listed[0] in bench.collector.merged(listed)


def test_a_journal_that_takes_nothing_is_told_as_a_gap_of_every_private_stream(
    tmp_path: Path,
) -> None:
    bench = PrivateBench(tmp_path / "journal", segment_bytes_max=1)
    bench.take("order", ORDER)
    for file in (tmp_path / "journal").iterdir():
        file.unlink()
    (tmp_path / "journal").rmdir()
    (tmp_path / "journal").write_text("in the way")

    lost = {**ORDER, "orderId": "lost"}
    bench.take("order", lost)

    # What was not kept was not told: REST has to bring it.
    listed = bench.rows.listed(Kind.ORDER, lost, RECEIVED_AT)
    assert bench.collector.merged(listed) == listed

    streams = [one.stream for one in bench.news if isinstance(one, Lost)]
    assert streams == [Stream.EXECUTIONS, Stream.ORDERS, Stream.POSITIONS, Stream.WALLET]
    (first, *_) = bench.news
    assert isinstance(first, Lost)
    assert (first.since, first.until, first.account_id) == (MS * 1_000, MS * 1_000, "account")


def test_a_journal_that_takes_no_dead_letter_either_leaves_a_gap(tmp_path: Path) -> None:
    """What could not be read is asked for again: nothing goes in silence."""
    bench = PrivateBench(tmp_path / "journal", segment_bytes_max=1)
    bench.take("order", ORDER)
    for file in (tmp_path / "journal").iterdir():
        file.unlink()
    (tmp_path / "journal").rmdir()
    (tmp_path / "journal").write_text("in the way")

    bench.take("order", {**ORDER, "qty": "much"})

    lost = [one for one in bench.news if isinstance(one, Lost)]
    assert [(one.since, one.until) for one in lost] == [(RECEIVED_AT, RECEIVED_AT)] * 4


def test_public_rows_that_were_let_go_leave_a_stretch_of_each_stream_and_symbol() -> None:
    bench = PublicBench()
    bench.take(trades(trade("a"), {**trade("b"), "T": MS + 5}))
    bench.take(ticker("snapshot", symbol="BTCUSDT", lastPrice="99800.1"))
    bench.take(trades(trade("bad", price="free")))
    items = [*bench.trades.rows(), *bench.tickers.rows(), *bench.letters.rows()]

    found = let_go(items, "the queue was full")

    assert [(one.stream, one.symbol, one.since, one.until) for one in found] == [
        (Stream.TRADES, "BTCUSDT", MS * 1_000, (MS + 5) * 1_000),
        (Stream.TICKERS, "BTCUSDT", MS * 1_000, MS * 1_000),
    ]
    assert {one.reason for one in found} == {"the queue was full"}


@pytest.mark.parametrize("text", ['{"op":"pong"}', '{"topic":"greeks","data":[]}'])
def test_answers_and_other_topics_leave_nothing_to_write(tmp_path: Path, text: str) -> None:
    bench = PrivateBench(tmp_path)

    bench.collector.on_frame(text, RECEIVED_AT)

    assert bench.sink.rows() == []
