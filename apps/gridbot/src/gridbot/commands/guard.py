"""`gridbot guard`: watch the daemon, and take our orders away when it is gone."""

import asyncio
import json
import os
import signal
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from appkit.arguments import add_common_options
from appkit.exits import ExitCode, UserError
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest_client import RestClient, machine_clock, wait_until
from gridbot.alarm import Alarm
from gridbot.commands.options import add_config_options, configured
from gridbot.commands.status import url_of
from gridbot.config.blocks import GuardBlock, LoggingBlock
from gridbot.config.keys import database_password, guard_credentials_of, token_of
from gridbot.config.model import GridbotConfig
from gridbot.guard.guarding import Exposure, Guard, News, Trouble
from gridbot.guard.heartbeat import Heartbeat
from gridbot.guard.signs import Signs
from gridbot.guard.sweep import Sweep
from gridbot.guard.watch import Life
from gridbot.logs.scrubber import Scrubber
from gridbot.logs.setup import event_logger, logging_as
from gridbot.surface.access import is_loopback
from gridcore.session.effects import Notice, Severity

GUARD = "guard"
MASTER_KEY = "GRIDBOT_MASTER_KEY"
EXAMPLE = (
    "write guard: {keys: {ACCOUNT: {api_key: env:GUARD_API_KEY, api_secret: env:GUARD_API_SECRET}}}"
)


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "guard",
        help="watch the daemon; cancel our orders when it is gone",
        description="A process of its own with a key of its own. When the daemon has given no sign "
        "of life for guard.silent_s seconds, our orders are cancelled by guard.policy until none "
        "is left. Orders of others stay. Runs until SIGTERM or SIGINT.",
    )
    add_config_options(parser)
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command; with --json one line on stdout for each thing that happens."""
    _, config = configured(arguments, os.environ)
    if config.guard is None:
        raise UserError("expected a block guard in the configuration, found none", EXAMPLE)
    scrubber = Scrubber()
    with logging_as(_own_file(config.logging), scrubber, quiet=arguments.quiet):
        return asyncio.run(_guarded(config, config.guard, scrubber, as_json=arguments.json))


async def _guarded(
    config: GridbotConfig, block: GuardBlock, scrubber: Scrubber, *, as_json: bool
) -> int:
    """Guard in a thread, so that what is told leaves while it is at work."""
    environment = os.environ
    stop = threading.Event()
    scrubber.register(database_password(config), environment.get(MASTER_KEY))
    alarm = Alarm("guard", config, environment, scrubber)
    log = event_logger("gridbot.guard")

    def tell(news: News) -> None:
        row, account, notice = _told(news, block)
        if as_json:
            print(json.dumps(row), flush=True)
        alarm.hear(account, notice)

    with ExitStack() as clients, _signals(stop):
        async with alarm.open():
            sweeps = await asyncio.to_thread(_sweeps, config, block, scrubber, clients)
            signs = await asyncio.to_thread(_signs, config, scrubber)
            guard = Guard(
                signs,
                sweeps,
                silent_s=block.silent_s,
                steady_s=time.monotonic,
                stop=stop,
                tell=tell,
            )
            names = ", ".join(one.account for one in sweeps)
            log.info("guarding", accounts=names, silent_s=block.silent_s, policy=block.policy)
            await asyncio.to_thread(guard.run)
    return ExitCode.DONE


def _own_file(block: LoggingBlock) -> LoggingBlock:
    """The daemon's log file is the daemon's: two processes cannot rotate one."""
    if block.file is None:
        return block
    return block.model_copy(update={"file": block.file.with_stem(f"{block.file.stem}-guard")})


def _sweeps(
    config: GridbotConfig, block: GuardBlock, scrubber: Scrubber, clients: ExitStack
) -> list[Sweep]:
    """One for each account whose orders leave, checked; every account needs a key."""
    guarded = [one for one in config.accounts if not one.shadow]
    missing = sorted(one.name for one in guarded if one.name not in block.keys)
    if missing or not guarded:
        raise UserError(
            f"guard.keys: expected a key of the guard's own for account {missing[0]}, found none"
            if missing
            else "expected an account whose orders leave, found shadows only",
            EXAMPLE if missing else "a shadow needs no guard",
        )
    limiter = RateLimiter()
    sweeps = []
    for account in guarded:
        key = block.keys[account.name]
        credentials = guard_credentials_of(config, account.name, key, os.environ)
        scrubber.register(credentials.key, credentials.secret)
        rest = RestClient(
            account.endpoint,
            credentials,
            limiter=limiter,
            timeout_s=config.rest_fetch_timeout,
            wait=wait_until,
        )
        clients.callback(rest.close)
        sweep = Sweep(
            account.name,
            rest,
            config.strategies_of(account),
            block.policy,
            measures_clock=config.clock_speed == 1 and not config.lockstep,
        )
        sweep.check()
        sweeps.append(sweep)
    return sweeps


def _signs(config: GridbotConfig, scrubber: Scrubber) -> Signs:
    surface = config.surface
    token = None if is_loopback(surface.host) else token_of(surface.token, os.environ)
    scrubber.register(token)

    def url(beat: Heartbeat) -> str | None:
        port = surface.port or beat.port
        return None if port is None else url_of(surface.host, port)

    guarded = [one.name for one in config.accounts if not one.shadow]
    return Signs(config.home, url, token, guarded)


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """The first signal asks for the end, a second one is the end."""
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            os._exit(ExitCode.INTERRUPTED)
        stop.set()

    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, ask)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _told(news: News, block: GuardBlock) -> tuple[dict[str, object], str, Notice]:
    """As a row for programs, and as what people are told of an account, or of the guard."""
    match news:
        case Life():
            row: dict[str, object] = {"event": "daemon", "life": news.name.lower()}
            return row, GUARD, _life(news, block)
        case Exposure():
            seconds = round(news.seconds, 3)
            row = {"event": "clear", "exposure_s": seconds, "cancelled": news.cancelled}
            words = {"cancelled": str(news.cancelled), "exposed_for_s": f"{seconds:.1f}"}
            return row, GUARD, _notice("no_order_is_left_that_has_to_go", Severity.WARNING, words)
        case Trouble():
            row = {"event": "trouble", "account": news.account, "text": news.text}
            words = {"reason": news.text, "then": "it is tried again"}
            return row, news.account, _notice("guard_is_hindered", Severity.ALERT, words)


def _life(life: Life, block: GuardBlock) -> Notice:
    match life:
        case Life.GONE:
            words = {"silent_for_s": str(block.silent_s), "then": block.policy.value}
            return _notice("daemon_gone", Severity.ALERT, words)
        case Life.LIVES:
            return _notice("daemon_lives", Severity.INFO, {})
        case Life.NONE:
            return _notice("no_daemon_runs", Severity.INFO, {})


def _notice(event: str, severity: Severity, words: Mapping[str, str]) -> Notice:
    return Notice(
        at=machine_clock(),
        logger="gridbot.guard",
        event=event,
        severity=severity,
        fields=tuple(words.items()),
    )
