"""Starts of the whole daemon that come to nothing: stopped, refused, or not answered."""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bench.gridbot.bot import Bot, until
from bench.gridbot.stage import OTHER, Stage
from bench.gridbot.trial import Trial, trial

STOP_S_MAX = 15.0
MakeBot = Callable[..., Bot]


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Trial]:
    """A simulator that only the daemon of this story asks, and the daemon, not started."""
    with trial(tmp_path) as one:
        yield one


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code, and what it said on stdout."""
    said, _ = process.communicate(timeout=60)
    return process.returncode, said


def stopped(process: "subprocess.Popen[str]") -> int:
    """The exit code of a process that was asked to end, within the time it has for that."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, _ = ended(process)
    assert time.monotonic() - began < STOP_S_MAX
    return code


def runs(bot: Bot) -> list[str]:
    """How the runs in its database stand."""
    with closing(sqlite3.connect(bot.folder / "gridbot.db")) as database:
        return [str(status) for (status,) in database.execute("SELECT status FROM runs")]


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        pytest.param("request_lost", "/v5/market/time", id="clock"),
        pytest.param("request_lost", "/v5/market/instruments-info", id="instrument"),
        pytest.param("request_lost", "/v5/market/risk-limit", id="tiers"),
        pytest.param("request_lost", "/v5/account/fee-rate", id="fees"),
        pytest.param("request_lost", "/v5/account/info", id="margin-mode"),
        pytest.param("request_lost", "/v5/position/list", id="hedge-mode"),
        pytest.param("request_lost", "/v5/order/realtime", id="book"),
        pytest.param("request_lost", "/v5/account/wallet-balance", id="wallet"),
        pytest.param("ack_refused", "tickers*", id="market-stream"),
        pytest.param("auth_refused", "private", id="login"),
        pytest.param("ack_refused", "order*", id="private-stream"),
    ],
)
def test_a_start_that_waits_for_the_exchange_ends_on_sigterm_and_places_nothing(
    alone: Stage, kind: str, target: str
) -> None:
    """A47: from before the first signed call until the last topic is subscribed to."""
    fault = alone.venue.fault(kind, target=target, amount=0)
    process = alone.bot.launch()
    until("a question", lambda: not alone.venue.acted(fault) and "none")

    code = stopped(process)

    assert code == 0
    assert "running" not in runs(alone.bot)
    assert alone.account()["orders"] == []


def test_a_start_that_waits_for_its_database_ends_on_sigterm_and_places_nothing(
    alone: Stage,
) -> None:
    """A47: before the first signed call, too."""
    with closing(sqlite3.connect(alone.bot.folder / "gridbot.db")) as database:
        database.execute("BEGIN EXCLUSIVE")
        process = alone.bot.launch()
        until("an attempt", lambda: "again in" not in alone.bot.said() and "none")

        code = stopped(process)

    assert code == 0
    assert runs(alone.bot) == []
    assert alone.account()["orders"] == []


def test_a_book_that_is_never_told_refuses_the_start_after_four_attempts(
    stage: Stage, spare_bot: MakeBot
) -> None:
    """A04."""
    bot = spare_bot()
    stage.venue.fault(
        "http_status", target="/v5/order/realtime", account=OTHER, amount=502, detail="down"
    )

    code, said = ended(bot.launch())

    assert code == 1
    assert "open orders" in said
    assert bot.said().count("; again in ") == 3
    assert stage.venue.account(OTHER)["orders"] == []


def test_a_tick_that_contradicts_the_configuration_refuses_the_start(
    stage: Stage, spare_bot: MakeBot
) -> None:
    """A05."""
    bot = spare_bot()
    text = bot.file.read_text(encoding="utf-8")
    bot.file.write_text(text.replace("symbol: BTCUSDT", "symbol: BTCUSDT, tick_size: 0.5"))

    code, said = ended(bot.launch())

    assert code == 1
    assert "tick" in said
    assert stage.venue.account(OTHER)["orders"] == []


def test_an_unknown_key_refuses_the_start_with_its_path(stage: Stage, spare_bot: MakeBot) -> None:
    """A48."""
    bot = spare_bot("safety: {audit_order_s: 61}")

    code, said = ended(bot.launch())

    assert code == 1
    assert "safety.audit_order_s" in said
    assert stage.venue.account(OTHER)["orders"] == []
