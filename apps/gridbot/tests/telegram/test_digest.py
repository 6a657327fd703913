"""The day is summed up once, after midnight by the sessions' time."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gridbot.telegram.digest import Digest
from gridcore.clock import DAY_US, MINUTE_US, Instant, utc_midnight

Make = Callable[..., Any]


class Days:
    """A digest with a clock that is set by hand."""

    def __init__(self, account: Any, history: Any) -> None:
        self.now: Instant = account.now
        self.told: list[str] = []
        self.digest = Digest({"main": account}, history, lambda: self.now, self.told.append)

    def at(self, now: int) -> list[str]:
        """Look at that time; the first lines of all that was told."""
        self.now = Instant(now)
        self.digest.look()
        return [text.partition("\n")[0] for text in self.told]


@pytest.fixture
def days(make_account: Make, make_desk: Make) -> Days:
    account = make_account()
    desk = make_desk(account)
    return Days(account, desk.history)


def test_a_day_is_told_once_a_minute_after_it_ended(days: Days) -> None:
    midnight = utc_midnight(Instant(days.now + DAY_US))

    assert days.at(days.now) == []
    assert days.at(midnight + MINUTE_US - 1) == []
    assert days.at(midnight + MINUTE_US) == ["📅 2026-01-01"]
    assert days.at(midnight + MINUTE_US + 1) == ["📅 2026-01-01"]
    assert days.told[0].splitlines()[2:] == [
        "main: profit 0, equity 10000",
        "realised 0, fee 0, funding 0, cash +10000",
        "0 fills",
    ]


def test_the_day_of_the_start_is_not_told_at_the_start(days: Days) -> None:
    assert days.at(days.now) == []


def test_after_days_of_silence_the_last_one_is_told(days: Days) -> None:
    days.at(days.now)

    assert days.at(days.now + 5 * DAY_US) == ["📅 2026-01-05"]


def test_it_looks_at_the_clock_by_itself_until_cancelled(days: Days) -> None:
    days.at(days.now)
    days.now = Instant(days.now + DAY_US)

    async def story() -> None:
        looking = asyncio.create_task(days.digest.run())
        await asyncio.sleep(0)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)

    asyncio.run(story())
    assert len(days.told) == 1
