"""The HTTP server of a run: routes, answers and headers; what is behind them it only calls."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from pathlib import Path

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from prometheus_client.registry import Collector
from pydantic import ValidationError

from appkit.configuration import StrictModel
from appkit.exits import UserError
from appkit.output import plain
from bybit_adapter.rest_client import machine_clock
from gridbot.surface.access import Access, AccessRefused, Need
from gridbot.surface.audit import AuditLog
from gridbot.surface.commands import CommandBus, CommandRefused
from gridbot.surface.history import History
from gridbot.surface.memory import HistoryFile
from gridbot.surface.metrics import CONTENT_TYPE, Metrics
from gridbot.surface.organs import NOTHING_KNOWN, Checkup, Organs
from gridbot.surface.picture import Picture, faulty, health_together
from gridbot.surface.stream import EventStream
from gridbot.surface.views import AccountView, RunFacts
from gridbot.surface.words import CommandName, SurfaceSettings
from gridbot.words import Observer, settled_together
from gridcore.clock import Instant

BODY_BYTES_MAX = 4096
STOP_S_MAX = 2.0
LINGER_S = 0.2
"""How long the rest of a refused request is read, so that its sender sees the answer."""

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "gridbot",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_ASSETS = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/cards.js": ("cards.js", "text/javascript"),
    "/ladder.js": ("ladder.js", "text/javascript"),
    "/charts.js": ("charts.js", "text/javascript"),
    "/texts.js": ("texts.js", "text/javascript"),
    "/feed.js": ("feed.js", "text/javascript"),
    "/controls.js": ("controls.js", "text/javascript"),
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CommandBody(StrictModel):
    """The body of a command; without a symbol it is for the whole account."""

    account: str
    symbol: str | None = None


class Surface:
    """Everything an operator sees and says over HTTP."""

    def __init__(
        self,
        settings: SurfaceSettings,
        *,
        accounts: Mapping[str, AccountView],
        facts: RunFacts,
        now: Callable[[], Instant],
        folder: Path,
        collectors: Sequence[Collector] = (),
        organs: Callable[[], Organs] = lambda: NOTHING_KNOWN,
        wall: Callable[[], Instant] = machine_clock,
    ) -> None:
        """`accounts` may be filled later; `folder` is for the audit log and the history.

        `organs` tells how the process's own parts are, at once; `wall` is the machine's time.

        UserError for settings that are unsafe.
        """
        self._settings = settings
        self._access = Access(settings.host, settings.token)
        self._accounts = accounts
        self._now = now
        self.history = History(accounts)
        self._memory = HistoryFile(folder, self.history)
        self._picture = Picture(accounts, facts, self.history)
        self._organs = organs
        self._wall = wall
        self._metrics = Metrics(accounts, facts, self.history, collectors, organs=organs, wall=wall)
        self._stream = EventStream(self._picture.lines, self._state)
        self.bus = CommandBus(accounts, AuditLog(folder), now)
        self.observers: tuple[Observer, ...] = (self.history, self._metrics, self.bus)
        self.trouble = self._memory.load()
        """What was wrong with the saved history, if anything was."""

    @asynccontextmanager
    async def served(self, tasks: asyncio.TaskGroup) -> AsyncIterator[int]:
        """Serve while the block runs, and give the port; UserError when it is taken."""
        runner = web.AppRunner(
            self.application(),
            access_log=None,
            logger=_log_of_defects(),
            lingering_time=LINGER_S,
            shutdown_timeout=STOP_S_MAX,
            handle_signals=False,
        )
        await runner.setup()
        keeping = tasks.create_task(self._memory.keep())
        try:
            yield await self._listen(runner)
        finally:
            keeping.cancel()
            self._stream.close()
            await runner.cleanup()
            with suppress(TimeoutError):  # a disk that hangs does not hold up the end
                await asyncio.wait_for(self._memory.save(), STOP_S_MAX)

    async def _listen(self, runner: web.AppRunner) -> int:
        host, port = self._settings.host, self._settings.port
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            # The loop's own text repeats the address; a name that is not found has a text only.
            number = error.errno or 0
            why = os.strerror(number) if number > 0 else error.strerror
            raise UserError(
                f"surface: cannot listen on {host}:{port}: {why}",
                "choose another surface.port, or 0 for a free one",
            ) from error
        return int(runner.addresses[0][1])

    def application(self) -> web.Application:
        """The routes; every one of them says what it needs."""
        application = web.Application(
            client_max_size=BODY_BYTES_MAX, middlewares=[self._answer_errors]
        )
        application.on_response_prepare.append(_add_headers)
        routes = application.router
        for path, (name, kind) in _ASSETS.items():
            routes.add_get(path, self._guarded(Need.NOTHING, _asset(name, kind)))
        reading: dict[str, Handler] = {
            "/health": self._tell_health,
            "/ready": self._tell_ready,
            "/metrics": self._tell_metrics,
            "/api/settled": self._tell_settled,
            "/api/state": self._tell_state,
            "/api/history": self._tell_lines,
            "/api/stream": self._stream.serve,
        }
        for path, handler in reading.items():
            routes.add_get(path, self._guarded(Need.READING, handler))
        routes.add_post("/api/command/{name}", self._guarded(Need.COMMAND, self._command))
        return application

    def _guarded(self, need: Need, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                self._access.check(request, need)
            except AccessRefused as refused:
                if need is Need.COMMAND:
                    name = request.match_info.get("name", "")[:40]
                    await self.bus.turned_away(name, _source(request), refused.message)
                raise
            return await handler(request)

        return guarded

    @web.middleware
    async def _answer_errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except AccessRefused as refused:
            return _error(refused.status, refused.message, refused.hint)
        except web.HTTPException as error:
            return _error(error.status, error.reason.lower(), None)

    # -- reading ---------------------------------------------------------------------------

    def _checkup(self, now: Instant) -> Checkup:
        return Checkup(self._organs(), now, self._wall())

    def _state(self) -> dict[str, object]:
        """All that the page shows, and what it must know of the server itself."""
        now = self._now()
        checkup = self._checkup(now)
        return self._picture.state(now) | {
            "takes_commands": self._access.takes_commands,
            "faults": checkup.faults(),
            "warnings": checkup.warnings(),
        }

    async def _tell_health(self, _: web.Request) -> web.Response:
        """200 while nothing is broken and nothing but the operator halts anything, else 503."""
        now, views = self._now(), list(self._accounts.values())
        checkup = self._checkup(now)
        faults = [*faulty(views), *checkup.faults()]
        row = {
            "health": health_together(views).value,
            "faults": faults,
            "warnings": checkup.warnings(),
            "now_us": now,
            **checkup.rows(),
        }
        return _json(row, 503 if faults else 200)

    async def _tell_ready(self, _: web.Request) -> web.Response:
        waiting = [name for name, view in self._accounts.items() if not view.settled().ready]
        ready = bool(self._accounts) and not waiting
        return _json({"ready": ready, "waiting": waiting}, 200 if ready else 503)

    async def _tell_settled(self, _: web.Request) -> web.Response:
        views = self._accounts.values()
        found = settled_together(view.settled() for view in views)
        return _json(
            {
                "handled_through_us": found.handled_through_us,
                "in_flight": found.in_flight,
                "ready": found.ready,
                "turned_age_s": max((view.turned_age_s() for view in views), default=0.0),
            }
        )

    async def _tell_metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            body=self._metrics.text(self._now()), headers={"Content-Type": CONTENT_TYPE}
        )

    async def _tell_state(self, _: web.Request) -> web.Response:
        return _json(self._state())

    async def _tell_lines(self, _: web.Request) -> web.Response:
        return _json(self._picture.lines())

    # -- commands --------------------------------------------------------------------------

    async def _command(self, request: web.Request) -> web.Response:
        """200 when the session took it, 202 when it has not yet."""
        name = _command_name(request.match_info["name"])
        body = await _body(request)
        try:
            outcome = await self.bus.submit(name, body.account, body.symbol, _source(request))
        except CommandRefused as refused:
            await self.bus.refused(name.value, _source(request), refused.message)
            return _error(400, refused.message, refused.hint)
        return _json(plain(outcome), 200 if outcome.handled else 202)


def _log_of_defects() -> logging.Logger:
    """A log of what breaks here; what callers send that is no HTTP is no news, however often."""
    log = logging.getLogger("gridbot.surface")
    log.addFilter(_no_garbage)
    return log


def _no_garbage(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def _command_name(text: str) -> CommandName:
    try:
        return CommandName(text)
    except ValueError:
        known = ", ".join(name.value for name in CommandName)
        raise AccessRefused(404, "no such command", f"known: {known}") from None


async def _body(request: web.Request) -> CommandBody:
    if request.content_type != "application/json":
        raise AccessRefused(415, "expected a body of type application/json")
    try:
        return CommandBody.model_validate(orjson.loads(await request.read()))
    except (orjson.JSONDecodeError, ValidationError):
        raise AccessRefused(
            400, "expected an object with account and, if wanted, symbol", 'as {"account": "main"}'
        ) from None


def _source(request: web.Request) -> str:
    return f"http:{request.remote or 'unknown'}"


def _asset(name: str, content_type: str) -> Handler:
    body = files("gridbot.surface").joinpath("page", name).read_bytes()

    async def served(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=content_type, charset="utf-8")

    return served


def _json(row: object, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(row) + b"\n", status=status, content_type="application/json"
    )


def _error(status: int, message: str, hint: str | None) -> web.Response:
    response = _json({"error": {"message": message, "hint": hint}}, status)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="gridbot"'
    return response


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers[name] = value
