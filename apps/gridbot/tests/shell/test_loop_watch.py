"""How long the loop was held up."""

import asyncio

from gridbot.shell.loop_watch import PERIOD_S, LoopWatch


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


def test_both_numbers_are_metrics() -> None:
    watch = LoopWatch(lambda: 0.0)
    watch.note(0.25)

    found = {sample.name: sample.value for one in watch.collect() for sample in one.samples}

    assert found == {"gridbot_loop_slow_total": 1, "gridbot_loop_longest_seconds": 0.25}
