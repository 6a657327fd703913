"""A stored index is used only when it belongs to exactly this column."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tapes.columns import TradeColumns
from tapes.errors import TapeError
from tapes.manifest import BarOrder, TapeHeader
from tapes.scan.storing import load_or_build
from tapes.tape import Tape
from tapes.writing import TapeWriter

MakeTape = Callable[..., Tape]


def stored(tape: Tape) -> list[Path]:
    return sorted(tape.path.glob("*.index-*"))


@pytest.fixture
def tape(make_tape: MakeTape) -> Tape:
    return make_tape(range(1000), [1000 + 7 * row % 31 for row in range(1000)])


def test_an_index_is_kept_beside_the_columns_and_read_back(tape: Tape) -> None:
    built = load_or_build(tape)
    kept = stored(tape)
    read = load_or_build(tape)

    assert [path.name.startswith("trades.price.index-") for path in kept] == [True]
    assert np.array_equal(built.nodes, read.nodes)
    assert not read.nodes.flags.writeable
    tape.verify()


def test_each_column_has_an_index_of_its_own(tape: Tape) -> None:
    load_or_build(tape, "trades.price")
    load_or_build(tape, "trades.size")

    assert len(stored(tape)) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-8],
        lambda raw: b"",
        lambda raw: raw[:40] + b"\7" + raw[41:],
        lambda raw: raw[32:64] + raw[:32] + raw[64:],
    ],
)
def test_a_damaged_index_is_built_anew(tape: Tape, damage: Callable[[bytes], bytes]) -> None:
    right = load_or_build(tape).nodes.copy()
    file = stored(tape)[0]
    file.write_bytes(damage(file.read_bytes()))

    assert np.array_equal(load_or_build(tape).nodes, right)
    assert np.array_equal(load_or_build(tape).nodes, right)


def test_another_column_content_never_meets_the_old_index(
    tmp_path: Path, header: TapeHeader, trades_of: Callable[..., TradeColumns]
) -> None:
    for price in (5, 9):
        with TapeWriter(tmp_path / "t", header, replace=True) as writer:
            writer.add_trades(trades_of([1], [price]))
            tape = writer.commit()
        assert load_or_build(tape).stats(0, 1).low == price


def test_a_folder_that_cannot_take_the_index_is_no_error(tape: Tape) -> None:
    # A folder of the index's name cannot be replaced by a file, whoever runs the test.
    load_or_build(tape)
    file = stored(tape)[0]
    file.unlink()
    file.mkdir()

    index = load_or_build(tape)

    assert index.stats(0, 1000).low == 1000
    assert file.is_dir()


def test_turned_bars_are_indexed_in_memory_only(
    tmp_path: Path, header: TapeHeader, trades_of: Callable[..., TradeColumns]
) -> None:
    with TapeWriter(tmp_path / "b", replace(header, bar_order=BarOrder.HIGH_FIRST)) as writer:
        writer.add_trades(trades_of(range(4), [5, 9, 1, 6]))
        turned = writer.commit().with_bar_order(BarOrder.LOW_FIRST)

    assert load_or_build(turned).values.tolist() == [5, 1, 9, 6]
    assert stored(turned) == []


@pytest.mark.parametrize("column", ["tickers.mark", "trades.colour"])
def test_a_column_that_is_not_there_is_named(tape: Tape, column: str) -> None:
    with pytest.raises(TapeError, match=column):
        load_or_build(tape, column)
