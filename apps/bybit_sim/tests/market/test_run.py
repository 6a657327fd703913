"""Runs of trades as columns."""

import numpy as np

from bybit_sim.market.run import TradeRun
from gridcore.clock import Instant


def test_the_first_trade_at_or_after_a_time_is_found() -> None:
    ones = np.ones(4, np.int64)
    run = TradeRun("BTCUSDT", np.array([1, 3, 3, 8]), ones, ones, ones)

    assert [run.first_at_or_after(Instant(at), 0) for at in (0, 3, 4, 9)] == [0, 1, 3, 4]
    assert run.first_at_or_after(Instant(0), 2) == 2
