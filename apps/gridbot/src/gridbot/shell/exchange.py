"""One exchange as the process sees it: its clock, its public stream, and clients for its accounts.

It knows how time passes there; it refuses to know accounts.
"""

import asyncio

from appkit.beside import beside
from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import Endpoint
from bybit_adapter.errors import Failure
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest_client import RestClient, machine_clock
from bybit_adapter.ws_client.client import public_client
from gridbot.shell.clock import Clock, MarketClock, SessionClock
from gridbot.shell.market_hub import MarketHub
from gridbot.shell.patience import wait_until
from gridbot.shell.reactions import Reactions
from gridcore.clock import Instant

SYNCHRONISE_S = 60.0
"""How often the exchange's clock is measured anew; at another speed, as much more often."""
SYNCHRONISE_S_MIN = 2.0


class Exchange:
    """Shared by all accounts of one endpoint. `speed` and `lockstep`: with a simulator only."""

    def __init__(
        self,
        endpoint: Endpoint,
        limiter: RateLimiter,
        *,
        timeout_s: float,
        speed: int = 1,
        lockstep: bool = False,
        reactions: Reactions | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.clock = Clock(speed)
        self.lockstep = lockstep
        self.reactions = Reactions() if reactions is None else reactions
        self._speed = speed
        self._limiter = limiter
        self._timeout_s = timeout_s
        self._market = RestClient(endpoint, limiter=limiter, timeout_s=timeout_s)
        self.hub = MarketHub(
            lambda topics, ear: public_client(endpoint.public_url, topics, ear, clock=self.clock)
        )

    def server_time(self) -> Instant | Failure:
        """The exchange's time, asked now. It blocks."""
        return self._market.server_time()

    def synchronise(self) -> bool:
        """Measure its clock; whether it answered. It blocks."""

        def ask() -> Instant | None:
            found = self.server_time()
            return found if isinstance(found, int) else None

        return self.clock.synchronise(ask) is not None

    def session_clock(self, start: Instant) -> SessionClock:
        """The clock of one account's session: the exchange's, or its own market time."""
        return MarketClock(start) if self.lockstep else self.clock

    def client(self, credentials: Credentials, clock: SessionClock) -> RestClient:
        """An account's client. In lockstep everything goes by market time, limits too, and
        nothing is sat out; else signatures and limits go by this machine's clock."""
        return RestClient(
            self.endpoint,
            credentials,
            limiter=self._limiter,
            timeout_s=self._timeout_s,
            now=clock.now if self.lockstep else machine_clock,
            wait=None if self.lockstep else wait_until,
            stamp=clock.now,
        )

    @property
    def signs_by_measured_clock(self) -> bool:
        """Whether clients measure the exchange's clock for their signatures.

        At another speed it runs away from every measurement, and a simulator takes ours.
        """
        return self._speed == 1 and not self.lockstep

    async def keep_time(self) -> None:
        """Measure its clock again and again, until cancelled; a silence changes nothing."""
        pause_s = max(SYNCHRONISE_S_MIN, SYNCHRONISE_S / self._speed)
        while True:
            await asyncio.sleep(pause_s)
            await beside("synchronise", self.synchronise)

    async def close(self) -> None:
        """End stream and connections, within seconds."""
        await beside("close-hub", self.hub.close)
        await beside("close-market", self._market.close)
