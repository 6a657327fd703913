"""The REST client: every call that the live daemon and the recorder need, in three groups.

Calls give values back, also when they fail; nothing here sleeps unless it is told how.
"""

import time
from collections.abc import Callable

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import Endpoint
from bybit_adapter.errors import Failure
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.account import AccountCalls
from bybit_adapter.rest.caller import RECV_WINDOW_MS, TIMEOUT_S, Caller, Wait
from bybit_adapter.rest.hedge import ModeReport, verify_mode
from bybit_adapter.rest.market import MarketCalls
from bybit_adapter.rest.orders import OrderCalls
from bybit_adapter.ws_client.clock import Offset, SystemClock
from gridcore.clock import SECOND_US, Instant

_CLOCK = SystemClock()


def machine_clock() -> Instant:
    """The machine's wall clock when the program began, carried on by its monotonic clock.

    A step of the wall clock would otherwise shift every `asked_at` until the next measurement, and
    a listing would claim to know orders that were sent after it was asked.
    """
    return Instant(_CLOCK.own_us())


def wait_until(at: Instant) -> None:
    """Sleep until an instant of the machine's clock: the `wait` of programs that may block."""
    time.sleep(max(0, at - machine_clock()) / SECOND_US)


class RestClient:
    """One account (or, without credentials, the public market) at one endpoint.

    Safe between threads. All clients of a process share one `limiter`, since the exchange counts
    keys and addresses. `timeout_s` bounds each call and must be above 0. `now` is a wall clock:
    signatures and budgets follow it, corrected by `measure_clock`. Without `wait` a call that must
    not leave yet comes back as RateLimited; with it, short pauses are sat out. `stamp` is the clock
    by which the session is told `now`: answers bear their `asked_at` in it, since two measurements
    of one clock differ, and an answer that seems older than its question counts for nothing.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials | None = None,
        *,
        limiter: RateLimiter,
        timeout_s: float = TIMEOUT_S,
        recv_window_ms: int = RECV_WINDOW_MS,
        now: Callable[[], Instant] = machine_clock,
        wait: Wait | None = None,
        stamp: Callable[[], Instant] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._caller = Caller(
            endpoint=endpoint,
            credentials=credentials,
            limiter=limiter,
            now=now,
            timeout_s=timeout_s,
            recv_window_ms=recv_window_ms,
            wait=wait,
            stamp=stamp,
        )
        self.market = MarketCalls(self._caller)
        self.orders = OrderCalls(self._caller)
        self.account = AccountCalls(self._caller)

    @property
    def clock(self) -> Offset:
        """The exchange's clock against ours as last measured; zero before the first measurement."""
        return self._caller.clock

    def exchange_now(self) -> Instant:
        """The exchange's time, as far as it was measured."""
        return self._caller.exchange_now()

    def server_time(self) -> Instant | Failure:
        """The exchange's time, asked now."""
        return self._caller.server_time()

    def measure_clock(self) -> Offset | Failure:
        """Measure the exchange's clock against ours; requests are signed by it from then on."""
        return self._caller.measure_clock()

    def verify_mode(self, symbol: str) -> ModeReport | Failure:
        """Whether the symbol may be traded with this account, with its leverage and positions."""
        return verify_mode(self.account, symbol)

    def close(self) -> None:
        """Close every connection; the client is not to be used afterwards."""
        self._caller.close()
