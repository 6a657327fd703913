"""Makes one call: asks the budget, signs, sends, and turns whatever comes back into a value.

It knows the envelope of an answer (bybit.md A.1); it refuses to know what is in it.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import orjson
import requests
from urllib3.exceptions import NewConnectionError

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import Endpoint
from bybit_adapter.errors import (
    AuthenticationRefused,
    ErrorKind,
    Failure,
    LinkFault,
    Operation,
    RateLimited,
    Rejected,
    is_limit,
    policy_of_code,
    policy_of_fault,
    policy_of_status,
    shortened,
    to_failure,
)
from bybit_adapter.rate_limiter import Lane, NotBefore, RateLimiter, read_headers
from bybit_adapter.rest import calls
from bybit_adapter.rest.calls import Call
from bybit_adapter.rest.session import PybitSession, Reply, checked_timeout
from bybit_adapter.rest.words import Answer
from bybit_adapter.ws_client.clock import Offset, measured_offset
from gridcore.clock import SECOND_US, Instant

TIMEOUT_S = 10.0
RECV_WINDOW_MS = 5000
WAIT_US_MAX = 5 * SECOND_US
"""How long a caller with a `wait` sits out pauses before one call, at most."""

_UNSIGNED = "no key is configured for this account, and the call has to be signed"

Wait = Callable[[Instant], None]
"""Sits out the time until an instant of the caller's clock; only for programs that may block."""


