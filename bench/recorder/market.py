"""The market that is recorded, and every public trade that the simulator tells of it.

It knows the tape and how the simulator writes it; it refuses to know what was recorded.
"""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson

from bybit_sim.market.facts import KNOWN
from bybit_sim.market.trade_log import TradeLog
from gridcore.clock import Instant
from tapes.synth import Preset, make_tape, preset
from tapes.tape import Tape
from tapes.writing import TapeWriter

SYMBOL = "BTCUSDT"
ACCOUNT, UID = "recorded", 77
KEY, SECRET = "recorder-key", "recorder-secret"
TRADES_PER_SECOND = 20.0
SEED = 11
POISON_STEPS = 10**14
"""1e11 base units: more than a BIGINT of 1e-8 holds."""


class Traded(NamedTuple):
    """A public trade: `at_us` in microseconds, `size` in base units."""

    trade_id: str
    at_us: int
    price: Decimal
    size: Decimal
    side: str
    seq: int


def make_market(folder: Path, rows: int, poison: int) -> Tape:
    """A tape `folder/tape` of a wild, even market; so many of its trades are too large to keep."""
    parameters = preset(
        Preset.BENCH,
        rows=rows,
        seed=SEED,
        volatility=6.0,
        tickers=True,
        gaps_per_day=0.0,
        trades_per_second=TRADES_PER_SECOND,
        rhythm=(1.0,) * 24,
    )
    plain = make_tape(folder / "plain", parameters)
    assert plain.tickers is not None, "the market was made with tickers"
    size = np.array(plain.trades.size, np.int64)
    size[poisoned(rows, poison)] = POISON_STEPS
    with TapeWriter(tape_of(folder), plain.manifest.header, tickers=True) as writer:
        writer.add_trades(replace(plain.trades, size=size))
        writer.add_tickers(plain.tickers)
        return writer.commit()


def tape_of(folder: Path) -> Path:
    """Where the tape of a run lies."""
    return folder / "tape"


def poisoned(rows: int, poison: int) -> list[int]:
    """Which trades of a tape are too large, spread over its first four fifths."""
    return [int(rows * 0.8 * (number + 0.5) / poison) for number in range(poison)]


def config(tape: Path) -> str:
    """The simulator's configuration: one account whose fills are cut to parts half of the time."""
    return (
        f"seed: {SEED}\nspeed: 1x\nvip_level: 3\naddress_limit: false\n"
        f"symbols: {{{SYMBOL}: {{tape: {tape}}}}}\n"
        f"accounts:\n  - {{name: {ACCOUNT}, uid: {UID}, balance: 1000000, partial_fills: 500, "
        f"keys: [{{key: {KEY}, secret: {SECRET}}}]}}\n"
    )


def told_trades(tape: Tape, first: int = 0) -> list[Traded]:
    """Every trade as the simulator tells it from this tape, from number `first` on."""
    log = TradeLog(KNOWN[SYMBOL], SEED)
    log.followed = True
    columns = (tape.trades.time, tape.trades.price, tape.trades.size, tape.trades.side)
    log.add_many(*(np.asarray(column) for column in columns))
    return [
        _traded(row)
        for frame in log.take_frames(Instant(0))
        for row in orjson.loads(frame.body)["data"]
        if row["seq"] >= first
    ]


def _traded(row: dict[str, object]) -> Traded:
    return Traded(
        trade_id=str(row["i"]),
        at_us=int(str(row["T"])) * 1_000,
        price=Decimal(str(row["p"])),
        size=Decimal(str(row["v"])),
        side=str(row["S"]),
        seq=int(str(row["seq"])),
    )
