"""`gridbot guard`: watch the daemon, and take our orders away when it is gone."""

import json
import os
import signal
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import ExitStack
from types import FrameType
from typing import Any

from appkit.arguments import add_common_options
from appkit.exits import ExitCode, UserError
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest_client import RestClient, wait_until
from gridbot.commands.options import add_config_options, configured
from gridbot.commands.status import url_of
from gridbot.config.blocks import GuardBlock
from gridbot.config.keys import guard_credentials_of, token_of
from gridbot.config.model import GridbotConfig
from gridbot.guard.guarding import Exposure, Guard, News, Trouble
from gridbot.guard.heartbeat import Heartbeat
from gridbot.guard.signs import Signs
from gridbot.guard.sweep import Sweep
from gridbot.guard.watch import Life
from gridbot.surface.access import is_loopback

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
    block = config.guard
    if block is None:
        raise UserError("expected a block guard in the configuration, found none", EXAMPLE)
    stop = threading.Event()
    with ExitStack() as clients:
        sweeps = _sweeps(config, block, os.environ, clients)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *given: _ask(stop, *given))
        guard = Guard(
            _signs(config, os.environ),
            sweeps,
            silent_s=block.silent_s,
            steady_s=time.monotonic,
            stop=stop,
            tell=lambda news: _tell(news, as_json=arguments.json, quiet=arguments.quiet),
        )
        guard.run()
    return ExitCode.DONE


def _sweeps(
    config: GridbotConfig, block: GuardBlock, environment: Mapping[str, str], clients: ExitStack
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
        rest = RestClient(
            account.endpoint,
            guard_credentials_of(config, account.name, key, environment),
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


def _signs(config: GridbotConfig, environment: Mapping[str, str]) -> Signs:
    surface = config.surface
    local = is_loopback(surface.host)

    def url(beat: Heartbeat) -> str | None:
        port = surface.port or beat.port
        return None if port is None else url_of(surface.host, port)

    return Signs(config.home, url, None if local else token_of(surface.token, environment))


def _ask(stop: threading.Event, number: int, frame: FrameType | None) -> None:
    """The first signal asks for the end, a second one is the end."""
    del number, frame
    if stop.is_set():
        os._exit(ExitCode.INTERRUPTED)
    stop.set()


def _tell(news: News, *, as_json: bool, quiet: bool) -> None:
    row, text = _told(news)
    if as_json:
        print(json.dumps(row), flush=True)
    if not quiet:
        print(f"guard: {text}", file=sys.stderr, flush=True)


def _told(news: News) -> tuple[dict[str, object], str]:
    """As fields, and as a sentence."""
    match news:
        case Life():
            return {"event": "daemon", "life": news.name.lower()}, news.value
        case Exposure():
            seconds = round(news.seconds, 3)
            row = {"event": "clear", "exposure_s": seconds, "cancelled": news.cancelled}
            text = f"no order is left that has to go; {news.cancelled} cancelled, "
            return row, text + f"{seconds:.1f} s after the last sign of life"
        case Trouble():
            row = {"event": "trouble", "account": news.account, "text": news.text}
            return row, f"{news.account}: {news.text}; it is tried again"
