"""The symbol that a file itself names."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tapes.importing.layouts import ColumnOptions
from tapes.importing.symbols import symbol_in

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("lines", "symbol"),
    [
        (["timestamp,symbol,side,size,price", "1,BTCUSDT,Buy,1,1"], "BTCUSDT"),
        (["timestamp,symbol,side,size,price", "1,,Buy,1,1"], None),
        (["timestamp,symbol,side,size,price"], None),
        (["time,price,size", "1,1,1"], None),
        (["timestamp,open,high,low,close,volume", "1,1,1,1,1,1"], None),
    ],
)
def test_the_symbol_is_read_from_the_first_row_of_its_column(
    write: Write, lines: list[str], symbol: str | None
) -> None:
    assert symbol_in(write("ETHUSDT.csv", *lines), ColumnOptions()) == symbol