class Caller:
    """One account at one endpoint, for any number of threads.

    `now` is the machine's wall clock: limits and signatures know no other. `stamp` is the clock of
    whoever handles the answers, in which `asked_at` is told; None: the exchange's as measured here.
    Nothing here sleeps unless `wait` is given. There are as many connections as calls have been
    under way at once, however many threads come and go; `close` ends them all.
    """

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        credentials: Credentials | None,
        limiter: RateLimiter,
        now: Callable[[], Instant],
        timeout_s: float = TIMEOUT_S,
        recv_window_ms: int = RECV_WINDOW_MS,
        wait: Wait | None = None,
        stamp: Callable[[], Instant] | None = None,
    ) -> None:
        if recv_window_ms <= 0:
            raise ValueError(f"expected a receive window above 0 ms, found {recv_window_ms}")
        self.endpoint = endpoint
        self.now = now
        self.clock = Offset(ahead_us=0, round_trip_us=0)
        self._credentials = credentials
        self._limiter = limiter
        self._timeout_s = checked_timeout(timeout_s)
        self._recv_window_ms = recv_window_ms
        self._wait = wait
        self._stamp = stamp
        self._lock = threading.Lock()
        self._sessions: list[PybitSession] = []
        self._idle: list[PybitSession] = []

    def exchange_now(self) -> Instant:
        """The exchange's time, as far as it was measured."""
        return Instant(self.now() + self.clock.ahead_us)

    def stamped_now(self) -> Instant:
        """What a question that leaves now bears as `asked_at`."""
        return self.exchange_now() if self._stamp is None else self._stamp()

    def call(
        self,
        call: Call,
        parameters: Mapping[str, Any],
        *,
        lane: Lane = Lane.QUERY,
        cost: int = 1,
    ) -> Answer | Failure:
        """Make one call; a request refused for its time is repeated once with a measured clock."""
        found = self._once(call, parameters, lane, cost)
        if not (isinstance(found, Rejected) and found.kind is ErrorKind.CLOCK):
            return found
        if not isinstance(self.measure_clock(), Offset):
            return found
        return self._once(call, parameters, lane, cost)

    def measure_clock(self) -> Offset | Failure:
        """Ask for the exchange's time a few times and sign by it from now on."""
        failures: list[Failure] = []

        def ask() -> Instant | None:
            if not failures:
                found = self.server_time()
                if isinstance(found, int):
                    return found
                failures.append(found)
            return None

        offset = measured_offset(ask, self.now)
        if offset is None:
            return failures[0]
        self.clock = offset
        return offset

    def server_time(self) -> Instant | Failure:
        """The exchange's time, to the microsecond."""
        # The stamp's clock may be what this answer is to set right: it is not read before.
        answer = self._once(calls.SERVER_TIME, {}, Lane.QUERY, 1, stamped=False)
        if not isinstance(answer, Answer):
            return answer
        nanoseconds = answer.row.get("timeNano")
        if not isinstance(nanoseconds, str) or not nanoseconds.isdecimal():
            return malformed(
                calls.SERVER_TIME, f"expected timeNano in digits, found {nanoseconds!r}"
            )
        return Instant(int(nanoseconds) // 1000)

    def close(self) -> None:
        """Close all connections, those of calls under way too."""
        with self._lock:
            for session in self._sessions:
                session.close()

    def _once(
        self,
        call: Call,
        parameters: Mapping[str, Any],
        lane: Lane,
        cost: int,
        *,
        stamped: bool = True,
    ) -> Answer | Failure:
        if call.private and self._credentials is None:
            return AuthenticationRefused(code=None, text=_UNSIGNED)
        key = self._credentials.key if call.private and self._credentials is not None else ""
        held_back = self._take(key, call.path, lane, cost)
        if held_back is not None:
            return _limited(held_back, None, f"held back: {held_back.reason}")
        asked_at = self.stamped_now() if stamped else self.exchange_now()
        try:
            reply = self._send(call, parameters)
        except requests.exceptions.RequestException as error:
            fault = _link_fault(error)
            text = f"{call.path}: {self._in_words(fault, error)}"
            return _broken_off(fault, call.operation, text)
        return self._read(call, key, reply, asked_at)

    def _take(self, key: str, path: str, lane: Lane, cost: int) -> NotBefore | None:
        patient_until = self.now() + WAIT_US_MAX
        held_back = self._limiter.take(key, path, lane, self.now(), cost)
        while held_back is not None and self._wait is not None and held_back.at <= patient_until:
            self._wait(held_back.at)
            held_back = self._limiter.take(key, path, lane, self.now(), cost)
        return held_back

    def _send(self, call: Call, parameters: Mapping[str, Any]) -> Reply:
        stated = {name: value for name, value in parameters.items() if value is not None}
        with self._session() as session:
            return cast(Reply, getattr(session, call.method)(**stated))

    @contextmanager
    def _session(self) -> Iterator[PybitSession]:
        """A session that nobody else uses meanwhile: the one that was used last, else a new one."""
        with self._lock:
            session = self._idle.pop() if self._idle else self._made()
        try:
            yield session
        finally:
            with self._lock:
                self._idle.append(session)

    def _made(self) -> PybitSession:
        session = PybitSession(
            endpoint=self.endpoint,
            credentials=self._credentials,
            timeout_s=self._timeout_s,
            recv_window_ms=self._recv_window_ms,
            exchange_now=self.exchange_now,
        )
        self._sessions.append(session)
        return session

    def _in_words(self, fault: LinkFault, error: Exception) -> str:
        match fault:
            case LinkFault.NOT_CONNECTED:
                return f"no connection to {self.endpoint.rest_url}"
            case LinkFault.TIMED_OUT:
                return f"no answer of {self.endpoint.rest_url} within {self._timeout_s:g} s"
            case LinkFault.BROKEN | LinkFault.MALFORMED:
                return f"{type(error).__name__}: {error}"

    def _read(self, call: Call, key: str, reply: Reply, asked_at: Instant) -> Answer | Failure:
        now = self.now()
        seen = read_headers(reply.headers, self.clock.ahead_us)
        if reply.status != 200:
            policy, code = policy_of_status(reply.status), reply.status
            text = f"{call.path}: HTTP {code} {_opening(reply.body)}"
            if is_limit(policy):
                limiter = self._limiter
                pause = limiter.banned(now) if code == 403 else limiter.overloaded(now)
                return _limited(pause, code, text)
            return to_failure(policy, call.operation, code=code, text=text)
        envelope = _envelope(reply.body)
        if envelope is None:
            text = f"{call.path}: expected Bybit's JSON envelope, found {_opening(reply.body)}"
            return _broken_off(LinkFault.MALFORMED, call.operation, text)
        code, text = envelope["retCode"], str(envelope.get("retMsg", ""))
        if key:
            # The exchange's text about a bad signature repeats what was signed.
            text = text.replace(key, f"{key[:4]}…")
        if code != 0:
            policy = policy_of_code(code, text)
            if is_limit(policy):
                if policy.kind is ErrorKind.RATE_LIMIT:
                    pause = self._limiter.refused(key, call.path, seen, now)
                else:
                    pause = self._limiter.overloaded(now)
                return _limited(pause, code, text)
            self._limiter.observe(key, call.path, seen, now)
            return to_failure(policy, call.operation, code=code, text=text)
        self._limiter.observe(key, call.path, seen, now)
        result, time_ms = envelope.get("result"), envelope.get("time")
        if not isinstance(result, dict):
            text = f"{call.path}: expected a result, found {_opening(reply.body)}"
            return _broken_off(LinkFault.MALFORMED, call.operation, text)
        extra = envelope.get("retExtInfo")
        return Answer(
            row=result,
            extra=extra if isinstance(extra, dict) else {},
            asked_at=asked_at,
            exchange_at=Instant(time_ms * 1000) if isinstance(time_ms, int) else None,
        )


def malformed(call: Call, text: str) -> Failure:
    """An answer whose envelope was right and whose content was not."""
    return _broken_off(LinkFault.MALFORMED, call.operation, f"{call.path}: {text}")


def _broken_off(fault: LinkFault, operation: Operation, text: str) -> Failure:
    return to_failure(policy_of_fault(fault), operation, code=None, text=text)


def _limited(pause: NotBefore, code: int | None, text: str) -> RateLimited:
    return RateLimited(
        not_before=pause.at, everything=pause.everything, code=code, text=shortened(text)
    )


def _envelope(body: bytes) -> dict[str, Any] | None:
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(decoded, dict):
        return None
    code = decoded.get("retCode")
    return decoded if isinstance(code, int) and not isinstance(code, bool) else None


def _opening(body: bytes) -> str:
    return repr(body[:80].decode("utf-8", "replace")) if body else "an empty body"


def _link_fault(error: requests.exceptions.RequestException) -> LinkFault:
    """Only a connection that was never made proves that nothing left.

    A timeout while connecting is a timeout all the same: some proxies answer late.
    """
    match error:
        case requests.exceptions.Timeout():
            return LinkFault.TIMED_OUT
        case requests.exceptions.ConnectionError():
            return LinkFault.NOT_CONNECTED if _never_connected(error) else LinkFault.BROKEN
        case _:
            return LinkFault.MALFORMED


def _never_connected(error: BaseException) -> bool:
    """Whether urllib3 could not open a connection: refused, no route, or an unknown name."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)
