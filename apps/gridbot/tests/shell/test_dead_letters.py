"""Rows that nobody could read: counted by topic, told once a minute, and never shown."""

import logging

import pytest

from bybit_adapter.normalizer.words import DeadLetter
from gridbot.shell.dead_letters import DeadLetters
from gridcore.clock import MINUTE_US, Instant

AT = Instant(1_767_225_600_000_000)


def letter(topic: str, at: Instant = AT) -> DeadLetter:
    return DeadLetter(
        topic=topic, raw={"walletBalance": "123456"}, text="qty: found x", received_at=at
    )


def test_they_are_counted_by_topic() -> None:
    found = DeadLetters("main")

    for topic in ("order", "execution", "order", ""):
        found.bury(letter(topic))

    assert found.by_topic() == {"order": 2, "execution": 1, "unknown": 1}


def test_the_first_of_a_topic_in_a_minute_is_a_warning_without_the_row(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = DeadLetters("main")

    for topic, at in (
        ("order", AT),
        ("order", Instant(AT + MINUTE_US - 1)),
        ("execution", Instant(AT + MINUTE_US - 1)),
        ("order", Instant(AT + MINUTE_US)),
    ):
        found.bury(letter(topic, at))

    told = [one.getMessage() for one in caplog.records]
    assert [one.levelno for one in caplog.records] == [logging.WARNING] * 3
    assert ["'topic': 'execution'" in one for one in told] == [False, True, False]
    assert all("qty: found x" in one and "main" in one for one in told)
    assert not any("123456" in one for one in told)
