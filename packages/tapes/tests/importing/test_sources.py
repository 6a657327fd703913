"""Files as batches of text fields."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from tapes.errors import TapeError
from tapes.importing.sources import open_source, text_fields

Write = Callable[..., Path]


def test_a_text_file_yields_its_columns_and_line_numbers(write: Write) -> None:
    source = open_source(write("a.csv", "x, y", "1,2", "", "3,4"), ",")

    (batch,) = source.batches(["y", "x"])

    assert source.header == ["x", "y"]
    assert [batch.fields["y"].field(row) for row in range(len(batch))] == ["2", "4"]
    assert batch.numbers.tolist() == [2, 4]
    assert batch.line(1) == "3,4"


def test_an_empty_file_has_no_header(write: Write) -> None:
    source = open_source(write("a.csv"), ",")

    assert source.header == []


def test_a_parquet_file_yields_exact_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "time": pa.array(
                [datetime(2026, 1, 5, tzinfo=UTC), None], pa.timestamp("ns", tz="UTC")
            ),
            "price": pa.array([Decimal("94125.20"), Decimal("-0.01")], pa.decimal128(12, 2)),
            "size": pa.array([0.1, 1e-7]),
            "side": pa.array(["Buy", "Sell"]).dictionary_encode(),
            "number": pa.array([7, None], pa.int32()),
            "raw": pa.array([b"ab", b""], pa.binary()),
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    heard: list[int] = []

    source = open_source(tmp_path / "a.parquet", ",", heard.append)
    (batch,) = source.batches(table.column_names)

    found = {name: [part.field(row) for row in range(2)] for name, part in batch.fields.items()}
    assert found["time"] == ["1767571200000000", ""]
    assert [Decimal(text) for text in found["price"]] == [Decimal("94125.20"), Decimal("-0.01")]
    assert [float(text) for text in found["size"]] == [0.1, 1e-7]
    assert found["side"] == ["Buy", "Sell"]
    assert found["number"] == ["7", ""]
    assert found["raw"] == ["ab", ""]
    assert batch.numbers.tolist() == [1, 2]
    assert "side=Buy" in batch.line(0)
    assert heard == [(tmp_path / "a.parquet").stat().st_size]


def test_a_slice_of_a_column_is_read_from_its_own_place() -> None:
    fields = text_fields(pa.array(["a", "bb", "ccc", None])[1:])

    assert [fields.field(row) for row in range(3)] == ["bb", "ccc", ""]


@pytest.mark.parametrize("content", [b"", b"not parquet at all"])
def test_a_broken_parquet_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)

    with pytest.raises(TapeError, match="a complete Parquet file"):
        open_source(tmp_path / "a.parquet", ",")


def test_a_damaged_parquet_file_is_told_while_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"x": list(range(10_000))}), path, compression="zstd")
    raw = bytearray(path.read_bytes())
    raw[10:4000] = b"\0" * 3990
    path.write_bytes(bytes(raw))

    with pytest.raises(TapeError, match="cannot be read"):
        list(open_source(path, ",").batches(["x"]))
