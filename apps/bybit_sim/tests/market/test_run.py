"""Runs of trades as columns."""

from bybit_sim.market.run import TradeRun
from bybit_sim.market.words import TradeRow
from gridcore.clock import Instant
from gridcore.instrument import Steps, Ticks


def test_the_first_trade_at_or_after_a_time_is_found() -> None:
    newest = TradeRow("BTCUSDT", Instant(9), 0, Ticks(1), Steps(1), 1)
    run = TradeRun("BTCUSDT", [1, 3, 3, 8], [5] * 4, [1] * 4, [1] * 4, newest)

    assert [run.first_at_or_after(Instant(at), 0) for at in (0, 3, 4, 9)] == [0, 1, 3, 4]
    assert run.first_at_or_after(Instant(0), 2) == 2
