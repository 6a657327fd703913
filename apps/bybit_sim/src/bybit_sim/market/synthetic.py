"""A seeded market without end: tapes made one after the other, each going on from the last.

It knows how parts are joined; it refuses to know how a market moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bybit_sim.market.facts import SymbolFacts
from bybit_sim.market.feed import Feed, Tapes
from gridcore.clock import HOUR_US, Instant
from tapes.synth import MarketParameters, make_tape

PART_US = 6 * HOUR_US
_PARTS_KEPT = 2
PRICES = {"BTCUSDT": 100_000.0, "ETHUSDT": 3_500.0, "SOLUSDT": 180.0}
"""Where the markets of known symbols begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticMarket:
    """What all parts of one synthetic market have in common. `tickers`: once a second."""

    seed: int
    start: Instant
    prices: Mapping[str, float]
    trades_per_second: float = 5.0
    volatility: float = 0.6
    tickers: bool = True


class SyntheticTapes:
    """Tapes of six hours in a folder of the caller's, which keeps the newest two of a symbol."""

    def __init__(
        self, folder: Path, symbols: Sequence[SymbolFacts], market: SyntheticMarket
    ) -> None:
        self._folder = folder
        self._symbols = tuple(symbols)
        self._market = market
        self._prices = dict(market.prices)
        self._part = 0

    def feed(self) -> Feed:
        """The endless feed of all symbols."""
        return Feed(self.next_part(), more=self.next_part)

    def next_part(self) -> Tapes:
        """Make the next six hours of every symbol. TapeError when the folder cannot be written."""
        tapes = []
        for place, facts in enumerate(self._symbols):
            parameters = self._parameters(facts, place)
            # Two folders in turn: the part that is being read stays.
            name = f"{facts.symbol}-{self._part % _PARTS_KEPT}"
            tape = make_tape(self._folder / name, parameters, replace=True)
            last = int(tape.trades.price[-1]) * facts.instrument.tick_size
            self._prices[facts.symbol] = float(last)
            tapes.append((facts, tape))
        self._part += 1
        return tapes

    def _parameters(self, facts: SymbolFacts, place: int) -> MarketParameters:
        market, instrument = self._market, facts.instrument
        price = self._prices.get(facts.symbol, PRICES.get(facts.symbol, 100.0))
        return MarketParameters(
            # Parts of one market and markets of one seed must not repeat each other.
            seed=market.seed * 1_000_003 + self._part * 101 + place,
            duration_us=PART_US,
            symbol=facts.symbol,
            tick_size=str(instrument.tick_size),
            qty_step=str(instrument.qty_step),
            start_us=market.start + self._part * PART_US,
            price=price,
            trades_per_second=market.trades_per_second,
            volatility=market.volatility,
            # A typical trade is worth some hundred quote units, whatever the symbol.
            size_median=max(1_000.0 / price, float(instrument.qty_step)),
            gaps_per_day=0.0,
            tickers=market.tickers,
        )
