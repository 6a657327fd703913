import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., int]
Written = Callable[..., Path]
Start = Callable[..., str]
Capture = pytest.CaptureFixture[str]
TWO = (
    "strategies:\n",
    "strategies:\n  - {strat_id: second, account: main, symbol: ETHUSDT, grid_count: 6}\n",
)


def test_the_ladder_stands_at_the_exchanges_price_terms_and_wallet(
    run: Run, written: Written, simulator: Start, capsys: Capture
) -> None:
    code = run("preview", "--config", written(simulator()), "--json")

    (account,) = json.loads(capsys.readouterr().out)
    (strategy,) = account["strategies"]
    assert code == 0
    assert (account["wallet"], account["requests"], account["seconds"]) == ("10000", 6, "0")
    assert (strategy["leverage"], strategy["requests"]) == ("10", 6)
    assert len(strategy["preview"]["rows"]) == 7
    assert strategy["findings"] == []


def test_a_price_and_a_wallet_can_be_tried(
    run: Run, written: Written, simulator: Start, capsys: Capture
) -> None:
    file = written(simulator())

    code = run("preview", "--config", file, "--price", "100000", "--wallet", "50")

    out = capsys.readouterr().out
    assert code == 1
    assert "grid on BTCUSDT at 100,000" in out
    assert "99,401.2" in out
    assert "impossible: all long orders filled need a margin" in out
    assert "seconds to place all" in out


def test_strategies_of_one_account_are_shown_one_by_one_and_together(
    run: Run, written: Written, simulator: Start, capsys: Capture
) -> None:
    url = simulator(symbols={"BTCUSDT": {}, "ETHUSDT": {}})

    code = run("preview", "--config", written(url, *TWO), "--json")

    (account,) = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [one["symbol"] for one in account["strategies"]] == ["ETHUSDT", "BTCUSDT"]
    assert account["requests"] == 12


def test_one_price_cannot_be_that_of_two_symbols(
    run: Run, written: Written, capsys: Capture
) -> None:
    code = run("preview", "--config", written("http://127.0.0.1:9", *TWO), "--price", "5")

    assert code == 1
    assert "choose one with --strategy" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--price", "--wallet"])
def test_an_impossible_number_is_refused_before_anybody_is_asked(
    run: Run, written: Written, capsys: Capture, option: str
) -> None:
    assert run("preview", "--config", written(), f"{option}=NaN") == 1
    assert f"{option}: expected a number above 0, found 'NaN'" in capsys.readouterr().err


def test_a_fact_that_contradicts_the_exchange_is_refused(
    run: Run, written: Written, simulator: Start, capsys: Capture
) -> None:
    """A05."""
    file = written(simulator(), "amount: 200", "amount: 200, tick_size: 0.5")

    assert run("preview", "--config", file) == 1
    assert "tick_size 0.5 of the configuration contradicts" in capsys.readouterr().err


def test_an_exchange_that_is_not_there_ends_the_command_with_its_remedy(
    run: Run, written: Written, capsys: Capture
) -> None:
    assert run("preview", "--config", written("http://127.0.0.1:9")) == 2
    assert "hint: check the network" in capsys.readouterr().err
