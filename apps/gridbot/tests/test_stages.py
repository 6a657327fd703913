"""A start is recovery, stage by stage: what is not confirmed stops it, and nothing is placed."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from appkit.exits import UserError
from gridbot.stages import Refused, Stages
from gridbot.words import StartStopped, StopToken

PASSING = Refused(text="no answer", remedy="see whether it runs", retryable=True)
LASTING = Refused(text="the key is dead", remedy="make another", retryable=False)


def play(story: Callable[[Stages, StopToken, list[str]], Any]) -> Any:
    async def whole() -> Any:
        stop, said = StopToken(), []  # type: tuple[StopToken, list[str]]
        return await story(Stages(stop, said.append, back_offs_s=(0, 0, 0)), stop, said)

    return asyncio.run(whole())


def answers(*found: object) -> Callable[[], Any]:
    left = list(found)
    return lambda: left.pop(0)


def test_the_first_answer_ends_the_attempts() -> None:
    async def story(stages: Stages, stop: StopToken, said: list[str]) -> None:
        assert await stages.attempted("terms", answers(PASSING, PASSING, "ticks")) == "ticks"
        assert said == ["terms: no answer; again in 0 s"] * 2

    play(story)


def test_four_failures_refuse_the_start_with_the_reason() -> None:
    """A04, A05: attempts 1 + (2, 5, 10 s)."""

    async def story(stages: Stages, stop: StopToken, said: list[str]) -> None:
        with pytest.raises(UserError, match="book: no answer") as error:
            await stages.attempted("book", answers(PASSING, PASSING, PASSING, PASSING, "late"))

        assert error.value.hint == "see whether it runs"
        assert error.value.code == 1

    play(story)


def test_what_no_repetition_mends_refuses_at_once() -> None:
    async def story(stages: Stages, stop: StopToken, said: list[str]) -> None:
        with pytest.raises(UserError, match="the key is dead"):
            await stages.attempted("key", answers(LASTING, "never asked"))

    play(story)


def test_a_stop_is_honoured_while_a_stage_hangs() -> None:
    """A47: the thread is left alone."""
    go = threading.Event()

    async def story(stages: Stages, stop: StopToken, said: list[str]) -> None:
        asyncio.get_running_loop().call_soon(stop.request, "SIGTERM")
        with pytest.raises(StartStopped):
            await asyncio.wait_for(stages.blocking("terms", lambda: go.wait(60)), 10)
        with pytest.raises(StartStopped):
            await stages.blocking("book", lambda: 1)

    play(story)
    go.set()


def test_a_stop_is_honoured_inside_a_back_off() -> None:
    async def story() -> None:
        stop = StopToken()
        stages = Stages(stop, lambda text: stop.request("SIGTERM"), back_offs_s=(3600,))

        with pytest.raises(StartStopped):
            await asyncio.wait_for(stages.attempted("terms", lambda: PASSING), 10)

    asyncio.run(story())


def test_an_error_of_ours_in_a_stage_is_no_refusal() -> None:
    async def story(stages: Stages, stop: StopToken, said: list[str]) -> None:
        def fail() -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await stages.attempted("terms", fail)

    play(story)
