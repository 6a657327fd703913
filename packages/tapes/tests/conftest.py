"""Shared material: small tapes, text files, and kernels both compiled and as plain Python."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tapes.columns import TickerColumns, TradeColumns
from tapes.compiled import python_twin
from tapes.importing.fields import Fields
from tapes.manifest import TapeHeader
from tapes.tape import Tape
from tapes.writing import TapeWriter

Kernel = Callable[..., Any]
FIXTURES = Path(__file__).resolve().parents[4] / "shared" / "fixtures"


@pytest.fixture(scope="session", params=["compiled", "python"])
def variant(request: pytest.FixtureRequest) -> Callable[[Kernel], Kernel]:
    """Turns a kernel into the form under test."""
    return python_twin if request.param == "python" else lambda kernel: kernel


@pytest.fixture(scope="session")
def fields_of() -> Callable[[Sequence[str]], Fields]:
    """Makes a column of text fields."""

    def make(texts: Sequence[str]) -> Fields:
        parts = [text.encode() for text in texts]
        ends = np.cumsum([len(part) for part in parts]).astype(np.int64)
        starts = ends - np.array([len(part) for part in parts], np.int64)
        letters = np.frombuffer(b"".join(parts) or b"\0", np.uint8)
        return Fields(text=letters, starts=starts, ends=ends)

    return make


@pytest.fixture(scope="session")
def trades_of() -> Callable[..., TradeColumns]:
    """Makes trades from lists; sizes are 1, sides 0 and seq absent unless given."""

    def make(
        time: Sequence[int],
        price: Sequence[int],
        size: Sequence[int] | None = None,
        side: Sequence[int] | None = None,
        seq: Sequence[int] | None = None,
    ) -> TradeColumns:
        rows = len(time)
        return TradeColumns(
            time=np.array(time, np.int64),
            price=np.array(price, np.int64),
            size=np.array(size if size is not None else [1] * rows, np.int64),
            side=np.array(side if side is not None else [0] * rows, np.int8),
            seq=None if seq is None else np.array(seq, np.int64),
        )

    return make


@pytest.fixture(scope="session")
def tickers_of() -> Callable[..., TickerColumns]:
    """Makes tickers from rows (time, seq, last, bid, ask, mark, funding)."""

    def make(rows: Sequence[Sequence[int]]) -> TickerColumns:
        table = np.array(rows, np.int64).reshape(len(rows), 7).T
        return TickerColumns(
            time=table[0],
            seq=table[1],
            last=table[2],
            bid=table[3],
            ask=table[4],
            mark=table[5],
            funding=table[6],
        )

    return make


@pytest.fixture(scope="session")
def header() -> TapeHeader:
    """A header of a trade-only tape with tick 0.1 and step 0.001."""
    return TapeHeader(symbol="BTCUSDT", tick_size="0.1", qty_step="0.001", source="test")


@pytest.fixture
def make_tape(
    tmp_path: Path, header: TapeHeader, trades_of: Callable[..., TradeColumns]
) -> Callable[..., Tape]:
    """Writes a trade-only tape with the given times and prices."""

    def make(time: Sequence[int], price: Sequence[int], name: str = "tape") -> Tape:
        with TapeWriter(tmp_path / name, header) as writer:
            writer.add_trades(trades_of(time, price))
            return writer.commit()

    return make


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder of recorded material beside the project; skips where it is absent."""
    if not FIXTURES.is_dir():
        pytest.skip("no recorded material beside the project")
    return FIXTURES
