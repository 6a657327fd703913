import os
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from appkit.exits import UserError
from apps.comparator.tests.recording import Recording
from backtest.tables import trades_csv
from comparator.fills import DirectionFound, Fill, Source
from comparator.loading.files import load_file, load_outcome
from gridcore.sides import LONG, SHORT

OLD_HEADER = (
    "trade_id,timestamp,symbol,side,direction,price,qty,notional,realized_pnl,commission,"
    "order_id,client_order_id,strat_id\n"
)
OLD_ROW = (
    "1,2026-01-01 01:01:00.250000,BTCUSDT,Buy,long,99800.0,0.011,1097.8,0,0.21956,"
    "o-1,29f2f68f3c4d9c71,grid\n"
)
"""As the earlier bot's reporter wrote it (strategy.md 2.11, Y-10); times are naive."""
AT = 1_767_229_260_250_000


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of trades."""

    def make(*lines: str, header: str = OLD_HEADER) -> Path:
        path = tmp_path / "trades.csv"
        path.write_text(header + "".join(lines), encoding="utf-8")
        return path

    return make


def test_the_file_of_a_run_gives_the_fills_of_the_run(
    recording: Recording, write: Callable[..., Path]
) -> None:
    """Every field, partial fills of one order taken together."""
    table = load_file(write(header=trades_csv(recording.outcome))).table

    ran = load_outcome(recording.outcome).table
    assert table.rows() == ran.rows()
    assert len(table) < len(recording.outcome.fills)


def test_a_file_of_the_old_schema_is_read(write: Callable[..., Path]) -> None:
    [fill] = load_file(write(OLD_ROW)).table.rows()

    assert fill == Fill(
        client_order_id="29f2f68f3c4d9c71",
        symbol="BTCUSDT",
        strat_id="grid",
        side=fill.side,
        direction=LONG,
        direction_found=DirectionFound.RECORDED,
        notional=Decimal("1097.8"),
        qty=Decimal("0.011"),
        fee=Decimal("0.21956"),
        realised=Decimal(0),
        at=fill.at,
        first_at=fill.at,
        order_id="o-1",
        executions=1,
        is_maker=None,
        source=Source.BACKTEST,
    )
    assert fill.at == AT


@pytest.fixture
def elsewhere() -> Iterator[None]:
    """A host far from UTC."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Pacific/Auckland"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 01:01:00.250000",
        "2026-01-01T01:01:00.250000Z",
        "2026-01-01T01:01:00.250000+00:00",
        "2026-01-01 03:01:00.250000+02:00",
    ],
)
def test_times_are_utc_whatever_the_zone_of_the_host(write: Callable[..., Path], text: str) -> None:
    path = write(OLD_ROW.replace("2026-01-01 01:01:00.250000", text))

    assert load_file(path).table.rows()[0].at == AT


def test_a_parquet_file_of_the_same_columns_is_read(
    recording: Recording, write: Callable[..., Path], tmp_path: Path
) -> None:
    text = write(header=trades_csv(recording.outcome))
    names = trades_csv(recording.outcome).splitlines()[0].split(",")
    options = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    pq.write_table(arrow_csv.read_csv(text, convert_options=options), tmp_path / "trades.pq")

    assert load_file(tmp_path / "trades.pq").table.rows() == load_file(text).table.rows()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_a_parquet_file_may_hold_numbers_and_times(tmp_path: Path, zone: str | None) -> None:
    """A time without a zone is UTC, one with a zone the instant that it is."""
    row = {
        "timestamp": pa.array([AT], pa.timestamp("us", tz=zone)),
        "symbol": ["BTCUSDT"],
        "side": ["Sell"],
        "price": [99800.1],
        "qty": pa.array([Decimal("0.011")], pa.decimal128(18, 8)),
        "client_order_id": ["29f2f68f3c4d9c71"],
        "order_id": ["o-1"],
        "is_maker": [True],
        "realized_pnl": [1.5],
    }
    pq.write_table(pa.table(row), tmp_path / "trades.parquet")

    [fill] = load_file(tmp_path / "trades.parquet").table.rows()

    assert (fill.at, fill.price, fill.qty) == (AT, Decimal("99800.1"), Decimal("0.011"))
    assert (fill.is_maker, fill.direction, fill.strat_id) == (True, LONG, None)
    assert fill.direction_found is DirectionFound.INFERRED


