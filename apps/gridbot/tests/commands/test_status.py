"""`gridbot status`."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from appkit.arguments import CommandParser
from appkit.exits import ExitCode, RunFailed, UserError
from gridbot.commands import status

TRADING = {
    "health": "trading",
    "version": "gridbot 0.1.0",
    "shadow": False,
    "accounts": [
        {
            "name": "main",
            "environment": "demo",
            "health": "trading",
            "equity": "10012.5",
            "balance": "10010",
            "profit_today": "10.004",
            "unrealised": "2.5",
            "modes": [
                {
                    "scope": "BTCUSDT",
                    "cause": "reconcile",
                    "mode": "NO_OPEN",
                    "ended_by": "belief and exchange agree",
                    "age_us": 12_400_000,
                }
            ],
            "streams": [{"name": "private", "up": False}],
            "strategies": [
                {
                    "strat_id": "grid-[btc]",
                    "symbol": "BTCUSDT",
                    "last": "99850.1",
                    "orders": [{}, {}, {}],
                    "positions": [
                        {
                            "direction": "long",
                            "known": True,
                            "qty": "0.015",
                            "entry": "99933.333333333333",
                            "unrealised": "2.5",
                            "distance_pct": "28.41",
                        },
                        {
                            "direction": "short",
                            "known": False,
                            "qty": None,
                            "entry": None,
                            "unrealised": None,
                            "distance_pct": None,
                        },
                    ],
                }
            ],
        }
    ],
}


def command(*arguments: str) -> int:
    parser = CommandParser(prog="gridbot")
    status.add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["status", *arguments])
    code: int = parsed.handler(parsed)
    return code


def asking(answer: Callable[[web.Request], Awaitable[web.Response]], *arguments: str) -> int:
    """The command beside a daemon that answers so."""

    async def served() -> int:
        application = web.Application()
        application.router.add_get("/api/state", answer)
        async with TestServer(application) as server:
            url = str(server.make_url(""))
            return await asyncio.to_thread(command, "--url", url, *arguments)

    return asyncio.run(served())


def answering(state: Any, code: int = 200) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(state, status=code)

    return answer


def test_a_daemon_that_trades_is_shown_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert asking(answering(TRADING)) == ExitCode.DONE

    shown = capsys.readouterr().out
    assert "main (demo): trading" in shown
    assert "equity 10,012.50, balance 10,010.00, profit today 10.00, unrealised 2.50" in shown
    assert "NO_OPEN BTCUSDT: reconcile for 12 s, ends with belief and exchange agree" in shown
    assert "stream private is down" in shown
    rows = [line.split() for line in shown.splitlines() if "long" in line or "short" in line]
    assert rows[0] == [
        *("grid-[btc]", "BTCUSDT", "99850.1", "3", "long", "0.015"),
        *("99,933.3333", "2.50", "28.41", "%"),
    ]
    assert rows[1] == ["short", "unknown", "-", "-", "-"]


def test_as_json_the_whole_state_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert asking(answering(TRADING), "--json") == ExitCode.DONE

    assert json.loads(capsys.readouterr().out) == TRADING


def test_a_daemon_that_does_not_trade_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    starting = {"health": "starting", "version": "v", "shadow": True, "accounts": []}

    assert asking(answering(starting)) == ExitCode.FAILED
    assert "v, shadow: starting" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("state", "code", "said"),
    [
        ({"error": {}}, 401, "answered 401 Unauthorized"),
        ({"hello": 1}, 200, "is no gridbot"),
        ([], 200, "is no gridbot"),
    ],
)
def test_what_answers_otherwise_is_named(state: Any, code: int, said: str) -> None:
    with pytest.raises(RunFailed, match=said):
        asking(answering(state, code))


def test_when_nobody_answers_it_says_how_to_start_one() -> None:
    with pytest.raises(RunFailed, match=r"no daemon answers at http://127\.0\.0\.1:1") as failed:
        command("--url", "http://127.0.0.1:1")

    assert failed.value.hint is not None
    assert "gridbot run" in failed.value.hint


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="expected http://HOST:PORT, found 'file:///etc/passwd'"):
        command("--url", "file:///etc/passwd")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:9101"),
        ("0.0.0.0", "http://127.0.0.1:9101"),
        ("::", "http://127.0.0.1:9101"),
        ("::1", "http://[::1]:9101"),
        ("bot.example", "http://bot.example:9101"),
    ],
)
def test_a_daemon_is_found_where_it_listens(host: str, url: str) -> None:
    assert status.url_of(host, 9101) == url


def test_a_port_that_was_chosen_at_start_must_be_given() -> None:
    with pytest.raises(UserError, match="listens on a port that it told"):
        status.url_of("127.0.0.1", 0)


def test_the_configuration_says_where_the_daemon_is(tmp_path: Path) -> None:
    file = tmp_path / "gridbot.yaml"
    file.write_text(
        "accounts:\n"
        "  - {name: main, environment: demo, api_key: env:KEY, api_secret: env:SECRET}\n"
        "strategies:\n"
        "  - {strat_id: grid, account: main, symbol: BTCUSDT, amount: b0.001}\n"
        "surface: {host: 127.0.0.1, port: 1}\n"
    )

    with pytest.raises(RunFailed, match=r"no daemon answers at http://127\.0\.0\.1:1"):
        command("--config", str(file))
