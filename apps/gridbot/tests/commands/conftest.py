"""What the tests of commands share: a configuration of a simulator, and a way to run a command."""

from collections.abc import Callable
from pathlib import Path

import pytest

from appkit.exits import run_command
from gridbot.cli import main

TEXT = """\
accounts:
  - {{name: main, api_key: "env:BOT_KEY", api_secret: "env:BOT_SECRET", environment: "{url}"}}
strategies:
  - {{strat_id: grid, account: main, symbol: BTCUSDT, amount: 200, grid_count: 6}}
data_folder: state
database_url: sqlite:///{folder}/bot.db
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes a configuration for an exchange at a URL, with its secrets in the environment."""
    monkeypatch.setenv("BOT_KEY", "demo-key-1")
    monkeypatch.setenv("BOT_SECRET", "demo-secret-1")

    def write(url: str = "http://127.0.0.1:9", old: str = "", new: str = "") -> Path:
        text = TEXT.format(url=url, folder=tmp_path)
        assert old in text
        file = tmp_path / "gridbot.yaml"
        file.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def run() -> Callable[..., int]:
    """Runs one command line as the program would; gives its exit code."""

    def command(*words: str | Path) -> int:
        return run_command(main, [str(word) for word in words])

    return command
