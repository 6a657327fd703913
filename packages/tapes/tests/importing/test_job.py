"""Whole imports, from files to a tape."""

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.errors import TapeError
from tapes.export import export_parquet
from tapes.importing.counters import Fault
from tapes.importing.job import ImportRequest, import_files
from tapes.importing.layouts import ColumnOptions, SourceKind
from tapes.manifest import BarOrder
from tapes.silences import SILENCE_US, silences_between

Write = Callable[..., Path]
Request = Callable[..., ImportRequest]

LINEAR = "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional"


def trade(second: str, price: str, trade_id: str, side: str = "Buy", rpi: str = "") -> str:
    return f"{second},BTCUSDT,{side},0.001,{price},PlusTick,{trade_id},7.8e+09,0.001,78.5{rpi}"


def test_old_and_new_column_sets_newest_first_and_packed_files_become_one_tape(
    write: Write, request_for: Request
) -> None:
    new = write("b.csv.gz", LINEAR + ",RPI", trade("1767653700.1169", "94126.0", "c", "Sell", ",0"))
    old = write(
        "a.csv",
        LINEAR,
        trade("1767653690.123456", "94125.1", "b"),
        trade("1767653689.5", "94125.0", "a"),
    )

    outcome = import_files(request_for(new, old))

    trades = outcome.tape.trades
    assert trades.time.tolist() == [1767653689500000, 1767653690123456, 1767653700116900]
    assert trades.price.tolist() == [941250, 941251, 941260]
    assert trades.side.tolist() == [1, 1, -1]
    assert outcome.counters.files_newest_first == 1
    assert outcome.counters.met() == ()
    assert outcome.tape.manifest.header.source == "trades: b.csv.gz, a.csv"


def test_spot_files_in_milliseconds_are_read(write: Write, request_for: Request) -> None:
    path = write(
        "s.csv", "id,timestamp,price,volume,side,rpi", "1,1767653689230,94125.2,0.002,sell,0"
    )

    trades = import_files(request_for(path)).tape.trades

    assert (trades.time.tolist(), trades.size.tolist()) == ([1767653689230000], [2])
    assert trades.side.tolist() == [-1]


def test_named_columns_of_csv_and_parquet_give_the_same_tape(
    tmp_path: Path, write: Write, request_for: Request
) -> None:
    csv = write("x.csv", "when;what;much;taker", "2026-01-05T22:54:49.23Z;94125.2;0.002;s")
    table = pa.table(
        {"when": [1767653689.23], "what": [94125.2], "much": ["0.002"], "taker": ["sell"]}
    )
    parquet.write_table(table, tmp_path / "x.parquet")
    columns = ColumnOptions(
        kind=SourceKind.COLUMNS,
        delimiter=";",
        time="when",
        price="what",
        size="much",
        side="taker",
    )

    tapes = [
        import_files(
            request_for(
                path,
                target=tmp_path / path.suffix[1:],
                columns=columns,
            )
        ).tape
        for path in (csv, tmp_path / "x.parquet")
    ]

    assert tapes[0].manifest.columns == tapes[1].manifest.columns


def test_what_was_exported_and_imported_as_columns_has_the_same_trades(
    tmp_path: Path, write: Write, request_for: Request
) -> None:
    path = write("a.csv", LINEAR, trade("1767653689.5", "94125.0", "a"))
    tape = import_files(request_for(path)).tape
    export_parquet(tape, tmp_path / "e.parquet")

    again = import_files(request_for(tmp_path / "e.parquet", target=tmp_path / "again")).tape

    assert again.manifest.columns == tape.manifest.columns


