"""Short markets, and findings as the bench makes them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.jobs import Traded
from bench.timing import Spread
from tapes.synth import Preset, make_tape, preset
from tapes.tape import Tape


@pytest.fixture
def lively_tape(tmp_path: Path) -> Callable[[int], Tape]:
    """A few minutes in which the price crosses many levels, by seed."""

    def make(seed: int) -> Tape:
        parameters = preset(Preset.BENCH, rows=30_000, seed=seed, volatility=12.0)
        return make_tape(tmp_path / f"lively-{seed}", parameters)

    return make


@pytest.fixture
def spread() -> Spread:
    return Spread(seconds=(0.5, 0.25, 1.0))


@pytest.fixture
def did() -> Traded:
    return Traded(buys=1000, sells=990, position=0.1, fees=12.5)
