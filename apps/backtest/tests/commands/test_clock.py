from backtest.commands.clock import wall_clock


def test_the_wall_clock_is_in_microseconds_of_this_century() -> None:
    assert 1_700_000_000_000_000 < wall_clock() < 4_000_000_000_000_000
