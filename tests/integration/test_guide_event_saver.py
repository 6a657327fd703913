"""The lines and the programs in docs/guides/event-saver.md do what the guide says."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "event-saver.md"
PATIENCE_S = 120


def blocks(language: str) -> list[str]:
    """The guide's blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.M)


def free_ports() -> tuple[str, str]:
    """Two ports that nobody listens on."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1]), str(other.getsockname()[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guide")


@pytest.fixture(scope="module")
def typed(folder: Path) -> subprocess.CompletedProcess[str]:
    """The guide's lines, typed once in a folder with its files, on ports that are free."""
    simulator, recorder = free_ports()

    def here(text: str) -> str:
        serve = text.replace("bybit-sim serve", f"bybit-sim serve --port {simulator}")
        return serve.replace("127.0.0.1:18080", f"127.0.0.1:{simulator}")

    (lines,) = blocks("sh")
    (config,) = blocks("yaml")
    look, _ = blocks("python")
    (folder / "eventsaver.yaml").write_text(here(config), encoding="utf-8")
    (folder / "look.py").write_text(look, encoding="utf-8")
    programs = Path(sys.executable).parent
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GRIDBOT", "EVENTSAVER"))
    }
    return subprocess.run(
        ["sh", "-e", "-c", here(lines)],
        cwd=folder,
        env={
            **environment,
            "PATH": os.pathsep.join([str(programs), environment["PATH"]]),
            "EVENTSAVER_PORT": recorder,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_the_guides_lines_record_an_order_and_an_outage(
    typed: subprocess.CompletedProcess[str],
) -> None:
    assert typed.returncode == 0, typed.stderr
    said = typed.stdout.splitlines()

    assert said[0] == "sqlite+pysqlite:///recorded.db: revision base -> 0004"
    assert said[1] == "sim: healthy, sqlite+pysqlite:///recorded.db"
    assert said[-11:] == [
        "1",
        "BTCUSDT Buy 0.01 Trade closed_size",
        *(f"tickers {symbol} unrecoverable closed" for symbol in ("BTCUSDT", "ETHUSDT")),
        *(f"trades {symbol} filled closed" for symbol in ("BTCUSDT", "ETHUSDT")),
        *(
            f"{stream} all filled what was so at start-up"
            for stream in ("executions", "orders", "positions", "wallet")
        ),
        "0",
    ]


def test_the_key_is_in_no_file(typed: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert typed.returncode == 0, typed.stderr

    found = [one for one in folder.rglob("*") if one.is_file()]
    assert any(one.name == "recorded.db" for one in found)
    assert not any(b"demo-secret-1" in one.read_bytes() for one in found)
