"""How often the exchange may be asked: one budget per key and endpoint, one for the address.

It answers "not before" and never sleeps; it knows no requests and reads no clock (bybit.md A.2).
"""

from collections import deque
from collections.abc import Mapping
from enum import IntEnum
from threading import Lock

from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.message import message

WINDOW_US = SECOND_US + 50_000
"""The exchange's rolling second, and a margin for requests that travel at different speeds."""
ADDRESS_WINDOW_US = 5 * SECOND_US + 50_000
ADDRESS_CAP = 600
"""Requests per window of one address, over all hosts and keys."""
BAN_US = 10 * MINUTE_US
"""How long an address that was answered 403 stays silent."""
BACKOFF_US = SECOND_US
BACKOFF_US_MAX = MINUTE_US
"""The pause after a refusal that names no end: doubling, up to this."""

CAPS: Mapping[str, int] = {
    "/v5/order/create": 10,
    "/v5/order/amend": 10,
    "/v5/order/cancel": 10,
    "/v5/order/cancel-all": 10,
    "/v5/order/create-batch": 10,
    "/v5/order/cancel-batch": 10,
    "/v5/order/realtime": 50,
    "/v5/order/history": 50,
    "/v5/execution/list": 50,
    "/v5/position/list": 50,
    "/v5/position/closed-pnl": 50,
    "/v5/position/set-leverage": 10,
    "/v5/position/switch-mode": 10,
    "/v5/account/wallet-balance": 50,
    "/v5/account/info": 50,
    "/v5/account/fee-rate": 5,
    "/v5/account/transaction-log": 50,
    "/v5/user/query-api": 10,
}
"""Units per second until the exchange's headers say otherwise; other paths only count for the
address."""


class Lane(IntEnum):
    """Who goes first where room is short."""

    CANCEL = 0
    REDUCE = 1
    OPEN = 2
    QUERY = 3


_ADDRESS_SHARE_PCT = {Lane.CANCEL: 100, Lane.REDUCE: 95, Lane.OPEN: 90, Lane.QUERY: 80}
_OPEN_SHARE_PCT = 80
"""What opens may take of an endpoint, so that a reducing order always finds room."""


@message
class NotBefore:
    """Ask again at `at`; `everything` when no endpoint may be asked until then."""

    at: Instant
    everything: bool
    reason: str


@message
class RateHeaders:
    """What an answer says of the budget. None: it does not say."""

    limit: int | None
    remaining: int | None
    reset_at: Instant | None


def read_headers(headers: Mapping[str, str], offset_us: int = 0) -> RateHeaders:
    """The X-Bapi-Limit headers of an answer; what cannot be read counts as absent.

    `offset_us`: how far the exchange's clock is ahead of the one that tells `now`.
    """
    limit = _number(headers, "X-Bapi-Limit")
    reset_ms = _number(headers, "X-Bapi-Limit-Reset-Timestamp")
    return RateHeaders(
        limit=limit or None,
        remaining=_number(headers, "X-Bapi-Limit-Status"),
        reset_at=None if reset_ms is None else Instant(reset_ms * 1000 - offset_us),
    )


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() else None


class _Usage:
    """What was used within the last window; times ascend."""

    __slots__ = ("entries", "used", "window_us")

    def __init__(self, window_us: int) -> None:
        self.window_us = window_us
        self.entries: deque[tuple[Instant, int]] = deque()
        self.used = 0

    def forget(self, now: Instant) -> None:
        """Drop what is older than the window; a clock that went back makes nothing younger."""
        entries = self.entries
        while entries and entries[0][0] <= now - self.window_us:
            self.used -= entries.popleft()[1]
        if entries and entries[-1][0] > now:
            self.entries = deque((min(at, now), cost) for at, cost in entries)

    def add(self, now: Instant, cost: int) -> None:
        self.entries.append((now, cost))
        self.used += cost

    def free_at(self, cost: int, room: int, now: Instant) -> Instant | None:
        """When `cost` fits into `room`; None: now. What exceeds the room needs all of it."""
        self.forget(now)
        excess = self.used + min(cost, room) - room
        if excess <= 0:
            return None
        for at, used in self.entries:
            excess -= used
            if excess <= 0:
                return Instant(at + self.window_us)
        raise AssertionError("an empty window has room for everything")


class _Pause:
    """Until when nothing goes out, and how often in a row that was asked of us."""

    __slots__ = ("streak", "until")

    def __init__(self) -> None:
        self.until: Instant | None = None
        self.streak = 0

    def begin(self, now: Instant, named: Instant | None) -> Instant:
        """Pause until `named` if that is a sensible time, else for a doubling while."""
        backoff = min(BACKOFF_US << min(self.streak, 10), BACKOFF_US_MAX)
        self.streak += 1
        sensible = named is not None and now < named <= now + BACKOFF_US_MAX
        until = named if sensible and named is not None else Instant(now + backoff)
        self.until = until if self.until is None else max(self.until, until)
        return self.until

    def lasts(self, now: Instant, longest_us: int) -> Instant | None:
        """The end of the pause if it is to come; a clock that went back does not extend it."""
        if self.until is None or self.until <= now:
            return None
        self.until = min(self.until, Instant(now + longest_us))
        return self.until


