"""Grids and anchors on disk: what survives, what is refused, what is reported."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from gridcore.config import GridConfig
from gridcore.engine import GridEngine
from gridcore.persistence import (
    Disk,
    GridAnchorStore,
    LevelRow,
    SavedGrid,
    StoreError,
    StoreEvent,
    StoreReport,
    mismatch,
)

D = Decimal
STEP = D("0.2")
ROWS = [
    LevelRow(side="Buy", price="99800.0"),
    LevelRow(side="Wait", price="100000.0"),
    LevelRow(side="Sell", price="100200.0"),
]


class Reports(list[StoreReport]):
    """A place to tell reports to."""

    def events(self) -> list[StoreEvent]:
        return [report.event for report in self]


class HeldDisk(Disk):
    """Writes wait until they are let go, and are counted."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.began = threading.Event()
        self.written: list[bytes] = []

    def write(self, path: Path, content: bytes) -> None:
        self.began.set()
        assert self.gate.wait(10)
        self.written.append(content)
        super().write(path, content)


class BrokenDisk(Disk):
    """Fails at one step, as often as it is told to."""

    def __init__(self, step: str, times: int = 1) -> None:
        self.step = step
        self.times = times

    def fail_at(self, step: str) -> None:
        if step == self.step and self.times:
            self.times -= 1
            raise OSError(28, "No space left on device")

    def write(self, path: Path, content: bytes) -> None:
        path.write_bytes(content[: len(content) // 2])
        self.fail_at("write")
        super().write(path, content)

    def replace(self, source: Path, target: Path) -> None:
        self.fail_at("replace")
        super().replace(source, target)


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db" / "grid_anchor.json"


@pytest.fixture
def store(path: Path, reports: Reports) -> GridAnchorStore:
    return GridAnchorStore(path, report=reports.append)


def save_grid(store: GridAnchorStore, strat_id: str = "btc", anchor: str = "100000.0") -> None:
    store.save(
        strat_id,
        grid_step=STEP,
        grid_count=2,
        grid=ROWS,
        anchor_price=D(anchor),
        symbol="BTCUSDT",
        tick_size=D("0.1"),
        last_fill=D("99800.0"),
    )


def put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def test_a_saved_grid_comes_back_as_it_was(path: Path, store: GridAnchorStore) -> None:
    save_grid(store)
    assert store.flush()

    loaded = GridAnchorStore(path).load("btc")

    assert loaded == SavedGrid(
        anchor_price=D("100000.0"),
        grid=ROWS,
        grid_step=STEP,
        grid_count=2,
        symbol="BTCUSDT",
        tick_size=D("0.1"),
        last_fill=D("99800.0"),
    )


def test_loaded_rows_restore_an_engine(store: GridAnchorStore) -> None:
    save_grid(store)
    assert store.flush()
    loaded = store.load("btc")
    assert loaded is not None

    engine = GridEngine(
        "BTCUSDT", D("0.1"), GridConfig(grid_count=2), "btc", restored_grid=loaded["grid"]
    )

    assert list(engine.levels) == [998000, 1000000, 1002000]


def test_the_anchor_only_usage_of_the_notes_works(path: Path) -> None:
    """Design notes, "Grid Anchor Persistence": load, compare, build, save the anchor."""
    put(path, '{"btcusdt_main": {"anchor_price": 100000.0, "grid_step": 0.2, "grid_count": 50}}')
    config = GridConfig(grid_step=D("0.2"), grid_count=50)
    store = GridAnchorStore(path)

    anchor_data = store.load("btcusdt_main")
    use_anchor = (
        anchor_data
        and anchor_data["grid_step"] == config.grid_step
        and anchor_data["grid_count"] == config.grid_count
    )
    assert use_anchor
    assert anchor_data is not None
    engine = GridEngine(
        symbol="BTCUSDT",
        tick_size=D("0.1"),
        config=config,
        strat_id="btcusdt_main",
        anchor_price=anchor_data["anchor_price"],
    )
    store.save(
        strat_id="btcusdt_main",
        anchor_price=D("100100.5"),
        grid_step=config.grid_step,
        grid_count=config.grid_count,
    )
    assert store.flush()

    assert engine.get_anchor_price() is None
    assert anchor_data["anchor_price"] == D("100000.0")
    again = store.load("btcusdt_main")
    assert again is not None
    assert again["anchor_price"] == D("100100.5")
    assert again["grid"] is None


def test_a_number_of_an_old_file_is_read_through_its_text(path: Path) -> None:
    """P-1: the earlier bot wrote floats."""
    put(
        path,
        '{"ltc": {"grid": [{"side": "Buy", "price": 53.99}, {"side": "Sell", "price": 1e-05}],'
        ' "grid_step": 0.4, "grid_count": 20}}',
    )

    loaded = GridAnchorStore(path).load("ltc")

    assert loaded is not None
    assert loaded["grid_step"] == D("0.4")
    assert loaded["grid"] == [
        LevelRow(side="Buy", price="53.99"),
        LevelRow(side="Sell", price="0.00001"),
    ]
    assert (loaded["symbol"], loaded["tick_size"], loaded["last_fill"]) == (None, None, None)


def test_nothing_saved_loads_as_nothing(store: GridAnchorStore, reports: Reports) -> None:
    """P-2."""
    assert store.load("btc") is None
    assert not reports


@pytest.mark.parametrize("call", ["load", "save", "delete"])
def test_an_empty_strategy_is_refused(store: GridAnchorStore, call: str) -> None:
    """P-2."""
    calls: dict[str, Callable[[], object]] = {
        "load": lambda: store.load(""),
        "save": lambda: save_grid(store, ""),
        "delete": lambda: store.delete(""),
    }

    with pytest.raises(ValueError, match="strat_id"):
        calls[call]()


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '{"btc": {"grid_step": NaN}}', "\x00"])
def test_an_unreadable_file_is_kept_aside_and_told_of(
    path: Path, store: GridAnchorStore, reports: Reports, content: str
) -> None:
    """P-5, A-08: the earlier bot replaced it, and lost the other strategies' grids."""
    put(path, content)

    assert store.load("btc") is None

    aside = path.with_name("grid_anchor.json.corrupt")
    assert aside.read_text(encoding="utf-8") == content
    assert reports.events() == [StoreEvent.FILE_CORRUPT]
    assert str(aside) in reports[0].text


