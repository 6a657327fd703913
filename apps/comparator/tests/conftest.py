"""Shared material: a fill with what a test does not care about, tables of them, recordings."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from comparator.fills import DirectionFound, Fill, FillTable, Source
from gridcore.clock import SECOND_US, Instant
from gridcore.sides import BUY, LONG, SHORT

if TYPE_CHECKING:  # most tests need no database, and its packages take a second to import
    from apps.comparator.tests.recording import Recording
    from comparator.evidence.recorded import Evidence

MakeFill = Callable[..., Fill]


@pytest.fixture(scope="session")
def make_fill() -> MakeFill:
    """A fill of 2 at 100, or as the arguments say; `at` in seconds, `price` and `qty` as text."""

    def make(
        identity: str = "a", at: float = 0, *, price: str = "100", qty: str = "2", **others: Any
    ) -> Fill:
        moment = Instant(round(at * SECOND_US))
        side = others.get("side", BUY)
        amounts = Decimal(price) * Decimal(qty), Decimal(qty)
        fields: dict[str, Any] = {
            "client_order_id": identity,
            "symbol": "BTCUSDT",
            "strat_id": "grid",
            "side": side,
            "direction": LONG if side is BUY else SHORT,
            "direction_found": DirectionFound.RECORDED,
            "notional": amounts[0],
            "qty": amounts[1],
            "fee": Decimal("0.04"),
            "realised": Decimal(0),
            "at": moment,
            "first_at": moment,
            "order_id": f"order-{identity}",
            "executions": 1,
            "is_maker": True,
            "source": Source.LIVE,
        }
        return Fill(**(fields | others))

    return make


@pytest.fixture(scope="session")
def live(make_fill: MakeFill) -> Callable[..., FillTable]:
    """A table of live fills: (id, seconds) each, or fills."""

    def make(*rows: Any) -> FillTable:
        return FillTable.of(
            (row if isinstance(row, Fill) else make_fill(*row) for row in rows), Source.LIVE
        )

    return make


@pytest.fixture(scope="session")
def backtest(make_fill: MakeFill) -> Callable[..., FillTable]:
    """The same of the backtest."""

    def make(*rows: Any) -> FillTable:
        fills = (row if isinstance(row, Fill) else make_fill(*row, source="x") for row in rows)
        return FillTable.of((_of_backtest(fill) for fill in fills), Source.BACKTEST)

    return make


def _of_backtest(fill: Fill) -> Fill:
    fields = {name: getattr(fill, name) for name in Fill.__dataclass_fields__}
    return Fill(**(fields | {"source": Source.BACKTEST}))


# -- recordings ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def recorded_once(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> "Callable[..., tuple[Path, Recording]]":
    """Makes each recording once for the whole run; nobody may write into it."""
    from apps.comparator.tests.little_market import make_plan
    from apps.comparator.tests.recording import make_recording
    from grid_db.factory import DatabaseFactory
    from grid_db.settings import DatabaseSettings

    made: dict[str, tuple[Path, Recording]] = {}

    def make(*symbols: str, **changes: Any) -> "tuple[Path, Recording]":
        key = repr((symbols, sorted(changes.items())))
        if key not in made:
            folder = tmp_path_factory.mktemp("recording")
            path = folder / "recorded.db"
            shutil.copyfile(sqlite_template, path)
            database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{path}"))
            plan = make_plan(folder, symbols or ("BTCUSDT",), **({"rows": 240} | changes))
            made[key] = path, make_recording(database, plan)
            database.dispose()
        return made[key]

    return make


@pytest.fixture
def record(
    recorded_once: "Callable[..., tuple[Path, Recording]]", tmp_path: Path
) -> "Iterator[Callable[..., Recording]]":
    """A recording of one's own of some symbols: `record("BTCUSDT", rows=240, venue={...})`.

    The arguments are those of `make_plan`; without symbols it is of BTCUSDT.
    """
    from grid_db.factory import DatabaseFactory
    from grid_db.settings import DatabaseSettings

    opened: list[DatabaseFactory] = []

    def make(*symbols: str, **changes: Any) -> "Recording":
        source, recording = recorded_once(*symbols, **changes)
        path = tmp_path / f"recorded-{len(opened)}.db"
        shutil.copyfile(source, path)
        database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{path}"))
        opened.append(database)
        return replace(recording, database=database)

    yield make
    for database in opened:
        database.dispose()


@pytest.fixture
def recording(record: "Callable[..., Recording]") -> "Recording":
    """Four minutes of one strategy, with partial fills."""
    return record(venue={"partial_fills": 300, "partial_fills_seed": "1"})


@pytest.fixture
def look() -> "Iterator[Callable[..., Evidence]]":
    """What a recording tells: `look(recording, run_id, window, symbol)`, as `recorded_run`."""
    from comparator.evidence.recorded import Evidence
    from comparator.loading.runs import recorded_run

    with ExitStack() as opened:

        def make(recording: "Recording", *chosen: Any) -> Evidence:
            session = opened.enter_context(recording.database.get_readonly_session())
            return Evidence(session, recorded_run(session, *chosen))

        yield make
