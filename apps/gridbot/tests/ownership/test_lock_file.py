"""One process per key and symbol: the operating system says so, not a file that was left."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appkit.exits import UserError
from gridbot.ownership.lock_file import hold, hold_home, key_hash, lock_folder
from gridcore.clock import Instant

NOW = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC
KEY = key_hash("https://api.bybit.com", "demo-key-1")
HOLDER = """
import sys
from pathlib import Path
from gridbot.ownership.lock_file import hold
held = hold(Path(sys.argv[1]), sys.argv[2], "BTCUSDT", "theirs", 1767229200000000)
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock on BTCUSDT until it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), KEY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_and_told_who_holds_it_until_that_one_dies(
    tmp_path: Path,
) -> None:
    with another_process(tmp_path) as process:
        with pytest.raises(
            UserError, match=f"BTCUSDT of account ours is traded .*: pid {process.pid} on "
        ) as refused:
            hold(tmp_path, KEY, "BTCUSDT", "ours", NOW)
        process.kill()
        process.wait(10)

    held = hold(tmp_path, KEY, "BTCUSDT", "ours", NOW)
    held.release()

    assert "since 2026-01-01 01:00:00 UTC, as account theirs" in refused.value.message
    assert "two would place every order twice" in str(refused.value.hint)


def test_the_same_process_does_not_get_it_twice(tmp_path: Path) -> None:
    with hold(tmp_path, KEY, "BTCUSDT", "ours", NOW), pytest.raises(UserError, match="is traded"):
        hold(tmp_path, KEY, "BTCUSDT", "another name", NOW)


def test_another_symbol_and_another_key_are_free(tmp_path: Path) -> None:
    other = key_hash("https://api.bybit.com", "demo-key-2")

    with hold(tmp_path, KEY, "BTCUSDT", "ours", NOW):
        hold(tmp_path, KEY, "ETHUSDT", "ours", NOW).release()
        hold(tmp_path, other, "BTCUSDT", "ours", NOW).release()


def test_a_released_lock_is_free_and_says_nothing(tmp_path: Path) -> None:
    held = hold(tmp_path, KEY, "BTCUSDT", "ours", NOW)
    said = json.loads(held.path.read_text())
    held.release()
    held.release()

    assert said["pid"] == os.getpid()
    assert held.path.read_text() == ""
    hold(tmp_path, KEY, "BTCUSDT", "ours", NOW).release()


@pytest.mark.parametrize("left", ["", "{", "[]", '{"pid": 1}', "\x00" * 9000])
def test_what_stands_in_a_file_that_nobody_locks_does_not_matter(left: str, tmp_path: Path) -> None:
    path = tmp_path / f"{KEY}-BTCUSDT.lock"
    path.write_text(left)

    with hold(tmp_path, KEY, "BTCUSDT", "ours", NOW) as held:
        assert json.loads(held.path.read_text())["account"] == "ours"
        path.write_text(left)
        with pytest.raises(UserError, match="it has not said which"):
            hold(tmp_path, KEY, "BTCUSDT", "ours", NOW)


def test_a_key_is_the_same_by_any_name_and_cannot_be_read_from_its_hash() -> None:
    assert key_hash("https://api.bybit.com/", "demo-key-1") == KEY
    assert key_hash("http://127.0.0.1:1", "demo-key-1") != KEY
    assert len(KEY) == 16
    assert "demo" not in KEY


def test_locks_lie_where_all_processes_of_a_user_look() -> None:
    assert lock_folder({"XDG_STATE_HOME": "/srv/state"}) == Path("/srv/state/gridbot/locks")
    assert lock_folder({"HOME": "/srv/bot"}) == Path("/srv/bot/.local/state/gridbot/locks")


def test_a_folder_of_data_is_one_daemons_until_it_is_released(tmp_path: Path) -> None:
    with hold_home(tmp_path / "data", NOW):
        with pytest.raises(
            UserError, match=r"another gridbot keeps its data .* pid \d+"
        ) as refused:
            hold_home(tmp_path / "data", NOW)
        hold_home(tmp_path / "another", NOW).release()

    hold_home(tmp_path / "data", NOW).release()
    assert "data_folder of its own" in str(refused.value.hint)
