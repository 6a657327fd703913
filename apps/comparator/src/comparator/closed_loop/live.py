"""The live half of the mission: exchange, recorder and bot play the market to its end, and stop.

They are processes and talk over HTTP and WebSocket; it refuses to know what they say to each other.
"""

from collections.abc import Callable

from appkit.exits import RunFailed
from appkit.progress import Progress, progress_bar
from comparator.closed_loop.pages import Settled, asked, settled, until
from comparator.closed_loop.processes import Company, Program
from comparator.closed_loop.stage import Stage
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings
from gridcore.clock import SECOND_US

START_S_MAX = 60.0
STILL_S_MAX = 60.0
"""Market time has to move at least once in so long; the exchange itself gives up sooner."""

BOT_PAGE, RECORDER_PAGE = "/api/settled", "/settle"
Say = Callable[[str], None]


def play(stage: Stage, say: Say, *, quiet: bool) -> None:
    """Play the whole market, then stop bot, recorder and exchange, in this order.

    RunFailed with the last lines of a program that failed. None of them is left, however it ends.
    `quiet`: no progress on stderr.
    """
    stage.write()
    _make_database(stage.database_url)
    with Company(stage.folder, stage.environment()) as company:
        exchange = company.start("bybit_sim", ["bybit_sim", "serve", *_config(stage, "bybit_sim")])
        _wait("an answer of bybit_sim", company, lambda: _answers(stage.exchange_port))
        say(f"bybit_sim plays {', '.join(stage.symbols)} (process {exchange.pid})")
        recorder = company.start(
            "event_saver", ["event_saver", "run", *_config(stage, "event_saver")]
        )
        bot = company.start("gridbot", ["gridbot", "run", *_config(stage, "gridbot")])
        _wait(
            "event_saver is ready", company, lambda: _is_ready(stage.recorder_port, RECORDER_PAGE)
        )
        say(f"event_saver records (process {recorder.pid})")
        _wait("gridbot is ready", company, lambda: _is_ready(stage.bot_port, BOT_PAGE))
        say(f"gridbot trades {len(stage.strategies)} strategies in hedge mode (process {bot.pid})")
        seconds = (stage.market.end - stage.market.start) // SECOND_US
        with progress_bar(seconds, "playing", "market s", quiet=quiet) as progress:
            _follow(stage, company, progress)
        _stop(company, bot, recorder, exchange)


def _config(stage: Stage, name: str) -> list[str]:
    return ["--config", str(stage.file(name)), "--json"]


def _make_database(url: str) -> None:
    database = DatabaseFactory(DatabaseSettings.of_url(url))
    try:
        schema.upgrade(database)
    finally:
        database.dispose()


def _wait(what: str, company: Company, holds: Callable[[], bool]) -> None:
    until(what, holds, company.must_run, START_S_MAX)


def _answers(port: int) -> bool:
    return asked(port, "/sim/faults") is not None


def _is_ready(port: int, page: str) -> bool:
    found = settled(port, page)
    return found is not None and found.ready


def _follow(stage: Stage, company: Company, progress: Progress) -> None:
    """Until the recorder has every row of the market, and the exchange says that it is over."""
    market = stage.market
    while (at := _recorded(stage)) is None or at.through // 1000 < market.end // 1000:
        before = None if at is None else at.through
        if before is not None:
            progress.update(max(0, before - market.start) // SECOND_US)
        until(
            "market time that moves",
            lambda: (now := _recorded(stage)) is not None and now.through != before,  # noqa: B023
            company.must_run,
            STILL_S_MAX,
        )
    until("the end of the market", lambda: _is_over(stage), company.must_run, STILL_S_MAX)
    company.must_run()


def _recorded(stage: Stage) -> Settled | None:
    return settled(stage.recorder_port, RECORDER_PAGE)


def _is_over(stage: Stage) -> bool:
    state = asked(stage.exchange_port, "/sim/state")
    player = None if state is None else state.get("player")
    if player is None:
        return False
    if not isinstance(player, dict):
        raise RunFailed(f"expected the player in /sim/state, found {player!r}")
    return player.get("ended") is True


def _stop(company: Company, *programs: Program) -> None:
    """Who depends on another ends first, so that nobody sees the other go."""
    ended: list[Program] = []
    for program in programs:
        company.must_run(*ended)
        program.stop()
        ended.append(program)
