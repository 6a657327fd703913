"""What the guard's process tells people: the log, and Telegram without listening."""

import asyncio
import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from appkit.exits import RunFailed, UserError
from gridbot.alarm import Alarm
from gridbot.config.blocks import LoggingBlock
from gridbot.config.model import GridbotConfig
from gridbot.logs.scrubber import Scrubber
from gridbot.logs.setup import logging_as
from gridcore.clock import Instant
from gridcore.session.effects import Notice, Severity

START = Instant(1_767_229_200_000_000)


def notice(event: str, severity: Severity, **fields: str) -> Notice:
    return Notice(
        at=START,
        logger="gridbot.guard",
        event=event,
        severity=severity,
        fields=tuple(fields.items()),
    )


GONE = notice("daemon_gone", Severity.ALERT, silent_for_s="30")
LIVES = notice("daemon_lives", Severity.INFO)


class Told:
    """One life of an alarm: what it wrote into the log, and what the fake Bot API was sent."""

    def __init__(self, api: Any, token: str) -> None:
        self.api = api
        self._environment = {"BOT": token}
        self.rows: list[dict[str, Any]] = []

    def of(self, work: Callable[[Alarm], object], *, bot: bool = True) -> None:
        """Do the work in a thread of its own, as the guard does."""
        stream, scrubber = io.StringIO(), Scrubber()
        block = LoggingBlock.model_validate({"format": "json"})
        try:
            with logging_as(block, scrubber, stream=stream):
                asyncio.run(self._within(work, scrubber, bot))
        finally:
            self.rows = [json.loads(line) for line in stream.getvalue().splitlines()]

    async def _within(self, work: Callable[[Alarm], object], scrubber: Scrubber, bot: bool) -> None:
        async with self.api.served():
            telegram = {"bot_token": "env:BOT", "chat_id": 4711, "api_url": self.api.url}
            config = GridbotConfig.model_validate(
                {
                    "accounts": [{"name": "main", "api_key": "env:KEY", "api_secret": "env:S"}],
                    "strategies": [{"strat_id": "grid", "account": "main", "symbol": "BTCUSDT"}],
                    "notification": {"telegram": telegram} if bot else {},
                }
            )
            alarm = Alarm("guard", config, self._environment, scrubber)
            async with alarm.open():
                scrubber.register("swordfish")
                await asyncio.to_thread(work, alarm)

    @property
    def events(self) -> list[str]:
        return [row["event"] for row in self.rows]


@pytest.fixture
def told(make_api: Callable[[], Any], token: str) -> Told:
    return Told(make_api(), token)


def test_what_is_grave_goes_to_log_and_chat_and_so_does_its_end(told: Told) -> None:
    def work(alarm: Alarm) -> None:
        alarm.hear("guard", LIVES)
        alarm.hear("guard", GONE)
        alarm.hear("guard", notice("daemon_lives", Severity.INFO, after="a pause"))
        # One that is on its way when the end comes is sent again: better twice than never.
        for _ in range(500):
            if len(told.api.texts) == 2:
                return
            time.sleep(0.01)

    told.of(work)

    assert told.events == [
        "telegram_ready", "daemon_lives", "daemon_gone", "daemon_lives", "ended",
    ]  # fmt: skip
    assert [row["logger"] for row in told.rows[1:]] == ["gridbot.guard"] * 4
    assert told.rows[2]["level"] == "error"
    shown = [text.splitlines()[0] for text in told.api.texts]
    assert shown == [
        "🚨 guard: daemon gone",
        "ℹ️ guard: daemon lives",
        "gridbot guard stopped",
    ]


def test_what_repeats_is_told_once_a_minute(told: Told) -> None:
    def repeat(alarm: Alarm) -> None:
        for _ in range(50):
            alarm.hear("guard", GONE)

    told.of(repeat, bot=False)

    assert told.events.count("daemon_gone") == 1


def test_it_never_listens_to_chats_as_the_daemons_bot_does_that(told: Told) -> None:
    told.of(lambda alarm: alarm.hear("guard", GONE))

    assert "getUpdates" not in told.api.asked
    assert "sendMessage" in told.api.asked


def test_without_telegram_the_log_is_all(told: Told) -> None:
    told.of(lambda alarm: alarm.hear("guard", GONE), bot=False)

    assert told.events == ["daemon_gone", "ended"]
    assert told.api.asked == []


def test_what_ends_the_guard_is_an_alert_without_secrets(told: Told) -> None:
    def fail(_: Alarm) -> None:
        raise RunFailed("the key swordfish is refused")

    with pytest.raises(RunFailed, match=r"the key \*\*\* is refused"):
        told.of(fail)

    assert told.api.texts == ["gridbot guard ended: the key *** is refused"]
    assert told.rows[-1]["level"] == "error"


def test_a_token_that_leads_nowhere_refuses_the_start(make_api: Any) -> None:
    with pytest.raises(UserError, match="environment variable BOT"):
        Told(make_api(), "").of(lambda alarm: None)
