from bybit_sim.sockets.wall_clock import WallClock

YEAR_2020_US = 1_577_836_800_000_000


def test_the_clock_begins_at_zero_and_never_goes_back() -> None:
    clock = WallClock()

    first, second = clock.elapsed_ms(), clock.elapsed_ms()

    assert 0 <= first <= second


def test_the_time_is_microseconds_since_the_epoch() -> None:
    assert YEAR_2020_US < WallClock().now_us() < 10 * YEAR_2020_US
