"""Rows of listings: records as the streams tell them, merged with what was told meanwhile."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from bybit_adapter.normalizer.words import BadElement
from event_saver.codec import Item, decode, encode, time_of
from event_saver.collectors import PrivateCollector
from event_saver.gaps.filling import Listed
from event_saver.journal import Journal
from event_saver.listed import ListedRows
from event_saver.rows.attribution import Owners
from event_saver.rows.private import Kind, Origin, PrivateRows
from event_saver.rows.public import PublicRows
from event_saver.sink import DatabaseSink, Tenant
from event_saver.writer.batches import BatchLimits
from event_saver.writer.queue import JournalQueue
from event_saver.writer.writer import Writer
from grid_db.factory import DatabaseFactory
from grid_db.records import OrderState, PublicTrade
from grid_db.words import Environment
from gridcore.clock import Instant
from gridcore.instrument import Instrument

MS = 1_800_000_000_123
ASKED_AT = Instant(1_800_000_001_000_000)
ORDER: dict[str, object] = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "orderId": "told",
    "side": "Buy",
    "positionIdx": 1,
    "orderType": "Limit",
    "orderStatus": "New",
    "price": "99800.1",
    "qty": "0.01",
    "leavesQty": "0.01",
    "updatedTime": str(MS),
}
INSTRUMENT = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)


def answer(*rows: dict[str, object]) -> Listed:
    return Listed(rows=rows, complete=True, too_many=False, text="", asked_at=ASKED_AT)


@pytest.fixture
def rows(tmp_path: Path, database: DatabaseFactory) -> ListedRows:
    origin = Origin(environment=Environment.SIM, account_id="account", run_id="run")
    private = PrivateRows(origin, Owners([]), symbols=frozenset(), new_id=lambda: "letter")
    journal = Journal(tmp_path / "journal", "account")
    tenant = Tenant(environment=Environment.SIM, user_id=None, account_id="account")
    writer: Writer[Item] = Writer(
        "account",
        JournalQueue(journal, encode=encode, decode=decode, items_max=10),
        DatabaseSink(database, tenant, new_id=lambda: "letter", now=lambda: ASKED_AT),
        limits=BatchLimits(),
        at_of=time_of,
    )
    collector = PrivateCollector(
        "account", {"BTCUSDT": INSTRUMENT}, private, writer, lambda news: None
    )
    frame = {"topic": "order", "creationTime": MS, "data": [ORDER]}
    collector.on_frame(json.dumps(frame), ASKED_AT)
    return ListedRows(PublicRows(Environment.SIM, {}), {"account": private}, {"account": collector})


def test_private_rows_come_without_what_the_stream_has_told(rows: ListedRows) -> None:
    listed = answer(ORDER, {**ORDER, "orderId": "new"})

    (found,) = rows.private("account", Kind.ORDER, listed)

    assert isinstance(found, OrderState)
    assert found.order_id == "new"
    assert rows.private("account", Kind.ORDER, listed) == [found]
    rows.committed("account", [found])
    assert rows.private("account", Kind.ORDER, listed) == []


def test_public_trades_come_oldest_first(rows: ListedRows) -> None:
    row: dict[str, object] = {"price": "1", "size": "1", "side": "Buy"}
    listed = answer(
        {**row, "execId": "b", "time": str(MS + 1)}, {**row, "execId": "a", "time": str(MS)}
    )

    found = rows.trades("BTCUSDT", listed)

    assert [one.trade_id for one in found if isinstance(one, PublicTrade)] == ["a", "b"]


def test_a_public_trade_that_cannot_be_read_spoils_its_listing(rows: ListedRows) -> None:
    with pytest.raises(BadElement, match="time"):
        rows.trades("BTCUSDT", answer({"execId": "a"}))
