"""What can be asked of a synthetic market."""

from dataclasses import replace

import pytest

from tapes.errors import TapeError
from tapes.synth.parameters import DAY_US, MarketParameters, Preset, preset


@pytest.mark.parametrize(
    "change",
    [
        {"rows": None},
        {"duration_us": 5},
        {"rows": 0},
        {"price": 0.0},
        {"volatility": 0.0},
        {"volatility": float("nan")},
        {"trades_per_second": 0.0},
        {"spread_ticks_mean": 0.5},
        {"rhythm": (1.0,) * 23},
        {"gaps_per_day": -1.0},
        {"same_time_share": 1.0},
        {"seed": -1},
    ],
)
def test_an_impossible_market_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(TapeError, match="a synthetic market cannot be made"):
        replace(MarketParameters(seed=1, rows=10), **change)  # type: ignore[arg-type]


def test_the_demo_is_three_days_with_tickers() -> None:
    demo = preset(Preset.DEMO)

    assert (demo.duration_us, demo.rows, demo.tickers) == (3 * DAY_US, None, True)


def test_the_bench_is_five_million_trades() -> None:
    assert preset(Preset.BENCH).rows == 5_000_000
    assert preset(Preset.BENCH, volatility=0.5).volatility == 0.5


def test_another_length_takes_the_place_of_the_presets_own() -> None:
    assert preset(Preset.DEMO, rows=10).duration_us is None
    assert preset(Preset.BENCH, duration_us=5).rows is None