def test_the_same_file_twice_changes_nothing(write: Write, request_for: Request) -> None:
    lines = [
        LINEAR,
        *(trade(f"17676536{second}.0", "94125.0", f"i{second}") for second in range(10, 60)),
    ]
    first, second = write("a.csv", *lines), write("b.csv", *lines)

    outcome = import_files(request_for(first, second))

    assert len(outcome.tape.trades) == 50
    assert outcome.counters.count(Fault.OVERLAP) == 50


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (trade("1767653689.5", "94125.05", "b"), "1 price off the tick"),
        (trade("x", "94125.0", "b"), r"1 not readable \[a\.csv:3: x,BTCUSDT"),
        (trade("1767653600.0", "94125.0", "b"), "1 earlier than a row before it"),
        (trade("1767653689.5", "94125.0", "a"), "1 trade id or bar seen before"),
        (trade("1767653689.5", "-1", "b"), "not positive"),
    ],
)
def test_too_many_faults_are_refused_and_leave_nothing(
    tmp_path: Path, write: Write, request_for: Request, row: str, words: str
) -> None:
    good = [trade("1767653689.5", "94125.0", "a"), row, trade("1767653690.5", "94125.0", "c")]
    path = write("a.csv", LINEAR, *good)

    with pytest.raises(TapeError, match=words):
        import_files(request_for(path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]

    outcome = import_files(request_for(path, tolerate=Decimal(1)))
    assert len(outcome.tape.trades) + outcome.counters.rows_dropped == 3


def test_a_tolerated_straggler_lands_in_its_place(write: Write, request_for: Request) -> None:
    rows = [trade(f"17676536{second}.0", f"{second}.0", str(second)) for second in (10, 20, 15, 30)]

    tape = import_files(request_for(write("a.csv", LINEAR, *rows), tolerate=Decimal(1))).tape

    assert tape.trades.price.tolist() == [100, 150, 200, 300]
    assert tape.manifest.counters["time_decreased"] == 1


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_every_row_read_is_written_or_counted_as_dropped(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("import")
    chance = random.Random(seed)
    kinds = ["94125.0", "94125.03", "0", "x", "0.01", "94126.1"]
    files = []
    for number in range(2):
        rows = [
            trade(
                f"17676536{chance.randint(10, 40)}.0",
                chance.choice(kinds),
                str(chance.randint(0, 9)),
            )
            for _ in range(chance.randint(1, 30))
        ]
        good = trade("1767653641.0", "94125.0", "last")
        (folder / f"{number}.csv").write_text("\n".join([LINEAR, *rows, good]))
        files.append(folder / f"{number}.csv")
    request = ImportRequest(
        files=tuple(files),
        target=folder / "tape",
        symbol="BTCUSDT",
        tick_size="0.1",
        qty_step="0.001",
        tolerate=Decimal(1),
    )

    outcome = import_files(request)

    counters = outcome.counters
    assert counters.rows_read == counters.rows_written + counters.rows_dropped
    assert counters.rows_written == len(outcome.tape.trades)
    assert (np.diff(outcome.tape.trades.time) >= 0).all()


def test_silences_become_gaps_only_when_asked(
    tmp_path: Path, write: Write, request_for: Request
) -> None:
    first = write("a.csv", LINEAR, trade("1767653600", "1", "a"), trade("1767653700", "1", "b"))
    second = write("b.csv", LINEAR, trade("1767653900", "1", "c"), trade("1767653910", "1", "d"))

    silent = import_files(request_for(first, second)).tape
    declared = import_files(
        request_for(first, second, target=tmp_path / "d", declare_gaps_us=100_000_000)
    ).tape

    assert silent.manifest.gaps == ()
    (gap,) = declared.manifest.gaps
    assert (gap.start_us, gap.end_us) == (1767653700000000, 1767653900000000)
    assert gap.reason == "silence over 100 s, declared at the import"


def test_bars_make_a_tape_that_says_so(write: Write, request_for: Request) -> None:
    path = write(
        "k.csv",
        "start,open,high,low,close,volume",
        "1767653700000,10.2,10.6,10.1,10.3,0.009",
        "1767653640000,10.0,10.5,9.5,10.2,0.004",
    )

    outcome = import_files(request_for(path))

    assert outcome.tape.manifest.header.bar_order is BarOrder.HIGH_FIRST
    assert outcome.tape.trades.price.tolist() == [100, 105, 95, 102, 102, 106, 101, 103]
    assert outcome.counters.files_newest_first == 1


@pytest.mark.parametrize("first", ["bars", "trades"])
def test_bars_and_trades_do_not_mix(write: Write, request_for: Request, first: str) -> None:
    bars = write("k.csv", "start,open,high,low,close,volume", "1767653640000,1,1,1,1,1")
    trades = write("t.csv", LINEAR, trade("1767653600", "1", "a"))
    files = (bars, trades) if first == "bars" else (trades, bars)

    with pytest.raises(TapeError, match="all trades or all bars"):
        import_files(request_for(*files))


@pytest.mark.parametrize("lines", [[LINEAR], ["start,open,high,low,close,volume"]])
def test_a_file_without_rows_makes_no_tape(
    tmp_path: Path, write: Write, request_for: Request, lines: list[str]
) -> None:
    path = write("a.csv", *lines)

    with pytest.raises(TapeError, match="at least one trade"):
        import_files(request_for(path))

    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


def test_no_files_make_no_tape(request_for: Request) -> None:
    with pytest.raises(TapeError, match="at least one file"):
        import_files(request_for())


def test_progress_is_told_in_bytes_of_all_files(write: Write, request_for: Request) -> None:
    files = [
        write(f"{name}.csv", LINEAR, trade(f"176765360{place}", "1", name))
        for place, name in enumerate("ab")
    ]
    total = sum(path.stat().st_size for path in files)
    heard: list[tuple[int, int]] = []

    import_files(request_for(*files), lambda done, of: heard.append((done, of)))

    assert heard[-1] == (total, total)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)


def test_the_recorded_trades_are_imported_whole(
    fixtures: Path, tmp_path: Path, request_for: Request
) -> None:
    path = fixtures / "trades" / "btc_perp_2026-01-05_2026-01-08.csv.gz"

    outcome = import_files(request_for(path, tick_size="0.01", qty_step="0.0001"))

    tape = outcome.tape
    assert len(tape.trades) == 460_659
    assert outcome.counters.met()[0].fault is Fault.SIDE_UNKNOWN
    assert tape.trades.price[:3].tolist() == [9412523, 9412529, 9412529]
    assert len(silences_between(tape.trades.time, SILENCE_US)) == 72
    assert tape.manifest.gaps == ()
    tape.verify()


@pytest.mark.parametrize(
    ("symbol", "tick", "first"),
    [
        ("DOGEUSDT", "0.00001", [19701, 19725, 19656, 19708]),
        ("ADAUSDT", "0.0001", [6901, 6912, 6894, 6898]),
    ],
)
def test_the_recorded_bars_are_imported_whole(
    fixtures: Path, request_for: Request, symbol: str, tick: str, first: list[int]
) -> None:
    path = fixtures / "klines" / f"{symbol}_1m.csv.gz"

    outcome = import_files(request_for(path, symbol=symbol, tick_size=tick, qty_step="1"))

    assert len(outcome.tape.trades) == 4 * 43_200
    assert outcome.tape.trades.price[:4].tolist() == first
    assert outcome.counters.met() == ()
