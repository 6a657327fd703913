"""What people see of a tape."""

import io
from decimal import Decimal

import pytest

from appkit.output import emit
from backtest.tape_views import (
    RowCounts,
    TapeExported,
    TapeMade,
    TapeRecorded,
    TapeShown,
    show_exported,
    show_made,
    show_recorded,
    show_shown,
)
from tapes.importing import Fault, FaultCount
from tapes.manifest import Gap
from tapes.summary import SideCounts, Silence, SilenceStatistics, TapeSummary

T0 = 1_767_653_640_000_000


def summary(longest_us: int = 90_000_000) -> TapeSummary:
    silences = tuple(Silence(start_us=T0, end_us=T0 + longest_us) for _ in range(2))
    return TapeSummary(
        path="tapes/x",
        symbol="BTCUSDT",
        source="trades: [a].csv",
        tick_size="0.1",
        qty_step="0.001",
        mark_unit=None,
        bars=True,
        synthetic_seed=None,
        trade_rows=1_234_567,
        ticker_rows=0,
        first_us=T0,
        last_us=T0 + 5_000_000,
        price_first=Decimal("94125.2"),
        price_last=Decimal("94125.3"),
        price_min=Decimal("94000"),
        price_max=Decimal("95000.5"),
        size_min=Decimal("0.001"),
        size_max=Decimal("12.5"),
        size_total=Decimal("1000"),
        sides=SideCounts(buy=1, sell=2, unknown=3),
        silences=SilenceStatistics(
            longer_than_us=60_000_000, count=5, longest_us=longest_us, first=silences
        ),
        gaps=(Gap(start_us=T0, end_us=T0 + longest_us, reason="outage"),),
        counters={},
        stored_bytes=2**20,
        sha256="ab" * 32,
    )


@pytest.mark.parametrize(
    ("length_us", "text"),
    [
        (1_500_000, "1.500 s"),
        (59_000_000, "59 s"),
        (90_000_000, "1 min 30 s"),
        (3_723_000_000, "1 h 2 min 3 s"),
        (90_061_000_000, "1 d 1 h 1 min"),
    ],
)
def test_a_tape_is_shown_with_its_silences_and_gaps(length_us: int, text: str) -> None:
    stream = io.StringIO()

    emit(TapeShown(tape=summary(length_us), verified=None), False, show_shown, stream)

    out = stream.getvalue()
    assert "1,234,567" in out
    assert "94,000 to 95,000.5" in out
    assert "trades: [a].csv" in out
    assert f"silence of {text} from 2026-01-05 22:54:00" in out
    assert "and 3 more silences" in out
    assert f"declared gap of {text}" in out
    assert "recomputed" not in out


def test_faults_are_shown_with_their_first_rows() -> None:
    stream = io.StringIO()
    fault = FaultCount(
        fault=Fault.OFF_TICK, count=7, meaning="price off the tick", examples=("a.csv:2: [x]",)
    )
    made = TapeMade(tape=summary(), faults=(fault,), notes=("a note",))

    emit(made, False, show_made, stream)

    out = stream.getvalue()
    assert "price off the tick" in out
    assert "a.csv:2: [x]" in out
    assert "note: a note" in out


def test_exported_files_are_named() -> None:
    stream = io.StringIO()
    exported = TapeExported(tape="t", files=("a.parquet",), trade_rows=1, ticker_rows=0)

    emit(exported, False, show_exported, stream)

    assert stream.getvalue() == "wrote a.parquet\n"


def test_what_came_from_a_database_is_told_before_the_tape() -> None:
    stream = io.StringIO()
    recorded = TapeRecorded(
        tape=summary(),
        database="sqlite+pysqlite:///grid.db",
        environment="mainnet",
        kept=RowCounts(trades=1000, tickers=20),
        read=RowCounts(trades=7, tickers=3),
        added=RowCounts(trades=5, tickers=0),
        late=0,
        read_from_us=T0,
        notes=("a [note]",),
    )

    emit(recorded, False, show_recorded, stream)

    out = stream.getvalue()
    assert "note: a [note]" in out
    assert "kept 1,000 trades and 20 tickers; read 7 trades and 3 tickers from 2026-01-05" in out
    assert "added 5 trades and 0 tickers" in out
    assert "declared gap of 1 min 30 s" in out
