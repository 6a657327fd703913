"""A market drawn from one random source: phases of calm, trend, jumps and swings, as tickers.

It knows prices in ticks and a unit of movement (one grid step); it refuses to know orders.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from random import Random

from gridcore.clock import SECOND_US, Instant
from gridcore.events import Ticker
from gridcore.instrument import Instrument
from gridcore.message import message


class Phase(StrEnum):
    """How the price moves for a while."""

    CALM = "calm"
    TREND = "trend"
    JUMPS = "jumps"
    SWINGS = "swings"


PHASES = (Phase.CALM, Phase.TREND, Phase.JUMPS, Phase.SWINGS, Phase.SWINGS)
"""Swings come twice: they fill the most orders."""

PHASE_ROWS = (8, 40)
"""Fewest and most tickers of one phase."""


@message
class WalkStyle:
    """What does not change on the way. `unit` is one grid step in ticks.

    `bad_prints` per mille of the tickers show a last price far off the mark; `quoted` whether bid
    and ask are known.
    """

    instrument: Instrument
    unit: int
    bad_prints: int
    quoted: bool
    funding_rate: Decimal | None


class Walk:
    """The price of one symbol and the phase that it is in."""

    __slots__ = ("_draw", "_drift", "_home", "_phase", "_rows_left", "_style", "price")

    def __init__(self, draw: Random, style: WalkStyle, price: int) -> None:
        self.price = price
        self._draw = draw
        self._style = style
        self._home = price
        self._drift = 0
        self._phase = Phase.SWINGS
        self._rows_left = 0

    def storm(self, start: Instant, until: Instant) -> list[Ticker]:
        """Tickers 0.5 to 5 s apart from `start` on, the last one before `until`."""
        rows: list[Ticker] = []
        at = start
        while at < until:
            self._step()
            rows.append(self._ticker(at))
            at = Instant(at + self._draw.randrange(SECOND_US // 2, 5 * SECOND_US))
        return rows

    def calm(self, start: Instant, until: Instant, every_us: int) -> list[Ticker]:
        """Tickers about every `every_us` at a price that hardly moves."""
        rows: list[Ticker] = []
        at = start
        home = self.price
        reach = self._style.unit // 20
        while at < until:
            self.price = home + self._draw.randint(-reach, reach)
            rows.append(self._ticker(at, bad_prints=0))
            at = Instant(at + every_us + self._draw.randrange(-SECOND_US // 2, SECOND_US // 2))
        return rows

    def _step(self) -> None:
        if self._rows_left == 0:
            self._enter_phase()
        self._rows_left -= 1
        draw, unit = self._draw, self._style.unit
        match self._phase:
            case Phase.CALM:
                moved = draw.randint(-unit // 5, unit // 5)
            case Phase.TREND:
                moved = self._drift + draw.randint(-unit // 4, unit // 4)
            case Phase.JUMPS:
                jumps = draw.randrange(4) == 0
                moved = draw.randint(-5 * unit, 5 * unit) if jumps else draw.randint(-unit, unit)
            case Phase.SWINGS:
                moved = self._drift + draw.randint(-unit // 3, unit // 3)
                if draw.randrange(5) == 0:
                    self._drift = -self._drift
        # A price that has wandered off by half comes back, so that it stays one a market can have.
        if self.price + moved < self._home // 2 or self.price + moved > 2 * self._home:
            moved = -moved
        self.price += moved

    def _enter_phase(self) -> None:
        draw, unit = self._draw, self._style.unit
        self._phase = draw.choice(PHASES)
        self._rows_left = draw.randint(*PHASE_ROWS)
        speed = unit // 3 if self._phase is Phase.TREND else unit
        self._drift = draw.choice((-1, 1)) * draw.randint(1, max(speed, 1))

    def _ticker(self, at: Instant, bad_prints: int | None = None) -> Ticker:
        draw, style = self._draw, self._style
        instrument = style.instrument
        offset = draw.randint(-2, 2)
        mark = instrument.tick_size * (self.price + offset)
        last = self.price
        spread = draw.randint(1, 3)
        bad = style.bad_prints if bad_prints is None else bad_prints
        if draw.randrange(1000) < bad:
            last += draw.choice((-1, 1)) * last * draw.randint(5, 30) // 100
        return Ticker(
            symbol=instrument.symbol,
            at=at,
            last=last,
            mark=mark,
            bid=self.price - spread if style.quoted else None,
            ask=self.price + spread if style.quoted else None,
            funding_rate=style.funding_rate,
        )


def merged(tapes: Sequence[Sequence[Ticker]]) -> tuple[Ticker, ...]:
    """The tickers of several symbols in order of time; at equal times as the tapes are given."""
    rows = [ticker for tape in tapes for ticker in tape]
    return tuple(sorted(rows, key=_time))


def _time(ticker: Ticker) -> Instant:
    return ticker.at
