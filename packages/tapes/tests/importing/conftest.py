"""Source files in small."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tapes.importing.job import ImportRequest
from tapes.importing.layouts import ColumnOptions
from tapes.importing.trade_rows import Market
from tapes.units import parse_unit

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes lines to a file of the test's folder, packed when its name ends in .gz."""

    def make(name: str, *lines: str, end: str = "\n") -> Path:
        path = tmp_path / name
        raw = end.join([*lines, ""]).encode()
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return path

    return make


@pytest.fixture(scope="session")
def market() -> Market:
    """BTCUSDT with tick 0.1 and step 0.001."""
    return Market(
        symbol="BTCUSDT",
        tick=parse_unit("0.1", "tick size"),
        step=parse_unit("0.001", "quantity step"),
    )


@pytest.fixture
def request_for(tmp_path: Path) -> Callable[..., ImportRequest]:
    """An import of files into the folder `tape`; keyword arguments change it."""

    def make(*files: Path, **changes: object) -> ImportRequest:
        options: dict[str, object] = {
            "target": tmp_path / "tape",
            "symbol": "BTCUSDT",
            "tick_size": "0.1",
            "qty_step": "0.001",
            "columns": ColumnOptions(),
            **changes,
        }
        return ImportRequest(files=tuple(files), **options)  # type: ignore[arg-type]

    return make
