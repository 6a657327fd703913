"""A run tells people how it begins and ends, whatever ends it, and shows no secret."""

import asyncio
import io
import json
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import RunFailed, UserError
from gridbot.config.blocks import LoggingBlock
from gridbot.config.model import GridbotConfig
from gridbot.logs.scrubber import Scrubber
from gridbot.logs.setup import logging_as
from gridbot.outlets import Outlets
from gridbot.surface.server import Surface
from gridbot.surface.views import RunFacts
from gridbot.surface.words import SurfaceSettings
from gridcore.clock import Instant

START = Instant(1_767_229_200_000_000)


def config(telegram: Mapping[str, Any] | None = None) -> GridbotConfig:
    return GridbotConfig.model_validate(
        {
            "accounts": [{"name": "main", "api_key": "env:KEY", "api_secret": "env:SECRET"}],
            "strategies": [{"strat_id": "grid", "account": "main", "symbol": "BTCUSDT"}],
            "database_url": "postgresql://bot:swordfish@db:5432/grid",
            "notification": {} if telegram is None else {"telegram": telegram},
        }
    )


class Run:
    """One run with outlets around some work."""

    def __init__(self, api: Any, folder: Path, token: str) -> None:
        self.api = api
        self._folder = folder
        self._token = token
        self.rows: list[dict[str, Any]] = []

    def of(self, work: Callable[[Outlets], Awaitable[None]], *, bot: bool = True) -> None:
        """Do the work; its error is raised after everything was told."""
        stream, scrubber = io.StringIO(), Scrubber()
        block = LoggingBlock.model_validate({"format": "json"})
        try:
            with logging_as(block, scrubber, stream=stream):
                asyncio.run(self._within(work, scrubber, bot))
        finally:
            self.rows = [json.loads(line) for line in stream.getvalue().splitlines()]

    async def _within(
        self, work: Callable[[Outlets], Awaitable[None]], scrubber: Scrubber, bot: bool
    ) -> None:
        async with self.api.served():
            telegram = {"bot_token": "env:BOT", "chat_id": 4711, "api_url": self.api.url}
            environment = {"BOT": self._token, "GRIDBOT_MASTER_KEY": "a-master-key"}
            outlets = Outlets(config(telegram if bot else None), environment, scrubber, {})
            surface = Surface(
                SurfaceSettings(host="127.0.0.1", port=0, token=None),
                accounts={},
                facts=RunFacts(version="1", shadow=False, started_at=START, environments=()),
                now=lambda: START,
                folder=self._folder,
            )
            async with (
                outlets.open(lambda: "SIGTERM"),
                outlets.serving(surface, lambda: START),
            ):
                await work(outlets)

    @property
    def ended(self) -> dict[str, Any]:
        """The log's last row."""
        row = dict(self.rows[-1])
        del row["timestamp"]
        return row


@pytest.fixture
def run(make_api: Callable[[], Any], tmp_path: Path, token: str) -> Run:
    return Run(make_api(), tmp_path, token)


async def trade(outlets: Outlets) -> None:
    outlets.trading()


async def fail(_: Outlets) -> None:
    raise RunFailed("main: wallet: it does not answer a-master-key")


async def break_down(_: Outlets) -> None:
    raise KeyError("swordfish")


def test_begin_and_end_are_told_in_the_log_and_in_the_chat(run: Run) -> None:
    run.of(trade)

    assert run.api.texts == ["gridbot trades: main", "gridbot stopped: SIGTERM"]
    assert [row["event"] for row in run.rows] == ["telegram_ready", "trading", "ended"]
    assert run.ended == {
        "level": "info",
        "logger": "gridbot.run",
        "event": "ended",
        "how": "gridbot stopped: SIGTERM",
    }


def test_a_start_that_fails_alerts_before_the_process_is_gone(run: Run) -> None:
    """A04; what a traceback would show of it holds no secret either."""
    with pytest.raises(RunFailed) as ended:
        run.of(fail)

    assert "a-master-key" not in "".join(traceback.format_exception(ended.value))

    assert run.api.texts[-1].startswith("gridbot ended: ")
    assert run.api.sent[-1]["disable_notification"] == "False"
    assert run.ended["level"] == "error"


def test_a_defect_is_told_with_its_traceback_and_without_secrets(run: Run) -> None:
    with pytest.raises(RunFailed):
        run.of(break_down, bot=False)

    assert "in break_down" in run.ended["exception"]
    assert "KeyError: '***'" in run.ended["exception"]
    assert "swordfish" not in json.dumps(run.rows)
    assert run.api.asked == []


def test_secrets_that_come_up_are_hidden_from_log_and_chat(run: Run, token: str) -> None:
    async def leak(outlets: Outlets) -> None:
        outlets.hide("an-api-secret", None)
        raise RunFailed(f"an-api-secret swordfish a-master-key {token}")

    with pytest.raises(RunFailed):
        run.of(leak)

    everything = json.dumps(run.rows) + "".join(run.api.texts)
    for secret in ("an-api-secret", "swordfish", "a-master-key", token):
        assert secret not in everything
    assert run.ended["how"] == "gridbot ended: *** *** *** ***"


def test_an_error_that_holds_no_secret_goes_its_way_with_all_it_knows(run: Run) -> None:
    async def break_otherwise(_: Outlets) -> None:
        raise KeyError("no such level")

    with pytest.raises(KeyError, match="no such level"):
        run.of(break_otherwise, bot=False)


def test_a_token_that_leads_nowhere_refuses_the_start(make_api: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="environment variable BOT"):
        Run(make_api(), tmp_path, "").of(trade)
