"""What is measured of a database: a short run on a SQLite file."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.database import measure
from bench.database.measure import Found, Work
from grid_db import bulk, schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings
from grid_db.words import Environment


def work(rate: float) -> Work:
    return Work(rows=1000, seconds=1000 / rate, memory=1 << 20)


FOUND = Found(
    dialect="sqlite",
    written=work(60_000),
    naive_written=work(10_000),
    committed_each=work(2_000),
    read=work(500_000),
    naive_read=work(50_000),
    bytes_per_trade=183.4,
)


def test_every_way_is_measured_over_the_same_trades(tmp_path: Path) -> None:
    found = measure.measure(f"sqlite:///{tmp_path / 'bench.db'}", 3000, 100, 1)

    assert (found.dialect, found.written.rows, found.read.rows) == ("sqlite", 3000, 3000)
    assert (found.naive_written.rows, found.committed_each.rows) == (100, 10)
    assert found.naive_read.rows == 3000
    assert min(found.written.rate, found.naive_written.rate, found.read.rate) > 0
    assert 50 < found.bytes_per_trade < 1000


def test_both_ways_of_writing_store_the_same_rows(tmp_path: Path) -> None:
    records = list(measure.trades(25))
    stored = []
    for name in ("bulk", "naive"):
        database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{tmp_path / name}.db"))
        schema.upgrade(database)
        if name == "bulk":
            measure.write_in_bulk(database, records)
        else:
            measure.write_naively(database, records, 10)
        with database.get_readonly_session() as session:
            [block] = bulk.read_trades(session, Environment.MAINNET, measure.SYMBOL)
        stored.append([column.tolist() for column in (block.at, block.price, block.size)])
        assert measure.read_in_bulk(database) == measure.read_naively(database) == 25
        database.dispose()

    assert stored[0] == stored[1]


def test_the_trades_are_like_the_exchanges() -> None:
    records = list(measure.trades(1000))

    assert len({record.trade_id for record in records}) == 1000
    assert {len(record.trade_id) for record in records} == {36}
    assert len({record.exchange_ts for record in records}) == 200


def test_the_target_is_six_times_the_naive_insert() -> None:
    assert FOUND.good()
    assert "sqlite      bulk write: 6.0 times the naive insert, at least 6: met" in FOUND.text()
    assert "183 bytes a trade" in FOUND.text()
    assert "bulk read: 10.0 times the naive read" in FOUND.text()
    slow = replace(FOUND, written=work(59_999))
    assert not slow.good()
    assert "MISSED" in slow.text()


def test_parts_hold_every_record_once() -> None:
    records = list(measure.trades(25))

    parts = list(measure.batches(records, 10))

    assert [len(part) for part in parts] == [10, 10, 5]
    assert [record for part in parts for record in part] == records


def test_rows_that_are_not_there_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="expected 3,000 trades"):
        measure.expect(3000, 2999)