def test_a_second_unreadable_file_does_not_replace_the_first(
    path: Path, store: GridAnchorStore
) -> None:
    put(path, "first")
    store.load("btc")
    put(path, "second")
    save_grid(store)
    assert store.flush()

    names = sorted(file.name for file in path.parent.iterdir())
    assert names == [
        "grid_anchor.json",
        "grid_anchor.json.corrupt",
        "grid_anchor.json.corrupt.1",
    ]
    assert store.load("btc") is not None


@pytest.mark.parametrize(
    "entry",
    [
        "[]",
        '{"grid_step": 0.2}',
        '{"grid_step": 0.2, "grid_count": 2}',
        '{"grid_step": "x", "grid_count": 2, "anchor_price": 1}',
        '{"grid_step": 0.2, "grid_count": true, "anchor_price": 1}',
        '{"grid_step": 0.2, "grid_count": 2, "anchor_price": "Infinity"}',
        '{"grid_step": 0.2, "grid_count": 2, "grid": 5}',
        '{"grid_step": 0.2, "grid_count": 2, "grid": [5]}',
        '{"grid_step": 0.2, "grid_count": 2, "grid": [{"side": "Buy"}]}',
        '{"grid_step": 0.2, "grid_count": 2, "grid": [{"price": "1"}]}',
        '{"schema": 3, "grid_step": 0.2, "grid_count": 2, "anchor_price": 1}',
    ],
)
def test_an_entry_that_cannot_be_read_is_told_of_and_harms_no_other(
    path: Path, store: GridAnchorStore, reports: Reports, entry: str
) -> None:
    good = '{"grid_step": 0.2, "grid_count": 2, "anchor_price": 7}'
    put(path, f'{{"btc": {entry}, "eth": {good}}}')

    assert store.load("btc") is None
    assert store.load("eth") is not None
    assert reports.events() == [StoreEvent.ENTRY_UNREADABLE]


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    """Not knowing the grid is not the same as having none."""
    with pytest.raises(StoreError, match="cannot read"):
        GridAnchorStore(tmp_path).load("btc")


