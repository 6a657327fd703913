"""`comparator watch --once`: one line for each strategy, the worst verdict as the exit code."""

import json

import pytest

from apps.comparator.tests.recording import Recording
from comparator.cli import entry


def watch(recording: Recording, *words: str) -> int:
    return entry(["watch", "--once", "--database-url", recording.url, *words])


def test_a_recording_of_long_ago_is_a_line_and_4(
    recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    assert watch(recording) == 4

    (line,) = capsys.readouterr().out.splitlines()
    assert "grid-BTCUSDT BTCUSDT  SKIP  0/0 matched" in line


def test_far_enough_back_it_is_compared(
    recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--last", "36500d", "--stale-s", "4000000000", "--quality-min", "0")

    assert watch(recording, *words, "--json") == 3

    line = json.loads(capsys.readouterr().out)
    assert (line["symbol"], line["outcome"]) == ("BTCUSDT", "FAIL")
    assert line["live_fills"] > 50


def test_what_is_no_duration_is_1(recording: Recording, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(recording, "--last", "4 weeks") == 1

    assert "expected a duration such as 90s" in capsys.readouterr().err
