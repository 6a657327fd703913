"""Operating modes: who asks for less trading, why, and which request is the worst."""

from enum import IntEnum, StrEnum

from gridcore.clock import Instant
from gridcore.message import message
from gridcore.saved import Saved


class Mode(IntEnum):
    """How much trading is allowed; the greater, the less. SILENT: not even cancels leave."""

    NORMAL = 0
    NO_OPEN = 1
    CLOSE_ONLY = 2
    HALT = 3
    SILENT = 4


class ModeCause(StrEnum):
    """Who asks for a mode."""

    GRID_HOLD = "grid_hold"
    EMERGENCY = "emergency"
    STREAM_LOST = "stream_lost"
    UNKNOWN_POSITION = "unknown_position"
    UNKNOWN_WALLET = "unknown_wallet"
    UNKNOWN_LIQUIDATION = "unknown_liquidation"
    UNKNOWN_BOOK = "unknown_book"
    STALE_BOOK = "stale_book"
    STALE_POSITION = "stale_position"
    STALE_WALLET = "stale_wallet"
    STALE_TICKER = "stale_ticker"
    RECONCILE = "reconcile"
    LIQUIDATED = "liquidated"
    AUTHENTICATION = "authentication"
    BALANCE = "balance"
    LOSS_LIMIT = "loss_limit"
    DRAWDOWN = "drawdown"
    SYMBOL_CHANGED = "symbol_changed"
    DUPLICATE_FILLS = "duplicate_fills"
    ORPHANS = "orphans"
    FOREIGN_ORDERS = "foreign_orders"
    JOURNAL_UNWRITABLE = "journal_unwritable"
    LEASE_UNRENEWED = "lease_unrenewed"
    LEASE_LOST = "lease_lost"
    OPERATOR = "operator"


ACCOUNT = ""
"""Scope of a request that concerns the whole account; otherwise "SYMBOL" or "SYMBOL/direction"."""


@message
class ModeRequest:
    """One request: its scope, cause, what ends it, and since when it stands."""

    scope: str
    cause: ModeCause
    mode: Mode
    ended_by: str
    since: Instant


class ModeBoard:
    """All standing requests; the worst one that concerns a scope wins."""

    __slots__ = ("_requests", "version")

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str], ModeRequest] = {}
        self.version = 0

    def ask(self, request: ModeRequest) -> bool:
        """Stand a request; whether it changes anything (a repeated one keeps its age)."""
        key = (request.scope, request.cause.value)
        known = self._requests.get(key)
        if known is not None and known.mode is request.mode:
            return False
        self._requests[key] = request
        self.version += 1
        return True

    def withdraw(self, scope: str, cause: ModeCause) -> bool:
        """End a request; whether it stood."""
        if self._requests.pop((scope, cause.value), None) is None:
            return False
        self.version += 1
        return True

    @property
    def any_standing(self) -> bool:
        """Whether anybody asks for anything."""
        return bool(self._requests)

    def mode(self, symbol: str, direction: str) -> Mode:
        """The worst mode asked for a direction of a symbol."""
        worst = Mode.NORMAL
        scopes = (ACCOUNT, symbol, f"{symbol}/{direction}")
        for request in self._requests.values():
            if request.scope in scopes and request.mode > worst:
                worst = request.mode
        return worst

    def stands(self, scope: str, cause: ModeCause) -> bool:
        """Whether this request stands."""
        return (scope, cause.value) in self._requests

    def since(self, scope: str, cause: ModeCause) -> Instant | None:
        """Since when a request stands; None when it does not."""
        request = self._requests.get((scope, cause.value))
        return None if request is None else request.since

    def standing(self) -> list[ModeRequest]:
        """All requests, oldest first."""
        return sorted(self._requests.values(), key=lambda request: (request.since, request.scope))

    def snapshot(self) -> list[dict[str, object]]:
        """All memory, serialisable."""
        return [
            {
                "scope": request.scope,
                "cause": request.cause.value,
                "mode": request.mode.name,
                "ended_by": request.ended_by,
                "since": request.since,
            }
            for request in self._requests.values()
        ]

    def restore(self, parts: list[Saved]) -> None:
        """The inverse of snapshot."""
        self._requests.clear()
        for part in parts:
            request = ModeRequest(
                scope=part.text("scope"),
                cause=ModeCause(part.text("cause")),
                mode=Mode[part.text("mode")],
                ended_by=part.text("ended_by"),
                since=Instant(part.whole("since")),
            )
            self._requests[(request.scope, request.cause.value)] = request
        self.version += 1
