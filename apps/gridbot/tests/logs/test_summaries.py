"""What is never logged piece by piece is summed up every five minutes."""

import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from appkit.account_setup import AccountSetup
from gridbot.config.blocks import LoggingBlock
from gridbot.logs.notices import NoticeLog
from gridbot.logs.scrubber import Scrubber
from gridbot.logs.setup import logging_as
from gridbot.logs.summaries import EVERY_US, SummaryLog
from gridbot.tidings import Tidings
from gridcore.clock import SECOND_US, Instant
from gridcore.events import OperatorAction, OperatorCommand, Ticker


class Account:
    """What a summary looks at."""

    def __init__(self, life: Any) -> None:
        self.life = life
        self.session = life.session


@pytest.fixture
def account(make_account_setup: Callable[..., AccountSetup], make_life: Callable[..., Any]) -> Any:
    return Account(make_life(make_account_setup().session()))


def test_one_line_in_five_minutes_says_how_much_happened(account: Any) -> None:
    stream = io.StringIO()
    block = LoggingBlock.model_validate({"format": "json"})
    life = account.life
    begun = life.now
    with logging_as(block, Scrubber(), stream=stream):
        summary = SummaryLog({"main": account})
        while life.now < begun + 2 * EVERY_US:
            event, effects, now = life.step()
            summary.observe("main", event, effects, now)
        pause = OperatorCommand(at=now, action=OperatorAction.NO_OPEN, symbol=None)
        effects = life.session.handle(pause, now)
        summary.observe("main", pause, effects, Instant(now + EVERY_US))

    first, second, third = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {first["logger"], first["event"], first["account"]} == {
        "gridcore.session",
        "summary",
        "main",
    }
    assert 250 < first["tickers"] <= 300
    assert first["placed"] - first["cancelled"] == first["open_orders"] > 0
    assert (first["fills"], first["rejected"], first["equity"]) == (0, 0, "10000")
    assert second["placed"] <= first["placed"]
    assert "modes" not in second
    assert third["modes"] == "NO_OPEN:operator"


def test_no_line_is_written_per_tick_even_where_all_is_logged(account: Any) -> None:
    """600 tickers of a quiet market: what changes is told, and now and then how much happened."""
    stream = io.StringIO()
    block = LoggingBlock.model_validate({"format": "json", "level": "DEBUG"})
    life = account.life
    tidings, notices = Tidings({"main": account}), NoticeLog()
    tidings.join(notices.hear)
    observers = (tidings, SummaryLog({"main": account}))
    with logging_as(block, Scrubber(), stream=stream):
        for number in range(620):
            if number < 20:
                event, effects, now = life.step()
            else:
                now = Instant(now + SECOND_US)
                last = 10_000 + number % 3
                event = Ticker(symbol="BTCUSDT", at=now, last=last, mark=Decimal(last) / 10)
                effects = life.session.handle(event, now)
            for observer in observers:
                observer.observe("main", event, effects, now)

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert 3 < len(lines) < 30
    assert {line["logger"].partition(".")[0] for line in lines} == {"gridcore"}
    assert sum(line["event"] == "summary" for line in lines) == 2  # of ten minutes
