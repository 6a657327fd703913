"""The market that is recorded, and every public trade that the simulator tells of it.

It knows the tape and how the simulator writes it; it refuses to know what was recorded.
"""

from collections.abc import Iterable
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

SYMBOL = "BTCUSDT"
ACCOUNT, UID = "recorded", 77
KEY, SECRET = "recorder-key", "recorder-secret"
TRADES_PER_SECOND = 20.0
SEED = 11


class Traded(NamedTuple):
    """A public trade: `at_us` in microseconds, `size` in base units."""

    trade_id: str
    at_us: int
    side: str
    price: Decimal
    size: Decimal
    seq: int


class Injected(NamedTuple):
    """A trade that is on no tape, and after how many others it came."""

    after: int
    at_us: int
    price: Decimal
    size: Decimal


def make_market(target: Path, rows: int) -> Tape:
    """A tape of a wild, even market."""
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
    return make_tape(target, parameters)


def config(tape: Path) -> str:
    """The simulator's configuration: one account whose fills are cut to parts half of the time."""
    return (
        f"seed: {SEED}\nspeed: 1x\nvip_level: 3\naddress_limit: false\n"
        f"symbols: {{{SYMBOL}: {{tape: {tape}}}}}\n"
        f"accounts:\n  - {{name: {ACCOUNT}, uid: {UID}, balance: 1000000, partial_fills: 500, "
        f"keys: [{{key: {KEY}, secret: {SECRET}}}]}}\n"
    )


def told_trades(tape: Tape, injected: Iterable[Injected] = ()) -> list[Traded]:
    """Every trade as the simulator tells it from this tape, with what was put in by hand."""
    facts = KNOWN[SYMBOL]
    log = TradeLog(facts, SEED)
    log.followed = True
    columns = tape.trades
    time, price, size, side = (
        np.asarray(column) for column in (columns.time, columns.price, columns.size, columns.side)
    )
    done = 0
    for number, one in enumerate(sorted(injected)):
        upto = one.after - number
        if upto > done:
            log.add_many(*(column[done:upto] for column in (time, price, size, side)))
            done = upto
        ticks = facts.instrument.to_ticks(one.price)
        log.add(Instant(one.at_us), ticks, facts.instrument.to_steps(one.size), 1)
    if done < len(time):
        log.add_many(*(column[done:] for column in (time, price, size, side)))
    return [
        _traded(row)
        for frame in log.take_frames(Instant(0))
        for row in orjson.loads(frame.body)["data"]
    ]


def _traded(row: dict[str, object]) -> Traded:
    return Traded(
        trade_id=str(row["i"]),
        at_us=int(str(row["T"])) * 1_000,
        side=str(row["S"]),
        price=Decimal(str(row["p"])),
        size=Decimal(str(row["v"])),
        seq=int(str(row["seq"])),
    )