@pytest.mark.parametrize("rows", [[], ROWS[:1]])
def test_a_grid_of_one_level_or_none_is_not_kept(
    path: Path, store: GridAnchorStore, rows: list[LevelRow]
) -> None:
    """P-7."""
    store.save("btc", grid_step=STEP, grid_count=2, grid=rows, anchor_price=D(1))

    assert store.flush()
    assert not path.exists()


def test_without_grid_and_anchor_there_is_nothing_to_keep(
    path: Path, store: GridAnchorStore
) -> None:
    store.save("btc", grid_step=STEP, grid_count=2)

    assert store.flush()
    assert not path.exists()


def test_an_unchanged_grid_is_written_once(path: Path) -> None:
    """P-4."""
    disk = HeldDisk()
    disk.gate.set()
    store = GridAnchorStore(path, disk=disk)

    save_grid(store)
    assert store.flush()
    save_grid(store)
    assert store.flush()

    assert len(disk.written) == 1


def test_a_burst_coalesces_and_the_latest_wins(path: Path) -> None:
    """P-4, A-08: saving does not wait for the disk."""
    disk = HeldDisk()
    store = GridAnchorStore(path, disk=disk)
    save_grid(store, anchor="1")
    assert disk.began.wait(10)
    for anchor in range(2, 50):
        save_grid(store, anchor=str(anchor))
    assert not store.flush(timeout_s=0)

    disk.gate.set()
    assert store.flush()

    assert len(disk.written) == 2
    loaded = store.load("btc")
    assert loaded is not None
    assert loaded["anchor_price"] == 49


