"""How often a caller may call (bybit.md A.2). It refuses to know what is called.

Times are of the server's wall clock: limits do not run faster when market time does. Only in
lockstep, where a run must be the same each time, they are given market time.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gridcore.clock import MINUTE_US, SECOND_US

RATE_WINDOW_US = SECOND_US
ADDRESS_WINDOW_US = 5 * SECOND_US
ADDRESS_SHUT_US = 10 * MINUTE_US
ADDRESS_CAP = 600

ORDER_PATHS = (
    "/v5/order/create",
    "/v5/order/amend",
    "/v5/order/cancel",
    "/v5/order/cancel-all",
    "/v5/order/create-batch",
    "/v5/order/amend-batch",
    "/v5/order/cancel-batch",
)
_READ_CAPS = {
    "/v5/order/realtime": 50,
    "/v5/order/history": 50,
    "/v5/execution/list": 50,
    "/v5/order/disconnected-cancel-all": 5,
    "/v5/position/list": 50,
    "/v5/position/closed-pnl": 50,
    "/v5/position/set-leverage": 10,
    "/v5/position/switch-mode": 10,
    "/v5/account/wallet-balance": 50,
    "/v5/account/info": 50,
    "/v5/account/fee-rate": 5,
    "/v5/account/transaction-log": 50,
    "/v5/account/query-dcp-info": 50,
    "/v5/user/query-api": 10,
    "/v5/asset/coin/query-info": 5,
}
_ORDER_CAP_OF_VIP = (10, 20, 40, 60)


def caps_of(vip_level: int) -> dict[str, int]:
    """Requests per second by path for a VIP level (0 to 3; higher ones count as 3)."""
    order_cap = _ORDER_CAP_OF_VIP[min(vip_level, len(_ORDER_CAP_OF_VIP) - 1)]
    return _READ_CAPS | dict.fromkeys(ORDER_PATHS, order_cap)


class Grant(NamedTuple):
    """How many of the units asked for may pass, and the three headers that say so."""

    units: int
    headers: Mapping[str, str]


class RateLimits:
    """Rolling windows of one second per account and path; REST and the trade socket share them.

    `clock` gives microseconds that are used instead of those of the wall clock.
    """

    __slots__ = ("_caps", "_clock", "_taken")

    def __init__(self, caps: Mapping[str, int], clock: Callable[[], int] | None = None) -> None:
        self._caps = caps
        self._clock = clock
        self._taken: dict[tuple[int, str], deque[int]] = {}

    def take(self, uid: int, path: str, units: int, wall_us: int) -> Grant:
        """Takes up to `units` of what is left; what is refused does not count."""
        now_us = wall_us if self._clock is None else self._clock()
        taken = self._taken.setdefault((uid, path), deque())
        while taken and taken[0] <= now_us - RATE_WINDOW_US:
            taken.popleft()
        cap = self._caps[path]
        granted = min(units, cap - len(taken))
        taken.extend([now_us] * granted)
        resets_at = now_us if granted == units else taken[0] + RATE_WINDOW_US
        headers = {
            "X-Bapi-Limit": str(cap),
            "X-Bapi-Limit-Status": str(cap - len(taken)),
            "X-Bapi-Limit-Reset-Timestamp": str(-(-resets_at // 1000)),
        }
        return Grant(granted, headers)


class AddressLimit:
    """Requests of one address in 5 s; one too many shuts the door for ten minutes.

    `cap` None: no limit. What comes while the door is shut does not keep it shut for longer.
    """

    __slots__ = ("_cap", "_seen", "_shut_until")

    def __init__(self, cap: int | None = ADDRESS_CAP) -> None:
        self._cap = cap
        self._seen: dict[str, deque[int]] = {}
        self._shut_until: dict[str, int] = {}

    def admits(self, address: str, wall_us: int) -> bool:
        """Whether a request may pass; it is counted."""
        if self._cap is None:
            return True
        if wall_us < self._shut_until.get(address, wall_us):
            return False
        seen = self._seen.setdefault(address, deque())
        while seen and seen[0] <= wall_us - ADDRESS_WINDOW_US:
            seen.popleft()
        if len(seen) >= self._cap:
            seen.clear()
            self._shut_until[address] = wall_us + ADDRESS_SHUT_US
            return False
        seen.append(wall_us)
        return True
