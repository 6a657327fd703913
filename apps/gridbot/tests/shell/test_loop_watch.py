"""How long the loop was held up."""

import asyncio

from gridbot.shell.loop_watch import PERIOD_S, LoopWatch, starved_s


def test_delays_above_fifty_milliseconds_are_counted_and_the_longest_is_kept() -> None:
    watch = LoopWatch(lambda: 0.0)
    for late_s in (0.001, 0.05, 0.051, 0.4, 0.2):
        watch.note(late_s)

    assert watch.slow == 3
    assert watch.longest_s == 0.4


def test_a_wake_up_that_comes_late_is_noted() -> None:
    times = iter([10.0, 10.0 + PERIOD_S, 10.0 + 2 * PERIOD_S + 0.3])

    async def story() -> LoopWatch:
        ended = asyncio.Event()

        def read() -> float:
            found = next(times, None)
            if found is None:
                ended.set()
                return 11.0
            return found

        watch = LoopWatch(read)
        running = asyncio.create_task(watch.run())
        await asyncio.wait_for(ended.wait(), 60)
        running.cancel()
        return watch

    watch = asyncio.run(story())

    assert watch.slow >= 1
    assert watch.longest_s > 0.29


def test_all_numbers_are_metrics() -> None:
    watch = LoopWatch(lambda: 0.0)
    watch.note(0.25)

    found = {sample.name: sample.value for one in watch.collect() for sample in one.samples}

    assert found == {
        "gridbot_loop_slow_total": 1,
        "gridbot_loop_longest_seconds": 0.25,
        "gridbot_loop_starved_seconds_total": 0,
    }


def test_time_without_a_processor_is_no_hold_up() -> None:
    times = iter([10.0, 10.0 + PERIOD_S + 0.3])
    starved = iter([1.0, 1.28])

    async def story() -> LoopWatch:
        ended = asyncio.Event()

        def read() -> float:
            found = next(times, None)
            if found is None:
                ended.set()
                return 10.0 + 2 * PERIOD_S + 0.3
            return found

        watch = LoopWatch(read, lambda: next(starved, 1.28))
        running = asyncio.create_task(watch.run())
        await asyncio.wait_for(ended.wait(), 60)
        running.cancel()
        return watch

    watch = asyncio.run(story())

    assert watch.slow == 0
    assert 0.019 < watch.longest_s < 0.021
    assert 0.279 < watch.starved_s < 0.281


def test_a_thread_that_runs_knows_how_long_it_had_no_processor() -> None:
    first = starved_s()

    assert 0 <= first <= starved_s()
