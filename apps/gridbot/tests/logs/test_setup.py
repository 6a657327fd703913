"""The log as it is set up: for people or machines, in files that rotate, without secrets."""

import io
import json
import logging
import re
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import UserError
from gridbot.config.blocks import LoggingBlock
from gridbot.logs.scrubber import Scrubber
from gridbot.logs.setup import event_logger, logging_as

SECRET = 'swordfish "42"'


def block(**keys: Any) -> LoggingBlock:
    return LoggingBlock.model_validate(keys)


def scrubber() -> Scrubber:
    made = Scrubber()
    made.register(SECRET)
    return made


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_is_one_object_per_line_with_time_level_logger_event_and_fields() -> None:
    stream = io.StringIO()
    with logging_as(block(format="json"), scrubber(), stream=stream):
        event_logger("gridcore.grid").warning("grid_rebuilt", symbol="BTCUSDT", levels=50)

    (row,) = rows(stream.getvalue())
    assert row.pop("timestamp").endswith("Z")
    assert row == {
        "level": "warning",
        "logger": "gridcore.grid",
        "event": "grid_rebuilt",
        "symbol": "BTCUSDT",
        "levels": 50,
    }


def test_the_console_shows_a_line_without_colours_where_nobody_sees_them() -> None:
    stream = io.StringIO()
    with logging_as(block(), scrubber(), stream=stream):
        event_logger("gridbot").info("filled", qty="0.5")

    (line,) = stream.getvalue().splitlines()
    assert re.fullmatch(r"\S+Z \[info *\] filled +\[gridbot\] +qty=0\.5", line)
    assert "\x1b" not in line


def test_the_level_of_each_part_can_be_set() -> None:
    stream = io.StringIO()
    levels = {"gridcore.grid": "DEBUG", "gridcore.session": "ERROR"}
    with logging_as(
        block(format="json", level="WARNING", levels=levels), scrubber(), stream=stream
    ):
        for name in ("gridcore.grid", "gridcore.engine", "gridcore.session"):
            for level in (logging.DEBUG, logging.WARNING, logging.ERROR):
                event_logger(name).log(level, "told")

    told = [(row["logger"], row["level"]) for row in rows(stream.getvalue())]
    assert told == [
        ("gridcore.grid", "debug"),
        ("gridcore.grid", "warning"),
        ("gridcore.grid", "error"),
        ("gridcore.engine", "warning"),
        ("gridcore.engine", "error"),
        ("gridcore.session", "error"),
    ]


def test_secrets_are_in_no_line_whoever_logs_them(tmp_path: Path) -> None:
    stream, file = io.StringIO(), tmp_path / "bot.log"
    with logging_as(block(file=str(file)), scrubber(), stream=stream):
        event_logger("gridbot").info("sent", key=SECRET, nested={"deep": [SECRET]})
        logging.getLogger("pybit.x").error("request failed: %s", {"secret": SECRET})
        try:
            raise ValueError(f"about {SECRET}")
        except ValueError:
            logging.getLogger("asyncio").exception("a task failed")
            event_logger("gridbot").exception("it failed")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(f"beware of {SECRET}", stacklevel=1)

    everything = stream.getvalue() + file.read_text(encoding="utf-8")
    assert "swordfish" not in everything
    assert everything.count("***") >= 12
    assert "ValueError" in everything


def test_a_thread_that_a_mistake_ended_is_logged_without_secrets() -> None:
    """Python would write its traceback to stderr as it is, past the log file."""
    stream = io.StringIO()

    def mistaken() -> None:
        raise KeyError(SECRET)

    with logging_as(block(format="json"), scrubber(), stream=stream):
        thread = threading.Thread(target=mistaken, name="database")
        thread.start()
        thread.join()

    (row,) = rows(stream.getvalue())
    assert (row["level"], row["logger"]) == ("error", "gridbot")
    assert row["event"] == "thread_ended name=database"
    assert "in mistaken" in row["exception"]
    assert "swordfish" not in row["exception"]


def test_libraries_are_heard_from_warnings_on_unless_set() -> None:
    stream = io.StringIO()
    levels = {"websocket": "INFO"}
    with logging_as(block(format="json", levels=levels), scrubber(), stream=stream):
        logging.getLogger("pybit").info("chatter")
        logging.getLogger("pybit").warning("%s lost", "connection")
        logging.getLogger("websocket").info("asked for")

    told = [(row["logger"], row["event"]) for row in rows(stream.getvalue())]
    assert told == [("pybit", "connection lost"), ("websocket", "asked for")]


def test_quiet_is_for_stderr_only(tmp_path: Path) -> None:
    stream, file = io.StringIO(), tmp_path / "logs" / "bot.log"
    with logging_as(block(format="json", file=str(file)), scrubber(), quiet=True, stream=stream):
        event_logger("gridbot").info("mild")
        event_logger("gridbot").error("bad")

    assert [row["event"] for row in rows(stream.getvalue())] == ["bad"]
    assert [row["event"] for row in rows(file.read_text())] == ["mild", "bad"]


def test_a_full_file_makes_room_and_only_so_many_are_kept(tmp_path: Path) -> None:
    file, stream = tmp_path / "bot.log", io.StringIO()
    small = block(file=str(file), file_megabytes=1, files_kept=1)
    with logging_as(small, scrubber(), quiet=True, stream=stream):
        for number in range(25):
            event_logger("gridbot").info("long", number=number, text="x" * 100_000)

    assert sorted(one.name for one in tmp_path.iterdir()) == ["bot.log", "bot.log.1"]
    assert all(one.stat().st_size <= 1024 * 1024 for one in tmp_path.iterdir())
    assert rows(file.read_text())[-1]["number"] == 24


def test_a_file_that_cannot_be_written_refuses_the_start(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    file = tmp_path / "taken" / "bot.log"

    with (
        pytest.raises(UserError, match=r"logging\.file: cannot write"),
        logging_as(block(file=str(file)), scrubber()),
    ):
        pytest.fail("it must not get here")


def test_afterwards_logging_is_as_it_was_before() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("pybit").level)

    with logging_as(block(level="DEBUG"), scrubber(), stream=io.StringIO()):
        assert root.level == logging.DEBUG

    assert (root.level, list(root.handlers), logging.getLogger("pybit").level) == before
