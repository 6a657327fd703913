"""The clock of the stream clients follows a market that runs faster than any clock."""

from queue import SimpleQueue

from bybit_adapter.ws_client.clock import Clock, SystemClock
from event_saver.market_clock import MarketClock
from gridcore.clock import HOUR_US, Instant


def test_a_market_that_is_ahead_of_the_clock_dates_what_is_heard() -> None:
    system = SystemClock()
    ahead = Instant(system.now() + HOUR_US)
    clock: Clock = MarketClock(system, lambda: ahead)

    assert clock.moment().exchange == ahead


def test_a_market_that_says_nothing_leaves_the_time_to_the_clock() -> None:
    system = SystemClock()
    clock = MarketClock(system, lambda: Instant(0))

    before, told, after = system.now(), clock.now(), system.now()

    assert before <= told <= after


def test_limits_and_signatures_do_not_follow_the_market() -> None:
    system = SystemClock()
    clock = MarketClock(system, lambda: Instant(system.now() + HOUR_US))

    before, moment, after = system.own_us(), clock.moment(), system.own_us()

    assert before <= moment.steady_us <= after
    assert abs(clock.ahead_us()) < HOUR_US // 2


def test_an_item_is_taken_as_soon_as_it_is_there_and_none_is_waited_for_in_vain() -> None:
    system = SystemClock()
    clock = MarketClock(system, lambda: Instant(0))
    inbox: SimpleQueue[str] = SimpleQueue()
    inbox.put("an item")

    found = [clock.take(inbox, system.own_us()) for _ in range(2)]

    assert found == ["an item", None]
