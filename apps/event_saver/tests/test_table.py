"""The table for people: it fits a narrow terminal, and what is wrong stands below it in words."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from event_saver.table import short_age, short_count, table_of

WALL_US = 1_800_000_003_400_000
ONE = {
    "age_s": 0.4,
    "alive": True,
    "depth": 0,
    "written": 0,
    "inserted": 0,
    "buried": 0,
    "lost": 0,
    "dropped": 0,
    "failures": 0,
    "last_text": "",
    "last_commit_at": WALL_US - 3_400_000,
}
LOCKED = "OperationalError: (sqlite3.OperationalError) database is locked"


def status(**changes: Any) -> dict[str, Any]:
    return {
        "environment": "sim",
        "database": "sqlite:///r.db",
        "healthy": True,
        "ready": True,
        "down": [],
        "streams": {"trades": ONE},
        "gaps": {"open": 1, "filled": 1_200, "given_up": 3, "audits": 4, "ended": ""},
        **changes,
    }


def shown(found: dict[str, Any], width: int = 80) -> list[str]:
    console = Console(width=width, file=StringIO(), record=True)
    console.print(table_of(found, WALL_US))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_a_healthy_recorder_is_told_in_few_lines() -> None:
    trades = {**ONE, "depth": 1_532, "written": 12_345_678}

    assert shown(status(streams={"trades": trades})) == [
        "sim: healthy, sqlite:///r.db",
        "stream      age  flushed    queue     rows  dead  lost  dropped",
        "trades     0.4s     3.4s    1,532   12.35M     0     0        0",
        "gaps: 1 open, 1,200 filled, 3 given up; audits: 4",
    ]


@pytest.mark.parametrize("width", [80, 120])
def test_large_numbers_and_long_names_fit(width: int) -> None:
    large = dict.fromkeys(("depth", "written", "dropped"), 987_654_321)
    long = {**ONE, **large, "buried": 12_345, "age_s": 8e6, "last_commit_at": WALL_US - 8 * 10**12}

    lines = shown(status(streams={"an-account-with-a-name-that-is-long": long}), width)

    assert max(map(len, lines)) <= 80
    assert lines[2] == (
        "an-account-with-a-na…   92d14h   92d14h  987.65M  987.65M  12,345     0  987.65M"
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"down": ["order", "wallet"]}, "down: order, wallet"),
        ({"ready": False}, "down: no stream has been opened yet"),
        (
            {"streams": {"main": {**ONE, "alive": False}}},
            "main: its writer has died; see its traceback",
        ),
        (
            {"streams": {"main": {**ONE, "failures": 2, "last_text": "disk is full"}}},
            "main: attempts in a row that failed: 2; disk is full",
        ),
        (
            {"streams": {"main": {**ONE, "buried": 1, "last_text": "too large"}}},
            "main: the database refused: too large",
        ),
        (
            {"gaps": {**status()["gaps"], "ended": "authentication: refused"}},
            "ended: authentication: refused",
        ),
    ],
)
def test_what_is_wrong_stands_below(changes: dict[str, Any], line: str) -> None:
    lines = shown(status(healthy=False, **changes))

    gaps = next(place for place, one in enumerate(lines) if one.startswith("gaps: "))
    assert lines[0].startswith("sim: NOT HEALTHY")
    assert lines[gaps + 1 :] == [line]


def test_what_the_database_says_is_whole_however_long_it_is() -> None:
    sick = {**ONE, "failures": 12, "last_text": f"{LOCKED}, and more words than fit into a line"}

    lines = shown(status(streams={"an-account": sick}))

    assert max(map(len, lines)) <= 80
    assert LOCKED in " ".join(lines[-3:])


def test_a_stream_that_has_brought_nothing_and_a_start_without_gaps_have_no_numbers() -> None:
    fresh = {**ONE, "age_s": None, "last_commit_at": None}

    lines = shown(status(streams={"main": fresh}, gaps=None))

    assert lines[2].split() == ["main", "-", "-", "0", "0", "0", "0", "0"]
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (-3.0, "0.0s"),
        (0.04, "0.0s"),
        (59.9, "59.9s"),
        (60.0, "1m00s"),
        (3_599.0, "59m59s"),
        (3_660.0, "1h01m"),
        (90_000.0, "1d01h"),
    ],
)
def test_ages_are_told_in_two_units(seconds: float | None, text: str) -> None:
    assert short_age(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999_999, "999,999"), (1_000_000, "1.00M"), (10**9, "1000.00M")]
)
def test_counts_are_exact_below_a_million(count: int, text: str) -> None:
    assert short_count(count) == text
