"""The busy market, and its trades as the simulator tells them."""

from decimal import Decimal
from pathlib import Path

import numpy as np

from bench.recorder import market as recorder_market
from bench.recorder_load import market

UNITS = Decimal(100_000_000)


def test_the_market_has_more_than_a_thousand_trades_a_second(tmp_path: Path) -> None:
    tape = market.make_market(tmp_path, 60.0)

    times = np.asarray(tape.trades.time)
    seconds = (times[-1] - times[0]) / 1_000_000
    assert seconds > 60
    assert 1_000 < len(times) / seconds < 1_100


def test_what_is_expected_is_what_the_simulator_tells(tmp_path: Path) -> None:
    tape = market.make_market(tmp_path, 1.0)

    expected = market.told_trades(tape, 100, 300)

    told = recorder_market.told_trades(tape)[100:300]
    rows = [
        (one.at_us, int(one.price * UNITS), int(one.size * UNITS), 1 if one.side == "Buy" else -1)
        for one in told
    ]
    columns = (expected.at, expected.price, expected.size, expected.side)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == rows
