"""`gridbot run`: trade until SIGTERM or SIGINT."""

import asyncio
import json
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from appkit.arguments import add_common_options
from gridbot.commands.options import add_config_options, configured
from gridbot.config.load import in_the_shadow
from gridbot.config.model import GridbotConfig
from gridbot.logs.scrubber import Scrubber
from gridbot.logs.setup import event_logger, logging_as
from gridcore.session.ownership import OrphanOrders

Runner = Callable[[Coroutine[Any, Any, int]], int]


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "run",
        help="trade until SIGTERM or SIGINT",
        description="Starts by recovery: places nothing before instrument, book, positions, wallet "
        "and hedge mode are confirmed. A second signal ends it at once (exit 130).",
    )
    add_config_options(parser)
    parser.add_argument("--port", type=int, metavar="N", help="of the local pages; 0: a free one")
    parser.add_argument(
        "--shadow",
        action="store_true",
        help="every account trades on a simulated venue fed by the live market; no order leaves",
    )
    parser.add_argument(
        "--orphans",
        choices=("adopt", "cancel"),
        help="what becomes, in this run, of orders that a strategy of another name has left",
    )
    parser.add_argument(
        "--log-file", type=Path, metavar="FILE", help="log there as lines of JSON, too"
    )
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command; with --json one line on stdout says where the pages are, once it trades."""
    _, config = configured(arguments, os.environ)
    if arguments.shadow:
        config = in_the_shadow(config)
    if arguments.orphans is not None:
        config = config.model_copy(update={"orphan_orders": OrphanOrders(arguments.orphans)})
    if arguments.port is not None:
        surface = config.surface.model_copy(update={"port": arguments.port})
        config = config.model_copy(update={"surface": surface})
    if arguments.log_file is not None:
        logging = config.logging.model_copy(update={"file": arguments.log_file})
        config = config.model_copy(update={"logging": logging})
    scrubber = Scrubber()
    with logging_as(config.logging, scrubber, quiet=arguments.quiet):
        return event_loop()(_trade(config, scrubber, as_json=arguments.json))


def event_loop() -> Runner:
    """uvloop where it is installed, as its sockets cost half; asyncio's own else."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    runner: Runner = uvloop.run
    return runner


async def _trade(config: GridbotConfig, scrubber: Scrubber, *, as_json: bool) -> int:
    from gridbot.daemon import Daemon

    log = event_logger("gridbot")

    def announce(port: int) -> None:
        url = f"http://{config.surface.host}:{port}"
        if as_json:
            print(json.dumps({"http": url, "pid": os.getpid()}), flush=True)
        log.info(f"trading; how it is: {url}")

    daemon = Daemon(
        config,
        os.environ,
        say=log.info,
        warn=log.warning,
        announce=announce,
        scrubber=scrubber,
    )
    return await daemon.run()
