"""`gridbot status`: ask the running daemon how it is."""

import json
import os
import urllib.error
import urllib.request
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appkit.arguments import add_common_options
from appkit.exits import ExitCode, RunFailed, UserError
from appkit.output import console, number_text, percent_text
from gridbot.commands.options import add_config_options, configured
from gridbot.config.keys import token_of
from gridbot.surface.access import is_loopback

ASK_S_MAX = 5.0
ANSWER_BYTES_MAX = 32 * 1024 * 1024
TRADING = "trading"
_EVERYWHERE = ("0.0.0.0", "::", "")
_HUNDRED = Decimal(100)

State = Mapping[str, Any]


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "status",
        help="how the running daemon is",
        description="Asks the daemon that runs with this configuration. Exit 0 when every account "
        "trades, else 2.",
    )
    add_config_options(parser)
    parser.add_argument("--url", metavar="URL", help="of the daemon's pages, if not as configured")
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command."""
    if arguments.url is not None:
        state = asked(arguments.url, None)
    else:
        _, config = configured(arguments, os.environ)
        surface = config.surface
        local = is_loopback(surface.host) or surface.host in _EVERYWHERE
        token = None if local else token_of(surface.token, os.environ)
        state = asked(url_of(surface.host, surface.port), token)
    if arguments.json:
        print(json.dumps(state))
    else:
        draw(console(), state)
    return ExitCode.DONE if state["health"] == TRADING else ExitCode.FAILED


def url_of(host: str, port: int) -> str:
    """Where a daemon that listens there is found from this machine."""
    if not port:
        raise UserError(
            "surface.port is 0: the daemon listens on a port that it told when it started",
            "give its address with --url",
        )
    name = "127.0.0.1" if host in _EVERYWHERE else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def asked(url: str, token: str | None) -> State:
    """The state of the daemon at an address; RunFailed when none answers as one does."""
    if not url.startswith(("http://", "https://")):
        raise UserError(f"--url: expected http://HOST:PORT, found {url!r}")
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{url.rstrip('/')}/api/state", headers=headers)
    # Without the environment's proxies: they do not know this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=ASK_S_MAX) as answer:
            state = json.loads(answer.read(ANSWER_BYTES_MAX))
    except urllib.error.HTTPError as error:
        with error:
            raise RunFailed(f"the daemon at {url} answered {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:
        raise RunFailed(
            f"no daemon answers at {url}: {error}",
            "start one with `gridbot run`, or give its address with --url",
        ) from error
    if not isinstance(state, dict) or not {"health", "accounts"} <= state.keys():
        raise RunFailed(f"what answers at {url} is no gridbot")
    return state


def draw(out: Console, state: State) -> None:
    """The state as tables for people."""
    shadow = ", shadow" if state["shadow"] else ""
    out.print(Text(f"{state['version']}{shadow}: {state['health']}", style="bold"))
    if not state["accounts"]:
        out.print(Text("starting: no account is ready to be shown yet"))
    for account in state["accounts"]:
        out.print()
        _draw_account(out, account)


def _draw_account(out: Console, account: State) -> None:
    head = f"{account['name']} ({account['environment']}): {account['health']}"
    out.print(Text(head, style="bold"))
    money = (
        ("equity", account["equity"]),
        ("balance", account["balance"]),
        ("profit today", account["profit_today"]),
        ("unrealised", account["unrealised"]),
    )
    out.print(Text(", ".join(f"{name} {_money(amount)}" for name, amount in money) + " USDT"))
    for mode in account["modes"]:
        since = "" if mode["age_us"] is None else f" for {mode['age_us'] // 1_000_000} s"
        scope = mode["scope"] or "account"
        text = f"{mode['mode']} {scope}: {mode['cause']}{since}, ends with {mode['ended_by']}"
        out.print(Text(text, style="yellow"))
    for stream in account["streams"]:
        if not stream["up"]:
            out.print(Text(f"stream {stream['name']} is down", style="yellow"))
    out.print(_strategies(account))


def _strategies(account: State) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("strategy", "symbol"):
        table.add_column(heading)
    for heading in ("last", "orders", "leg", "size", "entry", "unrealised", "to liquidation"):
        table.add_column(heading, justify="right")
    for strategy in account["strategies"]:
        first = [strategy["strat_id"], strategy["symbol"], strategy["last"] or "-"]
        first.append(str(len(strategy["orders"])))
        for leg in strategy["positions"]:
            distance = leg["distance_pct"]
            cells = [
                *first,
                leg["direction"],
                leg["qty"] if leg["known"] else "unknown",
                "-" if leg["entry"] is None else number_text(Decimal(leg["entry"]), 4),
                _money(leg["unrealised"]),
                "-" if distance is None else percent_text(Decimal(distance) / _HUNDRED),
            ]
            table.add_row(*(Text(cell) for cell in cells))
            first = [""] * len(first)
    return table


def _money(text: str | None) -> str:
    return number_text(None if text is None else Decimal(text), 2)
