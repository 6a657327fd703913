import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appkit.arguments import CommandParser
from appkit.exits import run_command
from backtest.commands import instruments

Run = Callable[..., int]

LISTING: dict[str, Any] = {
    "retCode": 0,
    "time": 1_780_000_000_000,
    "result": {
        "list": [
            {
                "symbol": "BTCUSDT",
                "fundingInterval": 480,
                "lotSizeFilter": {
                    "qtyStep": "0.001",
                    "minOrderQty": "0.001",
                    "maxOrderQty": "1190",
                    "minNotionalValue": "5",
                },
                "priceFilter": {"tickSize": "0.10"},
                "leverageFilter": {"maxLeverage": "100.00"},
            }
        ]
    },
}


@pytest.fixture
def run() -> Run:
    """Runs one command line as the program would."""

    def command(*words: str | Path) -> int:
        parser = CommandParser(prog="backtest")
        instruments.add_parser(parser.add_subparsers())
        arguments = [str(word) for word in words]

        def parsed(argv: object) -> int:
            options = parser.parse_args(arguments)
            return int(options.handler(options))

        return run_command(parsed, arguments)

    return command


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    """A saved answer of the exchange."""
    file = tmp_path / "listing.json"
    file.write_text(json.dumps(LISTING), encoding="utf-8")
    return file


def test_a_saved_listing_fills_the_cache_and_can_be_shown(
    run: Run, listing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache.json"

    assert run("instruments", "import", listing, "--cache", cache) == 0
    assert "1 symbols into" in capsys.readouterr().out
    assert run("instruments", "show", "--cache", cache) == 0
    shown = capsys.readouterr().out
    assert "BTCUSDT" in shown
    assert "1,190" in shown


def test_the_cache_of_a_configuration_lies_beside_it(
    run: Run, listing: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = project / "backtest.yaml"

    run("instruments", "import", listing, "--config", config)

    assert (project / "instruments.json").is_file()
    run("instruments", "show", "--config", config, "--json")
    text = capsys.readouterr().out
    assert '"tick_size": "0.1"' in text


def test_an_empty_cache_is_nothing_to_judge(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("instruments", "show", "--cache", tmp_path / "none.json") == 4
    assert "holds nothing" in capsys.readouterr().out


def test_an_unknown_symbol_is_refused_with_the_nearest_known_one(
    run: Run, listing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache.json"
    run("instruments", "import", listing, "--cache", cache)

    code = run("instruments", "show", "--cache", cache, "--symbol", "BTCUSD")

    assert code == 1
    assert "did you mean BTCUSDT?" in capsys.readouterr().err


def test_a_missing_listing_is_refused(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run("instruments", "import", tmp_path / "none.json", "--cache", tmp_path / "c.json")

    assert code == 1
    assert "does not exist" in capsys.readouterr().err
    assert not (tmp_path / "c.json").exists()


def test_a_row_that_cannot_be_read_is_told(
    run: Run, listing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(listing.read_text(encoding="utf-8"))
    content["result"]["list"].append({"symbol": "BAD", "lotSizeFilter": {"qtyStep": "-1"}})
    listing.write_text(json.dumps(content), encoding="utf-8")

    assert run("instruments", "import", listing, "--cache", tmp_path / "cache.json") == 0
    assert "refused: BAD" in capsys.readouterr().out


def test_without_a_named_cache_the_one_in_conf_is_used(
    run: Run,
    listing: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    run("instruments", "import", listing)

    assert (tmp_path / "conf" / "instruments.json").is_file()
    capsys.readouterr()
