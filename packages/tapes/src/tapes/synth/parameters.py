"""What a synthetic market is like: its parameters and the presets.

Knows plausible values; refuses to draw a random number.
"""

from dataclasses import dataclass, replace
from enum import Enum

from tapes.errors import TapeError

DAY_US = 86_400_000_000
# Monday, 2026-01-05 00:00 UTC.
DEFAULT_START_US = 1_767_571_200_000_000

# Relative activity by hour of day, UTC: quiet nights, busy when Europe and America overlap.
_DAILY_RHYTHM = (
    *(0.90, 0.75, 0.60, 0.45, 0.35, 0.35, 0.45, 0.70),
    *(1.00, 1.10, 1.05, 1.00, 1.05, 1.45, 1.90, 1.85),
    *(1.60, 1.35, 1.20, 1.10, 1.05, 1.00, 0.95, 0.85),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketParameters:
    """A synthetic market; exactly one of `rows` (trades) and `duration_us` says how long.

    `volatility` is the yearly standard deviation of log returns (0.5 is 50 %), `jump_size` that of
    one jump, `size_median` is in base units, `rhythm` the relative activity of the 24 hours of the
    UTC day.
    """

    seed: int
    rows: int | None = None
    duration_us: int | None = None
    symbol: str = "BTCUSDT"
    tick_size: str = "0.1"
    qty_step: str = "0.001"
    start_us: int = DEFAULT_START_US
    price: float = 100_000.0
    trades_per_second: float = 20.0
    same_time_share: float = 0.3
    volatility: float = 0.5
    regime_hours: float = 6.0
    jumps_per_day: float = 2.0
    jump_size: float = 0.004
    spread_ticks_mean: float = 1.6
    size_median: float = 0.01
    size_spread: float = 1.3
    gaps_per_day: float = 0.5
    gap_minutes: float = 12.0
    rhythm: tuple[float, ...] = _DAILY_RHYTHM
    tickers: bool = False
    ticker_interval_us: int = 1_000_000
    funding_rate_mean: float = 0.0001

    def __post_init__(self) -> None:
        lengths = [length for length in (self.rows, self.duration_us) if length is not None]
        self._require(
            len(lengths) == 1 and lengths[0] > 0, "length", "rows or a duration, positive"
        )
        self._require(self.seed >= 0, "seed", "zero or more")
        self._require(self.price > 0, "price", "a positive price")
        self._require(0 < self.trades_per_second <= 1e6, "trades_per_second", "up to a million")
        self._require(0 <= self.same_time_share < 1, "same_time_share", "from 0 to below 1")
        self._require(0 < self.volatility <= 50, "volatility", "positive, 0.5 for 50 % a year")
        self._require(self.regime_hours > 0, "regime_hours", "positive hours")
        self._require(self.spread_ticks_mean >= 1, "spread_ticks_mean", "at least one tick")
        self._require(self.size_median > 0, "size_median", "a positive size")
        self._require(
            len(self.rhythm) == 24 and min(self.rhythm) > 0, "rhythm", "24 positive numbers"
        )
        rates = (self.jumps_per_day, self.jump_size, self.size_spread, self.gaps_per_day)
        self._require(min(rates) >= 0 and self.gap_minutes > 0, "rates", "zero or more")
        self._require(self.ticker_interval_us > 0, "ticker_interval_us", "positive")

    @staticmethod
    def _require(good: bool, name: str, expected: str) -> None:
        if not good:
            raise TapeError(
                f"a synthetic market cannot be made: {name}",
                expected=expected,
                found="something else",
                mend="Change the option and try again.",
            )


class Preset(Enum):
    """Ready-made markets."""

    DEMO = "demo"
    BENCH = "bench"


_PRESETS = {
    # Three days to look at, quick to run.
    Preset.DEMO: MarketParameters(
        seed=1, duration_us=3 * DAY_US, trades_per_second=1.4, volatility=0.6, tickers=True
    ),
    # Some 69 hours of a busy market. The volatility is that of a wild week: a grid of 0.2 % then
    # has some eight thousand fills, enough to weigh what a fill costs.
    Preset.BENCH: MarketParameters(seed=1, rows=5_000_000, volatility=2.2),
}


def preset(name: Preset, **changes: object) -> MarketParameters:
    """A preset with some parameters changed; giving one of rows and duration_us drops the other."""
    base = _PRESETS[name]
    if changes.get("rows") is not None:
        changes.setdefault("duration_us", None)
    elif changes.get("duration_us") is not None:
        changes.setdefault("rows", None)
    return replace(base, **changes)  # type: ignore[arg-type]
