"""Files on disk until all are known."""

import resource
from pathlib import Path

import numpy as np
import pytest

from tapes.errors import TapeNotWritten
from tapes.importing.counters import Fault, ImportCounters
from tapes.importing.staging import merged, stage
from tapes.importing.trade_rows import TradeRows


def rows_of(times: list[int], price: int, trade_id: int = 0) -> TradeRows:
    rows = len(times)
    return TradeRows(
        time=np.array(times, np.int64),
        price=np.full(rows, price, np.int64),
        size=np.ones(rows, np.int64),
        side=np.zeros(rows, np.int8),
        trade_id=np.full(rows, trade_id, np.uint64),
    )


def test_files_come_out_in_time_order_one_by_one(tmp_path: Path) -> None:
    staged = [
        stage(tmp_path, 0, rows_of([50, 60], 2)),
        stage(tmp_path, 1, rows_of([10, 20], 1)),
    ]

    batches = list(merged(staged, ImportCounters()))

    assert [batch.time.tolist() for batch in batches] == [[10, 20], [50, 60]]


def test_files_that_overlap_are_merged_and_shared_rows_kept_once(tmp_path: Path) -> None:
    counters = ImportCounters()
    staged = [
        stage(tmp_path, 0, rows_of([10, 20, 30], 1)),
        stage(tmp_path, 1, rows_of([30, 35], 1)),
        stage(tmp_path, 2, rows_of([25, 35], 2)),
    ]

    (batch,) = merged(staged, counters)

    assert batch.time.tolist() == [10, 20, 25, 30, 35, 35]
    # Files go by their first row, so of two rows at 35 the one of the file from 25 is first.
    assert batch.price.tolist() == [1, 1, 2, 1, 2, 1]
    assert counters.count(Fault.OVERLAP) == 1


def test_rows_of_one_instant_keep_the_order_of_their_file(tmp_path: Path) -> None:
    many = rows_of([10] * 3000 + [20], 1)
    ordered = TradeRows(
        time=many.time,
        price=np.arange(1, 3002),
        size=many.size,
        side=many.side,
        trade_id=many.trade_id,
    )
    staged = [stage(tmp_path, 0, ordered), stage(tmp_path, 1, rows_of([15], 7777))]

    (batch,) = merged(staged, ImportCounters())

    assert batch.price.tolist() == [*range(1, 3001), 7777, 3001]


def test_a_repeated_id_within_a_file_is_dropped(tmp_path: Path) -> None:
    counters = ImportCounters()

    (batch,) = merged([stage(tmp_path, 0, rows_of([10, 10, 20], 1, trade_id=5))], counters)

    assert batch.time.tolist() == [10, 20]
    assert counters.count(Fault.DUPLICATE) == 1


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(TapeNotWritten, match="while importing"):
            stage(tmp_path, 0, rows_of(list(range(50_000)), 1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
