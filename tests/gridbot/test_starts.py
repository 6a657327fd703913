"""Starts of the whole daemon that come to nothing: stopped, refused, or not answered."""

import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from bench.gridbot.bot import Bot, until
from bench.gridbot.stage import OTHER, Stage

STOP_S_MAX = 15.0
MakeBot = Callable[..., Bot]


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code, and what it said on stdout."""
    said, _ = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.parametrize(
    "path", ["/v5/account/fee-rate", "/v5/order/realtime", "/v5/account/wallet-balance"]
)
def test_a_start_that_waits_for_an_answer_ends_on_sigterm_and_places_nothing(
    stage: Stage, spare_bot: MakeBot, path: str
) -> None:
    """A47."""
    bot = spare_bot()
    fault = stage.venue.fault("request_lost", target=path, account=OTHER, amount=0)
    process = bot.launch()
    until("a question", lambda: not stage.venue.acted(fault) and "none")
    began = time.monotonic()

    process.send_signal(signal.SIGTERM)
    code, _ = ended(process)

    assert code == 0
    assert time.monotonic() - began < STOP_S_MAX
    assert stage.venue.account(OTHER)["orders"] == []


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
