"""Notices in the log: under their part's logger, as grave as they are, repeated ones as counts."""

import io
import json
from typing import Any

from gridbot.config.blocks import LoggingBlock
from gridbot.logs.notices import NoticeLog
from gridbot.logs.scrubber import Scrubber
from gridbot.logs.setup import logging_as
from gridcore.clock import SECOND_US, Instant
from gridcore.session.effects import Notice, Severity

START = Instant(1_767_229_200_000_000)


def notice(event: str, severity: Severity = Severity.INFO, /, **fields: str) -> Notice:
    return Notice(
        at=START,
        logger="gridcore.engine",
        event=event,
        severity=severity,
        fields=tuple(fields.items()),
    )


def written(*told: tuple[int, Notice]) -> list[dict[str, Any]]:
    """The rows that come of notices, each heard so many seconds after the start."""
    stream = io.StringIO()
    block = LoggingBlock.model_validate({"format": "json"})
    with logging_as(block, Scrubber(), stream=stream):
        log = NoticeLog()
        for after_s, one in told:
            log.hear("main", one, Instant(START + after_s * SECOND_US))
    rows = [json.loads(line) for line in stream.getvalue().splitlines()]
    for row in rows:
        del row["timestamp"]
    return rows


def test_a_notice_is_an_event_with_its_account_fields_and_time() -> None:
    told = notice("order_denied", reason="coverage", level="12", event="x")

    assert written((0, told)) == [
        {
            "level": "info",
            "logger": "gridcore.engine",
            "event": "order_denied",
            "account": "main",
            "reason": "coverage",
            "level_": "12",
            "event_": "x",
            "at": "2026-01-01T01:00:00.000000Z",
        }
    ]


def test_levels_follow_from_severities() -> None:
    rows = written(*((0, notice("told", severity)) for severity in Severity))

    assert [row["level"] for row in rows] == ["info", "warning", "error"]


def test_the_same_words_are_written_once_a_minute_and_then_counted() -> None:
    """L32: 12040 identical warnings per hour hid real fills."""
    same, other = notice("order_denied", price="1"), notice("order_denied", price="2")

    rows = written(*((second, same) for second in range(59)), (59, other), (60, other))

    assert [(row["price"], row.get("repeated")) for row in rows] == [
        ("1", None),
        ("2", None),
        ("1", 58),
    ]


def test_every_fill_is_written_even_if_it_looks_like_the_last() -> None:
    fill = notice("filled", price="1")

    assert len(written((0, fill), (0, fill))) == 2
