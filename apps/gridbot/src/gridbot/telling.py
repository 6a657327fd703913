"""Which of the errors that ended the parts of a process tells why it has ended."""

import asyncio
from collections.abc import Iterator

from appkit.exits import CommandError
from gridbot.words import StartStopped


def telling(group: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """A mistake of ours first, then the first reason for people; None: an end that was asked for
    while it was starting."""
    errors = list(_leaves(group))
    for error in errors:
        if not isinstance(error, CommandError | StartStopped | asyncio.CancelledError):
            return error
    return next((error for error in errors if isinstance(error, CommandError)), None)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
