"""The load over sockets: a short run against a real simulator, and what counts as good."""

from dataclasses import replace

import pytest

from bench.wire import load
from bench.wire.load import Load


@pytest.fixture(scope="module")
def found() -> Load:
    return load.measure(2.0, warm_up_s=1.0, trades_per_second=15)


def test_nothing_is_lost_between_exchange_and_consumer(found: Load) -> None:
    assert found.trades > 1000
    assert found.trades_missing == 0
    assert found.orders > 100
    assert found.orders_missing == 0
    assert found.dead_letters == 0
    assert found.outages == 0


def test_lags_are_measured_on_the_exchange_s_clock(found: Load) -> None:
    assert 0 <= found.lag_ms_median <= found.lag_ms_p99 <= found.lag_ms_max


GOOD = Load(
    seconds=60.0,
    public_frames=120_000,
    private_frames=12_000,
    trades=150_000,
    trades_missing=0,
    orders=3000,
    orders_missing=0,
    dead_letters=0,
    outages=0,
    lag_ms_median=1.0,
    lag_ms_p99=249.0,
    lag_ms_max=400.0,
    memory_warm=100_000_000,
    memory_end=104_900_000,
)


def test_a_run_that_meets_every_target_is_good() -> None:
    assert GOOD.good()
    assert "2,000 public frames/s" in GOOD.text()
    assert "+4.9%" in GOOD.text()


@pytest.mark.parametrize(
    "missed",
    [
        replace(GOOD, public_frames=119_999),
        replace(GOOD, private_frames=11_999),
        replace(GOOD, trades_missing=1),
        replace(GOOD, orders_missing=1),
        replace(GOOD, dead_letters=1),
        replace(GOOD, outages=1),
        replace(GOOD, lag_ms_p99=250.0),
        replace(GOOD, memory_end=105_000_000),
    ],
)
def test_a_run_that_misses_one_target_is_not_good(missed: Load) -> None:
    assert not missed.good()
