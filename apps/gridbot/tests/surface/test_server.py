"""The surface over HTTP."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from appkit.exits import UserError
from gridbot.store.database_thread import StoreState
from gridbot.surface.organs import LeaseState, Organs
from gridbot.surface.server import BODY_BYTES_MAX, Surface
from gridbot.surface.words import SurfaceSettings
from gridcore.events import AuthenticationFailed, OperatorAction, OperatorCommand, StreamLost
from gridcore.session.modes import Mode

Client = aiohttp.ClientSession
Talk = Callable[[Client], Awaitable[Any]]
Make = Callable[..., Surface]
READING = ["/health", "/ready", "/metrics", "/api/settled", "/api/state", "/api/history"]
COMMANDS = ["pause", "resume", "close-only", "cancel-all", "halt", "orphans-adopt"]


def page_file(name: str) -> bytes:
    return files("gridbot.surface").joinpath("page", name).read_bytes()


async def status_of(client: Client, method: str, path: str, **more: Any) -> int:
    async with client.request(method, path, **more) as reply:
        return reply.status


@pytest.mark.parametrize("path", READING)
def test_this_machine_may_read(make_surface: Make, account: Any, talk_to: Any, path: str) -> None:
    async def talk(client: Client) -> int:
        return await status_of(client, "GET", path)

    assert talk_to(make_surface(account), talk) == 200


@pytest.mark.parametrize("path", [*READING, "/api/stream"])
def test_nobody_reads_across_origins_or_by_a_foreign_name(
    make_surface: Make, account: Any, talk_to: Any, bearer: dict[str, str], path: str
) -> None:
    async def talk(client: Client) -> list[int]:
        tricks = [{"Origin": "http://evil.example"}, {"Host": "evil.example"}]
        return [await status_of(client, "GET", path, headers=one | bearer) for one in tricks]

    assert talk_to(make_surface(account), talk) == [403, 403]


@pytest.mark.parametrize("name", [*COMMANDS, "orphans-cancel"])
def test_no_command_acts_without_the_token_and_each_attempt_is_written_down(
    make_surface: Make, account: Any, talk_to: Any, tmp_path: Path, name: str
) -> None:
    async def talk(client: Client) -> int:
        body = {"account": "main"}
        return await status_of(client, "POST", f"/api/command/{name}", json=body)

    assert talk_to(make_surface(account), talk) == 401
    assert account.session.standing_modes() == []
    (line,) = (tmp_path / "surface" / "audit.jsonl").read_bytes().splitlines()
    told = orjson.loads(line)
    assert (told["what"], told["command"], told["source"]) == ("refused", name, "http:127.0.0.1")


def test_a_command_with_the_token_acts_and_says_so(
    make_surface: Make, account: Any, talk_to: Any, bearer: dict[str, str], tmp_path: Path
) -> None:
    async def talk(client: Client) -> Any:
        body = {"account": "main", "symbol": "BTCUSDT"}
        async with client.post("/api/command/close-only", json=body, headers=bearer) as reply:
            return reply.status, await reply.json()

    status, told = talk_to(make_surface(account), talk)

    assert status == 200
    assert told["handled"] is True
    assert told["audited"] is True
    (asked,) = account.session.standing_modes()
    assert (asked.scope, asked.mode) == ("BTCUSDT", Mode.CLOSE_ONLY)
    audit = (tmp_path / "surface" / "audit.jsonl").read_text()
    assert audit.count('"what":"handled"') == 1
    assert bearer["Authorization"].split()[1] not in audit


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/api/command/reboot", {"json": {"account": "main"}}, 404),
        ("/api/command/halt", {"json": {"account": "mian"}}, 400),
        ("/api/command/halt", {"json": {"account": "main", "symbol": "X"}}, 400),
        ("/api/command/halt", {"json": {"account": "main", "force": True}}, 400),
        ("/api/command/halt", {"json": {"account": 7}}, 400),
        ("/api/command/halt", {"json": {}}, 400),
        ("/api/command/halt", {"json": []}, 400),
        ("/api/command/halt", {"data": b"{", "type": "application/json"}, 400),
        ("/api/command/halt", {"data": b"account=main", "type": "text/plain"}, 415),
        (
            "/api/command/halt",
            {"data": b"x" * (BODY_BYTES_MAX + 1), "type": "application/json"},
            413,
        ),
    ],
)
def test_what_is_no_command_is_refused_with_a_reason(
    make_surface: Make,
    account: Any,
    talk_to: Any,
    bearer: dict[str, str],
    path: str,
    more: dict[str, Any],
    status: int,
) -> None:
    kind = more.pop("type", None) if "type" in more else None
    headers = bearer if kind is None else bearer | {"Content-Type": kind}

    async def talk(client: Client) -> Any:
        async with client.post(path, headers=headers, **more) as reply:
            return reply.status, (await reply.json())["error"]["message"]

    found, message = talk_to(make_surface(account), talk)

    assert found == status
    assert message
    assert account.session.standing_modes() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_a_command_is_a_post_and_nothing_else(
    make_surface: Make, account: Any, talk_to: Any, bearer: dict[str, str], method: str
) -> None:
    async def talk(client: Client) -> Any:
        async with client.request(method, "/api/command/halt", headers=bearer) as reply:
            return reply.status, [name for name in reply.headers if "Access-Control" in name]

    assert talk_to(make_surface(account), talk) == (405, [])


@pytest.mark.parametrize(
    "target",
    [
        "/../../etc/passwd",
        "/api/../api/state",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/api/%73tate",
        "//api/state",
        "/page/index.html",
        "/server.py",
        "http://evil.example/api/state",
    ],
)
def test_path_tricks_find_nothing(
    make_surface: Make, account: Any, talk_to: Any, target: str
) -> None:
    async def talk(client: Client) -> bytes:
        async with client.get("/ready") as reply:
            host, port = reply.url.host, reply.url.port
        reader, writer = await asyncio.open_connection(host, port)
        lines = (f"GET {target} HTTP/1.1", f"Host: {host}:{port}", "Connection: close")
        writer.write("\r\n".join((*lines, "", "")).encode())
        answer = await reader.read()
        writer.close()
        return answer

    answer = talk_to(make_surface(account), talk)

    assert answer.split()[1] in (b"403", b"404")
    assert b"accounts" not in answer
    assert b"root:" not in answer


def test_every_answer_forbids_frames_foreign_scripts_and_caches(
    make_surface: Make, account: Any, talk_to: Any
) -> None:
    async def talk(client: Client) -> list[Any]:
        found = []
        for path in ("/", "/page.js", "/api/state", "/nothing", "/metrics"):
            async with client.get(path) as reply:
                found.append(dict(reply.headers))
        return found

    for headers in talk_to(make_surface(account), talk):
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "gridbot"


def test_health_is_bad_only_while_something_but_the_operator_halts(
    make_surface: Make, account: Any, talk_to: Any
) -> None:
    async def talk(client: Client) -> Any:
        async with client.get("/health") as reply:
            return reply.status, (await reply.json())["faults"]

    surface = make_surface(account)
    account.take(OperatorCommand(at=account.now, action=OperatorAction.HALT, symbol=None))
    assert talk_to(surface, talk) == (200, [])

    for _ in range(3):
        account.take(AuthenticationFailed(at=account.now, text="no"))
    assert talk_to(make_surface(account), talk) == (503, ["main: authentication"])


def test_a_dead_writer_of_the_database_makes_health_bad_and_everybody_sees_it(
    make_surface: Make, account: Any, talk_to: Any
) -> None:
    async def talk(client: Client) -> Any:
        async with client.get("/health") as reply, client.get("/api/state") as state:
            return reply.status, await reply.json(), await state.json()

    dead = StoreState(
        started=True,
        alive=False,
        depth=3,
        written=9,
        refused=0,
        dropped=0,
        failures=0,
        busy_s=0,
        trouble="",
    )
    lease = LeaseState(account="main", renewed_at=None, trouble="the database does not answer")
    organs = Organs(store=dead, leases=(lease,), journals=(), ears=())

    status, health, state = talk_to(make_surface(account, organs=organs), talk)

    assert status == 503
    assert health["faults"] == state["faults"] != []
    assert health["warnings"] == state["warnings"] == ["main: the database does not answer"]
    assert health["store"]["alive"] is False
    assert health["leases"][0]["age_s"] is None


@pytest.mark.parametrize("path", ["/", "/page.js", *READING, "/api/stream"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_what_is_read_is_only_read(
    make_surface: Make,
    account: Any,
    talk_to: Any,
    bearer: dict[str, str],
    path: str,
    method: str,
) -> None:
    async def talk(client: Client) -> int:
        return await status_of(client, method, path, headers=bearer)

    assert talk_to(make_surface(account), talk) == 405


def said_to(client: Client, asked: bytes) -> Awaitable[bytes]:
    """What comes back over a bare connection until it ends."""

    async def talk() -> bytes:
        async with client.get("/ready") as reply:
            host, port = reply.url.host, reply.url.port
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(asked.replace(b"HOST", f"{host}:{port}".encode()))
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer

    return talk()


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: HOST\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b"400"),
        (b"GET /api/state HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", b"403"),
        (b"GET /api/state HTTP/1.0\r\n\r\n", b"403"),
        (
            b"POST /api/command/halt HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n"
            b"Authorization: Bearer a-token-of-the-tests\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2000\r\n" + b" " * 8192 + b"\r\n0\r\n\r\n",
            b"413",
        ),
        (
            (
                b"POST /api/command/halt HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n"
                b"Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{}"
            ),
            b"401",
        ),
    ],
    ids=["no HTTP", "long header", "no host", "HTTP/1.0", "chunks", "promised length"],
)
def test_what_is_malformed_or_too_long_is_refused_and_the_next_caller_is_answered(
    make_surface: Make,
    account: Any,
    talk_to: Any,
    asked: bytes,
    status: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def talk(client: Client) -> tuple[bytes, int]:
        answer = await said_to(client, asked)
        return answer, await status_of(client, "GET", "/health")

    answer, after = talk_to(make_surface(account), talk)

    assert answer.split()[1] == status
    assert b"Traceback" not in answer
    assert b"accounts" not in answer
    assert after == 200
    assert caplog.messages == []
    assert account.session.standing_modes() == []


def test_the_page_and_its_scripts_hold_nothing_of_the_account_so_that_they_need_no_token(
    make_surface: Make, account: Any, talk_to: Any
) -> None:
    """ADR 0037: what is served without a token is the same bytes for everybody."""
    paths = ("/", "/page.js", "/page.css")

    async def talk(client: Client) -> list[bytes]:
        found = []
        for path in paths:
            async with client.get(path, headers={"X-Forwarded-For": "192.0.2.7"}) as reply:
                assert reply.status == 200
                found.append(await reply.read())
        return found

    account.walk(20)
    told = talk_to(make_surface(account, token="a-token-of-another"), talk)

    assert told == [page_file(name) for name in ("index.html", "page.js", "page.css")]


def test_readiness_is_that_of_every_account(
    make_surface: Make, make_account: Any, account: Any, talk_to: Any
) -> None:
    async def talk(client: Client) -> Any:
        async with client.get("/ready") as reply, client.get("/api/settled") as settled:
            return reply.status, (await reply.json())["waiting"], await settled.json()

    waiting = talk_to(make_surface(account, make_account("second")), talk)
    alone = talk_to(make_surface(account), talk)

    assert waiting[:2] == (503, ["second"])
    assert waiting[2]["ready"] is False
    assert alone == (
        200,
        [],
        {"handled_through_us": account.now, "in_flight": 0, "ready": True, "turned_age_s": 0.0},
    )


def test_the_stream_tells_the_lines_and_then_the_state(
    make_surface: Make, account: Any, talk_to: Any
) -> None:
    surface = make_surface(account)
    account.walk(5)

    async def talk(client: Client) -> list[Any]:
        async with client.get("/api/stream") as reply:
            found = [await reply.content.readline() for _ in range(5)]
        return [orjson.loads(found[1][6:]), orjson.loads(found[4][6:])]

    lines, state = talk_to(surface, talk)

    assert len(lines["main"]["prices"]["BTCUSDT"]) == 5
    assert state["takes_commands"] is True
    assert state["accounts"][0]["health"] == "trading"


def test_history_survives_the_surface(make_surface: Make, account: Any, talk_to: Any) -> None:
    async def talk(client: Client) -> Any:
        async with client.get("/api/state") as reply:
            (row,) = (await reply.json())["accounts"]
        return row["fills"], row["days"]

    surface = make_surface(account)
    account.walk(60)
    before = talk_to(surface, talk)

    assert talk_to(make_surface(account), talk) == before
    assert before[0]


def test_a_surface_before_its_accounts_says_that_it_starts(
    account: Any, facts: Any, tmp_path: Path, talk_to: Any
) -> None:
    accounts: dict[str, Any] = {}
    empty = Surface(
        SurfaceSettings(host="127.0.0.1", port=0, token=None),
        accounts=accounts,
        facts=facts,
        now=lambda: account.now,
        folder=tmp_path / "other",
    )

    async def talk(client: Client) -> Any:
        first = await status_of(client, "GET", "/ready")
        accounts["main"] = account
        account.observers = empty.observers
        account.tick(997_000)
        async with client.get("/api/state") as reply:
            return first, await reply.json()

    first, state = talk_to(empty, talk)

    assert first == 503
    assert state["takes_commands"] is False
    assert state["accounts"][0]["fills"]


def test_a_port_that_is_taken_is_refused_with_what_to_do(
    make_surface: Make, account: Any, talk_to: Any
) -> None:
    async def talk(_: Client) -> None:
        raise AssertionError("it must not come so far")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ExceptionGroup) as refused:
            talk_to(make_surface(account, port=port), talk)

    (error,) = refused.value.exceptions
    assert isinstance(error, UserError)
    assert error.message == f"surface: cannot listen on 127.0.0.1:{port}: Address already in use"


def test_no_answer_shows_the_token(
    make_surface: Make, account: Any, talk_to: Any, bearer: dict[str, str]
) -> None:
    async def talk(client: Client) -> bytes:
        found = b""
        for path in (*READING, "/", "/nothing"):
            async with client.get(path, headers=bearer) as reply:
                found += await reply.read() + str(reply.headers).encode()
        return found

    account.take(StreamLost(at=account.now, symbol=None, reason="closed"))

    assert bearer["Authorization"].split()[1].encode() not in talk_to(make_surface(account), talk)
