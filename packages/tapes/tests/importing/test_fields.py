"""Lines cut into fields."""

import csv
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.importing.fields import cut_fields, find_fields, split_line
from tapes.importing.lines import TextBlock

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]


def block_of(*lines: str) -> TextBlock:
    parts = [line.encode() for line in lines]
    ends = np.cumsum([len(part) for part in parts])
    return TextBlock(
        text=np.frombuffer(b"".join(parts) or b" ", np.uint8),
        starts=ends - np.array([len(part) for part in parts]),
        ends=ends,
        numbers=np.arange(1, len(parts) + 1),
    )


def test_wanted_columns_are_cut_in_the_order_asked() -> None:
    price, time = cut_fields(block_of("1,a,2.5", "2,b,3.5"), [2, 0], ",")

    assert [price.field(row) for row in range(2)] == ["2.5", "3.5"]
    assert [time.field(row) for row in range(2)] == ["1", "2"]
    assert len(price) == 2


def test_a_short_line_gives_empty_fields() -> None:
    first, third = cut_fields(block_of("1,2", "", "4,5,6"), [0, 2], ",")

    assert [first.field(row) for row in range(3)] == ["1", "", "4"]
    assert [third.field(row) for row in range(3)] == ["", "", "6"]


def test_quotes_protect_delimiters_and_spaces_do_not_count() -> None:
    columns = cut_fields(block_of('"a,b", 2 ,"3"'), [0, 1, 2], ",")

    assert [column.field(0) for column in columns] == ["a,b", "2", "3"]


def test_a_header_is_split_without_quotes() -> None:
    assert split_line('"time" ;price', ";") == ["time", "price"]


@settings(deadline=None, max_examples=100)
@given(
    rows=st.lists(
        st.lists(st.text("abc1.", max_size=4), min_size=3, max_size=3), min_size=1, max_size=8
    ),
    quoted=st.booleans(),
)
def test_fields_equal_those_of_the_csv_module(
    variant: Variant, rows: list[list[str]], quoted: bool
) -> None:
    lines = [",".join(f'"{part}"' if quoted else part for part in row) for row in rows]
    block = block_of(*lines)
    places = np.zeros((2, 2, len(rows)), np.int64)

    variant(find_fields)(
        block.text, block.starts, block.ends, np.array([0, -1, 1]), ord(","), places[0], places[1]
    )

    raw = block.text.tobytes()
    found = [
        [raw[places[0, slot, row] : places[1, slot, row]].decode() for slot in range(2)]
        for row in range(len(rows))
    ]
    assert found == [[row[0], row[2]] for row in csv.reader(lines)]
