"""`gridbot guard` as it starts, and what it tells; how it acts is tested beside a daemon."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gridbot.guard.heartbeat import Heartbeat, write_heartbeat

Run = Callable[..., int]
Written = Callable[..., Path]
Capture = pytest.CaptureFixture[str]

DATA = "data_folder: state"
GUARD = (
    f"{DATA}\nguard: {{keys: {{main: {{api_key: 'env:GUARD_KEY', api_secret: 'env:GUARD_SECRET'}}"
    "}, silent_s: 3}"
)

ACCOUNTS = frozenset({"main"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", "expected a block guard in the configuration, found none"),
        (
            DATA,
            GUARD.replace("{main:", "{spare:"),
            "expected one of the accounts main, found 'spare'",
        ),
        (DATA, GUARD, "environment variable GUARD_KEY, found none"),
    ],
)
def test_without_keys_of_its_own_there_is_no_guard(
    old: str, new: str, message: str, run: Run, written: Written, capsys: Capture
) -> None:
    assert run("guard", "--config", written(old=old, new=new)) == 1
    assert message in capsys.readouterr().err


def test_every_account_whose_orders_leave_needs_a_key(
    run: Run, written: Written, capsys: Capture
) -> None:
    second = "  - {name: spare, api_key: 'env:SPARE_KEY', api_secret: 'env:SPARE_SECRET'}\n"
    strategy = "  - {strat_id: other, account: spare, symbol: BTCUSDT}\n"
    text = written(old=DATA, new=f"{strategy}{GUARD}").read_text(encoding="utf-8")
    file = written()
    file.write_text(text.replace("strategies:", f"{second}strategies:"), encoding="utf-8")

    assert run("guard", "--config", file) == 1
    assert "a key of the guard's own for account spare, found none" in capsys.readouterr().err


def test_shadows_need_no_guard(run: Run, written: Written, capsys: Capture) -> None:
    text = written(old=DATA, new=GUARD).read_text(encoding="utf-8")
    file = written()
    file.write_text(text.replace("{name: main, ", "{name: main, shadow: true, "), encoding="utf-8")

    assert run("guard", "--config", file) == 1
    assert "found shadows only" in capsys.readouterr().err


@contextmanager
def guarding(file: Path) -> Iterator["subprocess.Popen[str]"]:
    """A guard of its own process; killed unless it has ended."""
    environment = {**os.environ, "GUARD_KEY": "demo-key-1", "GUARD_SECRET": "demo-secret-1"}
    words = [sys.executable, "-m", "gridbot", "guard", "--config", str(file), "--json", "--quiet"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_tells_what_happens_line_by_line_until_it_is_told_to_stop(
    written: Written, simulator: Callable[..., str], tmp_path: Path
) -> None:
    """The daemon of this story died long ago, and left no orders."""
    beat = Heartbeat(pid=1, number=9, accounts=ACCOUNTS, port=None, ended=False)
    write_heartbeat(tmp_path / "state", beat)

    with guarding(written(simulator(), old=DATA, new=GUARD)) as process:
        assert process.stdout is not None
        rows = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        ended = process.wait(10)

    assert rows[:2] == [
        {"event": "daemon", "life": "lives"},
        {"event": "daemon", "life": "gone"},
    ]
    assert (rows[2]["event"], rows[2]["cancelled"]) == ("clear", 0)
    assert 3 < rows[2]["exposure_s"] < 10
    assert ended == 0
