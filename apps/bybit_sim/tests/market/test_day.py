"""The last 24 hours: the same as looking at every minute of them."""

from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.market.day import DaySummary, DayWindow
from bybit_sim.market.klines import Candle
from gridcore.clock import DAY_US, HOUR_US, MINUTE_US, Instant


def minute(number: int, price: int, spread: int = 0, volume: int = 1) -> Candle:
    return Candle(
        Instant(number * MINUTE_US),
        price,
        price + spread,
        price - spread,
        price,
        volume,
        volume * price,
    )


def test_before_a_minute_has_ended_the_day_is_the_minute_in_progress() -> None:
    summary = DayWindow().summary(minute(5, 100, 3))

    assert summary == DaySummary(high=103, low=97, volume=1, value=100, day_ago=100, hour_ago=100)


@given(
    prices=st.lists(
        st.tuples(st.integers(100, 200), st.integers(0, 9), st.integers(0, 5)),
        min_size=2,
        max_size=80,
    ),
    every=st.sampled_from([1, 7, 45, 200]),
)
def test_the_summary_is_that_of_the_minutes_of_the_last_day(
    prices: list[tuple[int, int, int]], every: int
) -> None:
    minutes = [minute(n * every, *one) for n, one in enumerate(prices)]
    window = DayWindow()
    for one in minutes[:-1]:
        window.add(one)

    found = window.summary(minutes[-1])

    newest = minutes[-2].start
    kept = [one for one in minutes[:-1] if one.start > newest - DAY_US] + [minutes[-1]]
    assert found.high == max(one.high for one in kept)
    assert found.low == min(one.low for one in kept)
    assert found.volume == sum(one.volume for one in kept)
    assert found.value == sum(one.value for one in kept)
    assert found.day_ago == kept[0].open


def test_the_price_an_hour_ago_is_the_open_of_that_minute() -> None:
    window = DayWindow()
    for number in range(100):
        window.add(minute(number, 1000 + number))

    summary = window.summary(minute(100, 1100))

    assert summary.hour_ago == 1040
    assert minute(40, 1).start == minute(100, 1).start - HOUR_US


def test_a_minute_leaves_when_it_is_a_day_old() -> None:
    window = DayWindow()
    for number in range(1_441):
        window.add(minute(number, 5_000 - number))

    summary = window.summary(minute(1_441, 1_000))

    assert (summary.high, summary.day_ago, summary.volume) == (4_999, 4_999, 1_441)
