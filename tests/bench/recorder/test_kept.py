"""A database file is read as it is."""

from pathlib import Path

from bench.recorder.kept import read
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings


def test_every_table_that_is_compared_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "recorded.db"
    factory = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{path}"))
    schema.upgrade(factory)
    factory.dispose()

    kept = read(path)

    assert [kept.trades, kept.executions, kept.funding, kept.orders] == [[]] * 4
    assert [kept.legs, kept.wallets, kept.gaps, kept.letters] == [[]] * 4
