"""A tape is written whole or not at all."""

import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tapes.columns import TickerColumns, TradeColumns
from tapes.errors import TapeError, TapeNotWritten
from tapes.manifest import BarOrder, Gap, TapeHeader
from tapes.writing import TapeWriter

Trades = Callable[..., TradeColumns]
Tickers = Callable[..., TickerColumns]


def with_units(header: TapeHeader) -> TapeHeader:
    return replace(header, mark_unit="0.01", funding_unit="0.00000001")


def test_batches_become_one_tape(tmp_path: Path, header: TapeHeader, trades_of: Trades) -> None:
    with TapeWriter(tmp_path / "t", header) as writer:
        writer.add_trades(trades_of([1, 2], [10, 11], [3, 4], [1, -1]))
        writer.add_trades(trades_of([], []))
        writer.add_trades(trades_of([2, 9], [12, 13]))
        writer.declare_gap(Gap(start_us=2, end_us=9, reason="outage"))
        tape = writer.commit({"rows_read": 4})

    assert tape.trades.time.tolist() == [1, 2, 2, 9]
    assert tape.trades.price.tolist() == [10, 11, 12, 13]
    assert tape.trades.size.tolist() == [3, 4, 1, 1]
    assert tape.trades.side.tolist() == [1, -1, 0, 0]
    assert tape.tickers is None
    assert tape.manifest.gaps == (Gap(start_us=2, end_us=9, reason="outage"),)
    assert (tape.manifest.first_us, tape.manifest.last_us) == (1, 9)
    assert tape.manifest.counters == {"rows_read": 4}
    tape.verify()


def test_tickers_and_trades_share_a_sequence(
    tmp_path: Path, header: TapeHeader, trades_of: Trades, tickers_of: Tickers
) -> None:
    with TapeWriter(tmp_path / "t", with_units(header), tickers=True) as writer:
        writer.add_trades(trades_of([5, 5], [10, 11], seq=[1, 3]))
        writer.add_tickers(tickers_of([(4, 0, 10, 9, 11, 100, 1), (5, 2, 10, 9, 11, 100, 1)]))
        tape = writer.commit()

    assert tape.tickers is not None
    assert tape.trades.seq is not None
    assert tape.trades.seq.tolist() == [1, 3]
    assert tape.tickers.seq.tolist() == [0, 2]
    assert (tape.manifest.first_us, tape.manifest.ticker_rows) == (4, 2)


def test_leaving_without_a_commit_leaves_nothing(
    tmp_path: Path, header: TapeHeader, trades_of: Trades
) -> None:
    with TapeWriter(tmp_path / "t", header) as writer:
        writer.add_trades(trades_of([1], [1]))

    assert list(tmp_path.iterdir()) == []


def test_an_error_inside_the_block_leaves_nothing(
    tmp_path: Path, header: TapeHeader, trades_of: Trades
) -> None:
    def interrupted() -> None:
        with TapeWriter(tmp_path / "t", header) as writer:
            writer.add_trades(trades_of([1], [1]))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, header: TapeHeader, trades_of: Trades
) -> None:
    rows = 100_000
    big = trades_of(range(rows), np.ones(rows, np.int64).tolist())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with (
            pytest.raises(TapeNotWritten, match="nothing half-written"),
            TapeWriter(tmp_path / "t", header) as writer,
        ):
            writer.add_trades(big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list(tmp_path.iterdir()) == []


def test_an_empty_tape_is_refused(tmp_path: Path, header: TapeHeader) -> None:
    with (
        pytest.raises(TapeError, match="at least one trade"),
        TapeWriter(tmp_path / "t", header) as writer,
    ):
        writer.commit()

    assert list(tmp_path.iterdir()) == []


def test_a_tape_that_may_be_replaced_stays_until_the_new_one_is_complete(
    tmp_path: Path, header: TapeHeader, trades_of: Trades
) -> None:
    for price in (1, 2):
        with TapeWriter(tmp_path / "t", header, replace=True) as writer:
            writer.add_trades(trades_of([1], [price]))
            assert (tmp_path / "t").exists() == (price == 2)
            tape = writer.commit()

    assert tape.trades.price.tolist() == [2]


def test_units_and_tickers_must_agree(tmp_path: Path, header: TapeHeader) -> None:
    with pytest.raises(TapeError, match="exactly when there are tickers"):
        TapeWriter(tmp_path / "t", header, tickers=True)
    with pytest.raises(TapeError, match="exactly when there are tickers"):
        TapeWriter(tmp_path / "t", with_units(header))


def test_a_trade_without_its_sequence_is_refused_beside_tickers(
    tmp_path: Path, header: TapeHeader, trades_of: Trades
) -> None:
    with (
        pytest.raises(TapeError, match=r"trades\.seq is missing"),
        TapeWriter(tmp_path / "t", with_units(header), tickers=True) as writer,
    ):
        writer.add_trades(trades_of([1], [1]))


def test_a_trade_only_writer_takes_no_tickers(
    tmp_path: Path, header: TapeHeader, tickers_of: Tickers
) -> None:
    with (
        pytest.raises(TapeError, match="trades alone"),
        TapeWriter(tmp_path / "t", header) as writer,
    ):
        writer.add_tickers(tickers_of([(1, 1, 1, 1, 1, 1, 1)]))


@pytest.mark.parametrize(("start_us", "end_us"), [(5, 5), (3, 9), (9, 8)])
def test_gaps_are_declared_in_order_and_do_not_overlap(
    tmp_path: Path, header: TapeHeader, start_us: int, end_us: int
) -> None:
    with TapeWriter(tmp_path / "t", header) as writer:
        writer.declare_gap(Gap(start_us=1, end_us=5, reason="a"))

        with pytest.raises(TapeError, match="cannot be declared"):
            writer.declare_gap(Gap(start_us=start_us, end_us=end_us, reason="b"))


def test_bars_may_have_rows_without_volume(
    tmp_path: Path, header: TapeHeader, trades_of: Trades
) -> None:
    bars = replace(header, bar_order=BarOrder.HIGH_FIRST)
    with TapeWriter(tmp_path / "t", bars) as writer:
        writer.add_trades(trades_of([1, 2, 3, 4], [5, 6, 4, 5], [0, 0, 0, 0]))
        assert writer.commit().manifest.bars
