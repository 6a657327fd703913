import json
from collections.abc import Callable
from pathlib import Path

import pytest

from appkit.arguments import CommandParser
from appkit.exits import run_command
from backtest.commands import preview

Run = Callable[..., int]


@pytest.fixture
def run() -> Run:
    """Runs one command line as the program would."""

    def command(*words: str | Path) -> int:
        parser = CommandParser(prog="backtest")
        preview.add_parser(parser.add_subparsers())
        arguments = [str(word) for word in words]

        def parsed(argv: object) -> int:
            options = parser.parse_args(arguments)
            return int(options.handler(options))

        return run_command(parsed, arguments)

    return command


def test_the_ladder_of_the_golden_scenario(
    run: Run, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """2.12: 99401.2 99600.4 99800.0 | 100000.0 | 100200.0 100400.4 100601.2."""
    code = run("preview", "--config", project / "backtest.yaml", "--price", "100000", "--json")

    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [row["price"] for row in found["preview"]["rows"]] == [
        "99401.2",
        "99600.4",
        "99800",
        "100000",
        "100200",
        "100400.4",
        "100601.2",
    ]
    assert found["preview"]["rows"][0]["qty"] == "0.011"


def test_the_printed_ladder_shows_spacing_margin_and_edges(
    run: Run, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run("preview", "--config", project / "backtest.yaml", "--price", "100000")

    out = capsys.readouterr().out
    assert code == 0
    assert "grid on BTCUSDT at 100,000" in out
    assert "99,401.2  Buy" in out
    assert "to the lowest level" in out
    assert "0.60 %" in out
    assert "all buys filled, long" in out
    assert "tiers from" in out


def changed(project: Path, old: str, new: str) -> Path:
    file = project / "backtest.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def test_a_step_under_two_ticks_at_the_price_is_refused(
    run: Run, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """LS-11: 0.2 % of 60 is 1.2 ticks of 0.1."""
    code = run("preview", "--config", project / "backtest.yaml", "--price", "60")

    assert code == 1
    assert "impossible: " in capsys.readouterr().out


def test_a_margin_above_the_wallet_is_refused_with_the_reason(
    run: Run, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(project, 'amount: "1000"', 'amount: "90000"')

    code = run("preview", "--config", file, "--price", "100000")

    assert code == 1
    assert "lower amount or grid_count" in capsys.readouterr().out


@pytest.mark.parametrize("price", ["0", "-5", "NaN", "many"])
def test_an_impossible_price_is_refused(
    run: Run, project: Path, capsys: pytest.CaptureFixture[str], price: str
) -> None:
    code = run("preview", "--config", project / "backtest.yaml", f"--price={price}")

    assert code == 1
    assert "--price: expected a number above 0" in capsys.readouterr().err


def test_a_configured_anchor_wins_over_the_price(
    run: Run, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(project, "grid_count: 6", "grid_count: 6\n    anchor_price: 50000")

    run("preview", "--config", file, "--price", "100000", "--json")

    assert json.loads(capsys.readouterr().out)["preview"]["price"] == "50000"


def test_one_price_cannot_be_that_of_two_symbols(
    run: Run, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = "\n  - strat_id: second\n    symbol: ETHUSDT\ntapes:"
    file = changed(project, "\ntapes:", second)

    assert run("preview", "--config", file, "--price", "100000") == 1
    assert "choose one with --symbol" in capsys.readouterr().err
    assert run("preview", "--config", file, "--price", "100000", "--symbol", "BTCUSDT") == 0
