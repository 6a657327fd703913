"""The markets that the bench runs on: made once, kept in a folder, found again by what made them.

Knows seeds and sizes; refuses to know strategies.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import tapes.synth
from tapes.columns import TradeColumns
from tapes.compiled import Integers
from tapes.kernel_cache import sources_digest
from tapes.synth import MarketParameters, Preset, make_tape, preset
from tapes.tape import Tape
from tapes.writing import TapeWriter

FULL_ROWS = 5_000_000
LONG_ROWS = 50_000_000
# Of the 2.2 of the preset, a wild week, this leaves a lively one: a hedged grid of 0.2 % then has
# some 5,600 fills in 5 M trades, near the lower end of the 5,000 to 12,000 that are asked for. That
# is where a rate of 15 M ticks/s and a cost of 60 us a fill come to the same time.
VOLATILITY = 1.3


def market(rows: int) -> MarketParameters:
    """The bench's market, BTC-like, of so many trades; a longer one begins like a shorter one."""
    return preset(Preset.BENCH, rows=rows, volatility=VOLATILITY)


def bench_tape(folder: Path, rows: int) -> Tape:
    """The tape of `market(rows)` in `folder`, made when it is not there."""
    parameters = market(rows)
    path = folder / f"btc-{rows}-{_digest(repr(parameters))}"
    if not path.exists():
        make_tape(path, parameters)
    return Tape.open(path)


def mirrored_tape(folder: Path, tape: Tape, levels: Sequence[int]) -> Tape:
    """The same trades, thrown back at the two outermost of `levels`, made when it is not there.

    A static grid stays in play on it. It has no gaps: a session pauses in one, the other programs
    of the comparison know none.
    """
    own = Path(__file__).read_text(encoding="utf-8")
    path = folder / f"mirrored-{_digest(tape.manifest.sha256, own, str(list(levels)))}"
    if path.exists():
        return Tape.open(path)
    prices, turned = mirrored(tape.trades.price, levels[0] + 1, levels[-1] - 1)
    trades = tape.trades
    header = replace(tape.manifest.header, source="the bench's trades, mirrored into a grid")
    with TapeWriter(path, header) as writer:
        writer.add_trades(
            TradeColumns(
                time=trades.time,
                price=prices,
                size=trades.size,
                side=np.where(turned, -trades.side, trades.side).astype(np.int8),
                seq=None,
            )
        )
        return writer.commit()


def mirrored(prices: Integers, low: int, high: int) -> tuple[Integers, Integers]:
    """Prices folded into [low, high] as between two mirrors, and where up has become down."""
    width = high - low
    if width <= 0:
        raise ValueError(f"expected low below high, found {low} and {high}")
    place = (prices.astype(np.int64) - low) % (2 * width)
    turned = place > width
    return np.where(turned, 2 * width - place, place) + low, turned


def touch(tape: Tape) -> int:
    """Read one number of every page of the trades, so that no timed run waits for the disk."""
    trades = tape.trades
    total = 0
    for column in (trades.time, trades.price, trades.size, trades.side):
        total += int(column[:: 4096 // column.itemsize].sum())
    return total


def _digest(*parts: str) -> str:
    """Short and of everything that makes a market: the parameters and the generator's sources."""
    generator = sources_digest(Path(tapes.synth.__file__).parent)
    return hashlib.sha256("\0".join((generator, *parts)).encode()).hexdigest()[:12]
