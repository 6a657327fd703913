"""Opening and verifying tapes."""

import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tapes.columns import TradeColumns
from tapes.errors import TapeError
from tapes.manifest import MANIFEST_FILE, BarOrder, TapeHeader
from tapes.tape import Tape
from tapes.writing import TapeWriter

MakeTape = Callable[..., Tape]


def test_a_tape_reads_back_what_was_written(make_tape: MakeTape) -> None:
    tape = Tape.open(make_tape([1, 2, 5], [7, 8, 9]).path)

    assert tape.trades.time.tolist() == [1, 2, 5]
    assert tape.trades.price.dtype == np.int32
    assert tape.manifest.trade_rows == 3
    tape.verify()


def test_columns_are_mapped_and_cannot_be_changed(make_tape: MakeTape) -> None:
    tape = make_tape([1], [1])

    with pytest.raises(ValueError, match="read-only"):
        tape.trades.price[0] = 2


def test_an_opened_tape_uses_no_memory_for_its_columns(tmp_path: Path, header: TapeHeader) -> None:
    rows = 4_000_000
    ones = np.ones(rows, np.int32)
    with TapeWriter(tmp_path / "big", header) as writer:
        writer.add_trades(
            TradeColumns(
                time=np.arange(rows), price=ones, size=ones, side=ones.astype(np.int8), seq=None
            )
        )
        writer.commit()
    del ones
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    tapes = [Tape.open(tmp_path / "big") for _ in range(20)]

    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert len(tapes[0].trades) == rows
    assert grown_kib < 8 * 1024


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / MANIFEST_FILE).unlink(), "no manifest.json"),
        (lambda folder: (folder / MANIFEST_FILE).write_text("{}"), "format_version"),
        (lambda folder: (folder / MANIFEST_FILE).write_bytes(b"\xff\xfe"), "readable text"),
        (lambda folder: (folder / "trades.price.i4").unlink(), "no such file"),
        (lambda folder: (folder / "trades.price.i4").write_bytes(b"abc"), "3 bytes"),
    ],
)
def test_a_damaged_tape_is_refused_with_what_was_found(
    make_tape: MakeTape, damage: Callable[[Path], object], words: str
) -> None:
    folder = make_tape([1, 2], [1, 2]).path

    damage(folder)

    with pytest.raises(TapeError, match=words):
        Tape.open(folder)


def test_a_missing_tape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="no such folder"):
        Tape.open(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"trades": 2', '"trades": 0'),
        ('"trades": 2', '"trades": 1'),
        ('"name": "trades.side"', '"name": "trades.size"'),
        ('"dtype": "<i8"', '"dtype": "|i1"'),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    make_tape: MakeTape, old: str, new: str
) -> None:
    folder = make_tape([1, 2], [1, 2]).path
    text = (folder / MANIFEST_FILE).read_text()
    assert old in text

    (folder / MANIFEST_FILE).write_text(text.replace(old, new))

    with pytest.raises(TapeError, match="cannot be used"):
        Tape.open(folder)


def test_verify_names_the_column_that_was_changed(make_tape: MakeTape) -> None:
    tape = make_tape([1, 2], [1, 2])
    (tape.path / "trades.size.i4").write_bytes(b"\1" * 8)

    with pytest.raises(TapeError, match=r"trades\.size"):
        tape.verify()


def test_verify_notices_a_changed_tick(make_tape: MakeTape) -> None:
    tape = make_tape([1, 2], [1, 2])
    manifest = tape.path / MANIFEST_FILE
    manifest.write_text(manifest.read_text().replace('"tick_size": "0.1"', '"tick_size": "0.2"'))

    with pytest.raises(TapeError, match="the manifest"):
        Tape.open(tape.path).verify()


def bars(tmp_path: Path, header: TapeHeader, trades_of: Callable[..., TradeColumns]) -> Tape:
    with TapeWriter(tmp_path / "b", replace(header, bar_order=BarOrder.HIGH_FIRST)) as writer:
        writer.add_trades(trades_of(range(8), [5, 9, 1, 6, 6, 8, 2, 3]))
        return writer.commit()


def test_the_other_bar_order_swaps_the_extremes(
    tmp_path: Path, header: TapeHeader, trades_of: Callable[..., TradeColumns]
) -> None:
    tape = bars(tmp_path, header, trades_of)

    turned = tape.with_bar_order(BarOrder.LOW_FIRST)

    assert turned.trades.price.tolist() == [5, 1, 9, 6, 6, 2, 8, 3]
    assert turned.trades.time is tape.trades.time
    assert turned.manifest.header.bar_order is BarOrder.LOW_FIRST
    assert turned.manifest.sha256 != tape.manifest.sha256
    assert turned.folder is None
    turned.verify()


def test_turning_bars_twice_gives_the_same_rows(
    tmp_path: Path, header: TapeHeader, trades_of: Callable[..., TradeColumns]
) -> None:
    tape = bars(tmp_path, header, trades_of)

    again = tape.with_bar_order(BarOrder.LOW_FIRST).with_bar_order(BarOrder.HIGH_FIRST)

    assert again.trades.price.tolist() == tape.trades.price.tolist()
    assert again.manifest.sha256 == tape.manifest.sha256
    assert tape.with_bar_order(BarOrder.HIGH_FIRST) is tape


def test_recorded_trades_have_no_bar_order(make_tape: MakeTape) -> None:
    with pytest.raises(TapeError, match="no bar order"):
        make_tape([1], [1]).with_bar_order(BarOrder.LOW_FIRST)
