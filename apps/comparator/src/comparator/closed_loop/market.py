"""The seeded market of the mission: one tape for each symbol, the same for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gridcore.clock import MINUTE_US, Instant
from tapes.synth import MarketParameters, make_tape
from tapes.synth.parameters import DEFAULT_START_US

VOLATILITY = 5.0
"""A year's deviation of log returns: a wild market, in which a minute brings fills."""
TRADES_PER_SECOND = 1.0
_TRADE_VALUE = 1_000.0
"""A typical trade in quote units, whatever the symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A symbol of the simulated exchange: its units there, and where its market begins."""

    symbol: str
    tick_size: str
    qty_step: str
    price: float


LISTED = {
    one.symbol: one
    for one in (
        Listed(symbol="BTCUSDT", tick_size="0.1", qty_step="0.001", price=100_000.0),
        Listed(symbol="ETHUSDT", tick_size="0.01", qty_step="0.01", price=3_500.0),
        Listed(symbol="SOLUSDT", tick_size="0.01", qty_step="0.1", price=180.0),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The tapes by symbol; `start` and `end` are of its rows. `trades`: of all symbols."""

    tapes: dict[str, Path]
    start: Instant
    end: Instant
    trades: int


def make_market(folder: Path, symbols: Sequence[str], *, seed: int, minutes: int) -> Market:
    """Write the tapes into `folder`; TapeError when they cannot be written."""
    paths: dict[str, Path] = {}
    ends: list[int] = []
    trades = 0
    for place, symbol in enumerate(symbols):
        listed = LISTED[symbol]
        parameters = MarketParameters(
            # Markets of one seed must not repeat each other.
            seed=seed * 1_009 + place,
            duration_us=minutes * MINUTE_US,
            symbol=symbol,
            tick_size=listed.tick_size,
            qty_step=listed.qty_step,
            price=listed.price,
            trades_per_second=TRADES_PER_SECOND,
            volatility=VOLATILITY,
            size_median=max(_TRADE_VALUE / listed.price, float(listed.qty_step)),
            gaps_per_day=0.0,
            tickers=True,
        )
        tape = make_tape(folder / symbol, parameters)
        assert tape.tickers is not None, "made with tickers"
        paths[symbol] = tape.path
        ends += [int(tape.trades.time[-1]), int(tape.tickers.time[-1])]
        trades += len(tape.trades.time)
    return Market(
        tapes=paths, start=Instant(DEFAULT_START_US), end=Instant(max(ends)), trades=trades
    )
