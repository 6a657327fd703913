"""A session begins anew when the newest report has other units and nothing of the old is left."""

from dataclasses import replace
from decimal import Decimal

from gridbot.shell.units_watch import UnitsWatch
from gridcore.clock import Instant
from gridcore.events import SymbolReport
from gridcore.instrument import Instrument

KNOWN = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)
SAME = SymbolReport(
    symbol="BTCUSDT",
    at=Instant(1),
    instrument=KNOWN,
    leverage=Decimal(10),
    hedge_mode=True,
    trading=True,
)
OTHER_TICK = replace(SAME, instrument=replace(KNOWN, tick_size=Decimal(1)))
OTHER_STEP = replace(SAME, instrument=replace(KNOWN, qty_step=Decimal("0.01")))


def test_the_newest_report_of_a_traded_symbol_counts() -> None:
    """ADR 0035."""
    watch = UnitsWatch({"BTCUSDT": KNOWN}, lambda symbol: True)

    found = [watch.awaits_rebuilding()]
    for report in (SAME, OTHER_TICK, SAME, OTHER_STEP, SAME, replace(OTHER_TICK, symbol="ETHUSDT")):
        watch.note(report)
        found.append(watch.awaits_rebuilding())

    assert found == [False, False, True, False, True, False, False]


def test_nothing_begins_anew_outside_of_hedge_mode_or_over_a_book_that_is_not_empty() -> None:
    flat = UnitsWatch({"BTCUSDT": KNOWN}, lambda symbol: True)
    flat.note(replace(OTHER_TICK, hedge_mode=False))
    resting = UnitsWatch({"BTCUSDT": KNOWN}, lambda symbol: False)
    resting.note(OTHER_TICK)

    assert not flat.awaits_rebuilding()
    assert not resting.awaits_rebuilding()
