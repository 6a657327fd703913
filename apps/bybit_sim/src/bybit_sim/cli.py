"""The command line `bybit-sim`: it reads arguments, starts the server and waits for its end."""

import asyncio
import json
import os
import signal
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from appkit.arguments import CommandParser, add_common_options
from appkit.configuration import resolve_beside
from appkit.exits import ExitCode, UserError, run_command
from bybit_sim.config import SimConfig, SymbolConfig, load_config
from bybit_sim.opening import open_tape
from bybit_sim.serve import Running, running
from bybit_sim.sockets.listener import HOST

DESCRIPTION = "A simulated exchange that speaks Bybit's V5 protocol on this machine only."
CONFIG_VARIABLE = "BYBIT_SIM_CONFIG_PATH"


def build_parser() -> CommandParser:
    """The whole command line."""
    parser = CommandParser(prog="bybit-sim", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_serve(commands)
    return parser


def add_serve(commands: Any) -> None:
    """Add the command `serve` with its options."""
    parser: ArgumentParser = commands.add_parser(
        "serve",
        help="play a market and serve it until stopped",
        description="Plays recorded tapes or a synthetic market behind Bybit's V5 protocol, on "
        "127.0.0.1. Options win over the configuration. Stop it with Ctrl-C.",
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help=f"default: ${CONFIG_VARIABLE}, else built in"
    )
    market = parser.add_mutually_exclusive_group()
    market.add_argument("--tape", type=Path, nargs="+", metavar="TAPE", help="one per symbol")
    market.add_argument("--synth", action="store_true", help="a synthetic market (the default)")
    parser.add_argument("--speed", metavar="SPEED", help="1x, 60x, max or lockstep (default 1x)")
    parser.add_argument(
        "--settle",
        nargs="+",
        metavar="URL",
        help="lockstep: go on when all of these report that they have handled the step",
    )
    parser.add_argument("--seed", type=_whole, metavar="N", help="of market, ids, partial fills")
    parser.add_argument("--port", type=_whole, metavar="N", help="0: a free one (default 18080)")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a plan of faults")
    parser.add_argument("--fault-seed", type=_whole, metavar="N", help="draw faults from this seed")
    add_common_options(parser)
    parser.set_defaults(handler=serve)


def serve(arguments: Namespace) -> int:
    """Run the server until a signal or an error ends it."""
    config = configured(arguments)
    return asyncio.run(_serve(config, as_json=arguments.json, quiet=arguments.quiet))


def configured(arguments: Namespace) -> SimConfig:
    """The configuration file, if any, with the options of the command line over it."""
    named = arguments.config or os.environ.get(CONFIG_VARIABLE)
    config = SimConfig() if not named else _from_file(Path(named))
    changes = {
        name: value
        for name in ("speed", "seed", "port", "faults", "fault_seed")
        if (value := getattr(arguments, name)) is not None
    }
    if arguments.settle is not None:
        changes["settle"] = tuple(arguments.settle)
    if arguments.tape is not None:
        changes["symbols"] = _taped(config, arguments.tape)
    if arguments.synth:
        changes["symbols"] = {
            symbol: one.model_copy(update={"tape": None}) for symbol, one in config.symbols.items()
        }
    return _checked(config, changes)


def _from_file(path: Path) -> SimConfig:
    """The file's configuration with its paths taken relative to the file."""
    config = load_config(path)
    symbols = {
        symbol: one
        if one.tape is None
        else one.model_copy(update={"tape": resolve_beside(path, one.tape)})
        for symbol, one in config.symbols.items()
    }
    faults = None if config.faults is None else resolve_beside(path, config.faults)
    return config.model_copy(update={"symbols": symbols, "faults": faults})


def _taped(config: SimConfig, tapes: Sequence[Path]) -> dict[str, SymbolConfig]:
    symbols: dict[str, SymbolConfig] = {}
    for path in tapes:
        symbol = open_tape(path).manifest.header.symbol
        if symbol in symbols:
            raise UserError(f"--tape: expected one tape per symbol, found two of {symbol}")
        known = config.symbols.get(symbol, SymbolConfig())
        symbols[symbol] = known.model_copy(update={"tape": path, "price": None})
    return symbols


def _checked(config: SimConfig, changes: dict[str, Any]) -> SimConfig:
    """The configuration with changes, checked as a whole."""
    values = {name: getattr(config, name) for name in SimConfig.model_fields}
    try:
        return SimConfig.model_validate(values | changes)
    except ValidationError as error:
        first = error.errors()[0]
        place = "--" + str(first["loc"][0]).replace("_", "-") + ": " if first["loc"] else ""
        raise UserError(place + first["msg"].removeprefix("Value error, ")) from error


async def _serve(config: SimConfig, *, as_json: bool, quiet: bool) -> int:
    stopped = asyncio.Event()
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGINT, interrupted.set)
    async with running(config) as simulator:
        announce(simulator, as_json=as_json, quiet=quiet)
        waits = [
            asyncio.ensure_future(stopped.wait()),
            asyncio.ensure_future(interrupted.wait()),
            asyncio.ensure_future(simulator.until_broken()),
        ]
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        for ended in done:
            ended.result()
    return ExitCode.INTERRUPTED if interrupted.is_set() else ExitCode.DONE


def announce(simulator: Running, *, as_json: bool, quiet: bool) -> None:
    """Say where the simulator is: one line of JSON, or a few for people."""
    address = f"{HOST}:{simulator.port}"
    config = simulator.config
    if as_json:
        line = {
            "port": simulator.port,
            "http": f"http://{address}",
            "public": f"ws://{address}/v5/public/linear",
            "private": f"ws://{address}/v5/private",
            "trade": f"ws://{address}/v5/trade",
            "page": f"http://{address}/",
            "symbols": list(config.symbols),
            "speed": config.speed,
            "market_time_us": simulator.exchange.now,
        }
        print(json.dumps(line), flush=True)
        return
    if quiet:
        return
    print(f"REST and page      http://{address}/")
    print(f"public stream      ws://{address}/v5/public/linear")
    print(f"private stream     ws://{address}/v5/private")
    print(f"trade socket       ws://{address}/v5/trade")
    print(f"symbols            {', '.join(config.symbols)}   speed {config.speed}")
    for account in config.accounts:
        for key in account.keys:
            kind = " (read-only)" if key.read_only else " (expired)" if key.expired else ""
            secret = key.secret.partition("\n")[0]
            print(f"{account.name:18} {key.key}{kind}  secret {secret}")
    print("Stop with Ctrl-C.", flush=True)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"expected a whole number, found {text!r}")
    return int(text)


def main(argv: Sequence[str]) -> int:
    """Run one command line; returns its exit code, or raises what run_command reports."""
    arguments = build_parser().parse_args(argv)
    code: int = arguments.handler(arguments)
    return code


def entry(argv: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, argv)
