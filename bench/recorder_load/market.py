"""The busy market of a run, and what its trades come to in the units of the database.

It knows the tape and how coarse the exchange's times are; it refuses to know what was recorded.
"""

from decimal import Decimal
from pathlib import Path

import numpy as np

from grid_db.bulk import TradeBlock
from tapes.synth import Preset, make_tape, preset
from tapes.tape import Tape

SYMBOL = "BTCUSDT"
SEED = 23
TRADES_PER_SECOND = 1_150.0
"""As drawn; about a tenth less comes of it."""
UNITS = Decimal(100_000_000)
"""Prices and sizes in the database are counts of 1e-8."""
MILLISECOND_US = 1_000


def make_market(folder: Path, seconds: float) -> Tape:
    """A tape in `folder/tape` of an even market that lasts longer than `seconds`."""
    parameters = preset(
        Preset.BENCH,
        rows=int(seconds * TRADES_PER_SECOND),
        seed=SEED,
        tickers=True,
        gaps_per_day=0.0,
        trades_per_second=TRADES_PER_SECOND,
        rhythm=(1.0,) * 24,
    )
    return make_tape(tape_of(folder), parameters)


def tape_of(folder: Path) -> Path:
    """Where the tape of a run lies."""
    return folder / "tape"


def config(tape: Path) -> str:
    """The simulator's configuration: this tape in real time, and nobody who trades."""
    return f"speed: 1x\naddress_limit: false\nsymbols: {{{SYMBOL}: {{tape: {tape}}}}}\n"


def told_trades(tape: Tape, first: int, end: int) -> TradeBlock:
    """The tape's trades `first` (counted from 0) up to, and not including, `end`, as the database
    is to hold them.

    Times are whole milliseconds, since the exchange tells no more.
    """
    trades, header = tape.trades, tape.manifest.header
    at = np.asarray(trades.time[first:end], np.int64)
    return TradeBlock(
        at=at - at % MILLISECOND_US,
        price=np.asarray(trades.price[first:end], np.int64) * _units(header.tick_size),
        size=np.asarray(trades.size[first:end], np.int64) * _units(header.qty_step),
        side=np.asarray(trades.side[first:end], np.int8),
    )


def _units(text: str) -> int:
    return int(Decimal(text) * UNITS)
