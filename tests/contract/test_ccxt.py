"""Unmodified ccxt, the independent witness, in its own environment (`make witness`)."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".witness" / "bin" / "python"
SCRIPT = Path(__file__).parent / "witness" / "check_bybit.py"
CHECKS = (
    "markets_are_loaded",
    "the_ticker_has_quotes",
    "candles_are_in_order",
    "the_balance_is_positive",
    "leverage_is_set",
    "both_sides_rest_in_hedge_mode_and_are_cancelled",
    "an_order_is_amended",
    "a_batch_places_two_orders",
    "a_partial_fill_is_followed_to_its_end",
    "executions_are_paged",
    "positions_show_both_legs",
    "an_unaffordable_order_is_insufficient_funds",
    "an_unknown_order_is_not_found",
    "a_wrong_secret_is_an_authentication_error",
    "tickers_and_books_are_watched",
    "trades_are_watched",
    "own_orders_and_trades_are_watched",
    "an_order_goes_over_the_trade_socket",
)


@pytest.fixture(scope="session")
def statements(exchange: Any) -> dict[str, dict[str, Any]]:
    """What the witness said of each check."""
    if not PYTHON.exists():
        if os.environ.get("CI"):
            pytest.fail("expected the witness's environment; `make witness` builds it")
        pytest.skip("no environment for ccxt; `make witness` builds it")
    arguments = [exchange.rest, exchange.sockets, exchange.trader.key, exchange.trader.secret]
    if exchange.steer is not None:
        arguments.append(exchange.rest)
    run = subprocess.run(
        [str(PYTHON), str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [line["check"] for line in lines] == list(CHECKS), run.stderr
    return {line["check"]: line for line in lines}


@pytest.mark.parametrize("check", CHECKS)
def test_ccxt_agrees_that(statements: dict[str, dict[str, Any]], check: str) -> None:
    said = statements[check]

    assert said["ok"], said["found"]
