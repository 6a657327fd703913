"""Of several errors the one that tells why the process has ended."""

import asyncio

from appkit.exits import RunFailed, UserError
from gridbot.telling import telling
from gridbot.words import StartStopped


def test_a_mistake_of_ours_tells_most() -> None:
    mistake = ZeroDivisionError()
    inner = BaseExceptionGroup("inner", [RunFailed("a stream"), mistake])

    assert telling(BaseExceptionGroup("outer", [UserError("refused"), inner])) is mistake


def test_then_the_first_reason_for_people() -> None:
    first, second = UserError("refused"), RunFailed("a stream")

    assert telling(BaseExceptionGroup("", [StartStopped("a"), first, second])) is first


def test_an_end_that_was_asked_for_is_no_error() -> None:
    group = BaseExceptionGroup("", [StartStopped("clock"), asyncio.CancelledError()])

    assert telling(group) is None
