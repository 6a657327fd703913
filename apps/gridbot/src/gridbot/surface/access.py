"""Who may ask the surface for what: peer, host, origin, path and token.

It judges requests by their outside; it refuses to know what they are for.
"""

import hashlib
import hmac
import re
from enum import Enum
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from appkit.exits import UserError

TOKEN_LENGTH_MIN = 16
"""Characters: a token of random letters is then beyond guessing."""

_PLAIN_PATH = re.compile(r"/(?:[a-z0-9][a-z0-9_.-]*(?:/[a-z0-9][a-z0-9_.-]*)*)?", re.IGNORECASE)
_FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
_OWN_SITES = ("same-origin", "none")


class Need(Enum):
    """What a route asks of whoever calls it."""

    NOTHING = "nothing"
    """The page and its assets: they hold no value of the account."""
    READING = "reading"
    """A token, except from this very machine."""
    COMMAND = "command"
    """A token, from anywhere."""


class AccessRefused(Exception):
    """A request that is not answered: the HTTP status, why, and how to mend it."""

    def __init__(self, status: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint


class Access:
    """The rules for one address and one token; the token itself is not kept."""

    def __init__(self, host: str, token: str | None) -> None:
        """UserError for a token that is too short, and for an open address without one."""
        if token is not None and len(token) < TOKEN_LENGTH_MIN:
            raise UserError(
                f"surface.token: expected {TOKEN_LENGTH_MIN} characters or more, found fewer",
                "make one: python -c 'import secrets; print(secrets.token_urlsafe(24))'",
            )
        if token is None and not is_loopback(host):
            raise UserError(
                f"surface.host {host}: expected a token for an address that others can reach",
                "set surface.token, or listen on 127.0.0.1",
            )
        self._own_name = host.lower()
        self._digest = None if token is None else _digest_of(token)

    @property
    def takes_commands(self) -> bool:
        """Whether there is a token at all."""
        return self._digest is not None

    def check(self, request: web.Request, need: Need) -> None:
        """AccessRefused unless the request may be answered."""
        self._check_path(request)
        self._check_host(request)
        if need is Need.NOTHING:
            return
        self._check_origin(request)
        if need is Need.READING and _is_local(request) and "Authorization" not in request.headers:
            return
        self._check_token(request)

    def _check_path(self, request: web.Request) -> None:
        """Only paths as they are written in the table: nothing encoded, doubled or dotted."""
        target, _, _ = request.raw_path.partition("?")
        if not _PLAIN_PATH.fullmatch(target):
            raise AccessRefused(404, "no such path")

    def _check_host(self, request: web.Request) -> None:
        """An address or our own name: a name that is bound anew to us is another site's."""
        # Not request.host, which makes up a name where the caller gave none.
        name = _host_name(request.headers.get("Host", ""))
        if name not in ("localhost", self._own_name) and not _is_address(name):
            raise AccessRefused(403, "the Host header names another site", "use the address itself")

    def _check_origin(self, request: web.Request) -> None:
        """Pages of other sites are not answered (CSRF), whatever token they carry."""
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
            raise AccessRefused(403, "requests from pages of other sites are not taken")
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None and site not in _OWN_SITES:
            raise AccessRefused(403, "requests from pages of other sites are not taken")

    def _check_token(self, request: web.Request) -> None:
        if self._digest is None:
            raise AccessRefused(
                403,
                "commands are off: no token is configured",
                "set surface.token to env:NAME or file:PATH and start again",
            )
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        given = _digest_of(token.strip())
        if scheme.lower() != "bearer" or not hmac.compare_digest(given, self._digest):
            raise AccessRefused(
                401, "expected the token of the surface", "send Authorization: Bearer TOKEN"
            )


def is_loopback(host: str) -> bool:
    """Whether an address or "localhost" is this machine only."""
    if host.lower() == "localhost":
        return True
    return _is_address(host) and ip_address(host).is_loopback


def _is_local(request: web.Request) -> bool:
    """Whether the caller is on this machine, and not a proxy here that speaks for others."""
    if any(name in request.headers for name in _FORWARDING):
        return False
    return request.remote is not None and is_loopback(request.remote)


def _host_name(host: str) -> str:
    """The name in a Host header, without its port; "" where it cannot be read."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _digest_of(token: str) -> bytes:
    """Of one length, so that a comparison tells nothing of the token's."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