class _Budget:
    """One key at one endpoint."""

    __slots__ = ("cap", "foreign", "own", "pause")

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.own = _Usage(WINDOW_US)
        self.foreign = _Usage(WINDOW_US)
        self.pause = _Pause()


class RateLimiter:
    """The budgets of one process: all keys, all endpoints, one address. Safe between threads.

    Every client of the process shares one, since the exchange counts keys and addresses, not
    objects.
    """

    def __init__(self, caps: Mapping[str, int] = CAPS, address_cap: int = ADDRESS_CAP) -> None:
        self._caps = caps
        self._address_cap = address_cap
        self._lock = Lock()
        self._budgets: dict[tuple[str, str], _Budget] = {}
        self._address = _Usage(ADDRESS_WINDOW_US)
        self._everything = _Pause()

    def take(
        self, key: str, path: str, lane: Lane, now: Instant, cost: int = 1
    ) -> NotBefore | None:
        """Reserve `cost` units for one request that leaves now; NotBefore when it must not leave.

        `cost` is the number of orders of a batch, else 1; the address counts requests.
        """
        with self._lock:
            everything = self._everything.lasts(now, BAN_US)
            if everything is not None:
                return NotBefore(at=everything, everything=True, reason="the address is paused")
            share = self._address_cap * _ADDRESS_SHARE_PCT[lane] // 100
            crowded = self._address.free_at(1, share, now)
            if crowded is not None:
                return NotBefore(at=crowded, everything=True, reason="the address's budget is used")
            budget = self._budget(key, path)
            if budget is not None:
                busy = _busy_until(budget, lane, now, cost)
                if busy is not None:
                    return NotBefore(at=busy, everything=False, reason=f"the budget of {path}")
                budget.own.add(now, cost)
            self._address.add(now, 1)
            return None

    def observe(self, key: str, path: str, seen: RateHeaders, now: Instant) -> None:
        """Learn from the headers of an answer: the true cap, and what others used of it."""
        with self._lock:
            self._everything.streak = 0
            budget = self._budget(key, path)
            if budget is None:
                return
            budget.pause.streak = 0
            if seen.limit is not None:
                budget.cap = seen.limit
            if seen.remaining is None:
                return
            budget.own.forget(now)
            budget.foreign.forget(now)
            unseen = budget.cap - seen.remaining - budget.own.used - budget.foreign.used
            if unseen > 0:
                budget.foreign.add(now, unseen)

    def refused(self, key: str, path: str, seen: RateHeaders, now: Instant) -> NotBefore:
        """The exchange answered 10006: the endpoint pauses until the time that it names.

        Without the three headers it is the address that was too fast (pybit issue 340).
        """
        with self._lock:
            budget = self._budget(key, path)
            nothing_said = seen.limit is None and seen.remaining is None and seen.reset_at is None
            if budget is None or nothing_said:
                until = self._everything.begin(now, None)
                return NotBefore(at=until, everything=True, reason="too many requests")
            if seen.limit is not None:
                budget.cap = seen.limit
            until = budget.pause.begin(now, seen.reset_at)
            return NotBefore(at=until, everything=False, reason=f"too many requests to {path}")

    def overloaded(self, now: Instant) -> NotBefore:
        """The exchange protects itself (429, 10018): everything pauses for a doubling while."""
        with self._lock:
            until = self._everything.begin(now, None)
            return NotBefore(at=until, everything=True, reason="the exchange asks for a pause")

    def banned(self, now: Instant) -> NotBefore:
        """The address was answered 403: everything stops for ten minutes."""
        with self._lock:
            self._everything.until = Instant(now + BAN_US)
            return NotBefore(
                at=self._everything.until, everything=True, reason="the address is banned"
            )

    def room(self, key: str, path: str, lane: Lane, now: Instant) -> int:
        """Units that may leave now in this lane; for a path without a budget the address's."""
        with self._lock:
            if self._everything.lasts(now, BAN_US) is not None:
                return 0
            self._address.forget(now)
            share = self._address_cap * _ADDRESS_SHARE_PCT[lane] // 100
            free = max(0, share - self._address.used)
            budget = self._budget(key, path)
            if budget is None:
                return free
            if budget.pause.lasts(now, BACKOFF_US_MAX) is not None:
                return 0
            budget.own.forget(now)
            budget.foreign.forget(now)
            used = budget.own.used + budget.foreign.used
            return min(free, max(0, _room(budget.cap, lane) - used))

    def _budget(self, key: str, path: str) -> _Budget | None:
        if path not in self._caps:
            return None
        found = self._budgets.get((key, path))
        if found is None:
            found = self._budgets[(key, path)] = _Budget(self._caps[path])
        return found


def _room(cap: int, lane: Lane) -> int:
    return max(1, cap * _OPEN_SHARE_PCT // 100) if lane is Lane.OPEN else cap


def _busy_until(budget: _Budget, lane: Lane, now: Instant, cost: int) -> Instant | None:
    paused = budget.pause.lasts(now, BACKOFF_US_MAX)
    if paused is not None:
        return paused
    room = _room(budget.cap, lane)
    budget.foreign.forget(now)
    own_room = room - budget.foreign.used
    if own_room <= 0:
        # Somebody else has used it all: when the oldest of that leaves the window.
        return Instant(budget.foreign.entries[0][0] + WINDOW_US)
    return budget.own.free_at(cost, own_room, now)
