"""What the player asks of the exchange and of the sockets. It refuses to know how they do it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bybit_sim.exchange.words import PublicFrame, Push
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import Step
from gridcore.clock import Instant
from simvenue import VenueBand


class PlayedExchange(Protocol):
    """The exchange as the player drives it."""

    @property
    def now(self) -> Instant: ...
    @property
    def markets(self) -> Mapping[str, SymbolMarket]: ...
    def next_deadline(self) -> Instant | None:
        """When something happens without a row: funding, a request in transit."""

    def advance(self, now: Instant) -> tuple[Push, ...]:
        """Everything due until `now`, in order of time; also `advance` of every market."""

    def play(self, step: Step) -> tuple[Push, ...]:
        """`advance` to the step, then its rows: to every venue and to its market's `play`."""

    def quiet_band(self, symbol: str) -> VenueBand:
        """The narrowest band of all accounts' venues: rows strictly inside cause no push."""


class Outlet(Protocol):
    """Where frames go: the hub of the sockets."""

    def wanted(self, topic: str) -> bool:
        """Whether anybody subscribed to the public topic."""

    def publish(self, frames: Sequence[PublicFrame]) -> None: ...
    def push(self, pushes: Sequence[Push]) -> None: ...
    async def drain(self, patience_s: float | None = None) -> None:
        """Returns when no connection has frames waiting, or after `patience_s`.

        Without a patience a client that takes nothing is given up in the end.
        """

    async def barrier(self) -> None:
        """Returns when every connection has taken all frames so far and answered a ping after."""

    @property
    def sent(self) -> int:
        """How many frames were handed to connections so far."""
