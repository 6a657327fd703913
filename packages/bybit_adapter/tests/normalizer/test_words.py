"""What the normalizer hands out."""

import json

from bybit_adapter.normalizer.words import Counts, Reason, Trade
from gridcore.sides import SELL


def test_a_trade_is_written_as_it_was_received() -> None:
    row = Trade(T=1762199126001, s="BTCUSDT", S=SELL, v="0.010", p="54000.40", i="a", seq=5)

    assert json.loads(json.dumps(row.as_row())) == {
        "T": 1762199126001,
        "s": "BTCUSDT",
        "S": "Sell",
        "v": "0.010",
        "p": "54000.40",
        "i": "a",
        "L": "",
        "BT": False,
        "RPI": False,
        "seq": 5,
    }


def test_counts_begin_at_nothing() -> None:
    counts = Counts()

    assert (counts.frames, counts.events, counts.dead_letters) == (0, 0, 0)
    assert counts.set_aside[Reason.CONTROL] == 0