def test_strategies_do_not_overwrite_each_other(path: Path, store: GridAnchorStore) -> None:
    threads = [
        threading.Thread(target=save_grid, args=(store, f"s{number}", str(number + 1)))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.flush()

    assert sorted(json.loads(path.read_bytes())) == sorted(f"s{number}" for number in range(12))


def test_a_deleted_grid_is_gone_and_can_be_saved_again(path: Path, store: GridAnchorStore) -> None:
    save_grid(store)
    save_grid(store, "eth")
    assert store.flush()

    store.delete("btc")
    store.delete("unknown")

    assert store.load("btc") is None
    assert store.load("eth") is not None
    save_grid(store)
    assert store.flush()
    assert store.load("btc") is not None


def test_a_delete_drops_what_still_waits_to_be_written(path: Path) -> None:
    """P-6: the earlier bot could bring a deleted grid back."""
    disk = HeldDisk()
    store = GridAnchorStore(path, disk=disk)
    save_grid(store, "eth")
    assert disk.began.wait(10)
    save_grid(store, "btc")
    deleting = threading.Thread(target=store.delete, args=("btc",))
    deleting.start()
    disk.gate.set()
    deleting.join(10)
    assert store.flush()

    assert store.load("btc") is None
    assert store.load("eth") is not None


@pytest.mark.parametrize("step", ["write", "replace"])
def test_a_failed_write_leaves_the_old_file_and_is_told_of(
    path: Path, reports: Reports, step: str
) -> None:
    """P-5, A-08: disk full."""
    first = GridAnchorStore(path)
    save_grid(first, anchor="1")
    assert first.flush()
    store = GridAnchorStore(path, report=reports.append, disk=BrokenDisk(step))

    save_grid(store, anchor="2")
    assert store.flush()

    assert reports.events() == [StoreEvent.WRITE_FAILED]
    assert "No space left" in reports[0].text
    assert [file.name for file in path.parent.iterdir()] == ["grid_anchor.json"]
    loaded = store.load("btc")
    assert loaded is not None
    assert loaded["anchor_price"] == 1


def test_after_a_failed_write_the_same_grid_can_be_saved_again(
    path: Path, reports: Reports
) -> None:
    store = GridAnchorStore(path, report=reports.append, disk=BrokenDisk("replace"))
    save_grid(store)
    assert store.flush()

    save_grid(store)
    assert store.flush()

    assert store.load("btc") is not None
    assert reports.events() == [StoreEvent.WRITE_FAILED]


def test_a_corrupt_file_that_cannot_be_put_aside_is_not_overwritten(
    path: Path, reports: Reports
) -> None:
    put(path, "{")
    store = GridAnchorStore(path, report=reports.append, disk=BrokenDisk("replace"))

    save_grid(store)
    assert store.flush()

    assert path.read_text(encoding="utf-8") == "{"
    assert reports.events() == [StoreEvent.WRITE_FAILED]


def test_a_delete_that_cannot_be_written_is_an_error(path: Path) -> None:
    first = GridAnchorStore(path)
    save_grid(first)
    assert first.flush()

    with pytest.raises(StoreError, match="cannot write"):
        GridAnchorStore(path, disk=BrokenDisk("write")).delete("btc")

    assert first.load("btc") is not None


def test_a_writer_whose_report_fails_does_not_block_the_next_save(path: Path) -> None:
    """G-14: persistence that is off without anyone knowing. pytest shows the thread's error."""
    failures: list[StoreReport] = []

    def refuse_once(report: StoreReport) -> None:
        failures.append(report)
        if len(failures) == 1:
            raise RuntimeError("the report itself failed")

    store = GridAnchorStore(path, report=refuse_once, disk=BrokenDisk("write"))
    caught: list[object] = []
    hook = threading.excepthook
    threading.excepthook = caught.append
    try:
        save_grid(store)
        assert store.flush()
    finally:
        threading.excepthook = hook
    save_grid(store, anchor="2")
    assert store.flush()

    assert len(caught) == 1
    assert store.load("btc") is not None


def test_reports_are_kept_for_callers_that_did_not_ask_to_be_told(path: Path) -> None:
    put(path, "{")
    store = GridAnchorStore(path)

    store.load("btc")

    assert [report.event for report in store.reports] == [StoreEvent.FILE_CORRUPT]
    assert store.reports[0].path == path


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"grid_step": D("0.4")}, "grid_step: expected 0.2, found 0.4"),
        ({"grid_count": 20}, "grid_count: expected 50, found 20"),
        ({"symbol": "ETHUSDT"}, "symbol: expected BTCUSDT, found ETHUSDT"),
        ({"tick_size": D("0.5")}, "tick_size: expected 0.1, found 0.5"),
        ({"symbol": None, "tick_size": None}, None),
    ],
)
def test_a_saved_grid_is_compared_with_the_configuration(
    changes: dict[str, object], reason: str | None
) -> None:
    """P-3 and its [REC]: symbol and tick count, too."""
    saved: dict[str, object] = {
        "anchor_price": None,
        "grid": ROWS,
        "grid_step": D("0.20"),
        "grid_count": 50,
        "symbol": "BTCUSDT",
        "tick_size": D("0.10"),
        "last_fill": None,
    }
    entry = SavedGrid(**{**saved, **changes})  # type: ignore[typeddict-item]

    assert mismatch(entry, GridConfig(), "BTCUSDT", D("0.1")) == reason


SAVING_WITHOUT_END = """
import sys
from decimal import Decimal
from gridcore.persistence import GridAnchorStore

store = GridAnchorStore(sys.argv[1])
number = 0
while True:
    number += 1
    store.save("btc", grid_step=Decimal("0.2"), grid_count=2, anchor_price=Decimal(number))
    store.flush()
    if number == 20:
        print("running", flush=True)
"""


def test_a_kill_at_any_moment_leaves_a_whole_file(path: Path, reports: Reports) -> None:
    """A-08: kill -9 while the writer works."""
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVING_WITHOUT_END, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        process.stdout.close()

        loaded = GridAnchorStore(path, report=reports.append).load("btc")

        assert loaded is not None
        assert loaded["anchor_price"] is not None
        assert loaded["anchor_price"] >= 20
        assert not reports
