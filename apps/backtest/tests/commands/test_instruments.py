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


def test_the_exchange_is_asked_and_its_answer_kept(
    run: Run, listed_exchange: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache.json"
    place = ("--endpoint", listed_exchange.url, "--cache", cache)

    assert run("instruments", "fetch", "BTCUSDT", "BTCUSDT", *place, "--json") == 0

    result = json.loads(capsys.readouterr().out)
    assert result["fetched"] == ["BTCUSDT"]
    assert (result["refused"], result["endpoint"]) == ([], listed_exchange.url)
    kept = json.loads(cache.read_text(encoding="utf-8"))["BTCUSDT"]
    assert (kept["tick_size"], kept["source"], len(kept["tiers"])) == ("0.1", "exchange", 2)
    assert len(listed_exchange.asked) == 2


def test_a_symbol_that_the_exchange_does_not_know_fails_and_the_others_are_kept(
    run: Run, listed_exchange: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache.json"
    place = ("--endpoint", listed_exchange.url, "--cache", cache)

    assert run("instruments", "fetch", "NOPEUSDT", "BTCUSDT", *place) == 2

    shown = capsys.readouterr().out
    assert "1 symbols of" in shown
    assert "refused: NOPEUSDT: it refused:" in shown
    assert list(json.loads(cache.read_text(encoding="utf-8"))) == ["BTCUSDT"]


def test_an_exchange_that_does_not_answer_fails_and_leaves_no_cache(
    run: Run, listed_exchange: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed_exchange.maintenance = True
    place = ("--endpoint", listed_exchange.url, "--cache", tmp_path / "cache.json")

    assert run("instruments", "fetch", "BTCUSDT", *place) == 2

    assert "HTTP 503" in capsys.readouterr().out
    assert not (tmp_path / "cache.json").exists()


def test_the_configuration_names_the_exchange_and_the_cache(
    run: Run, listed_exchange: Any, project: Path
) -> None:
    config = project / "backtest.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(f"instrument_endpoint: {listed_exchange.url}\n{text}", encoding="utf-8")

    assert run("instruments", "fetch", "BTCUSDT", "--config", config) == 0

    assert "BTCUSDT" in (project / "instruments.json").read_text(encoding="utf-8")


def test_a_word_that_names_no_endpoint_is_refused(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ("--endpoint", "mainet", "--cache", tmp_path / "cache.json")

    assert run("instruments", "fetch", "BTCUSDT", *place) == 1

    assert "--endpoint: expected mainnet, testnet, demo, or a URL" in capsys.readouterr().err


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
