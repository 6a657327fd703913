"""Parquet carries exact decimals."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

from tapes.columns import UNKNOWN, TickerColumns, TradeColumns
from tapes.errors import TapeError, TapeNotWritten
from tapes.export import decimals, export_parquet, tickers_file
from tapes.manifest import TapeHeader
from tapes.tape import Tape
from tapes.units import parse_unit
from tapes.writing import TapeWriter

TIME_US = 1_767_653_689_230_000


def test_trades_become_times_decimals_and_words(
    tmp_path: Path, header: TapeHeader, trades_of: Callable[..., TradeColumns]
) -> None:
    with TapeWriter(tmp_path / "t", header) as writer:
        writer.add_trades(
            trades_of([TIME_US, TIME_US + 1, TIME_US + 2], [941252, 7, 8], [1, 20, 3], [1, -1, 0])
        )
        tape = writer.commit()
    rows: list[int] = []

    files = export_parquet(tape, tmp_path / "out" / "t.parquet", on_rows=rows.append)

    table = parquet.read_table(files[0]).to_pylist()
    assert table[0] == {
        "time": datetime(2026, 1, 5, 22, 54, 49, 230000, tzinfo=UTC),
        "price": Decimal("94125.2"),
        "size": Decimal("0.001"),
        "side": "Buy",
    }
    assert [row["side"] for row in table] == ["Buy", "Sell", ""]
    assert rows == [3]


def test_tickers_go_into_a_file_of_their_own_with_null_for_unknown(
    tmp_path: Path,
    header: TapeHeader,
    trades_of: Callable[..., TradeColumns],
    tickers_of: Callable[..., TickerColumns],
) -> None:
    units = replace(header, mark_unit="0.01", funding_unit="0.00000001")
    with TapeWriter(tmp_path / "t", units, tickers=True) as writer:
        writer.add_trades(trades_of([5], [10], seq=[1]))
        writer.add_tickers(tickers_of([(6, 2, 10, UNKNOWN, 11, 101, -25000)]))
        tape = writer.commit()

    files = export_parquet(tape, tmp_path / "t.parquet")

    assert files == [tmp_path / "t.parquet", tmp_path / "t.tickers.parquet"]
    row = parquet.read_table(files[1]).to_pylist()[0]
    assert (row["last"], row["bid"], row["ask"]) == (Decimal("1.0"), None, Decimal("1.1"))
    assert (row["mark"], row["funding"]) == (Decimal("1.01"), Decimal("-0.00025000"))


def test_negative_and_wide_numbers_are_exact_decimals() -> None:
    values = np.array([-1, 2**40, 0], np.int64)

    assert decimals(values, parse_unit("0.05", "unit")).to_pylist() == [
        Decimal("-0.05"),
        Decimal(2**40) * Decimal("0.05"),
        Decimal("0.00"),
    ]


def test_an_existing_file_is_kept_unless_it_may_be_replaced(
    tmp_path: Path, make_tape: Callable[..., Tape]
) -> None:
    tape, target = make_tape([1], [1]), tmp_path / "t.parquet"
    target.write_text("mine")

    with pytest.raises(TapeError, match="--replace"):
        export_parquet(tape, target)
    assert target.read_text() == "mine"
    export_parquet(tape, target, replace=True)
    assert parquet.read_table(target).num_rows == 1


def test_a_place_that_cannot_be_written_is_told_and_stays_clean(
    tmp_path: Path, make_tape: Callable[..., Tape]
) -> None:
    tape = make_tape([1], [1])
    (tmp_path / "file").write_text("")

    with pytest.raises(TapeNotWritten, match="cannot be written"):
        export_parquet(tape, tmp_path / "file" / "t.parquet")


def test_the_tickers_file_is_named_after_the_trades_file() -> None:
    assert tickers_file(Path("a/b.parquet")) == Path("a/b.tickers.parquet")
