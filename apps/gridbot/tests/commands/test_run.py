"""`gridbot run` as a process: one line when it trades, and how signals end it."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings
from gridbot.cli import build_parser
from gridbot.commands.run import event_loop

Bot = Callable[..., Any]


@pytest.fixture
def bot(tmp_path: Path, simulator: Callable[..., str]) -> Bot:
    """Starts `gridbot run` at an exchange; gives the process, and the simulator's address."""
    database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{tmp_path / 'grid.db'}"))
    schema.upgrade(database)
    database.dispose()

    @contextmanager
    def started(
        *options: str, url: str | None = None, **keys: object
    ) -> Iterator[subprocess.Popen[str]]:
        config = {
            "accounts": [
                {
                    "name": "main",
                    "api_key": "env:KEY",
                    "api_secret": "env:SECRET",
                    "environment": url or simulator(vip_level=3),
                }
            ],
            "strategies": [
                {"strat_id": "grid", "account": "main", "symbol": "BTCUSDT", "amount": "b0.004"}
            ],
            "database_url": f"sqlite:///{tmp_path / 'grid.db'}",
            "data_folder": str(tmp_path / "data"),
            "surface": {"port": 0},
        }
        file = tmp_path / "gridbot.yaml"
        file.write_text(yaml.safe_dump(config | keys), encoding="utf-8")
        words = [sys.executable, "-m", "gridbot", "run", "--config", str(file), "--json", *options]
        environment = {
            **os.environ,
            "KEY": "demo-key-1",
            "SECRET": "demo-secret-1",
            "XDG_STATE_HOME": str(tmp_path / "state"),
        }
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    return started


def trading(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """The line that says that it trades."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr is not None else ""
    found: dict[str, Any] = json.loads(line)
    return found


def line_with(words: str, process: "subprocess.Popen[str]") -> str:
    """The next line of the log with these words; the last one, if there is none."""
    assert process.stderr is not None
    line = ""
    for line in process.stderr:
        if words in line:
            break
    return line


def test_it_says_where_its_pages_are_once_it_trades_and_a_signal_ends_it(bot: Bot) -> None:
    with bot() as process:
        told = trading(process)
        with urllib.request.urlopen(f"{told['http']}/ready", timeout=10) as answer:
            ready = json.loads(answer.read())
        process.send_signal(signal.SIGTERM)
        code = process.wait(15)

    assert told["pid"] == process.pid
    assert ready["ready"]
    assert code == 0


def test_in_the_shadow_the_whole_process_keeps_to_itself(bot: Bot, tmp_path: Path) -> None:
    with bot("--shadow") as process:
        told = trading(process)
        with urllib.request.urlopen(f"{told['http']}/api/state", timeout=10) as answer:
            state = json.loads(answer.read())
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0

    assert state["shadow"]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["shadow"]
    kept = {path.name for path in (tmp_path / "data" / "shadow").iterdir()}
    assert kept >= {"accounts", "heartbeat.json", "surface"}


def test_the_log_tells_the_life_of_the_process_in_its_format_and_in_a_file(
    bot: Bot, tmp_path: Path
) -> None:
    logging = {"format": "json", "level": "ERROR", "levels": {"gridbot": "INFO"}}
    with bot(logging=logging | {"file": str(tmp_path / "bot.log")}) as process:
        trading(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert process.stderr is not None
        shown = [json.loads(line) for line in process.stderr]

    kept = [json.loads(line) for line in (tmp_path / "bot.log").read_text().splitlines()]
    told = [(row["logger"], row["event"]) for row in kept]
    assert kept == shown
    assert told.index(("gridbot.run", "trading")) < told.index(("gridbot.run", "ended"))
    assert "demo-secret-1" not in str(shown)


def test_a_signal_while_the_exchange_cannot_be_reached_ends_the_start(bot: Bot) -> None:
    """A47."""
    with bot(url="http://127.0.0.1:9") as process:
        assert process.stderr is not None
        assert "again in 2 s" in line_with("again in", process)
        process.send_signal(signal.SIGINT)
        code = process.wait(15)
        said = process.stderr.read()

    assert code == 0
    assert "stopped while starting: SIGINT" in said


def test_a_second_signal_ends_it_at_once(bot: Bot, simulator: Callable[..., str]) -> None:
    url = simulator(vip_level=3)
    with bot(url=url, on_stop="cancel_all") as process:
        trading(process)
        fault = {"kind": "ret_code", "target": "/v5/order/cancel*", "amount": 10016}
        urllib.request.urlopen(f"{url}/sim/fault", json.dumps(fault).encode(), timeout=10).close()
        process.send_signal(signal.SIGTERM)
        assert line_with("stopping: SIGTERM", process)
        process.send_signal(signal.SIGTERM)

        assert process.wait(5) == 130


def test_the_options_are_those_of_every_command_and_the_port() -> None:
    parsed = build_parser().parse_args(
        ["run", "--config", "x.yaml", "--port", "0", "--log-file", "x.log", "--json"]
    )

    assert (parsed.config, parsed.port, parsed.json) == (Path("x.yaml"), 0, True)
    assert parsed.log_file == Path("x.log")


def test_there_is_an_event_loop_that_runs_a_coroutine() -> None:
    async def seven() -> int:
        return 7

    assert event_loop()(seven()) == 7
