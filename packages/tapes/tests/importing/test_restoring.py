"""What was exported is restored to the byte."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.columns import UNKNOWN, TickerColumns, TradeColumns
from tapes.errors import TapeError
from tapes.export import export_parquet
from tapes.importing.restoring import exported_manifest, restore_tape
from tapes.manifest import BarOrder, Gap, TapeHeader
from tapes.tape import Tape
from tapes.writing import TapeWriter

T0 = 1_767_653_640_000_000
known = st.one_of(st.integers(1, 2**40), st.just(UNKNOWN))


@settings(deadline=None, max_examples=25)
@given(
    trades=st.lists(
        st.tuples(
            st.integers(0, 5), st.integers(1, 2**36), st.integers(1, 10**6), st.integers(-1, 1)
        ),
        min_size=1,
        max_size=10,
    ),
    tickers=st.lists(
        st.tuples(st.integers(0, 5), known, known, known, known, st.integers(-(10**6), 10**6)),
        max_size=6,
    ),
)
def test_export_and_restore_give_the_same_tape(
    tmp_path_factory: pytest.TempPathFactory,
    header: TapeHeader,
    trades_of: Callable[..., TradeColumns],
    tickers_of: Callable[..., TickerColumns],
    trades: list[tuple[int, int, int, int]],
    tickers: list[tuple[int, ...]],
) -> None:
    folder = tmp_path_factory.mktemp("r")
    units = replace(header, mark_unit="0.05", funding_unit="0.0000000001")
    with TapeWriter(folder / "t", units, tickers=True) as writer:
        _, price, size, side = zip(*trades, strict=True)
        time = [T0 + sum(row[0] for row in trades[: number + 1]) for number in range(len(trades))]
        writer.add_trades(trades_of(time, price, size, side, range(len(trades))))
        rows = [
            (T0 + sum(row[0] for row in tickers[: number + 1]), number, *values)
            for number, (_, *values) in enumerate(tickers)
        ]
        writer.add_tickers(tickers_of(rows))
        writer.declare_gap(Gap(start_us=T0, end_us=T0 + 1, reason="outage"))
        tape = writer.commit({"rows_read": 5})
    export_parquet(tape, folder / "t.parquet")

    restored = restore_tape(folder / "t.parquet", folder / "again")

    assert restored.manifest == tape.manifest
    restored.verify()


def test_bars_without_volume_are_restored(
    tmp_path: Path, header: TapeHeader, trades_of: Callable[..., TradeColumns]
) -> None:
    with TapeWriter(tmp_path / "b", replace(header, bar_order=BarOrder.HIGH_FIRST)) as writer:
        writer.add_trades(trades_of(range(T0, T0 + 4), [5, 9, 1, 6], [0, 0, 0, 0]))
        tape = writer.commit()
    export_parquet(tape, tmp_path / "b.parquet")

    assert restore_tape(tmp_path / "b.parquet", tmp_path / "again").manifest == tape.manifest


def test_other_files_carry_no_manifest(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_text("no")

    assert exported_manifest(tmp_path / "a.parquet") is None
    assert exported_manifest(tmp_path / "b.parquet") is None
    assert exported_manifest(tmp_path / "c.parquet") is None
    assert exported_manifest(tmp_path / "c.csv") is None
    with pytest.raises(TapeError, match="cannot be restored"):
        restore_tape(tmp_path / "a.parquet", tmp_path / "t")


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("price", ["0.15"], r"multiples of 0\.1, found '0\.15'"),
        ("price", ["x"], "multiples of"),
        ("time", ["5"], "times"),
    ],
)
def test_an_edited_export_is_refused_and_leaves_nothing(
    tmp_path: Path,
    make_tape: Callable[..., Tape],
    column: str,
    values: list[str],
    words: str,
) -> None:
    path = tmp_path / "t.parquet"
    export_parquet(make_tape([T0], [1]), path)
    table = parquet.read_table(path)
    place = table.column_names.index(column)
    edited = table.set_column(place, column, pa.array(values))
    parquet.write_table(edited.replace_schema_metadata(table.schema.metadata), path)

    with pytest.raises(TapeError, match=words):
        restore_tape(path, tmp_path / "again")

    assert not (tmp_path / "again").exists()
