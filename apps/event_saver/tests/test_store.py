"""What is stored: how far each stream goes, which orders are open, which gaps were left."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from event_saver.codec import Item, Record
from event_saver.gaps.filling import StoreAway
from event_saver.gaps.ledger import as_filled
from event_saver.sink import DatabaseSink, Tenant
from event_saver.store import DatabaseStore
from event_saver.times import instant
from event_saver.writer.batches import Written
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of
from grid_db.pruning import Prunable, prune
from grid_db.records import Gap, OrderState, PrivateExecution, PublicTrade
from grid_db.repositories import as_admin
from grid_db.words import Environment, GapState, Stream
from gridcore.clock import Instant

ACCOUNT_ID = account_id_of("main")


@pytest.fixture
def sink(database: DatabaseFactory) -> DatabaseSink:
    tenant = Tenant(environment=Environment.SIM, user_id=None, account_id=None)
    return DatabaseSink(
        database, tenant, new_id=lambda: "id", now=lambda: Instant(1_800_000_000_000_000)
    )


@pytest.fixture
def store(database: DatabaseFactory, sink: DatabaseSink) -> DatabaseStore:
    return DatabaseStore(database, Environment.SIM, {None: sink, ACCOUNT_ID: sink}, {"own"})


def trade(records: dict[str, Record], at: datetime, **changes: object) -> PublicTrade:
    found = records["PublicTrade"]
    assert isinstance(found, PublicTrade)
    return replace(found, trade_id=at.isoformat(), exchange_ts=at, **changes)  # type: ignore[arg-type]


def order(records: dict[str, Record], order_id: str, status: str, at: datetime) -> OrderState:
    found = records["OrderState"]
    assert isinstance(found, OrderState)
    return replace(found, order_id=order_id, status=status, exchange_ts=at)


def gap(records: dict[str, Record], **changes: object) -> Gap:
    found = records["Gap"]
    assert isinstance(found, Gap)
    return replace(found, **changes)  # type: ignore[arg-type]


def write(sink: DatabaseSink, *items: Item) -> None:
    assert isinstance(sink.write(items), Written)


def test_the_last_row_before_a_gap_is_of_its_stream_symbol_and_environment(
    store: DatabaseStore, sink: DatabaseSink, records: dict[str, Record]
) -> None:
    begin = gap(records).from_ts
    second = timedelta(seconds=1)
    write(
        sink,
        trade(records, begin - 9 * second),
        trade(records, begin - 5 * second),
        trade(records, begin + second),
        trade(records, begin - 2 * second, symbol="ETHUSDT"),
        trade(records, begin - 3 * second, environment=Environment.DEMO),
    )

    assert store.last_before(gap(records)) == instant(begin - 5 * second)
    assert store.last_before(gap(records, symbol="XRPUSDT")) is None


def test_an_accounts_stream_goes_as_far_as_its_newest_row(
    store: DatabaseStore, sink: DatabaseSink, records: dict[str, Record]
) -> None:
    execution = records["PrivateExecution"]
    assert isinstance(execution, PrivateExecution)
    write(sink, replace(execution, raw_json=None))
    at = instant(execution.exchange_ts)

    assert store.last((ACCOUNT_ID, Stream.EXECUTIONS, None), at) == at
    assert store.last((ACCOUNT_ID, Stream.EXECUTIONS, None), Instant(at - 1)) is None
    assert store.last((ACCOUNT_ID, Stream.EXECUTIONS, "ETHUSDT"), at) is None
    assert store.last(("another", Stream.EXECUTIONS, None), at) is None


def test_a_stream_was_recorded_up_to_its_newest_row_or_the_last_life_of_a_former_run(
    store: DatabaseStore,
    sink: DatabaseSink,
    database: DatabaseFactory,
    records: dict[str, Record],
) -> None:
    key = (ACCOUNT_ID, Stream.EXECUTIONS, None)
    execution = records["PrivateExecution"]
    assert isinstance(execution, PrivateExecution)
    begun = instant(execution.exchange_ts)
    with database.get_session() as session:
        runs = as_admin(session).runs
        (former,) = runs.recent()
        own = replace(former, run_id="own", start_ts=former.start_ts + timedelta(hours=1))
        runs.start(own)
        runs.heartbeat(former.run_id, former.start_ts + timedelta(seconds=20))

    assert store.recorded_until(key, Instant(begun + 60_000_000)) == begun + 20_000_000
    assert store.recorded_until(key, Instant(begun + 5)) == begun + 5
    assert store.recorded_until((None, Stream.TRADES, "BTCUSDT"), begun) is None
    assert store.recorded_until(("another", Stream.ORDERS, None), begun) is None
    write(sink, replace(execution, raw_json=None))
    assert store.recorded_until(key, Instant(begun + 60_000_000)) == begun


def test_a_market_whose_rows_were_pruned_was_recorded_up_to_its_newest_gap(
    store: DatabaseStore, database: DatabaseFactory, sink: DatabaseSink, records: dict[str, Record]
) -> None:
    """The start after a prune misses what came since: an emptied table is no quiet market."""
    newest = gap(records).from_ts
    key = (None, Stream.TRADES, "BTCUSDT")
    later = Instant(instant(newest) + 60_000_000)
    write(sink, trade(records, newest))

    prune(database, [Prunable.TRADES], newest + timedelta(seconds=1))

    assert store.recorded_until(key, later) == instant(newest)
    assert store.recorded_until((None, Stream.TRADES, "XRPUSDT"), later) is None
    assert store.recorded_until((None, Stream.TICKERS, "BTCUSDT"), later) is None


def test_orders_are_open_by_their_newest_state(
    store: DatabaseStore, sink: DatabaseSink, records: dict[str, Record]
) -> None:
    begin = gap(records).from_ts
    second = timedelta(seconds=1)
    write(
        sink,
        order(records, "open", "New", begin),
        order(records, "part", "PartiallyFilled", begin + second),
        order(records, "ended", "New", begin),
        order(records, "ended", "Filled", begin + second),
        order(records, "at once", "Filled", begin),
        order(records, "at once", "New", begin),
        order(records, "long ago", "New", begin - timedelta(days=31)),
    )

    assert set(store.open_orders(ACCOUNT_ID)) == {("BTCUSDT", "open"), ("BTCUSDT", "part")}
    assert store.open_orders("another") == []


def test_open_gaps_of_our_streams_are_found_again(
    store: DatabaseStore, sink: DatabaseSink, records: dict[str, Record]
) -> None:
    opened = gap(records, gap_id="1")
    write(
        sink,
        opened,
        as_filled(gap(records, gap_id="2"), 1),
        gap(records, gap_id="3", environment=Environment.DEMO),
    )

    assert [one.gap_id for one in store.open_gaps()] == ["1"]


def test_known_executions_are_fills_and_funding(
    store: DatabaseStore, sink: DatabaseSink, records: dict[str, Record]
) -> None:
    execution = records["PrivateExecution"]
    assert isinstance(execution, PrivateExecution)
    write(sink, replace(execution, raw_json=None), records["FundingPayment"])

    known = store.known_executions(ACCOUNT_ID, ["e-1", "f-1", "unknown"])

    assert known == {"e-1", "f-1"}


@pytest.mark.parametrize("settings", ["sqlite", "own_postgres"], indirect=True)
def test_a_database_that_does_not_answer_is_told_as_away(
    store: DatabaseStore, database: DatabaseFactory, records: dict[str, Record]
) -> None:
    with database.get_session() as session:
        session.connection().exec_driver_sql("DROP TABLE public_trades")

    with pytest.raises(StoreAway, match=r"no such table|does not exist"):
        store.last_before(gap(records))


def test_a_gap_is_filled_through_the_sink_of_its_account(
    store: DatabaseStore, records: dict[str, Record]
) -> None:
    one = gap(records)

    outcome = store.fill(one, [trade(records, one.from_ts)], lambda new: [as_filled(one, new)])

    assert outcome == Written(inserted=1)
    assert store.open_gaps() == []
    assert one.state is GapState.OPEN
