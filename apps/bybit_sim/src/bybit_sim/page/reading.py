"""Admin requests as typed bodies, and their answers as JSON: what is wrong is said, with how to
mend it. It refuses to know what a request is for.
"""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

import orjson
from aiohttp import web
from pydantic import ValidationError

from appkit.configuration import StrictModel
from bybit_sim.exchange.words import Row

Body = TypeVar("Body", bound=StrictModel)
Handler = Callable[[web.Request], Awaitable[Row]]
AiohttpHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AdminRefused(Exception):
    """An admin request that cannot be done: the HTTP status, why, and how to mend it."""

    def __init__(self, status: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint


def answering(handler: Handler) -> AiohttpHandler:
    """The handler's row as a JSON reply; a refusal as `{"error": {"message", "hint"}}`."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            refuse_foreign(request)
            return reply(await handler(request))
        except AdminRefused as refused:
            error = {"message": refused.message, "hint": refused.hint}
            return reply({"error": error}, refused.status)

    return answered


def reply(row: Row, status: int = 200) -> web.Response:
    """A row as JSON with a line break at its end, for terminals."""
    body = json_bytes(row) + b"\n"
    return web.Response(body=body, status=status, content_type="application/json")


def json_bytes(row: Row) -> bytes:
    """A row as JSON: keys may be uids or words of an enum; what JSON does not know is its text."""
    return orjson.dumps(row, default=str, option=orjson.OPT_NON_STR_KEYS)


def refuse_foreign(request: web.Request) -> None:
    """Raises AdminRefused (403) for requests that a page of another site makes in the browser.

    The name must be a loopback one (against names that are bound anew), the origin our own.
    """
    host = urlsplit(f"//{request.host}")
    if not _is_loopback(host.hostname or ""):
        raise AdminRefused(
            403, f"expected a loopback host, found {request.host!r}", "use 127.0.0.1"
        )
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != host.netloc:
        raise AdminRefused(403, f"requests from pages of {origin} are not taken")


async def read(model: type[Body], request: web.Request) -> Body:
    """The JSON body as a model (an empty one as `{}`); AdminRefused (400) says what is wrong."""
    raw = await request.read()
    known = ", ".join(model.model_fields)
    try:
        return model.model_validate(orjson.loads(raw or b"{}"))
    except orjson.JSONDecodeError as error:
        raise AdminRefused(
            400, f"expected a JSON object, found {raw[:80]!r}: {error}", f"keys: {known}"
        ) from error
    except ValidationError as error:
        wrong = "; ".join(
            _complaint(one["loc"], one["msg"], one["input"]) for one in error.errors()
        )
        raise AdminRefused(400, wrong, f"keys: {known}") from error


def read_serial(request: web.Request) -> int:
    """`?since=`: the serial after which rows are wanted; without it all that are kept."""
    text = request.query.get("since", "0")
    if not text.isascii() or not text.isdigit():
        raise AdminRefused(400, f"since: expected a whole number from 0 on, found {text!r}")
    return int(text)


def _complaint(place: tuple[int | str, ...], message: str, found: object) -> str:
    name = ".".join(str(part) for part in place)
    text = message.removeprefix("Value error, ")
    if isinstance(found, dict):
        return f"{name}: {text}" if name else text
    return f"{name}: {text}; found {str(found)[:80]!r}"


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
