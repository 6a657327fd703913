"""A tape at a glance."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from tapes.columns import TradeColumns
from tapes.manifest import Gap, TapeHeader
from tapes.summary import SideCounts, Silence, summarise
from tapes.tape import Tape
from tapes.writing import TapeWriter

MINUTE_US = 60_000_000


def test_a_summary_gives_prices_and_sizes_in_exchange_units(
    tmp_path: Path, header: TapeHeader, trades_of: Callable[..., TradeColumns]
) -> None:
    times = [0, 10, 10 + MINUTE_US + 1, 20 + MINUTE_US]
    with TapeWriter(tmp_path / "t", header) as writer:
        writer.add_trades(trades_of(times, [1005, 1001, 1010, 1003], [1, 2, 30, 4], [1, -1, 1, 0]))
        writer.declare_gap(Gap(start_us=1, end_us=2, reason="outage"))
        tape = writer.commit({"rows_read": 4})

    summary = summarise(tape)

    assert (summary.price_first, summary.price_last) == (Decimal("100.5"), Decimal("100.3"))
    assert (summary.price_min, summary.price_max) == (Decimal("100.1"), Decimal("101.0"))
    assert (summary.size_min, summary.size_max) == (Decimal("0.001"), Decimal("0.030"))
    assert summary.size_total == Decimal("0.037")
    assert summary.sides == SideCounts(buy=2, sell=1, unknown=1)
    assert summary.silences.count == 1
    assert summary.silences.longest_us == MINUTE_US + 1
    assert summary.silences.first == (Silence(start_us=10, end_us=11 + MINUTE_US),)
    assert [gap.reason for gap in summary.gaps] == ["outage"]
    assert (summary.trade_rows, summary.stored_bytes) == (4, 4 * 17)
    assert summary.sha256 == tape.manifest.sha256


def test_a_silence_is_never_a_declared_gap_by_itself(make_tape: Callable[..., Tape]) -> None:
    tape = make_tape([0, 10 * MINUTE_US], [1, 1])

    summary = summarise(tape)

    assert summary.silences.count == 1
    assert summary.gaps == ()
