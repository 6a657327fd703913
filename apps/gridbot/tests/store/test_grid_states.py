"""Rows of grids: one for each change of the levels, and none for what moves with the market."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of
from grid_db.records import GridState
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.types import from_microseconds
from grid_db.words import Environment, RunType
from gridbot.store.database_thread import Write
from gridbot.store.grid_states import GridStateRows, grid_json
from gridbot.store.runs import RunRows, TradedAccount, TradedStrategy
from gridcore.clock import SECOND_US, Instant
from gridcore.events import SessionStarted, Ticker
from gridcore.grid import parse_rows
from tests.account_setups import setup_of

WALL = Instant(1_767_300_000_000_000)
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(sqlite_settings: DatabaseSettings) -> Iterator[DatabaseFactory]:
    """A database with the whole schema."""
    factory = DatabaseFactory(sqlite_settings)
    yield factory
    factory.dispose()


class Observed:
    """A life that is looked at, and the rows that came of it."""

    def __init__(self, life: Any, database: DatabaseFactory, *, begun: bool = True) -> None:
        self.life = life
        self.database = database
        self.runs = RunRows(database, now=lambda: life.now, code_version="test")
        strategy = TradedStrategy(strat_id="grid", symbol="BTCUSDT", config_json="{}")
        account = TradedAccount(
            name="main",
            run_type=RunType.LIVE,
            market=Environment.SIM,
            strategies=(strategy,),
        )
        self.runs.register(account)
        if begun:
            self.runs.begin(account, setup_of(), {})
        self.observer = GridStateRows(
            session_of=lambda account: life.session,
            runs=self.runs,
            put=self.write,
            wall=lambda: WALL,
        )

    def write(self, name: str, write: Write) -> None:
        with self.database.get_session() as session:
            write(as_admin(session))

    def steps(self, number: int) -> None:
        for _ in range(number):
            self.observer.observe("main", *self.life.step())

    def handle(self, event: Any) -> None:
        effects = self.life.session.handle(event, event.at)
        self.observer.observe("main", event, effects, event.at)

    def rows(self) -> list[GridState]:
        with self.database.get_readonly_session() as session:
            grids = as_admin(session).grids
            return grids.by_account_range(account_id_of("main"), FIRST, LAST)


@pytest.fixture
def observed(
    make_life: Callable[..., Any], make_account_setup: Callable[..., Any], database: DatabaseFactory
) -> Callable[..., Observed]:
    """A life of a strategy named grid that is looked at from its start."""

    def make(*, begun: bool = True) -> Observed:
        return Observed(make_life(make_account_setup().session()), database, begun=begun)

    return make


def test_the_first_build_is_a_row_with_every_level_and_its_side(
    observed: Callable[..., Observed],
) -> None:
    one = observed()
    one.steps(12)

    (row,) = one.rows()

    levels = json.loads(row.grid_json)
    assert [level["price"] for level in levels] == ["969.0", "978.8", "988.7", "998.6", "1008.6"]
    assert [level["side"] for level in levels] == ["Buy", "Buy", "Wait", "Sell", "Sell"]
    assert row.run_id == one.runs.run_of("main", "BTCUSDT")
    assert (row.strat_id, row.symbol, row.grid_count) == ("grid", "BTCUSDT", 4)
    assert row.local_ts == from_microseconds(WALL)


def test_there_is_a_row_for_each_change_of_the_levels_and_none_for_sides_that_the_market_turns(
    observed: Callable[..., Observed],
) -> None:
    one = observed()
    engine = one.life.session.strategies["BTCUSDT"].engine
    stood: list[list[int]] = []
    turned = 0
    for _ in range(80):
        tags = engine.side_tags()
        one.steps(1)
        if engine.levels and (not stood or stood[-1] != list(engine.levels)):
            stood.append(list(engine.levels))
        else:
            turned += engine.side_tags() != tags

    rows = [[level["price"] for level in json.loads(row.grid_json)] for row in one.rows()]

    assert rows == [[f"{level / 10:.1f}" for level in levels] for levels in stood]
    assert len(rows) > 3
    assert turned > 3


def test_a_rebuilt_grid_is_another_row(observed: Callable[..., Observed]) -> None:
    one = observed()
    one.steps(12)
    before = len(one.rows())
    for second in range(1, 4):
        at = Instant(one.life.now + second * SECOND_US)
        one.handle(Ticker(symbol="BTCUSDT", at=at, last=20_000, mark=Decimal(2000)))

    rows = one.rows()

    assert len(rows) == before + 1
    assert json.loads(rows[-1].grid_json)[2] == {"side": "Wait", "price": "2000.0"}


def test_a_grid_that_was_restored_is_a_row_at_the_start(
    observed: Callable[..., Observed], make_account_setup: Callable[..., Any]
) -> None:
    one = observed()
    one.steps(12)
    memory = json.loads(json.dumps(one.life.session.snapshot()))
    two = observed()
    two.life.session.restore(memory)
    two.handle(SessionStarted(at=Instant(one.life.now + SECOND_US)))
    # A grid that stands as it stood is no second row.
    two.handle(SessionStarted(at=Instant(one.life.now + 2 * SECOND_US)))

    first, second = two.rows()

    assert first.grid_json == second.grid_json
    assert first.run_id != second.run_id


def test_before_the_run_has_begun_nothing_is_written(observed: Callable[..., Observed]) -> None:
    one = observed(begun=False)

    one.steps(12)

    assert one.rows() == []


def test_a_row_can_be_read_back_by_the_engine(
    observed: Callable[..., Observed], make_strategy_setup: Callable[..., Any]
) -> None:
    one = observed()
    one.steps(12)
    strategy = one.life.session.strategies["BTCUSDT"]
    setup = make_strategy_setup()

    levels, sides = parse_rows(json.loads(grid_json(strategy)), setup.grid, setup.instrument)

    assert levels == list(strategy.engine.levels)
    assert sides == strategy.engine.side_tags()