def test_a_direction_that_is_not_told_comes_from_what_was_closed(
    write: Callable[..., Path],
) -> None:
    header = OLD_HEADER.replace("strat_id\n", "strat_id,closed_qty\n")
    row = OLD_ROW.replace("long", "").replace("grid\n", "grid,0.011\n")

    [fill] = load_file(write(row, header=header)).table.rows()

    assert (fill.direction, fill.direction_found) == (SHORT, DirectionFound.CLOSED_SIZE)


def test_the_closes_of_a_wind_down_are_no_fills_of_the_grid(write: Callable[..., Path]) -> None:
    header = OLD_HEADER.replace("strat_id\n", "strat_id,kind\n")
    rows = [
        OLD_ROW.replace("grid\n", f"grid,{kind}\n").replace("o-1", kind)
        for kind in ("grid", "wind_down", "liquidation")
    ]

    found = load_file(write(*rows, header=header))

    assert found.wound_down == 1
    assert [fill.order_id for fill in found.table.rows()] == ["grid", "liquidation"]


def test_a_quote_that_kept_a_spreadsheet_off_is_taken_away(write: Callable[..., Path]) -> None:
    """LS-90: only where it was put."""
    rows = [OLD_ROW.replace(",grid", ",'=grid"), OLD_ROW.replace(",grid", ",'grid")]

    found = [load_file(write(row)).table.rows()[0].strat_id for row in rows]

    assert found == ["=grid", "'grid"]


def test_a_file_with_a_byte_order_mark_is_read(write: Callable[..., Path]) -> None:
    assert len(load_file(write(OLD_ROW, header="\ufeff" + OLD_HEADER)).table) == 1


def test_a_file_without_a_trade_gives_an_empty_table(write: Callable[..., Path]) -> None:
    assert len(load_file(write()).table) == 0


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("99800.0", "dear", r"row 2, price: expected a number, found 'dear'"),
        ("99800.0", "", r"row 2, price: expected a number, found ''"),
        ("99800.0", "NaN", r"row 2, price: expected a number, found 'NaN'"),
        ("0.011", "0", r"row 2, qty: expected a number above 0, found '0'"),
        ("0.011", "-1", r"row 2, qty: expected a number above 0, found '-1'"),
        ("Buy", "buy", r"row 2, side: expected Buy or Sell, found 'buy'"),
        ("long", "up", r"row 2, direction: expected long or short, found 'up'"),
        ("2026-01-01 01:01", "yesterday", r"row 2, timestamp: expected a UTC time"),
        ("o-1", "", r"row 2, order_id: expected a text, found ''"),
        ("grid\n", "grid,more\n", r"row 2: expected 13 cells, found another number"),
        (",grid\n", "\n", r"row 2: expected 13 cells, found another number"),
        ("grid\n", '"grid\n', r"expected UTF-8 text of comma-separated values"),
    ],
)
def test_a_cell_that_cannot_be_is_refused_with_its_place(
    write: Callable[..., Path], was: str, becomes: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        load_file(write(OLD_ROW.replace(was, becomes)))


def test_a_file_that_lacks_columns_is_refused(write: Callable[..., Path]) -> None:
    """The old command line's own export had no ids (2.11)."""
    header = "timestamp,symbol,side,price,qty\n"

    with pytest.raises(UserError, match="found no client_order_id, order_id among timestamp"):
        load_file(write(header=header))


def test_what_is_no_file_of_trades_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00price")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and nothing else")

    for name, message in (
        ("absent.csv", "found no"),
        ("", "found the folder"),
        ("binary", "expected UTF-8 text"),
        ("cut.parquet", "expected a Parquet file"),
    ):
        with pytest.raises(UserError, match=message):
            load_file(tmp_path / name)


def test_numbers_that_no_column_holds_are_refused(write: Callable[..., Path]) -> None:
    huge = OLD_ROW.replace("0.011,", "1e30,")

    with pytest.raises(UserError, match="expected numbers that fit 64 bits"):
        load_file(write(huge))
